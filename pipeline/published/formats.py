"""Writes a result as table, CSV, JSON, Markdown or Parquet, exact to the last digit.

Rows are written as they are read, so that memory does not grow with them. A decimal never becomes
a float.
"""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Literal, Protocol, get_args

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ConfigError
from pipeline.money import plain
from pipeline.published.reader import Column
from pipeline.published.terminal_table import drawn
from pipeline.storage.files import replace_file
from pipeline.text import guarded, printable

Format = Literal["table", "csv", "json", "parquet", "markdown"]
FORMATS: tuple[Format, ...] = get_args(Format)

TABLE_ROWS = 1_000  # a table is drawn whole, to align it

_MARKDOWN_SPECIAL = re.compile(r"[\\|`*\[\]<>&]")
_NUMBER_KINDS = frozenset(
    [
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "uhugeint",
        "bignum",
        "decimal",
        "float",
        "double",
    ]
)


_FRAME_TYPES = {
    pl.String: ("VARCHAR", "varchar"),
    pl.Date: ("DATE", "date"),
    pl.Datetime: ("TIMESTAMP", "timestamp"),
    pl.Int64: ("BIGINT", "bigint"),
    pl.Boolean: ("BOOLEAN", "boolean"),
}


class Tabular(Protocol):
    """A result that can be written: columns, and rows that are read one after another."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""

    @property
    def is_plan(self) -> bool:
        """Whether the last column is a query plan, which is printed as it is."""

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, in order."""

    def arrow(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches, the first of them for its schema."""


@dataclass(frozen=True, slots=True)
class FrameResult:
    """A polars frame as a result that can be written."""

    frame: pl.DataFrame
    is_plan: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """Names and DuckDB's types."""
        return tuple(_frame_column(name, dtype) for name, dtype in self.frame.schema.items())

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, in order."""
        return self.frame.iter_rows()

    def arrow(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches."""
        table = self.frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        yield pa.RecordBatch.from_pylist([], schema=table.schema)  # known also without rows
        yield from table.to_batches()


def format_named(name: str) -> Format:
    """The format of this name. Fails: ConfigError listing the names."""
    for known in FORMATS:
        if name == known:
            return known
    raise ConfigError(
        f"{name!r} is not a known format",
        key="--format",
        hint=f"Write one of {', '.join(FORMATS)}.",
    )


def write(
    answer: Tabular,
    form: Format,
    sink: IO[bytes],
    *,
    is_terminal: bool = False,
    width: int | None = None,
) -> str | None:
    """Write a result as bytes (text is UTF-8).

    Takes: whether the sink is a terminal, and its width in columns (a table wraps there).
    Gives: a note for the person asking (a table that was cut), or None. Fails: ConfigError for
    Parquet on a terminal, names that repeat where the format needs them apart, and as
    `QueryResult.rows`.
    """
    if form == "table":
        return _table(answer, sink, width if is_terminal else None)
    if form == "parquet" and is_terminal:
        raise ConfigError(
            "Parquet cannot be shown on a terminal",
            key="--format",
            hint="Give --out FILE, or a pipe.",
        )
    writers: dict[Format, Callable[[Tabular, IO[bytes]], None]] = {
        "csv": _csv,
        "json": _json,
        "markdown": _markdown,
        "parquet": _parquet,
    }
    if not is_terminal:
        writers[form](answer, sink)
        return None
    shown = io.BytesIO()
    writers[form](answer, shown)
    lines = shown.getvalue().decode().splitlines(keepends=True)
    sink.write("".join(_shown(line) for line in lines).encode())
    return None


def _shown(line: str) -> str:
    """A line as a terminal may get it: what is in data does not steer it."""
    body = line.rstrip("\r\n")
    return printable(body) + line[len(body) :]


def write_file(answer: Tabular, form: Format, path: Path, *, storage: Path) -> str | None:
    """Write an answer to a file, which appears whole or not at all.

    Takes: tollbook's own folder, which is not for answers. Gives and fails: as `write`;
    ConfigError for a path inside that folder, or one that cannot be written.
    """
    target = path.resolve()
    if target.is_relative_to(storage.resolve()):
        raise ConfigError(
            "lies in tollbook's own storage", file=path, hint="Choose another folder."
        )
    notes: list[str | None] = []

    def into_file(beside: Path) -> None:
        with beside.open("wb") as file:
            notes.append(write(answer, form, file))

    try:
        replace_file(target, into_file)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=path) from None
    return notes[0]


def as_text(value: Any) -> str:
    """A value as one reads it: plain decimals in all their digits, ISO dates, nested ones JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(as_json(value), ensure_ascii=False)
    return str(value)


def as_json(value: Any) -> Any:
    """A value as JSON has it: decimals as strings, timestamps in UTC with Z, bytes as base64.

    Integers keep all their digits; NaN and infinities, which JSON lacks, are strings.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # only a finite number less itself is 0
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, dict):
        return {k if isinstance(k, str) else as_text(k): as_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(v) for v in value]
    return as_text(value)


