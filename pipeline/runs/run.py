"""One batch run: the stages in order, one lock, one transaction, one record of what happened.

Reading this file top to bottom is reading the way through the house.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import partial

import polars as pl

from pipeline.alerts import channels
from pipeline.alerts.monitors import evaluate
from pipeline.budgets import store as budget_store
from pipeline.budgets.plan import configured_plans
from pipeline.charges import provider_billed
from pipeline.charges import store as charge_store
from pipeline.charges.model import ChargeDay, RatingJob, RatingResult, is_final
from pipeline.charges.rate import rate
from pipeline.config.model import Config
from pipeline.errors import (
    ConfigError,
    NotPublishedError,
    RunFailedError,
    RunStoppedError,
    SourceError,
    TollbookError,
)
from pipeline.intake import quarantine_store
from pipeline.intake.files.input_files import InputFile
from pipeline.intake.session import IntakeSession, RejectStore
from pipeline.intake.stage import take_source
from pipeline.ledger import bucket_store
from pipeline.ledger import store as ledger_store
from pipeline.ledger.bucket_versions import KnownBuckets
from pipeline.ledger.files import LedgerFile, LedgerWriter, dates_of, discard
from pipeline.ledger.supersede import supersede_buckets, supersede_requests
from pipeline.pricing import store as price_store
from pipeline.pricing.load import PriceBook
from pipeline.providers.directory_stage import sync_directory
from pipeline.providers.fetch_stage import FetchRequest, fetch_sources
from pipeline.providers.read_pages import BucketChange, accept_waiting, exclude_passed
from pipeline.published.snapshot import SnapshotContents, publish
from pipeline.runs import commit, stages
from pipeline.runs.context import Batch, ChangeSet, Counts, RunResult, batch, desk, plan
from pipeline.runs.invariants import check_books, check_days
from pipeline.storage import disk_errors
from pipeline.storage.layout import StorageLayout


def run_batch(
    config: Config,
    *,
    now: datetime,
    real_clock: Callable[[], datetime],
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
    problems: Sequence[SourceError] = (),
    verb: str = "run",
    fetching: FetchRequest | None = None,
) -> RunResult:
    """Raw files → ledger → charges → budgets → snapshot. Fails: TollbookError, nothing changed.

    **Takes** in `say` who reads what the channels do not take: all of it, where there are none;
    in `problems`, what was found wrong with the input before: the run is partial; in `fetching`,
    what to fetch, where that is not just what is new.
    """
    with act(
        config,
        verb=verb,
        now=now,
        real_clock=real_clock,
        environment=environment,
        stop=stop,
        say=say,
    ) as work:
        request = fetching or FetchRequest(environment)
        stages.begin("fetch")
        fetches = fetch_sources(
            work.db,
            config.sources,
            work.storage.raw,
            request,
            now=now,
            clock=real_clock,
            stop=work.stop,
        )
        stages.begin("read")
        change = read_sources(work)
        change.fetches = fetches.rows
        stages.begin("sync directory")
        directory = sync_directory(
            config.sources if config.directory.sync else (),
            work.storage.raw,
            request,
            fetches.unreachable,
            clock=real_clock,
            stop=work.stop,
        )
        change.directory = directory.told
        change.notes[:0] = [*fetches.notes, *directory.notes]
        change.problems[:0] = [*fetches.problems, *directory.problems, *problems]
        work.between_stages()
        return settle(work, change)


@contextmanager
def act(
    config: Config,
    *,
    verb: str,
    now: datetime,
    real_clock: Callable[[], datetime],
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
) -> Iterator[Batch]:
    """A batch whose failure is recorded, and told to the channels.

    So is a configuration that a run cannot use, once it can be told to somebody or there are books
    to record it in; what was typed wrong for a correction is not.
    """
    senders = channels.resolve(config.alerts.channels, environment)
    opened = partial(
        desk, config, verb=verb, now=now, real_clock=real_clock, channels=senders, say=say
    )
    root = config.storage.root
    try:
        planned = plan(config)
    except ConfigError as error:
        if verb == "run" and (senders or StorageLayout(root).warehouse.exists()):
            with suppress(TollbookError), disk_errors.before_the_commit(root), opened() as at:
                commit.record_failure(at, error)
        raise
    with disk_errors.before_the_commit(root), opened() as at:
        try:
            with batch(at, planned, stop) as work:
                yield work
        except (RunStoppedError, NotPublishedError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if isinstance(error, ConfigError) and verb != "run":
                raise
            failure = disk_errors.told(error, at.storage.root)
            commit.record_failure(at, failure or RunFailedError(type(error).__name__))
            if failure is None:
                raise
            raise failure from None


def settle(work: Batch, change: ChangeSet) -> RunResult:
    """Rate what changed, check, commit, publish, deliver: the second half of every act."""
    storage, db = work.storage, work.db
    excluded = ledger_store.excluded_rows(db)
    if change.restored:
        back = pl.DataFrame(change.restored, schema=["ledger_id", "row_number"], orient="row")
        excluded = excluded.join(back, on=["ledger_id", "row_number"], how="anti")
    excluded = pl.concat(
        [excluded, ledger_store.excluded_frame(change.exclusions, work.started_at)]
    )
    ledger = ledger_store.ledger_files(db, storage.root) + change.new_files
    states = charge_store.days(db, storage.root)
    with db.transaction():
        commit.write(work, change)
        stages.begin("rate")
        rated = _rate(work, change, ledger, excluded, states)
        postings = charge_store.postings(db, storage.root) + rated.postings
        check_days(work.con, rated, postings)
        outcome = _outcome(work, change)
        commit.write_charges(work, rated)
        states |= rated.days
        stages.begin("reconcile")
        commit.reconcile(work, change, states)
        stages.begin("budgets and alerts")
        statuses = commit.budget_status(work, states)
        commit.alert(work, change, statuses, outcome)
        evaluate.watch(
            db,
            work.con,
            work.config,
            storage,
            ledger=ledger,
            excluded=excluded,
            states=states,
            touched=set(change.touched_days(ledger)),
            aliases=price_store.published_aliases(work.book),
            today=work.today,
            at=work.started_at,
            run_id=work.run_id,
        )
        commit.record(work, change.counts, outcome, change.problems)
        stages.begin("check the books")
        check_books(db)
    live = SnapshotContents(
        ledger=ledger,
        excluded=excluded,
        days=sorted(states.values(), key=lambda s: s.usage_date),
        postings=postings,
        prices=price_store.published_prices(work.book),
        budgets=budget_store.published_budgets(configured_plans(work.config.budgets)),
        aliases=price_store.published_aliases(work.book),
    )
    with disk_errors.after_the_commit(storage.root):
        stages.begin("deliver")
        commit.deliver(work)
        stages.begin("publish")
        snapshot = publish(db, storage, live, work.run_id, work.now, work.real_clock())
    return RunResult(
        run_id=work.run_id,
        outcome=outcome,
        counts=change.counts,
        storage_root=storage.root,
        snapshot=snapshot,
        statuses=tuple(statuses),
        problems=tuple(str(p) for p in change.problems),
        notes=(*work.warnings, *change.notes, *commit.newer_prices(work, states)),
        postings={
            reason: sum(p.rows for p in rated.postings if p.reason == reason)
            for reason in sorted({p.reason for p in rated.postings})
        },
    )


def _rate(
    work: Batch,
    change: ChangeSet,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    states: Mapping[date, ChargeDay],
) -> RatingResult:
    """Rate the days that usage, prices or the provider's bill have changed."""
    is_anew = bool(change.forgotten)
    provider_billed.note_logged_operations(
        work.db, work.con, ledger if is_anew else change.new_files, excluded, anew=is_anew
    )
    bill = provider_billed.gather(work.db)
    days = provider_billed.changed_days(work.db, bill)
    for day in days:
        change.reasons.setdefault(day, "correction" if is_anew else "usage")
    change.notes += provider_billed.notes(bill, days)
    to_rate = days_to_rate(work, change, states)
    rated = rate(
        work.con,
        to_rate,
        ledger,
        excluded,
        states,
        work.storage.charges,
        work.run_id,
        work.started_at,
        bill.lines,
    )
    provider_billed.save(work.db, bill, days)
    work.between_stages()
    return rated


