"""The change set of a run: everything it is about to write, none of it live before the commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.directory.model import OriginEntries
from pipeline.errors import SourceError
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.quarantine_store import RejectChange
from pipeline.ledger.files import LedgerFile
from pipeline.ledger.minutes import MinuteDay
from pipeline.ledger.settle_buckets import BucketChange
from pipeline.ledger.store import RowChange
from pipeline.providers.fetch_store import FetchRow
from pipeline.runs.result import Counts

if TYPE_CHECKING:
    from pipeline.charges.periods.model import Closing, Reopening
    from pipeline.charges.reconciliation.clear import Clearing
    from pipeline.charges.reconciliation.reconcile import Scope
    from pipeline.ledger.bucket_store import JudgedBuckets


@dataclass(slots=True)
class FileChange:
    """The input files of a run: read, tried in vain, forgotten."""

    touched: list[InputFile] = field(default_factory=list)  # rows were read from them
    before: dict[int, InputFile] = field(default_factory=dict)  # grown files, as they were
    unreadable: set[int] = field(default_factory=set)  # file ids; nothing of them is kept
    forgotten: list[int] = field(default_factory=list)  # file ids

    @property
    def names(self) -> list[str]:
        """Names of the files that rows were read from."""
        return sorted({file.input_file for file in self.touched})


@dataclass(slots=True)
class DayChange:
    """The UTC days to compute again."""

    reasons: dict[date, str] = field(default_factory=dict)  # days to rate, and why
    rerated: set[date] | None = None  # None: no re-rating; these take the current book
    counts_anew: bool = False  # rows of earlier runs count no longer, or again
    compare_again: Scope | None = None  # days to reconcile though nothing about them has changed

    def has_any(self) -> bool:
        """Whether there are days to rate or to reconcile, even if no stored row has changed."""
        return bool(self.reasons) or self.compare_again is not None


@dataclass(slots=True)
class ChangeSet:
    """What a run is about to write. The stages fill it; `rate_and_commit` writes it."""

    files: FileChange = field(default_factory=FileChange)
    rows: RowChange = field(default_factory=RowChange)
    rejects: RejectChange = field(default_factory=RejectChange)
    buckets: BucketChange = field(default_factory=BucketChange)
    judged: JudgedBuckets | None = None
    minutes: list[MinuteDay] = field(default_factory=list)
    days: DayChange = field(default_factory=DayChange)
    period_act: Closing | Reopening | None = None  # a month that is closed, or opened again
    clearing: Clearing | None = None  # gaps to the provider's costs that somebody clears
    fetches: list[FetchRow] = field(default_factory=list)
    directory: list[OriginEntries] = field(default_factory=list)  # as each source has it
    counts: Counts = field(default_factory=Counts)
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def touched_days(self, ledger: Sequence[LedgerFile]) -> Iterator[date]:
        """The UTC days whose requests or minutes this run may have changed; rather too many."""
        yield from self.days.reasons
        yield from (day.usage_date for day in self.minutes)
        changed = self.rows.changed_files()
        for file in ledger:
            if file.ledger_id in changed and not file.is_bucket:
                days = (file.last_usage_date - file.first_usage_date).days
                yield from (file.first_usage_date + timedelta(days=n) for n in range(days + 1))