def _csv(answer: Tabular, sink: IO[bytes]) -> None:
    """RFC 4180; a text cell that a spreadsheet would run is guarded with an apostrophe."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    # Numbers and times go as they are: -1.5 is not a formula, and a guard would make it text.
    is_guarded = [not _is_number(c) and c.kind not in {"date", "timestamp"} for c in answer.columns]

    def flush() -> None:
        sink.write(buffer.getvalue().encode("utf-8", "backslashreplace"))
        buffer.seek(0)
        buffer.truncate()

    writer.writerow([guarded(c.name) for c in answer.columns])
    flush()  # the header also comes where a row fails
    for row in answer.rows():
        writer.writerow(
            [
                guarded(as_text(v)) if guard else as_text(v)
                for v, guard in zip(row, is_guarded, strict=True)
            ]
        )
        if buffer.tell() > 1 << 16:
            flush()
    flush()


def _json(answer: Tabular, sink: IO[bytes]) -> None:
    """An array of objects, one a line."""
    _names_are_apart(answer, "JSON")
    names = [c.name for c in answer.columns]
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    before = "[\n"
    for row in answer.rows():
        line = encode({n: as_json(v) for n, v in zip(names, row, strict=True)})
        sink.write(f"{before}{line}".encode("utf-8", "backslashreplace"))
        before = ",\n"
    sink.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _markdown(answer: Tabular, sink: IO[bytes]) -> None:
    def line(cells: Iterable[str]) -> None:
        sink.write(f"| {' | '.join(cells)} |\n".encode("utf-8", "backslashreplace"))

    line(_escaped(c.name) for c in answer.columns)
    line("---:" if _is_number(c) else "---" for c in answer.columns)
    for row in answer.rows():
        line(
            "NULL" if v is None else plain(v) if isinstance(v, Decimal) else _escaped(as_text(v))
            for v in row
        )


def _parquet(answer: Tabular, sink: IO[bytes]) -> None:
    _names_are_apart(answer, "Parquet")
    batches = answer.arrow()
    first = next(batches)
    try:
        with pq.ParquetWriter(_Counted(sink), first.schema, compression="zstd") as writer:
            for batch in itertools.chain([first], batches):
                writer.write_batch(batch)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise ConfigError(
            f"Parquet cannot hold this result: {error}",
            key="--format",
            hint="Cast the column to VARCHAR, or take another format.",
        ) from None


def _table(answer: Tabular, sink: IO[bytes], width: int | None) -> str | None:
    rows = list(itertools.islice(answer.rows(), TABLE_ROWS + 1))
    if answer.is_plan:
        text = "".join(f"{as_text(row[-1]).rstrip()}\n" for row in rows)
    else:
        text = drawn(
            [c.name for c in answer.columns],
            [_is_number(c) for c in answer.columns],
            [_column_cells(rows[:TABLE_ROWS], n) for n in range(len(answer.columns))],
            width,
        )
    sink.write(text.encode("utf-8", "backslashreplace"))
    if len(rows) <= TABLE_ROWS:
        return None
    return f"the first {TABLE_ROWS} rows are shown; --format csv, json or parquet gives all"


def _column_cells(rows: list[tuple[Any, ...]], n: int) -> list[str | None]:
    """The cells of one column; decimals share their number of places, so that points align."""
    values = [row[n] for row in rows]
    places = max((_places(v) for v in values if isinstance(v, Decimal)), default=0)
    return [
        None if v is None else _padded(v, places) if isinstance(v, Decimal) else as_text(v)
        for v in values
    ]


def _places(value: Decimal) -> int:
    """The decimal places that a number needs: two at least where its type has them."""
    exponent = value.as_tuple().exponent
    scale = -exponent if isinstance(exponent, int) else 0
    return max(len(plain(value).partition(".")[2]), min(2, scale))


def _padded(value: Decimal, places: int) -> str:
    whole, _, fraction = plain(value).partition(".")
    return f"{whole}.{fraction:0<{places}}" if places else whole


def _escaped(text: str) -> str:
    lines = [printable(line) for line in text.splitlines()]
    return "<br>".join(_MARKDOWN_SPECIAL.sub(r"\\\g<0>", line) for line in lines)


def _is_number(column: Column) -> bool:
    return column.kind in _NUMBER_KINDS


def _frame_column(name: str, dtype: pl.DataType) -> Column:
    if isinstance(dtype, pl.Decimal):
        return Column(name, f"DECIMAL({dtype.precision},{dtype.scale})", "decimal")
    text, kind = _FRAME_TYPES.get(type(dtype), ("VARCHAR", "varchar"))
    return Column(name, text, kind)


def _names_are_apart(answer: Tabular, form: str) -> None:
    names = [c.name for c in answer.columns]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise ConfigError(
            f"two columns are called {twice!r}, and {form} needs them apart",
            key="sql",
            hint="Name them with AS.",
        )


class _Counted(io.RawIOBase):
    """A sink that knows how much it got: a pipe cannot tell, and Parquet's footer needs it."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self._sink.write(chunk)
        size = len(memoryview(chunk).cast("B")) if len(chunk) else 0
        self._written += size
        return size

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        if not self.closed:
            self._sink.flush()
