"""Reads the directory's CSV files: header, cells and their lines; every error names its place.

Takes a path and its columns; gives rows of text. Knows no table of the directory.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.money import parse_decimal

_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, with its place."""

    file: Path
    line: int
    cells: Mapping[str, str]  # stripped; an absent column is empty

    def error(self, key: str, what: str, hint: str | None = None) -> ConfigError:
        """What is wrong with a cell."""
        return ConfigError(what, file=self.file, line=self.line, key=key, hint=hint)

    def text(self, key: str) -> str | None:
        """A cell; None where it is empty."""
        return self.cells.get(key, "") or None

    def needed(self, key: str) -> str:
        """A cell that must not be empty, nor hold a secret."""
        text = self.text(key)
        if text is None:
            raise self.error(key, "is empty")
        if text.startswith("sk-"):
            raise self.error(key, "holds a key itself", "Write its id (key_…), and revoke the key.")
        return text

    def one_of(self, key: str, words: Sequence[str], default: str | None = None) -> str:
        """A cell that is one of some words."""
        text = self.text(key) or default
        if text is None:
            raise self.error(key, "is empty", f"Write {' or '.join(words)}.")
        if text not in words:
            kind = key.replace("_", " ")
            raise self.error(key, f"{text!r} is no {kind}", f"{' or '.join(words)}.")
        return text

    def count(self, key: str) -> int | None:
        """A whole number from 0 up."""
        text = self.text(key)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()) or int(text) > _MOST:
            raise self.error(key, f"{text!r} is no whole number", "Write it like 500000.")
        return int(text)

    def amount(self, key: str) -> Decimal:
        """An exact amount of money, not negative, of 24 decimals at most."""
        text = self.needed(key)
        try:
            amount = parse_decimal(text)
        except ValueError as error:
            raise self.error(key, str(error), "Write it like 2000.00.") from None
        _, _, exponent = amount.as_tuple()
        if amount < 0 or amount >= 10**12 or not isinstance(exponent, int) or exponent < -24:
            raise self.error(key, f"{text!r} is no amount", "Write it like 2000.00.")
        return amount

    def instant(self, key: str) -> datetime | None:
        """An instant as naive UTC; a date is its midnight."""
        text = self.text(key)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text)
            return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
        except (ValueError, OverflowError):
            raise self.error(
                key, f"{text!r} is no time", "Write it like 2026-11-24T08:00:00Z."
            ) from None

    def day(self, key: str) -> date | None:
        """A date."""
        text = self.text(key)
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.error(key, f"{text!r} is no date", "Write it like 2026-11-24.") from None

    def words(self, key: str) -> tuple[str, ...]:
        """Words with blanks between them."""
        return tuple((self.text(key) or "").split())


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file."""

    file: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def has(self, *names: str) -> bool:
        """Whether it has one of these columns."""
        return any(name in self.columns for name in names)


def read_sheet(path: Path, setting: str, known: Sequence[str], needed: Collection[str]) -> Sheet:
    """The rows of a CSV. Fails: ConfigError with file, line and column.

    **Takes** the key of the configuration that names the file, and the columns that it may and
    must have.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file", file=path, hint=f"Correct `{setting}` under [directory]."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    names: tuple[str, ...] = ()
    begin = 1
    try:
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not names:
                names = _header(path, cells, known, needed)
            elif any(cell.strip() for cell in cells):
                rows.append(_row(path, line, names, cells))
    except csv.Error as error:
        raise ConfigError(f"is no CSV: {error}", file=path, line=reader.line_num) from None
    if not names:
        names = _header(path, [], known, needed)
    return Sheet(path, names, tuple(rows))


def _header(
    path: Path, cells: Sequence[str], known: Sequence[str], needed: Collection[str]
) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    for name in known:
        if name in needed and name not in names:
            raise ConfigError("the column is missing", file=path, line=1, key=name)
    for place, name in enumerate(names):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(
                "unknown column",
                file=path,
                line=1,
                key=name,
                hint=f"{hint}Known are {', '.join(known)}.",
            )
        if name in names[:place]:
            raise ConfigError("the column is there twice", file=path, line=1, key=name)
    return names


def _row(path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) > len(names):
        raise ConfigError(
            f"has {len(cells)} cells, and the header {len(names)}",
            file=path,
            line=line,
            hint="Put a cell with a comma in it into double quotes.",
        )
    stripped = [cell.strip() for cell in cells]
    return Row(path, line, dict(zip(names, stripped, strict=False)))
