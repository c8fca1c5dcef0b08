"""One batch run: the stages in order, one lock, one transaction, one record of what happened.

Reading this file top to bottom is reading the way through the house.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import structlog

from pipeline import alerts, budgets, catalogue, channels, outbox
from pipeline.bucket_intake import (
    BucketChange,
    KnownBuckets,
    accept_waiting,
    exclude_passed,
    find_replaced,
    read_source,
)
from pipeline.channels import Channel
from pipeline.checking import check_books, check_days
from pipeline.config import BUCKET_KINDS, Config, Source
from pipeline.engines.duckdb import scratch
from pipeline.errors import RunFailedError, RunStoppedError, SourceError, TollbookError
from pipeline.ingest import Intake, RejectStore, read_file
from pipeline.landing import find
from pipeline.ledger import Exclusion, LedgerFile, LedgerWriter, discard, find_repeats
from pipeline.lock import storage_lock
from pipeline.pricing.book import PriceBook, PriceKey, load_book
from pipeline.publishing import Live, publish
from pipeline.rating import DayState, DayToRate, Rated, is_final, rate
from pipeline.registry import Action, FileEntry, Registry
from pipeline.warehouse import Storage, Warehouse, open_warehouse

log = structlog.get_logger()

_SPEND_SCHEMA = {
    "charge_date": pl.Date,
    "project_id": pl.String,
    "model": pl.String,
    "scope": pl.String,
    "cost_usd": pl.Decimal(38, 24),
    "unpriced_quantity": pl.Decimal(38, 6),
}
_COST_KINDS = frozenset({"openai_costs"})


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
class Change:
    """What a run is about to do to the books; nothing of it is live before the commit."""

    new_files: list[LedgerFile] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    exclusion_note: str | None = None
    reasons: dict[date, str] = field(default_factory=dict)  # days to rate, and why
    current_book_days: set[date] = field(default_factory=set)  # rated anew though pinned
    rejects: list[Path] = field(default_factory=list)
    abandoned: set[int] = field(default_factory=set)
    healed: list[tuple[int, int]] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)  # quarantine ids
    buckets: BucketChange = field(default_factory=BucketChange)
    counts: Counts = field(default_factory=Counts)
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did, for whoever started it."""

    run_id: str
    outcome: str  # done, partial
    counts: Counts
    storage_root: Path
    snapshot: Path
    statuses: tuple[budgets.BudgetStatus, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    announcements: tuple[str, ...]  # alerts, where no channel is configured
    postings: Mapping[str, int]  # lines posted, by reason

    @property
    def exit_code(self) -> int:
        """3 where something could not be read or the quarantine limit was passed."""
        return 3 if self.outcome == "partial" else 0


@dataclass(slots=True)
class Batch:
    """Everything a run works with. Times are naive UTC."""

    config: Config
    storage: Storage
    books: Warehouse
    con: duckdb.DuckDBPyConnection
    registry: Registry
    book: PriceBook
    run_id: str
    verb: str
    now: datetime  # the business clock
    started_at: datetime  # the real one
    real_clock: Callable[[], datetime]
    stop: threading.Event
    channels: Sequence[Channel]
    warnings: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The organization's day."""
        zone = self.config.organization.zone
        return self.now.replace(tzinfo=UTC).astimezone(zone).date()

    def between_stages(self) -> None:
        """Stop here if we were asked to. Fails: RunStoppedError."""
        if self.stop.is_set():
            raise RunStoppedError(
                "stopped before the commit, nothing was changed", hint="The next run carries on."
            )


@contextmanager
def batch(
    config: Config,
    *,
    verb: str,
    now: datetime,
    real_clock: Callable[[], datetime],
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
) -> Iterator[Batch]:
    """A run's surroundings: prices and channels checked, storage locked, books open, tidy."""
    loaded = load_book(config.prices.files, config.discounts)
    senders = channels.resolve(config.alerts.channels, environment)
    storage = Storage(config.storage.root.absolute())
    started_at = real_clock()
    with (
        storage_lock(storage.root, what=f"tollbook {verb}", real_now=started_at),
        open_warehouse(storage) as books,
        scratch(storage.temporary / "scratch") as con,
    ):
        for orphan in catalogue.orphans(books, storage):
            orphan.unlink()
        books.agree(
            "timezone",
            config.organization.timezone,
            what="the time zone",
            hint="Days are stored in it: change it back, or set another `root` under [storage].",
        )
        run_id = f"{started_at:%Y%m%dT%H%M%S.%fZ}".replace(".", "")
        work = Batch(
            config=config,
            storage=storage,
            books=books,
            con=con,
            registry=Registry.load(books),
            book=loaded.book,
            run_id=run_id,
            verb=verb,
            now=now,
            started_at=started_at,
            real_clock=real_clock,
            stop=stop or threading.Event(),
            channels=senders,
            warnings=[str(w) for w in loaded.warnings],
        )
        try:
            yield work
        except (RunStoppedError, KeyboardInterrupt):
            raise
        except BaseException as error:
            _record_failure(work, error)
            raise
        finally:
            shutil.rmtree(storage.temporary, ignore_errors=True)


def run_batch(
    config: Config,
    *,
    now: datetime,
    real_clock: Callable[[], datetime],
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
) -> RunResult:
    """Raw files → ledger → charges → budgets → snapshot. Fails: TollbookError, nothing changed."""
    with batch(
        config, verb="run", now=now, real_clock=real_clock, environment=environment, stop=stop
    ) as work:
        change = read_sources(work)
        work.between_stages()
        return settle(work, change)


def read_sources(work: Batch) -> Change:
    """Find, read, validate; drop repeats; say which days have changed."""
    known = catalogue.ledger_files(work.books, work.storage)
    excluded = catalogue.excluded_rows(work.books)
    next_id = max((f.ledger_id for f in known), default=0) + 1
    # versions of buckets that never hold get ids far from the others
    writer = LedgerWriter(work.storage.ledger, work.run_id, next_id)
    passed = LedgerWriter(work.storage.ledger, work.run_id, next_id + 1_000_000)
    rejects = RejectStore(work.storage.temporary / "rejects")
    intake = Intake(
        con=work.con,
        registry=work.registry,
        writer=writer,
        rejects=rejects,
        temporary=work.storage.temporary,
        organization_id=work.config.organization.id,
        zone=work.config.organization.zone,
        run_id=work.run_id,
        recorded_at=work.started_at,
        stop=work.stop,
    )
    buckets = BucketChange()
    known_buckets = KnownBuckets(work.books)
    seen: list[tuple[str, str]] = []
    for source in work.config.sources:
        seen += _read_source(work, intake, source, buckets, known_buckets, passed)
    accept_waiting(intake, buckets)
    work.registry.note_gone(seen)
    rejects.flush()
    new = discard(writer.close(), intake.abandoned)
    passed_files = passed.close()
    change = Change(
        rejects=rejects.paths,
        abandoned={e.file_id for e in intake.abandoned},
        healed=intake.healed_tails,
        buckets=buckets,
        problems=intake.problems,
        notes=intake.notes,
        exclusions=exclude_passed(buckets, passed_files),
    )
    restated = _drop_repeats(work, change, new, known, excluded)
    restated |= _replace_buckets(work, change, known, excluded)
    change.new_files = [f for f in new if f.rows] + passed_files
    for day in _dates(work.con, [f for f in new if f.rows and f.basis == "charge"]):
        change.reasons[day] = "usage"
    change.reasons |= dict.fromkeys(restated, "restatement")
    change.counts = _count(intake.touched)
    return change


def _read_source(
    work: Batch,
    intake: Intake,
    source: Source,
    buckets: BucketChange,
    known_buckets: KnownBuckets,
    passed: LedgerWriter,
) -> list[tuple[str, str]]:
    files = find(source, work.storage.root, intake.problems)
    decided = [(f, work.registry.decide(source, f, work.started_at)) for f in files]
    to_read = [(f, d) for f, d in decided if d.action is not Action.SKIP]
    for file, decision in decided:
        if decision.action is Action.SKIP and decision.known and decision.known.state == "gone":
            decision.known.state = "read"
            work.registry.touch(decision.known)
        if decision.action is not Action.SKIP and decision.known is not None:
            _same_basis(source, decision.known)
        _ = file
    if source.kind in BUCKET_KINDS | _COST_KINDS:
        read_source(intake, source, to_read, known_buckets, buckets, passed)
    else:
        for file, decision in to_read:
            work.between_stages()
            try:
                read_file(intake, source, file, decision)
            except SourceError as error:
                intake.problems.append(error)
    return [(source.name, f.name) for f in files]


def _same_basis(source: Source, known: FileEntry) -> None:
    if known.basis != source.basis:
        raise RunFailedError(
            f"the source {source.name!r} was read as {known.basis!r} and is now {source.basis!r}",
            key="sources.basis",
            hint="Give the source a new name, and `tollbook forget` its old files.",
        )


def _drop_repeats(
    work: Batch,
    change: Change,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
) -> set[date]:
    repeats = find_repeats(
        work.con,
        [f for f in new if not f.is_bucket],
        [f for f in known if not f.is_bucket],
        excluded,
        {s.name: i for i, s in enumerate(work.config.sources)},
    )
    change.exclusions += repeats.exclusions
    for key, count in repeats.duplicates.items():
        work.registry.entries[key].accepted -= count
        work.registry.entries[key].duplicate += count
    for key, count in repeats.superseded_new.items():
        work.registry.entries[key].accepted -= count
        work.registry.entries[key].superseded += count
    for (source, name, run_id), count in repeats.superseded_old.items():
        _supersede(work.registry, source, name, run_id, count)
    return repeats.restated_dates


def _supersede(registry: Registry, source: str, name: str, run_id: str, count: int) -> None:
    entry = registry.version_of_run(source, name, run_id)
    entry.accepted -= count
    entry.superseded += count
    registry.touch(entry)


def _replace_buckets(
    work: Batch, change: Change, known: Sequence[LedgerFile], excluded: pl.DataFrame
) -> set[date]:
    rows = find_replaced(work.con, change.buckets, known, excluded)
    for row in rows.iter_rows(named=True):
        change.exclusions.append(
            Exclusion(
                row["ledger_id"],
                row["row_number"],
                "restated",
                row["replaced_by_file"],
                row["replaced_by_line"],
            )
        )
        _supersede(work.registry, row["source"], row["input_file"], row["run_id"], 1)
    return change.buckets.dates


def _dates(con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile]) -> set[date]:
    if not files:
        return set()
    paths = [str(f.path) for f in files]
    found = con.execute(
        "SELECT DISTINCT usage_date FROM read_parquet($paths, hive_partitioning = false)",
        {"paths": paths},
    ).fetchall()
    return {day for (day,) in found}


