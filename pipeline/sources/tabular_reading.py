"""CSV and Parquet with canonical column names → frames of text, batch by batch.

Each row carries its line, its raw text, how often that text has occurred, and what keeps it from
being read. Checks the header; never looks into a cell.
"""

from __future__ import annotations

import csv
import difflib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import polars as pl
import polars_hash as plh
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError
from pipeline.records import LEDGER_SCHEMA, METER_NAMES

LINE, RAW, OCCURRENCE, PROBLEM = "_line", "_raw", "_occurrence", "_problem"

# Computed here, whatever a file says: so a published usage file can be read again.
DERIVED = (
    "source",
    "basis",
    "usage_date",
    "charge_date",
    "recorded_at",
    "input_file",
    "input_line",
    "identity_hash",
)
GIVEN = tuple(c for c in LEDGER_SCHEMA if c not in DERIVED)
REQUIRED = ("started_at", "model")
COLUMNS_HINT = (
    "The first row names the columns: started_at, model, and requests or a meter such as "
    "text_input_tokens; separated by commas."
)

_PARQUET = b"PAR1"
_BATCH_ROWS = 100_000


def detect(first_bytes: bytes) -> bool:
    """Whether a file is Parquet or a CSV whose header has the required canonical names."""
    if first_bytes.startswith(_PARQUET):
        return True
    header = first_bytes.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    names = {n.strip().strip('"').strip() for n in header.decode("utf-8", "replace").split(",")}
    return names.issuperset(REQUIRED)


