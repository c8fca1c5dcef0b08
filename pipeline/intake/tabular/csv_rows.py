"""Reads CSV files as frames of text with their line numbers; a broken row costs only itself."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

import polars as pl

from pipeline.errors import SourceError
from pipeline.intake.tabular.columns import (
    COLUMNS_HINT,
    GIVEN,
    LINE,
    PROBLEM,
    RAW,
    check_columns,
    without_blanks,
)
from pipeline.intake.tabular.csv_layout import HEAD_BYTES, CsvLayout, layout_of

_FIELDS = "wrong_number_of_fields"


class _Lines:
    """The physical lines of a file, counted, with the way back that a broken record needs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._stream)
        self._number += 1
        self._taken.append(line)
        return line

    def plain(self, most: int) -> list[str]:
        """The next lines, if no quote and no broken character is among them; else none."""
        lines = list(islice(self._stream, most))
        text = "".join(lines)
        if '"' in text or not _is_utf8(text):
            self._returned.extend(lines)
            return []
        self._number += len(lines)
        return lines

    def begin(self) -> int:
        """Start a record; gives the number of its first line."""
        self._taken.clear()
        return self._number + 1

    def give_back(self) -> None:
        """All lines of this record but the first are read again, each as its own."""
        self._returned.extendleft(reversed(self._taken[1:]))
        self._number -= len(self._taken) - 1
        del self._taken[1:]

    @property
    def number(self) -> int:
        """Of the line read last."""
        return self._number

    @property
    def raw(self) -> str:
        """The record's text without its line end."""
        return "".join(self._taken).rstrip("\r\n")


class Record(NamedTuple):
    """One row of a CSV file; `problem` (`rule: detail`) keeps it from being read."""

    line: int
    raw: str
    fields: Sequence[str]
    problem: str | None


def frames(path: Path, shown: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    """The rows of a CSV file as text, at most `batch_rows` at a time. Fails: SourceError."""
    with path.open("rb") as head:
        layout = layout_of(head.read(HEAD_BYTES))
    # Bytes that are not UTF-8 become surrogates, so that they cost only their own row.
    with path.open(encoding=layout.encoding, errors=layout.errors, newline="") as stream:
        lines = _Lines(stream)
        if layout.has_separator_line:
            next(lines)
        reader = csv.reader(lines, delimiter=layout.separator, strict=True)
        names = _header(lines, reader, layout, shown)
        # Without quotes a row is a line, and polars splits it seven times as fast.
        while plain := lines.plain(batch_rows):
            first = lines.number - len(plain) + 1
            yield _plain_frame(plain, first, names, layout.separator)
        records: list[Record] = []
        for record in _records(lines, reader, len(names)):
            records.append(record)
            if len(records) == batch_rows:
                yield _text_frame(records, names)
                records = []
        if records:
            yield _text_frame(records, names)


def read_records(path: Path, shown: str, layout: CsvLayout) -> Iterator[Record]:
    """The rows below the header one by one, whatever the columns are. Fails: SourceError."""
    with path.open(encoding=layout.encoding, errors=layout.errors, newline="") as stream:
        lines = _Lines(stream)
        if layout.has_separator_line:
            next(lines)
        reader = csv.reader(lines, delimiter=layout.separator, strict=True)
        try:
            next(reader, [])
        except csv.Error as error:
            raise SourceError(
                f"is not CSV ({error})", file=shown, line=1, hint="Export it again."
            ) from None
        yield from _records(lines, reader, len(layout.header))


def _header(lines: _Lines, reader: Iterator[list[str]], layout: CsvLayout, shown: str) -> list[str]:
    line = lines.begin()
    try:
        names = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise SourceError(
            f"is not CSV ({error})", file=shown, line=line, hint=COLUMNS_HINT
        ) from None
    text = "".join(names)
    if not _is_utf8(text) or "\0" in text:
        raise SourceError(
            f"is neither text in {layout.encoding_name} nor a Parquet file",
            file=shown,
            line=line,
            hint=COLUMNS_HINT,
        )
    if not text:
        raise SourceError("has no header", file=shown, line=line, hint=COLUMNS_HINT)
    check_columns(names, shown, line)
    return names


def _records(lines: _Lines, reader: Iterator[list[str]], width: int) -> Iterator[Record]:
    nothing = [""] * width
    while True:
        line = lines.begin()
        problem: str | None = None
        fields: list[str] = []
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"unreadable_row: {error}"
        else:
            if not fields:
                continue  # a blank line is not a row
            if len(fields) != width:
                problem = f"{_FIELDS}: {len(fields)} fields, the header has {width}"
        if problem:
            lines.give_back()  # an unclosed quote must not take the good rows after it along
        raw = lines.raw
        if not _is_utf8(raw):
            raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            problem = problem or "not_utf8: the row has bytes that are not UTF-8"
        yield Record(line, raw, nothing if problem else fields, problem)


def _plain_frame(
    lines: Sequence[str], first: int, names: Sequence[str], separator: str
) -> pl.DataFrame:
    """Lines without quotes as the same frame that `_text_frame` makes."""
    width = len(names)
    count = pl.col(RAW).str.count_matches(separator, literal=True) + 1
    rows = (
        pl.DataFrame({RAW: pl.Series(lines, dtype=pl.String).str.strip_chars_end("\r\n")})
        .with_row_index(LINE, first)
        .filter(pl.col(RAW) != "")
        .with_columns(
            pl.col(LINE).cast(pl.Int64),
            pl.when(count != width)
            .then(pl.format(f"{_FIELDS}: {{}} fields, the header has {width}", count))
            .alias(PROBLEM),
        )
    )
    fields = rows.select(
        pl.when(pl.col(PROBLEM).is_null()).then(pl.col(RAW)).str.split_exact(separator, width - 1)
    ).to_series()
    split = fields.struct.rename_fields(list(names)).struct.unnest()
    given = [name for name in names if name in GIVEN]
    return without_blanks(split.select(given).hstack(rows.select(LINE, RAW, PROBLEM)))


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text_frame(records: Sequence[Record], names: Sequence[str]) -> pl.DataFrame:
    columns = zip(*(record.fields for record in records), strict=True)
    given = [
        pl.Series(name, column, dtype=pl.String)
        for name, column in zip(names, columns, strict=True)
        if name in GIVEN
    ]
    frame = pl.DataFrame(
        [
            *given,
            pl.Series(LINE, [r.line for r in records], dtype=pl.Int64),
            pl.Series(RAW, [r.raw for r in records], dtype=pl.String),
            pl.Series(PROBLEM, [r.problem for r in records], dtype=pl.String),
        ]
    )
    return without_blanks(frame)
