"""Raw files of what was fetched: one a piece, named by its span and instant, whole or not there.

Takes pages as text; gives the file, or none where it says nothing new. Never reads what they mean.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.intake.files.compression import DAMAGED
from pipeline.providers.openai.client import Answer
from pipeline.providers.span import Span
from pipeline.storage.files import UNFINISHED, replace_file

_SPAN = "%Y%m%dT%H%M%SZ"
_INSTANT = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(
    r"(?P<since>\d{8}T\d{6}Z)_(?P<until>\d{8}T\d{6}Z)_(?P<at>\d{8}T\d{6}\.\d{6}Z)\.jsonl\.gz"
)
# What differs between two fetches that say the same.
_OF_THE_QUESTION = frozenset({"start_time", "end_time", "page", "limit"})


@dataclass(frozen=True, slots=True)
class Saved:
    """A raw file, by its name: what it covers and when it was fetched. Naive UTC."""

    path: Path
    span: Span
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class RawFolder:
    """The raw files of one endpoint of one source."""

    path: Path

    def files(self) -> list[Saved]:
        """All whole ones, oldest fetch first."""
        if not self.path.is_dir():
            return []
        found = [f for entry in os.scandir(self.path) if (f := _saved(Path(entry.path)))]
        return sorted(found, key=lambda f: (f.fetched_at, f.path.name))

    def clear(self) -> None:
        """Remove what a fetch that was cut off has left."""
        for path in self.path.glob(f".*{UNFINISHED}") if self.path.is_dir() else ():
            path.unlink(missing_ok=True)

    def save(
        self,
        endpoint: str,
        parameters: Mapping[str, Any],
        span: Span,
        fetched_at: datetime,
        pages: Sequence[Answer],
    ) -> Path | None:
        """Keep the pages of one piece; None where the newest file about it says the same.

        The pages are kept as they came, but for line breaks between their values.
        """
        content = _content(parameters, (page.value for page in pages))
        if content == self._known_content(parameters, span):
            return None
        self.path.mkdir(parents=True, exist_ok=True)
        path = self.path / _name(span, fetched_at)
        head = json.dumps(
            {
                "endpoint": endpoint,
                "parameters": dict(parameters),
                "fetched_at": f"{fetched_at.isoformat()}Z",
            }
        )

        def write(beside: Path) -> None:
            with (
                beside.open("wb") as file,
                gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
            ):
                for page in pages:
                    text = page.text.replace("\r", " ").replace("\n", " ")
                    packed.write(f'{head[:-1]}, "page": {text}}}\n'.encode())

        replace_file(path, write, durable=True)
        return path

    def _known_content(self, parameters: Mapping[str, Any], span: Span) -> Any:
        """What is known of a span, where one file holds all of it; else None.

        Nothing at all is known where nothing was ever kept: as good as a span without rows.
        """
        about = [f for f in self.files() if f.span.since < span.until and span.since < f.span.until]
        if not about:
            return _content(parameters, ())
        newest = about[-1]
        is_comparable = newest.span.since == span.since and all(
            f.span.until <= newest.span.until for f in about
        )
        if not is_comparable:
            return None
        try:
            envelopes = list(_envelopes(newest.path))
        except (OSError, ValueError, *DAMAGED):
            return None
        if not envelopes:
            return None
        return _content(envelopes[0]["parameters"], (e["page"] for e in envelopes))


def source_folder(raw: Path, source: str) -> Path:
    """Where a source's raw files lie; its name can lead nowhere else."""
    return raw / source


def series(endpoint: str, *, by_minute: bool) -> str:
    """The folder of an endpoint's buckets: minutes have one of their own."""
    return f"{endpoint}-1m" if by_minute else endpoint


def _name(span: Span, fetched_at: datetime) -> str:
    return f"{span.since:{_SPAN}}_{span.until:{_SPAN}}_{fetched_at:{_INSTANT}}.jsonl.gz"


def _saved(path: Path) -> Saved | None:
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        since, until = (_instant(found[k], _SPAN) for k in ("since", "until"))
        return Saved(path, Span(since, until), _instant(found["at"], _INSTANT))
    except ValueError:
        return None


def _instant(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=UTC).replace(tzinfo=None)


def _envelopes(path: Path) -> Iterator[Mapping[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line, parse_float=Decimal)


def _content(parameters: Mapping[str, Any], pages: Any) -> Any:
    """The content of pages: grouping and buckets that have rows, whatever the rows' order.

    An empty bucket says nothing about a span of which nothing else is known.
    """
    asked = {k: v for k, v in parameters.items() if k not in _OF_THE_QUESTION}
    buckets = [
        (str(b.get("start_time")), str(b.get("end_time")), sorted(map(_text, b["results"])))
        for page in pages
        for b in _buckets(page)
    ]
    return asked, sorted(buckets)


def _buckets(page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    data = page.get("data")
    for bucket in data if isinstance(data, list) else ():
        if isinstance(bucket, dict) and isinstance(bucket.get("results"), list):
            if bucket["results"]:
                yield bucket
        else:
            yield {"results": [bucket]}  # something strange: it is content, too


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
