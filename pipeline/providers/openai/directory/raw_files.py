"""The raw files of the directory: one a sync that differs from the last, kept before it is read.

Takes a document; gives the file, or none where the newest one says the same. No secret is kept:
the redacted values of keys are left out.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.intake.files.compression import DAMAGED
from pipeline.providers.openai.directory.ask import Document
from pipeline.storage.files import replace_file

FOLDER = "directory"
_INSTANT = "%Y%m%dT%H%M%S.%fZ"
_SECRET = frozenset({"redacted_value", "value"})
# What changes without anybody changing anything.
_PASSING = frozenset({"last_used_at", "api_key_last_used_at", "picture"})


def save(folder: Path, document: Document) -> Path | None:
    """Keep a document as ``FETCHEDAT.json.gz``; None where the newest file says the same."""
    kept = as_json(document)
    newest = max(folder.glob("*.json.gz"), default=None) if folder.is_dir() else None
    if newest is not None and _content(_read(newest)) == _content(kept):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document.fetched_at:{_INSTANT}}.json.gz"

    def write(beside: Path) -> None:
        with beside.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            packed.write(json.dumps(kept, default=_number).encode())

    replace_file(path, write, durable=True)
    return path


def as_json(document: Document) -> dict[str, Any]:
    """A document as it is kept."""
    return {
        "fetched_at": f"{document.fetched_at.isoformat()}Z",
        "answers": [
            {"path": a.path, "items": [_without(item, _SECRET) for item in a.items]}
            if a.error is None
            else {"path": a.path, "status": a.status, "error": a.error.what}
            for a in document.answers
        ],
    }


def fetched_at(path: Path) -> datetime:
    """When a raw file was fetched, by its name; naive UTC."""
    text = path.name.removesuffix(".json.gz")
    return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC).replace(tzinfo=None)


def _read(path: Path) -> Any:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return json.load(file, parse_float=Decimal)
    except (OSError, ValueError, *DAMAGED):
        return None


def _content(kept: Any) -> Any:
    """The content of a document, whatever the order of its items and the time."""
    if not isinstance(kept, dict) or not isinstance(kept.get("answers"), list):
        return None
    return sorted(
        (
            str(answer.get("path")),
            str(answer.get("status")),
            sorted(
                json.dumps(_without(item, _PASSING), sort_keys=True, default=_number)
                for item in answer.get("items", ())
            ),
        )
        for answer in kept["answers"]
        if isinstance(answer, dict)
    )


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _without(v, names) for k, v in value.items() if k not in names}
    if isinstance(value, list | tuple):
        return [_without(item, names) for item in value]
    return value


def _number(value: object) -> str:
    return str(value)
