"""Explains a line that gave no record and no reject: repeats are only counted, not stored.

Takes the file's versions from the snapshot and the line as it is now. Gives its fate and,
where it repeats a record, the record's id. Reads nothing but this one file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.errors import ConfigError
from pipeline.intake.files.compression import DAMAGED, compression, open_plain
from pipeline.intake.kinds import KINDS
from pipeline.intake.rejects import RowError
from pipeline.intake.request_log.slow_read import usage_rows
from pipeline.intake.tabular.csv_layout import layout_of
from pipeline.published.queries import named_rows
from pipeline.reporting.explain.model.files import FileVersion, LineFate

_SEE_FILE = "See what became of its rows with: tollbook explain --file {file}."


class _Line(NamedTuple):
    text: bytes
    header: bytes  # the first line of the file
    starts_at: int | None  # byte of the file; None: it is packed


def fate_without_trace(
    con: duckdb.DuckDBPyConnection, version: FileVersion, number: int
) -> tuple[LineFate, Sequence[str]]:
    """The fate of a line that left no trace, and the ids of the records that it repeats.

    Takes: the newest version of its file. Fails: ConfigError for a line beyond the file's end.
    """
    if version.state == "forgotten":
        return "forgotten", ()
    line = _read(version, number) if version.is_there else None
    if line is None or version.kind not in KINDS:
        return _by_counts(version), ()
    if not line.text.strip():
        return "blank", ()
    read_bytes = version.size_bytes - version.waiting_bytes
    if line.starts_at is not None and line.starts_at >= read_bytes:
        return "not_read", ()
    if KINDS[version.kind].is_table and number == 1:
        return "header", ()
    ids = _ids(line) if KINDS[version.kind].is_table else _logged_ids(line)
    if ids is None:
        return "not_usage", ()
    known = [
        i
        for i in ids
        if {"record_id": i} in named_rows(con, "reporting/explain/record_ids", {"prefix": i})
    ]
    is_repeat = bool(known) or (not ids and version.duplicate > 0)
    return ("duplicate" if is_repeat else _by_counts(version)), known


def _read(version: FileVersion, number: int) -> _Line | None:
    """The line as it is now; None where it is not text or cannot be read."""
    path, found, header, done = Path(version.input_file), 0, b"", 0
    try:
        with path.open("rb") as file:
            head = file.read(4)
        is_plain = compression(head) is None
        if head == b"PAR1":
            return None
        with open_plain(path) as stream:
            for text in stream:
                found += 1
                header = header or text
                if found == number:
                    return _Line(text, header, done if is_plain else None)
                done += len(text)
    except (OSError, *DAMAGED):
        return None
    raise ConfigError(
        f"the file has no such line: it has {found:,}",
        file=version.input_file,
        line=number,
        hint=_SEE_FILE.format(file=Path(version.input_file).name),
    )


def _logged_ids(line: _Line) -> list[str] | None:
    """The ids that the records of a log's line may have; None where it is not usage."""
    try:
        rows = usage_rows(line.text)
    except RowError:
        return []
    if not rows:
        return None
    return [str(i) for i in dict.fromkeys((rows[0].get("id"), rows[0].get("request_id"))) if i]


def _ids(line: _Line) -> list[str]:
    layout = layout_of(line.header)
    text = io.StringIO(line.text.decode("utf-8", "replace").removeprefix("\ufeff"))
    row, header = next(csv.reader(text, delimiter=layout.separator), []), layout.header
    found = dict(zip(header, row, strict=False)).get("record_id")
    return [found] if found else []


def _by_counts(version: FileVersion) -> LineFate:
    """The fate by elimination: the one of which the file has any rows."""
    if version.duplicate and not version.not_usage:
        return "duplicate"
    if version.not_usage and not version.duplicate:
        return "not_usage"
    return "uncounted" if version.duplicate else "not_read"