def _count(touched: Sequence[FileEntry]) -> Counts:
    counts = Counts()
    for entry in {e.file_id: e for e in touched}.values():
        counts.files_read += 1
        for name in ("rows_read", "accepted", "duplicate", "superseded", "quarantined"):
            setattr(counts, name, getattr(counts, name) + getattr(entry, name))
        counts.not_usage += entry.not_usage
    return counts


def settle(work: Batch, change: Change) -> RunResult:
    """Rate what changed, check, commit, publish, deliver: the second half of every act."""
    storage, books = work.storage, work.books
    excluded = pl.concat(
        [catalogue.excluded_rows(books), catalogue.excluded_frame(change.exclusions)]
    )
    ledger = catalogue.ledger_files(books, storage) + change.new_files
    states = catalogue.days(books, storage)
    to_rate = days_to_rate(work, change, states)
    rated = rate(
        work.con,
        to_rate,
        ledger,
        excluded,
        states,
        storage.charges,
        work.run_id,
        work.started_at,
    )
    work.between_stages()
    states |= rated.days
    postings = catalogue.postings(books, storage) + rated.postings
    check_days(work.con, rated, postings)
    outcome = _outcome(work, change)
    with books.transaction():
        _write(work, change, rated)
        statuses = _budgets(work, states)
        _alert(work, change, statuses, outcome)
        _record(work, change.counts, outcome, change.problems)
        check_books(books)
    live = Live(
        ledger=ledger,
        excluded=excluded,
        days=sorted(states.values(), key=lambda s: s.usage_date),
        postings=postings,
        prices=catalogue.published_prices(work.book),
        budgets=catalogue.published_budgets(work.config.budgets),
    )
    announcements = _deliver(work)
    snapshot = publish(books, storage, live, work.run_id, work.now, work.real_clock())
    return RunResult(
        run_id=work.run_id,
        outcome=outcome,
        counts=change.counts,
        storage_root=storage.root,
        snapshot=snapshot,
        statuses=tuple(statuses),
        problems=tuple(str(p) for p in change.problems),
        notes=(*work.warnings, *change.notes, *_newer_prices(work, states)),
        announcements=tuple(announcements),
        postings={
            reason: sum(p.rows for p in rated.postings if p.reason == reason)
            for reason in sorted({p.reason for p in rated.postings})
        },
    )


