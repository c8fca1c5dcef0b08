"""A CSV file as lines of named values, whatever they mean: header, encoding and width are checked.

Used for price files, the alias table and the allowances. Nothing here knows about prices.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.pricing.findings import Finding

BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

T = TypeVar("T")


class _Reader(Protocol):
    """What the csv module's reader is; it has no public name."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...


class FieldError(ValueError):
    """One value is wrong; the message says what, `hint` what to write instead."""

    def __init__(self, what: str, hint: str) -> None:
        self.hint = hint
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file and its values by column, without surrounding blanks."""

    number: int
    values: dict[str, str]


@dataclass(slots=True)
class Table:
    """The rows that could be read, and what was wrong with the others."""

    file: str
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def error(
        self,
        what: str,
        *,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note an error at a place of this file."""
        self.findings.append(Finding("error", "value", what, self.file, line, key, hint))


class Fields:
    """The values of one line, parsed one by one; every failure is noted, none stops the reading."""

    def __init__(self, table: Table, line: Line) -> None:
        self._table = table
        self._line = line
        self.failed = False

    def text(self, column: str) -> str:
        """The value as written; a column that is not in the file is empty."""
        return self._line.values.get(column, "")

    def parse(self, column: str, parser: Callable[[str], T], *, otherwise: T) -> T:
        """The value parsed, or `otherwise` after noting why it could not be."""
        try:
            return parser(self.text(column))
        except FieldError as error:
            self.fail(column, str(error), error.hint)
            return otherwise

    def fail(self, column: str, what: str, hint: str | None = None) -> None:
        """Note that a value is wrong."""
        self.failed = True
        self._table.error(what, line=self._line.number, key=column, hint=hint)


def read_table(
    path: Path, shown: str, required: Sequence[str], optional: Sequence[str] = ()
) -> Table:
    """The rows of a CSV file.

    Takes a path, the name that errors show, and the columns, which may stand in any order.
    Gives the rows in file order, blank lines left out. Never raises: what is wrong is a finding.
    """
    table = Table(shown)
    text = _text(path, table)
    if text is None:
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if _header_is_good(header, required, optional, table):
            for number, values in _numbered(reader):
                _add_line(table, header, number, values)
    except csv.Error as error:
        table.error(
            f"is no valid CSV: {error}",
            line=max(reader.line_num, 1),
            hint='Close every quote, and write a quote inside quotes twice ("").',
        )
    return table


def _text(path: Path, table: Table) -> str | None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        table.error("there is no such file", hint="Correct the path.")
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
            f"byte 0x{body[error.start]:02x} is no UTF-8",
            line=body[: error.start].count(b"\n") + 1,
            hint='Save it as "CSV UTF-8".',
        )
        return None


def _numbered(reader: _Reader) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line: a quoted value may span lines."""
    before = reader.line_num
    for values in reader:
        yield before + 1, values
        before = reader.line_num


def _header_is_good(
    header: list[str], required: Sequence[str], optional: Sequence[str], table: Table
) -> bool:
    expected = ",".join(required)
    if not any(header):
        table.error("is empty", line=1, hint=f"Write the header {expected}.")
        return False
    if len(header) == 1 and ";" in header[0]:
        table.error("is separated by semicolons", line=1, hint="Separate the values by commas.")
        return False
    known = (*required, *optional)
    before = len(table.findings)
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            table.error(
                f"the column {name!r} stands there {header.count(name)} times",
                line=1,
                hint="Keep one of them.",
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.6)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known columns: {', '.join(known)}."
            table.error(f"unknown column {name!r}", line=1, hint=hint)
    for name in required:
        if name not in header:
            table.error(f"the column {name!r} is missing", line=1, hint=f"Header: {expected}.")
    return len(table.findings) == before


def _add_line(table: Table, header: list[str], number: int, values: list[str]) -> None:
    if not any(value.strip() for value in values):
        return
    if len(values) != len(header):
        table.error(
            f"has {len(values)} values for {len(header)} columns",
            line=number,
            hint="Give each column one value, and write decimals with a point: 1.20, not 1,20.",
        )
        return
    pairs = zip(header, (value.strip() for value in values), strict=True)
    table.lines.append(Line(number, dict(pairs)))
