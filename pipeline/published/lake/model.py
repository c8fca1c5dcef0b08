"""What an export writes, and what a table of a lake has to be able to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

DAY = "usage_date"  # the column that tables are partitioned by


@dataclass(frozen=True, slots=True)
class Changes:
    """The days of a table to write anew, and what they hold now."""

    schema: pa.Schema
    marks: Mapping[date, int]  # of the days that have rows
    removed: Collection[date]
    months: Iterable[pa.Table]  # the rows of the days in `marks`, read as they are taken
    run_id: str  # of the snapshot

    @property
    def days(self) -> list[date]:
        """All days whose rows are replaced."""
        return sorted({*self.marks, *self.removed})


class LakeTable(Protocol):
    """A table of a lake, there or about to be."""

    address: str

    def marks(self) -> dict[date, int]:
        """The days that the table has, and the mark that each was written with.

        Fails: ConfigError where the table is not one that tollbook has written.
        """

    def replace(self, changes: Changes) -> None:
        """Replace days in one commit; a table that is not there is made by it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did to one table."""

    view: str
    address: str
    written_days: int
    removed_days: int
    kept_days: int
    rows: int  # written