def days_to_rate(
    work: Batch, change: ChangeSet, states: Mapping[date, ChargeDay]
) -> list[RatingJob]:
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
                    pinned[known.book_id] = price_store.price_book(work.db, known.book_id)
                book = pinned[known.book_id]
        chosen.append(RatingJob(day, book, reason))
    return chosen


def _outcome(work: Batch, change: ChangeSet) -> str:
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


def read_sources(work: Batch) -> ChangeSet:
    """Find, read, validate; drop repeats; say which days have changed."""
    known = ledger_store.ledger_files(work.db, work.storage.root)
    excluded = ledger_store.excluded_rows(work.db)
    next_id = max((f.ledger_id for f in known), default=0) + 1
    # versions of buckets that never hold get ids far from the others
    writer = LedgerWriter(work.storage.ledger, work.run_id, next_id)
    passed = LedgerWriter(work.storage.ledger, work.run_id, next_id + 1_000_000)
    rejects = RejectStore(work.storage.temporary / "rejects")
    intake = intake_of(work, writer, rejects)
    buckets = BucketChange()
    known_buckets = KnownBuckets(work.db)
    seen: list[tuple[str, str]] = []
    for source in work.config.sources:
        seen += take_source(intake, work.storage, source, buckets, known_buckets, passed)
    accept_waiting(intake, buckets)
    work.registry.note_gone(seen)
    rejects.flush()
    new = discard(writer.close(), intake.abandoned)
    passed_files = passed.close()
    abandoned = {e.file_id for e in intake.abandoned}
    for file_id, held in quarantine_store.stage_rejects(work.db, rejects.paths, abandoned).items():
        entry = work.registry.changed[file_id]
        entry.quarantined -= held
        entry.duplicate += held
    change = ChangeSet(
        has_rejects=bool(rejects.paths),
        abandoned=abandoned,
        healed=[h for h in intake.healed_tails if h[0] not in abandoned],
        before=intake.before,
        buckets=buckets,
        problems=intake.problems,
        notes=intake.notes,
        exclusions=exclude_passed(buckets, passed_files),
    )
    stages.begin("drop duplicates")
    restated = drop_duplicates(work, change, new, known, excluded)
    restated |= replace_buckets(work, change, known, excluded)
    change.new_files = [f for f in new if f.rows] + passed_files
    for day in dates_of(work.con, [f for f in new if f.rows and f.basis == "charge"]):
        change.reasons[day] = "usage"
    change.reasons |= dict.fromkeys(restated, "restatement")
    change.counts = _count(intake.touched, change.before)
    return change


