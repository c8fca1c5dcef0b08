"""The organization's directory, as far as there is one: which projects there are and their names.

Takes a CSV (project_id, project_name, and optionally state, created_at, archived_at). A project
that is only seen in usage has no row here, and is shown by its id.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipeline.errors import ConfigError

PROJECT_SCHEMA: dict[str, pl.DataType] = {
    "project_id": pl.String(),
    "project_name": pl.String(),
    "state": pl.String(),
    "created_at": pl.Datetime("us"),
    "archived_at": pl.Datetime("us"),
}
_REQUIRED = ("project_id", "project_name")
_STATES = ("active", "archived")


def read_projects(path: Path | None) -> pl.DataFrame:
    """The projects of a file, in PROJECT_SCHEMA. Fails: ConfigError with file, line and column."""
    if path is None:
        return pl.DataFrame(schema=PROJECT_SCHEMA)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file", file=path, hint="Correct `projects` under [directory]."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from None
    reader = csv.DictReader(text.splitlines(keepends=True))
    names = list(reader.fieldnames or ())
    for name in _REQUIRED:
        if name not in names:
            raise ConfigError("the column is missing", file=path, line=1, key=name)
    for name in names:
        if name not in PROJECT_SCHEMA:
            raise ConfigError(
                "unknown column",
                file=path,
                line=1,
                key=name,
                hint=f"Known are {', '.join(PROJECT_SCHEMA)}.",
            )
    rows = [_row(row, path, reader.line_num) for row in reader]
    frame = pl.DataFrame(rows, schema=PROJECT_SCHEMA)
    twice = frame.filter(pl.col("project_id").is_duplicated())["project_id"]
    if len(twice):
        raise ConfigError(f"{twice[0]!r} is there twice", file=path, key="project_id")
    return frame


def _row(row: Mapping[str, str | None], path: Path, line: int) -> dict[str, object]:
    identity = (row.get("project_id") or "").strip()
    if not identity:
        raise ConfigError("is empty", file=path, line=line, key="project_id")
    state = (row.get("state") or "").strip() or "active"
    if state not in _STATES:
        raise ConfigError(
            f"{state!r} is no state", file=path, line=line, key="state", hint="active or archived."
        )
    return {
        "project_id": identity,
        "project_name": (row.get("project_name") or "").strip() or None,
        "state": state,
        "created_at": _instant(row.get("created_at"), path, line, "created_at"),
        "archived_at": _instant(row.get("archived_at"), path, line, "archived_at"),
    }


def _instant(text: str | None, path: Path, line: int, key: str) -> datetime | None:
    if not (text or "").strip():
        return None
    try:
        found = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ConfigError(
            f"{text!r} is no time",
            file=path,
            line=line,
            key=key,
            hint="Write it like 2026-11-24T08:00:00Z.",
        ) from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
