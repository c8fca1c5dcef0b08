"""The one reader of users' small CSV files: header, encoding, width, and values by their column.

Used for price files and their side tables, and for the directory's files. Every error names file,
line and column; none stops the reading, so a caller may report all of them or raise the first.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.dates import parse_instant
from pipeline.errors import ConfigError
from pipeline.money import parse_decimal

BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_LARGEST_COUNT = 2**63 - 1
_MOST_COLUMNS = 1_000
_MOST_DIGITS = 40  # of thousands int() fails with an error of its own

T = TypeVar("T")


class CellError(ValueError):
    """A value is wrong: the message names the error, `hint` what to write instead."""

    def __init__(self, what: str, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file with its place; cells are stripped, an absent column reads as empty."""

    file: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str | None:
        """The cell as written; None where it is empty."""
        return self.cells.get(column, "") or None

    def error(self, column: str, what: str, hint: str | None = None) -> ConfigError:
        """An error at this cell."""
        return ConfigError(what, file=self.file, line=self.line, key=column, hint=hint)

    def value(self, column: str, parse: Callable[[str], T]) -> T:
        """The cell parsed. Fails: ConfigError with file, line and column."""
        try:
            return parse(self.cells.get(column, ""))
        except CellError as error:
            raise self.error(column, str(error), error.hint) from None

    def optional(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The cell parsed, None where it is empty. Fails: ConfigError as `value`."""
        return self.value(column, parse) if self.text(column) else None


@dataclass(slots=True)
class CsvTable:
    """The rows of a file that could be read, and the errors of the others."""

    file: str
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    errors: list[ConfigError] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether the file has one of these columns."""
        return any(name in self.columns for name in names)

    def error(
        self,
        what: str,
        *,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note an error at a place of this file."""
        self.errors.append(ConfigError(what, file=self.file, line=line, key=key, hint=hint))

    def raise_first(self) -> None:
        """Raise the first error of the file, if it has one. Fails: ConfigError."""
        if self.errors:
            raise self.errors[0]


class RowParser:
    """The values of one row, parsed one by one; every failure is noted, none stops the reading."""

    def __init__(self, table: CsvTable, row: Row) -> None:
        self._table = table
        self._row = row
        self.failed = False

    def text(self, column: str) -> str:
        """The value as written; a column that is not in the file is empty."""
        return self._row.cells.get(column, "")

    def parse(self, column: str, parser: Callable[[str], T], *, otherwise: T) -> T:
        """The value parsed, or `otherwise` after noting why it could not be."""
        try:
            return parser(self.text(column))
        except CellError as error:
            self.fail(column, str(error), error.hint)
            return otherwise

    def fail(self, column: str, what: str, hint: str | None = None) -> None:
        """Note that a value is wrong."""
        self.failed = True
        self._table.error(what, line=self._row.line, key=column, hint=hint)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A parser that takes some words only; `others` maps frequent wrong words to the right one."""

    what: str
    choices: tuple[str, ...]
    others: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        """Check that a cell is one of the words. Fails: CellError with the nearest one."""
        if text in self.choices:
            return text
        hint = f"Write one of {', '.join(self.choices)}."
        if text in self.others:
            hint = f"Write {self.others[text]}."
        elif near := difflib.get_close_matches(text, self.choices, 1, 0.7):
            hint = f"Did you mean {near[0]!r}?"
        raise CellError(f"{text!r} is not a known {self.what}" if text else "is empty", hint)


def required(text: str) -> str:
    """A text that is not empty. Fails: CellError."""
    if not text:
        raise CellError("is empty", "Write a value.")
    return text


def identifier(text: str) -> str:
    """An id: not empty, and not a secret key. Fails: CellError."""
    if required(text).startswith("sk-"):
        raise CellError("holds a secret key", "Write the key's id (key_…), and revoke the key.")
    return text


def whole_number(text: str) -> int:
    """A whole number from 0 up. Fails: CellError."""
    is_count = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not is_count or int(text) > _LARGEST_COUNT:
        raise CellError(f"{text!r} is not a whole number", "Write it like 500000.")
    return int(text)


def amount(text: str) -> Decimal:
    """An exact amount of money: 0 or more, of 24 decimals at most. Fails: CellError."""
    hint = "Write it like 2000.00."
    try:
        parsed = parse_decimal(required(text))
    except CellError:
        raise
    except ValueError as error:
        raise CellError(str(error), hint) from None
    _, _, exponent = parsed.as_tuple()
    if parsed < 0 or parsed >= 10**12 or not isinstance(exponent, int) or exponent < -24:
        raise CellError(
            f"{text!r} is not an amount from 0 to 999999999999 with 24 decimals at most", hint
        )
    return parsed


def instant(text: str) -> datetime:
    """An instant as naive UTC; a date is its midnight. Fails: CellError."""
    try:
        return parse_instant(text)
    except ValueError:
        raise CellError(
            f"{text!r} is not a date or time", "Write it like 2026-11-24T08:00:00Z."
        ) from None


def day(text: str) -> date:
    """A date. Fails: CellError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CellError(f"{text!r} is not a date", "Write it like 2026-11-24.") from None


class _Reader(Protocol):
    """The type of `csv.reader`'s result, which has no public name."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...


def read_table(
    path: Path,
    shown: str,
    required_columns: Sequence[str],
    optional_columns: Sequence[str] = (),
    *,
    path_hint: str = "Correct the path.",
    may_end_early: bool = False,
) -> CsvTable:
    """The rows of a CSV file.

    **Takes** a path, the name that errors show, the columns (in any order), what to do where the
    file is missing, and whether a row may leave off its last cells.
    **Gives** the rows in file order without blank lines. Never raises: what is wrong is noted.
    """
    table = CsvTable(shown)
    text = _text(path, table, path_hint)
    if text is None:
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        table.columns = tuple(name.strip() for name in next(reader, []))
        if _header_is_good(table, required_columns, optional_columns):
            for line, cells in _numbered(reader):
                _add_row(table, line, cells, may_end_early=may_end_early)
    except csv.Error as error:
        table.error(
            f"is not valid CSV: {error}",
            line=max(reader.line_num, 1),
            hint='Close every quote, and write a quote inside quotes twice ("").',
        )
    return table


def _text(path: Path, table: CsvTable, path_hint: str) -> str | None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        table.error("there is no such file", hint=path_hint)
        return None
    except OSError as error:
        table.error(f"cannot be read: {error.strerror}")
        return None
    if raw.startswith(UTF16_BOMS):
        table.error("is UTF-16 text", hint='Save it as "CSV UTF-8".')
        return None
    body = raw.removeprefix(BOM)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        table.error(
            f"byte 0x{body[error.start]:02x} is not UTF-8",
            line=body[: error.start].count(b"\n") + 1,
            hint='Save it as "CSV UTF-8".',
        )
        return None


def _numbered(reader: _Reader) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line: a quoted value may span lines."""
    before = reader.line_num
    for cells in reader:
        yield before + 1, cells
        before = reader.line_num


def _header_is_good(table: CsvTable, needed: Sequence[str], optional: Sequence[str]) -> bool:
    header = table.columns
    expected = f"Write the header {','.join(needed)}."
    if not any(header):
        table.error("is empty", line=1, hint=expected)
        return False
    if len(header) == 1 and ";" in header[0]:
        table.error("is separated by semicolons", line=1, hint="Separate the values by commas.")
        return False
    if len(header) > _MOST_COLUMNS:  # each would have an error of its own, with a guess
        table.error(f"has {len(header):,} columns", line=1, hint=expected)
        return False
    known = (*needed, *optional)
    before = len(table.errors)
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            table.error(
                f"the column is there {header.count(name)} times",
                line=1,
                key=name,
                hint="Keep one of them.",
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.6)
            hint = f"Did you mean {near[0]}?" if near else f"Known columns: {', '.join(known)}."
            table.error("unknown column", line=1, key=name or "(no name)", hint=hint)
    for name in needed:
        if name not in header:
            table.error("the column is missing", line=1, key=name, hint=expected)
    return len(table.errors) == before


def _add_row(table: CsvTable, line: int, cells: list[str], *, may_end_early: bool) -> None:
    if not any(cell.strip() for cell in cells):
        return
    width = len(table.columns)
    if len(cells) > width or (len(cells) < width and not may_end_early):
        table.error(
            f"has {len(cells)} values for {width} columns",
            line=line,
            hint="Give each column one value; put a value with a comma in it into double quotes, "
            "and write decimals with a point: 1.20, not 1,20.",
        )
        return
    pairs = zip(table.columns, (cell.strip() for cell in cells), strict=False)
    table.rows.append(Row(table.file, line, dict(pairs)))