def drop_duplicates(
    work: Batch,
    change: ChangeSet,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
) -> set[date]:
    """Drop duplicates from new files and exclude what they replace; gives the days it touched."""
    names = [s.name for s in work.config.sources]
    found = supersede_requests(work.con, new, known, excluded, names)
    change.exclusions += found.exclusions
    work.registry.move_rows(found.moves, change.before)
    return found.restated_dates


def replace_buckets(
    work: Batch, change: ChangeSet, known: Sequence[LedgerFile], excluded: pl.DataFrame
) -> set[date]:
    """Exclude the rows of buckets that were fetched again; gives the days it touched."""
    found = supersede_buckets(work.con, change.buckets.replaced, known, excluded)
    change.exclusions += found.exclusions
    work.registry.move_rows(found.moves, change.before)
    versions = {v.file_id: v for v in work.registry.versions}
    for file_id, count in bucket_store.replaced_costs(work.db, change.buckets).items():
        versions[file_id].move(count, "accepted", "superseded")
        work.registry.touch(versions[file_id])
    return change.buckets.dates


def intake_of(work: Batch, writer: LedgerWriter, rejects: RejectStore) -> IntakeSession:
    """An empty intake of this act."""
    return IntakeSession(
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


def _count(touched: Sequence[InputFile], before: Mapping[int, InputFile]) -> Counts:
    """What this run read: of a file that grew, only what came."""
    counts = Counts()
    for entry in {e.file_id: e for e in touched}.values():
        counts.files_read += 1
        known = before.get(entry.file_id)
        for name in (
            "rows_read",
            "accepted",
            "duplicate",
            "superseded",
            "quarantined",
            "not_usage",
        ):
            came = getattr(entry, name) - (getattr(known, name) if known is not None else 0)
            setattr(counts, name, getattr(counts, name) + came)
    return counts