def days_to_rate(work: Batch, change: Change, states: Mapping[date, DayState]) -> list[DayToRate]:
    """The days whose charges may differ now, each with its book: pinned once the day is final."""
    pinned: dict[str, PriceBook] = {work.book.book_id: work.book}
    chosen = []
    reasons = dict(change.reasons)
    for day, state in states.items():
        if not is_final(day, work.now) and state.book_id != work.book.book_id:
            reasons.setdefault(day, "usage")  # the prices moved: what differs is a rerate
    for day in sorted(reasons):
        known, book, reason = states.get(day), work.book, reasons[day]
        if known is not None and is_final(day, work.now):
            reason = "restatement" if reason == "usage" else reason
            if day not in change.current_book_days:
                if known.book_id not in pinned:
                    pinned[known.book_id] = catalogue.price_book(work.books, known.book_id)
                book = pinned[known.book_id]
        chosen.append(DayToRate(day, book, reason))
    return chosen


def _outcome(work: Batch, change: Change) -> str:
    counts, limit = change.counts, work.config.quality.max_quarantined_percent
    if counts.rows_read and counts.quarantined * 100 > limit * counts.rows_read:
        change.problems.append(
            SourceError(
                f"{counts.quarantined} of {counts.rows_read} rows were quarantined, more than "
                f"{limit} percent",
                key="quality.max_quarantined_percent",
                hint="See `tollbook quarantine list`.",
            )
        )
    return "partial" if change.problems else "done"


