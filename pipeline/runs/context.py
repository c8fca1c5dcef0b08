"""The surroundings of one act on the books, what it is about to change, and what came of it.

Holds the lock, the open books and the scratch engine while the act runs. Knows no stage.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from pipeline.alerts.channels import Channel
from pipeline.budgets.status import BudgetStatus
from pipeline.charges.reconciliation.reconcile import Scope
from pipeline.config.model import Config
from pipeline.directory.files import DirectoryFiles, read_files
from pipeline.directory.model import Facts
from pipeline.errors import SourceError, raise_if_stopped
from pipeline.intake.files.input_files import InputFile, InputFiles
from pipeline.ledger.files import Exclusion, LedgerFile
from pipeline.ledger.minutes import MinuteDay
from pipeline.pricing.load import PriceBook, load_book
from pipeline.providers.fetch_store import FetchRow
from pipeline.providers.read_pages import BucketChange
from pipeline.storage.database import Database, open_database
from pipeline.storage.engines.duckdb import scratch
from pipeline.storage.layout import StorageLayout
from pipeline.storage.lock import storage_lock
from pipeline.storage.orphans import orphans


@dataclass(slots=True)
class Counts:
    """Rows of this run, and what became of them."""

    rows_read: int = 0
    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    quarantined: int = 0
    not_usage: int = 0
    files_read: int = 0


@dataclass(slots=True)
class ChangeSet:
    """What a run is about to do to the books; nothing of it is live before the commit."""

    new_files: list[LedgerFile] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    exclusion_note: str | None = None
    reasons: dict[date, str] = field(default_factory=dict)  # days to rate, and why
    current_book_days: set[date] = field(default_factory=set)  # rated anew though pinned
    has_rejects: bool = False  # staged in the books' temporary table
    abandoned: set[int] = field(default_factory=set)
    healed: list[tuple[int, int]] = field(default_factory=list)
    before: dict[int, InputFile] = field(default_factory=dict)  # what was known of grown files
    forgotten: list[int] = field(default_factory=list)  # file ids
    forgotten_versions: list[tuple[int, int]] = field(default_factory=list)  # excluded rows
    restored: list[tuple[int, int]] = field(default_factory=list)  # ledger id, row number
    restored_buckets: list[int] = field(default_factory=list)  # version ids
    replayed: list[int] = field(default_factory=list)  # quarantine ids
    buckets: BucketChange = field(default_factory=BucketChange)
    compare_anew: Scope | None = None  # days to reconcile though nothing about them has changed
    minutes: list[MinuteDay] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    fetches: list[FetchRow] = field(default_factory=list)
    directory: list[Facts] = field(default_factory=list)  # what sources told of it
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def touched_days(self, ledger: Sequence[LedgerFile]) -> Iterator[date]:
        """The UTC days whose requests or minutes this run may have changed; rather too many."""
        yield from self.reasons
        yield from (day.usage_date for day in self.minutes)
        changed = {e.ledger_id for e in self.exclusions} | {i for i, _ in self.restored}
        changed |= {f.ledger_id for f in self.new_files}
        for file in ledger:
            if file.ledger_id in changed and not file.is_bucket:
                days = (file.last_usage_date - file.first_usage_date).days
                yield from (file.first_usage_date + timedelta(days=n) for n in range(days + 1))


def reason_of(problems: Sequence[object]) -> str:
    """The first of some problems, and how many more there are; empty without any."""
    if not problems:
        return ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did, for whoever started it."""

    run_id: str
    outcome: str  # done, partial
    counts: Counts
    storage_root: Path
    snapshot: Path
    statuses: tuple[BudgetStatus, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    postings: Mapping[str, int]  # lines posted, by reason

    @property
    def reason(self) -> str:
        """Why it is partial, in one sentence or two; empty where it is not."""
        return reason_of(self.problems)

    @property
    def exit_code(self) -> int:
        """3 where something could not be read or the quarantine limit was passed."""
        return 3 if self.outcome == "partial" else 0


@dataclass(slots=True)
class Desk:
    """Where an act is written down: the open books, the clocks, who hears of it. Naive UTC."""

    config: Config
    storage: StorageLayout
    db: Database
    run_id: str
    verb: str
    now: datetime  # the business clock
    started_at: datetime  # the real one
    real_clock: Callable[[], datetime]
    channels: Sequence[Channel]
    say: Callable[[str], None] | None  # to whoever started the act; None: nobody listens


@dataclass(frozen=True, slots=True)
class Plan:
    """What the configuration names beside the sources, read and found right."""

    book: PriceBook
    directory: DirectoryFiles
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Batch(Desk):
    """Everything a run works with."""

    con: duckdb.DuckDBPyConnection
    registry: InputFiles
    book: PriceBook
    directory: DirectoryFiles
    stop: threading.Event
    warnings: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The organization's day."""
        zone = self.config.organization.zone
        return self.now.replace(tzinfo=UTC).astimezone(zone).date()

    def between_stages(self) -> None:
        """Stop here if we were asked to. Fails: RunStoppedError."""
        raise_if_stopped(self.stop)


def plan(config: Config) -> Plan:
    """Prices and directory. Fails: ConfigError."""
    loaded = load_book(config.prices.files, config.discounts)
    files = read_files(config.directory, config.projects)
    return Plan(loaded.book, files, tuple(str(w) for w in loaded.warnings))


@contextmanager
def desk(
    config: Config,
    *,
    verb: str,
    now: datetime,
    real_clock: Callable[[], datetime],
    channels: Sequence[Channel],
    say: Callable[[str], None] | None = None,
) -> Iterator[Desk]:
    """The storage locked, its books open. Fails: LockHeldError, RunFailedError."""
    storage = StorageLayout(config.storage.root.absolute())
    started_at = real_clock()
    with (
        storage_lock(storage.root, what=f"tollbook {verb}", real_now=started_at),
        open_database(storage) as db,
    ):
        yield Desk(
            config=config,
            storage=storage,
            db=db,
            run_id=f"{started_at:%Y%m%dT%H%M%S.%fZ}".replace(".", ""),
            verb=verb,
            now=now,
            started_at=started_at,
            real_clock=real_clock,
            channels=channels,
            say=say,
        )


@contextmanager
def batch(at: Desk, planned: Plan, stop: threading.Event | None = None) -> Iterator[Batch]:
    """A run's surroundings at a desk: a scratch engine, the registry, all of it tidy.

    Fails: ConfigError where the storage is kept in another time zone.
    """
    with scratch(at.storage.temporary / "scratch") as con:
        for orphan in orphans(at.db, at.storage):
            orphan.unlink()
        at.db.agree(
            "timezone",
            at.config.organization.timezone,
            what="the time zone",
            hint="Days are stored in it: change it back, or set another `root` under [storage].",
        )
        work = Batch(
            **{part.name: getattr(at, part.name) for part in fields(Desk)},
            con=con,
            registry=InputFiles.load(at.db),
            book=planned.book,
            directory=planned.directory,
            stop=stop or threading.Event(),
            warnings=list(planned.warnings),
        )
        try:
            yield work
        finally:
            shutil.rmtree(at.storage.temporary, ignore_errors=True)
