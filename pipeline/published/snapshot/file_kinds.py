"""The kinds of files in a snapshot, and how SQL reads files of one kind as one table.

Files of which it is known that they have the same columns are read as they are; of the others each
is opened to find all columns. Files of a month are read apart, under a condition that is true of
all of their rows: who asks for other days opens none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import polars as pl

from pipeline.charges.charge_sums import SUMS_SCHEMA
from pipeline.charges.model import DAILY_SCHEMA, POSTED_AS
from pipeline.dates import ONE_DAY, Days, first_of, last_of
from pipeline.ledger.files import PART_SCHEMA
from pipeline.ledger.minutes import DEFAULTS_OF_OLDER_MINUTES, MINUTE_SCHEMA
from pipeline.published.snapshot.file_columns import Columns, column_names
from pipeline.schemas import CHARGE_SCHEMA, DEFAULTS_OF_OLDER_FILES, LEDGER_SCHEMA
from pipeline.storage.object_store.addresses import last_part
from pipeline.storage.parquet import Part, relation_of

# Rows of usage files in an object store that do not count: such files are named and not copied.
GONE_ROWS = "gone_rows"
GONE_ROWS_SCHEMA: dict[str, pl.DataType] = {"name": pl.String(), "row_number": pl.Int64()}

_MONTHS = 12  # that are read apart; what is older is read by years
_SHAPES = 3  # sets of columns that are read apart, the most frequent ones


@dataclass(frozen=True, slots=True)
class FileKind:
    """Files of one kind in a snapshot, which views read as a macro of this name."""

    macro: str
    columns: dict[str, pl.DataType]
    with_row_numbers: bool = False
    defaults: Mapping[str, str] = field(default_factory=lambda: DEFAULTS_OF_OLDER_FILES)


FILE_KINDS = (
    FileKind("usage_files", LEDGER_SCHEMA),
    FileKind("charge_files", CHARGE_SCHEMA),
    FileKind("daily_files", DAILY_SCHEMA),
    FileKind("posting_files", CHARGE_SCHEMA | POSTED_AS, with_row_numbers=True),
    FileKind("version_files", LEDGER_SCHEMA | PART_SCHEMA, with_row_numbers=True),
    FileKind("minute_files", MINUTE_SCHEMA, defaults=DEFAULTS_OF_OLDER_MINUTES),
)
# Files that no published view reads, but reports do.
CHARGE_SUMS = FileKind("sum_files", SUMS_SCHEMA)


class SnapshotFile(NamedTuple):
    """A file of a snapshot, its columns if they are known, and the UTC days of its rows if any."""

    address: str
    columns: Columns | None = None
    days: tuple[date, date] | None = None  # the first and the last


def macro(kind: FileKind, files: Sequence[SnapshotFile], gone: Collection[str] = ()) -> str:
    """The statement that points a macro to files. Takes what `source` takes."""
    return (
        f"CREATE OR REPLACE MACRO stored.{kind.macro}() AS TABLE "
        f"SELECT * FROM {source(kind, files, gone)}"
    )


def source(kind: FileKind, files: Sequence[SnapshotFile], gone: Collection[str] = ()) -> str:
    """A FROM item over files of a snapshot.

    Takes the names of those that have rows in the table GONE_ROWS, which are left out.
    """
    whole = [f for f in files if last_part(f.address) not in gone] if gone else files
    found = _relation(kind, whole, with_row_numbers=kind.with_row_numbers)
    if len(whole) == len(files):
        return found
    rest = [f for f in files if last_part(f.address) in gone]
    return (
        f"(FROM {found} UNION ALL BY NAME "
        "SELECT * EXCLUDE (filename, file_row_number) "
        f"FROM {_relation(kind, rest, with_row_numbers=True)} AS f "
        f"ANTI JOIN stored.{GONE_ROWS} AS g "
        "ON g.name = parse_filename(f.filename) AND g.row_number = f.file_row_number)"
    )


def _relation(kind: FileKind, files: Sequence[SnapshotFile], *, with_row_numbers: bool) -> str:
    return relation_of(
        parts_of(files), kind.columns, defaults=kind.defaults, with_row_numbers=with_row_numbers
    )


def parts_of(files: Sequence[SnapshotFile]) -> list[Part]:
    """Files in parts of the same columns and months; what is known of neither is one part."""
    counted = Counter(f.columns for f in files if f.columns is not None)
    known = {columns for columns, _ in counted.most_common(_SHAPES)}
    recent = _first_recent_month(files)
    found: dict[tuple[Columns | None, Days | None], list[str]] = {}
    for file in files:
        columns = file.columns if file.columns in known else None
        days = None if columns is None or file.days is None else _span(*file.days, recent)
        found.setdefault((columns, days), []).append(file.address)
    is_of_days = len({days for _, days in found}) > 1
    return [
        Part(
            addresses,
            are_alike=columns is not None,
            where=_condition(columns, days) if is_of_days and columns and days else "",
        )
        for (columns, days), addresses in found.items()
    ]


def _first_recent_month(files: Sequence[SnapshotFile]) -> date:
    months = sorted({first_of(f.days[0]) for f in files if f.days is not None})
    return months[-_MONTHS:][0] if months else date.min


def _span(first: date, last: date, recent: date) -> Days:
    """The months or years that hold these days."""
    if first < recent:
        return Days(date(first.year, 1, 1), date(last.year, 12, 31) + ONE_DAY)
    return Days(first_of(first), last_of(last) + ONE_DAY)


def _condition(columns: Columns, days: Days) -> str:
    """What is true of all rows of these UTC days; the organization's day is at most another one."""
    bounds = {"usage_date": days, "charge_date": Days(days.since - ONE_DAY, days.until + ONE_DAY)}
    names = column_names(columns)
    return " AND ".join(
        f"{name} >= DATE '{span.since}' AND {name} < DATE '{span.until}'"
        for name, span in bounds.items()
        if name in names
    )