def read_frames(
    path: Path,
    first_row: int = 0,
    *,
    input_file: str | None = None,
    batch_rows: int = _BATCH_ROWS,
) -> Iterator[pl.DataFrame]:
    """The rows of one file from row `first_row` (0: the first below the header) on.

    **Gives** frames of at most `batch_rows` rows, in the file's order: the given columns as text,
    empty cells NULL, derived ones left out; `_line` (of a CSV the line on which the row begins, of
    a Parquet file the row's number from 1), `_raw`, `_occurrence` (the how-manieth row with this
    text, skipped rows counted), `_problem` (`rule: detail` of a row that cannot be read).
    **Fails** with SourceError (file, line, key, hint): an empty or unreadable file, a column that
    is unknown, missing, twice there, or of a type that holds no value.
    """
    shown = input_file or str(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise SourceError(
            f"cannot be read ({error.strerror})", file=shown, hint="Check path and rights."
        ) from None
    if not start:
        raise SourceError("is empty", file=shown, hint=COLUMNS_HINT)
    is_parquet = start == _PARQUET
    frames = (_parquet if is_parquet else _csv)(path, shown, batch_rows)
    occurrences = _Occurrences()
    skipped = 0
    for frame in frames:
        numbered = frame.with_columns(occurrences.number(frame[RAW]).alias(OCCURRENCE))
        skip = min(first_row - skipped, frame.height)
        skipped += skip
        if skip < frame.height:
            yield numbered.slice(skip)


class _Occurrences:
    """How often each text was met, in twelve bytes a text."""

    def __init__(self) -> None:
        self._met = pl.DataFrame(schema={"hash": pl.UInt64(), "before": pl.UInt32()})

    def number(self, raw: pl.Series) -> pl.Series:
        """For each text the how-manieth of its kind it is, from 1."""
        hashed = raw.to_frame("raw").select(plh.col("raw").nchash.xxh3_64().alias("hash"))
        numbers = hashed.with_columns(
            pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("hash").alias("here")
        ).join(self._met, on="hash", how="left", maintain_order="left")
        here = hashed.group_by("hash").agg(pl.len().cast(pl.UInt32).alias("before"))
        self._met = pl.concat([self._met, here]).group_by("hash").agg(pl.col("before").sum())
        return numbers.select(pl.col("here") + pl.col("before").fill_null(0)).to_series()


def _check_columns(names: Sequence[str], shown: str, line: int | None) -> None:
    for position, name in enumerate(names):
        if name not in LEDGER_SCHEMA:
            near = difflib.get_close_matches(name, LEDGER_SCHEMA, 1, 0.5)
            raise SourceError(
                f"{name[:60]!r} is no known column",
                file=shown,
                line=line,
                hint=f"Did you mean {near[0]!r}?" if near else COLUMNS_HINT,
            )
        if name in names[:position]:
            raise SourceError(
                f"the column {name!r} is there twice",
                file=shown,
                line=line,
                hint="Remove one of the two.",
            )
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise SourceError(
            f"the column {missing[0]!r} is missing", file=shown, line=line, hint=COLUMNS_HINT
        )
    if not {"requests", *METER_NAMES}.intersection(names):
        raise SourceError("no column holds a quantity", file=shown, line=line, hint=COLUMNS_HINT)


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
    def raw(self) -> str:
        """The record's text without its line end."""
        return "".join(self._taken).rstrip("\r\n")


class _Record(NamedTuple):
    line: int
    raw: str
    fields: Sequence[str]
    problem: str | None


def _csv(path: Path, shown: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    # Bytes that are no UTF-8 become surrogates, so that they cost only their own row.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, strict=True)
        names = _header(lines, reader, shown)
        records: list[_Record] = []
        for record in _records(lines, reader, len(names)):
            records.append(record)
            if len(records) == batch_rows:
                yield _text_frame(records, names)
                records = []
        if records:
            yield _text_frame(records, names)


def _header(lines: _Lines, reader: Iterator[list[str]], shown: str) -> list[str]:
    line = lines.begin()
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SourceError(
            f"is no CSV ({error})", file=shown, line=line, hint=COLUMNS_HINT
        ) from None
    text = "".join(names)
    if not _is_utf8(text) or "\0" in text:
        raise SourceError(
            "is no UTF-8 text and no Parquet file", file=shown, line=line, hint=COLUMNS_HINT
        )
    if not text:
        raise SourceError("has no header", file=shown, line=line, hint=COLUMNS_HINT)
    _check_columns(names, shown, line)
    return names


def _records(lines: _Lines, reader: Iterator[list[str]], width: int) -> Iterator[_Record]:
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
                continue  # a blank line is no row
            if len(fields) != width:
                problem = f"wrong_number_of_fields: {len(fields)} fields, the header has {width}"
        if problem:
            lines.give_back()  # an unclosed quote must not take the good rows after it along
        raw = lines.raw
        if not _is_utf8(raw):
            raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            problem = problem or "not_utf8: the row has bytes that are no UTF-8"
        yield _Record(line, raw, nothing if problem else fields, problem)


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text_frame(records: Sequence[_Record], names: Sequence[str]) -> pl.DataFrame:
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
    return _without_blanks(frame)


def _without_blanks(frame: pl.DataFrame) -> pl.DataFrame:
    given = [c for c in frame.columns if c in GIVEN]
    stripped = frame.with_columns(pl.col(given).str.strip_chars())
    return stripped.with_columns(pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in given)


def _parquet(path: Path, shown: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            _check_columns(file.schema_arrow.names, shown, None)
            row = 1
            for batch in file.iter_batches(batch_rows):
                table = pl.DataFrame(pa.Table.from_batches([batch]))
                yield _parquet_frame(table, row, shown)
                row += table.height
    except (pa.ArrowException, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        raise SourceError(
            f"is no readable Parquet file ({reason})",
            file=shown,
            hint="It may be cut off: copy it again.",
        ) from None


def _parquet_frame(table: pl.DataFrame, first: int, shown: str) -> pl.DataFrame:
    text = table.select(
        _as_text(name, dtype, shown).alias(name) for name, dtype in table.schema.items()
    )
    return _without_blanks(
        text.select(
            pl.col([c for c in text.columns if c in GIVEN]),
            pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias(LINE),
            pl.struct(text.columns).struct.json_encode().alias(RAW),
            pl.lit(None, dtype=pl.String).alias(PROBLEM),
        )
    )


def _as_text(name: str, dtype: pl.DataType, shown: str) -> pl.Expr:
    """A native value as the text that a CSV would have, losing nothing."""
    value = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            value = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return value.dt.cast_time_unit("us").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    if dtype == pl.Date:
        return value.dt.to_string("%Y-%m-%d")
    if dtype.is_float():
        # The shortest decimal that means this float; a whole one without a point or exponent.
        is_whole = (value == value.floor()) & (value.abs() < 10**18)
        whole = value.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(is_whole).then(whole).otherwise(value.cast(pl.String))
    if (
        dtype.is_integer()
        or dtype.is_decimal()
        or dtype in (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum)
    ):
        return value.cast(pl.String)
    raise SourceError(
        f"the column {name!r} has the type {dtype}, which holds no single value",
        file=shown,
        hint="Write texts, numbers, decimals, booleans, dates or timestamps.",
    )