def _write(work: Batch, change: Change, rated: Rated) -> None:
    books, storage = work.books, work.storage
    for entry_id in change.abandoned:
        work.registry.changed.pop(entry_id, None)
    work.registry.save(books)
    catalogue.save_ledger_files(books, storage, change.new_files)
    catalogue.save_exclusions(
        books, change.exclusions, work.run_id, work.started_at, change.exclusion_note
    )
    catalogue.save_rejects(books, change.rejects, change.abandoned, work.run_id, work.started_at)
    catalogue.close_rejects(books, change.healed, change.replayed, work.run_id, work.started_at)
    catalogue.save_buckets(books, change.buckets, work.run_id, work.started_at)
    catalogue.save_price_book(books, work.book, work.run_id, work.started_at)
    catalogue.save_days(books, storage, rated.days, work.run_id)
    catalogue.save_postings(books, storage, rated.postings)
    catalogue.save_day_prices(books, rated.day_prices)


def _budgets(work: Batch, states: Mapping[date, DayState]) -> list[budgets.BudgetStatus]:
    paths = [str(s.daily_path) for s in states.values()]
    con = work.books.con
    source = (
        con.sql(
            "SELECT charge_date, project_id, model, scope, cost_usd, unpriced_quantity "
            "FROM read_parquet($paths, hive_partitioning = false)",
            params={"paths": paths},
        ).pl()
        if paths
        else pl.DataFrame(schema=_SPEND_SCHEMA)
    )
    con.register("spend_by_day", source)
    try:
        statuses = budgets.evaluate(con, work.config.budgets, today=work.today)
    finally:
        con.unregister("spend_by_day")
    budgets.store(con, statuses)
    return statuses


