"""The change set of a run: everything it is about to write, none of it live before the commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from pipeline.directory.model import OriginEntries
from pipeline.errors import SourceError
from pipeline.intake.files.input_files import InputFile
from pipeline.ledger.files import Exclusion, LedgerFile
from pipeline.ledger.minutes import MinuteDay
from pipeline.ledger.settle_buckets import BucketChange
from pipeline.providers.fetch_store import FetchRow
from pipeline.runs.result import Counts

if TYPE_CHECKING:
    from pipeline.charges.reconciliation.clear import Clearing
    from pipeline.charges.reconciliation.reconcile import Scope


# Rows that are written again under another basis: from where to where.
MOVED_SCHEMA: dict[str, pl.DataType] = {
    "ledger_id": pl.Int64(),
    "row_number": pl.Int64(),
    "new_ledger_id": pl.Int64(),
    "new_row_number": pl.Int64(),
}

# Dropped duplicates: the version and line of a file, and the ledger row with the same content.
WRITTEN_SCHEMA: dict[str, pl.DataType] = dict.fromkeys(
    ("file_id", "input_line", "ledger_id", "row_number"), pl.Int64()
)


@dataclass(slots=True)
class ChangeSet:
    """What a run is about to write. The stages fill it; `rate_and_commit` writes it."""

    new_files: list[LedgerFile] = field(default_factory=list)
    superseded_files: list[LedgerFile] = field(default_factory=list)  # no row of them is live
    exclusions: list[Exclusion] = field(default_factory=list)
    exclusion_note: str | None = None
    # duplicates that were dropped, DROPPED_SCHEMA
    dropped: pl.DataFrame | None = None
    # dropped duplicates that have a ledger row of their own now, WRITTEN_SCHEMA
    written: pl.DataFrame | None = None
    # new rows that keep the place of another one, FIRST_SCHEMA
    first_rows: list[pl.DataFrame] = field(default_factory=list)
    reasons: dict[date, str] = field(default_factory=dict)  # UTC days to rate, and why
    rerated_days: set[date] | None = None  # None: no re-rating; these take the current book
    has_rejects: bool = False  # staged in a temporary table of the database
    unreadable: set[int] = field(default_factory=set)  # file ids; nothing of them is kept
    completed: list[tuple[int, int]] = field(default_factory=list)  # file id, line given up before
    touched: list[InputFile] = field(default_factory=list)  # files that rows were read from
    before: dict[int, InputFile] = field(default_factory=dict)  # grown files, as they were
    forgotten: list[int] = field(default_factory=list)  # file ids
    forgotten_versions: list[tuple[int, int]] = field(default_factory=list)  # excluded rows
    vanished_versions: list[tuple[int, int]] = field(default_factory=list)  # excluded rows
    remembered_versions: list[tuple[int, int]] = field(default_factory=list)  # excluded rows
    moved: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MOVED_SCHEMA))
    counts_anew: bool = False  # rows of earlier runs count no longer, or again
    restored: list[tuple[int, int]] = field(default_factory=list)  # ledger id, row number
    judged_buckets: pl.DataFrame | None = None  # as ledger/buckets_judged takes them
    # version ids of costs: a duplicate that counts now, and the version with its content
    copied_buckets: list[tuple[int, int]] = field(default_factory=list)
    reopened: list[int] = field(default_factory=list)  # quarantine ids
    replayed: list[int] = field(default_factory=list)  # quarantine ids
    # rejected rows that are held back for another one now (numbers of dropped rejects), the other
    # way round (quarantine ids), and dropped ones that were read after all
    rejects_to_hold: list[int] = field(default_factory=list)
    rejects_to_drop: list[int] = field(default_factory=list)
    rejects_read: list[int] = field(default_factory=list)
    buckets: BucketChange = field(default_factory=BucketChange)
    compare_again: Scope | None = None  # days to reconcile though nothing about them has changed
    clearing: Clearing | None = None  # gaps to the provider's costs that somebody clears
    minutes: list[MinuteDay] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    fetches: list[FetchRow] = field(default_factory=list)
    directory: list[OriginEntries] = field(
        default_factory=list
    )  # the directory as each source has it
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def has_days_to_compute(self) -> bool:
        """Whether there are days to rate or to reconcile, even if no stored row has changed."""
        return bool(self.reasons) or self.compare_again is not None

    @property
    def files_read(self) -> list[str]:
        """Names of the files that rows were read from."""
        return sorted({file.input_file for file in self.touched})

    def touched_days(self, ledger: Sequence[LedgerFile]) -> Iterator[date]:
        """The UTC days whose requests or minutes this run may have changed; rather too many."""
        yield from self.reasons
        yield from (day.usage_date for day in self.minutes)
        changed = {e.ledger_id for e in self.exclusions} | {i for i, _ in self.restored}
        changed |= {f.ledger_id for f in (*self.new_files, *self.superseded_files)}
        for file in ledger:
            if file.ledger_id in changed and not file.is_bucket:
                days = (file.last_usage_date - file.first_usage_date).days
                yield from (file.first_usage_date + timedelta(days=n) for n in range(days + 1))