def _alert(
    work: Batch, change: Change, statuses: Sequence[budgets.BudgetStatus], outcome: str
) -> None:
    con = work.books.con
    first = work.books.value("SELECT min(started_at) FROM runs WHERE outcome <> 'failed'")
    decision = alerts.decide(
        statuses,
        outbox.known(con),
        first_run_started_at=first or work.started_at,
        today=work.today,
        now=work.started_at,
        run_id=work.run_id,
        organization=work.config.organization.name or work.config.organization.id,
    )
    outbox.store(con, decision)
    if work.verb != "run":
        return
    if outcome == "done":
        outbox.record_good_run(con, now=work.started_at, run_id=work.run_id)
    else:
        problem = alerts.RunProblem(work.run_id, "partial", _reason(change.problems))
        outbox.record_run_problem(con, problem, now=work.started_at)


def _reason(problems: Sequence[TollbookError]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"


def _record(
    work: Batch, counts: Counts, outcome: str, problems: Sequence[TollbookError | BaseException]
) -> None:
    work.books.insert(
        "runs",
        (
            "run_id",
            "started_at",
            "finished_at",
            "now_at",
            "verb",
            "outcome",
            "rows_read",
            "accepted",
            "duplicate",
            "superseded",
            "quarantined",
            "not_usage",
            "message",
        ),
        [
            (
                work.run_id,
                work.started_at,
                work.real_clock(),
                work.now,
                work.verb,
                outcome,
                counts.rows_read,
                counts.accepted,
                counts.duplicate,
                counts.superseded,
                counts.quarantined,
                counts.not_usage,
                "\n".join(str(p) for p in problems) or None,
            )
        ],
    )


def _record_failure(work: Batch, error: BaseException) -> None:
    """A failed run commits nothing but that it failed, and tells the channels."""
    shown = error if isinstance(error, TollbookError) else RunFailedError(type(error).__name__)
    try:
        with work.books.transaction():
            _record(work, Counts(), "failed", [shown])
            outbox.record_run_problem(
                work.books.con,
                alerts.RunProblem(work.run_id, "failed", str(shown)),
                now=work.started_at,
            )
        _deliver(work)
    except (duckdb.Error, OSError) as second:
        log.warning("failure_not_recorded", run_id=work.run_id, error=type(second).__name__)


def _deliver(work: Batch) -> list[str]:
    """Send what the outbox holds; with no channel it is printed by whoever started the run."""
    said: list[str] = []
    deliveries = outbox.deliver(
        outbox.pending(work.books.con),
        work.channels,
        clock=work.real_clock,
        announce=said.append,
    )
    with work.books.transaction():
        outbox.record(work.books.con, deliveries)
    return said


def _newer_prices(work: Batch, states: Mapping[date, DayState]) -> list[str]:
    """Say where the current book would price final days otherwise, and how to apply it."""
    older = [
        s.usage_date
        for s in states.values()
        if s.book_id != work.book.book_id and is_final(s.usage_date, work.now)
    ]
    if not older:
        return []
    rows = work.books.rows(
        "SELECT provider, model, meter, service_tier, context_class, variant, project_id, "
        "price_id, min(priced_at), max(priced_at), min(usage_date) FROM day_prices "
        "WHERE list_contains($days, usage_date) GROUP BY ALL",
        {"days": older},
    )
    moved: dict[str, date] = {}
    for *key, price_id, first, last, since in rows:
        wanted = PriceKey(*key)
        prices = {work.book.resolve(wanted, at) for at in (first, last)}
        if any((None if p is None else p.price_id) != price_id for p in prices):
            moved[wanted.model] = min(since, moved.get(wanted.model, since))
    if not moved:
        return []
    models = ", ".join(sorted(moved)[:5]) + (", …" if len(moved) > 5 else "")
    since = min(moved.values())
    return [
        f"The price book has other prices for final days ({models}). Final days keep theirs; to "
        f"see what would change: tollbook rerate --since {since} --dry-run"
    ]
