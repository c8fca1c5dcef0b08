"""The context of a run: the locked storage, the open database, the clocks, what is loaded.

`recorded_run` opens it for one run or correction and records a failure. Knows no stage.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import duckdb

from pipeline.alerts import recipients
from pipeline.alerts.delivery import outlets
from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.outlets import Outlets
from pipeline.budgets.rates import Rates, check_currencies, read_rates
from pipeline.config import log
from pipeline.config.model import Config, Source, check_one_basis
from pipeline.config.source_section import check_kind
from pipeline.directory.files import DirectoryFiles, read_files
from pipeline.errors import (
    ConfigError,
    NotPublishedError,
    RunFailedError,
    RunStoppedError,
    SourceError,
    TollbookError,
    raise_if_stopped,
)
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.kinds import Kinds
from pipeline.providers.provider import Provider
from pipeline.published.snapshot.fingerprint import PublishedState, inputs_mark, published_state
from pipeline.runs import run_log, stage_times
from pipeline.runs.kinds import PROVIDERS, kinds_of
from pipeline.runs.run_log import RunHead
from pipeline.runs.stage_times import Stage, begin
from pipeline.storage import disk_errors
from pipeline.storage.catalogue import StoredFiles
from pipeline.storage.database import Database, open_database
from pipeline.storage.engines.choose import choose_engine
from pipeline.storage.engines.engine import Engine
from pipeline.storage.files import remove_unfinished_below
from pipeline.storage.layout import StorageLayout
from pipeline.storage.lock import storage_lock
from pipeline.storage.migrations import newer_migrations, newer_version
from pipeline.storage.orphans import clear_orphans, clear_uploads, note_begun
from pipeline.storage.read_copy import open_read_copy
from pipeline.storage.rebuild.keep import keep_books
from pipeline.storage.remains import check_not_lost, check_own_warehouse

if TYPE_CHECKING:
    from pipeline.pricing.book import PriceBook
    from pipeline.pricing.load import LoadedBook

PREVIEW = "preview"  # the verb of a run that only shows what another would do


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything the stages of one run share. Lower packages take from it what they need."""

    config: Config
    providers: Sequence[Provider]
    head: RunHead
    clock: Callable[[], datetime]  # the real one; naive UTC
    outlets: Outlets  # where alerts go
    say: Callable[[str], None] | None  # prints messages for whoever started the run
    stop: threading.Event
    storage: StorageLayout
    db: Database
    stored: StoredFiles
    files: InputFiles
    inputs: LoadedInputs
    is_first: bool  # the storage has been made for this run
    problems: Sequence[SourceError]  # found with the storage when it was opened
    configured: Sequence[Source]  # all sources, also where a run reads only named files
    environment: Mapping[str, str]  # secrets are read from it by name
    engine: Engine  # where files are read and statements over them answered

    @property
    def book(self) -> PriceBook:
        """The current price book."""
        return self.inputs.prices.book

    @property
    def kinds(self) -> Kinds:
        """The kinds of source by name."""
        return kinds_of(self.providers)

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The scratch tables."""
        return self.db.scratch

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.head.run_id

    @property
    def now(self) -> datetime:
        """The business clock, naive UTC."""
        return self.head.now

    @property
    def started_at(self) -> datetime:
        """The real clock at the start, naive UTC."""
        return self.head.started_at

    @property
    def today(self) -> date:
        """The organization's day."""
        zone = self.config.organization.zone
        return self.now.replace(tzinfo=UTC).astimezone(zone).date()

    def begin(self, stage: Stage) -> None:
        """Announce a stage, unless the run was asked to stop. Fails: RunStoppedError."""
        raise_if_stopped(self.stop)
        begin(stage)


@dataclass(frozen=True, slots=True)
class LoadedInputs:
    """What the configuration names beside the sources, checked; and a hash of it all."""

    prices: Prices
    directory: DirectoryFiles
    rates: Rates  # of other currencies, for budgets
    mark: str  # of `inputs_mark`


class Prices:
    """The price files of the configuration, loaded when the first price is asked for."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _loaded(self) -> LoadedBook:
        from pipeline.pricing.load import load_book

        return load_book(self._config.prices.files, self._config.discounts)

    @property
    def book(self) -> PriceBook:
        """The current price book. Fails: ConfigError."""
        return self._loaded.book

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful in the price files. Fails: ConfigError."""
        return tuple(str(w) for w in self._loaded.warnings)


def load_inputs(config: Config, kinds: Kinds, published: PublishedState | None) -> LoadedInputs:
    """Check the sources, read the directory files, and the price files if they may be new.

    They are not where the published snapshot was made with the same configuration and files.
    Fails: ConfigError.
    """
    try:
        for source in config.sources:
            check_kind(source.kind, kinds)
        check_one_basis(config.sources, kinds)
    except ValueError as error:
        raise ConfigError(str(error), key="sources") from None
    prices, mark = Prices(config), inputs_mark(config)
    if mark is None or published is None or mark != published.inputs:
        _ = prices.book
    rates = read_rates(config.currency.rates)
    check_currencies(config.budgets, rates, config.currency.rates)
    directory = read_files(config.directory, config.projects)
    return LoadedInputs(prices, directory, rates, mark or "")


@contextmanager
def recorded_run(
    config: Config,
    *,
    verb: str,
    now: datetime,
    real_clock: Callable[[], datetime],
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
    providers: Sequence[Provider] = PROVIDERS,
) -> Iterator[RunContext]:
    """Open a run whose failure is recorded and sent to the alert channels.

    A configuration that a `run` cannot use is recorded, too, if there are channels or a storage;
    a wrong argument of a correction is not.
    Fails: ConfigError, LockHeldError, RunFailedError; and what the run itself fails with.
    """
    is_preview = verb == PREVIEW
    # a preview sends nothing, and is asked for where the service's environment may not be set
    zone = config.organization.zone
    senders = outlets.NONE if is_preview else outlets.resolve(config.alerts, environment, zone)
    storage = config.storage.layout
    head = run_log.new_run(verb, now=now, started_at=real_clock())
    stage_times.start()
    log.bind(run_id=head.run_id)
    log.event("info", "run_started", verb=verb, now=now.isoformat())

    def record_failure(db: Database, error: TollbookError) -> None:
        messages = run_log.record_failure(
            db,
            head,
            error,
            real_clock(),
            organization=config.organization.shown_name,
            addressing=lambda con: recipients.addressing(con, config.alerts, today=now.date()),
        )
        # the error itself is printed when the command ends
        printed = [message.message_id for message in messages]
        with suppress(duckdb.Error, OSError):
            deliver(
                db,
                senders,
                clock=real_clock,
                say=say,
                heard=printed,
                give_up_after=timedelta(hours=config.alerts.give_up_after_hours),
            )
            keep_books(db, storage)

    try:
        loaded = load_inputs(config, kinds_of(providers), published_state(storage))
    except ConfigError as error:
        if verb == "run" and (not senders.is_empty or storage.warehouse.exists()):
            with (
                suppress(TollbookError),
                disk_errors.before_the_commit(storage.root),
                open_storage(storage, head) as db,
            ):
                record_failure(db, error)
        raise
    is_first = not storage.warehouse.exists()
    with disk_errors.before_the_commit(storage.root), open_storage(storage, head) as db:
        try:
            with open_run(
                db,
                storage,
                loaded,
                config=config,
                providers=providers,
                head=head,
                clock=real_clock,
                outlets=senders,
                say=say,
                stop=stop or threading.Event(),
                is_first=is_first,
                environment=environment,
            ) as run:
                yield run
        except NotPublishedError as error:
            with suppress(duckdb.Error, OSError):
                run_log.note_not_published(db, head.run_id, error)
            raise
        except (RunStoppedError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if isinstance(error, ConfigError) and verb != "run":
                raise
            failure = disk_errors.as_tollbook_error(error, storage.root)
            if is_preview and failure is not None:
                raise failure from None
            record_failure(db, failure or RunFailedError(disk_errors.name_of(error)))
            if failure is None:
                raise
            raise failure from None


def note_not_published(
    config: Config, run_id: str, error: NotPublishedError, real_now: datetime
) -> None:
    """Record that the report of a run that has ended was not written; if that can be recorded."""
    storage = config.storage.layout
    head = run_log.new_run("report", now=real_now, started_at=real_now)
    with suppress(TollbookError, duckdb.Error, OSError), open_storage(storage, head) as db:
        run_log.note_not_published(db, run_id, error)


def begin_storage(storage: StorageLayout, real_now: datetime, say: Callable[[str], None]) -> None:
    """Make the storage of a schedule that starts on an empty root, so that a lost one is noticed.

    Fails: RunFailedError where parts of another storage are there, or a newer version has written
        the storage; ConfigError.
    """
    if storage.warehouse.exists():
        newer: list[str] = []
        with suppress(RunFailedError), open_read_copy(storage) as db:  # a run may be writing to it
            newer = newer_migrations(db.con) if db is not None else []
        if newer:
            raise newer_version(newer, storage.warehouse)
        return
    head = run_log.new_run("schedule", now=real_now, started_at=real_now)
    with disk_errors.before_the_commit(storage.root), open_storage(storage, head):
        say(f"A new storage is begun in {storage.root}.")


@contextmanager
def open_storage(storage: StorageLayout, head: RunHead) -> Iterator[Database]:
    """Lock the storage and open its database. Fails: LockHeldError, RunFailedError."""
    what = f"tollbook {head.verb}"
    with storage_lock(storage.root, what=what, real_now=head.started_at) as was_killed:
        check_not_lost(storage)
        if was_killed:
            # snapshots and the rest are cleared by those who write them
            remove_unfinished_below((storage.cache, storage.live, storage.raw, storage.closed))
        with open_database(storage) as db:
            check_own_warehouse(db, storage)
            yield db


@contextmanager
def open_for_act(storage: StorageLayout, head: RunHead) -> Iterator[Database]:
    """The storage for what a person does beside the runs: it is in the copy of the books, too.

    Fails: LockHeldError, RunFailedError.
    """
    with disk_errors.before_the_commit(storage.root), open_storage(storage, head) as db:
        yield db
        with suppress(duckdb.Error, OSError):
            keep_books(db, storage)


@contextmanager
def open_run(
    db: Database,
    storage: StorageLayout,
    loaded: LoadedInputs,
    *,
    config: Config,
    providers: Sequence[Provider],
    head: RunHead,
    clock: Callable[[], datetime],
    outlets: Outlets,
    say: Callable[[str], None] | None,
    stop: threading.Event,
    is_first: bool,
    environment: Mapping[str, str],
) -> Iterator[RunContext]:
    """Load the input files, clear away what no table names.

    Fails: ConfigError where the storage is kept in another time zone or for another organization;
        RunFailedError where a file of the storage is missing or damaged.
    """
    stored = StoredFiles(db, storage)
    is_checked = head.verb == "run" and stored.are_as_checked()
    if not is_checked:
        stored.check()
    own = config.organization
    db.agree(
        "timezone",
        own.timezone,
        what="the time zone",
        hint="Days are stored in it: change it back, or set another `root` under [storage].",
    )
    hint = "Its rows have it: change it back, or set another `root` under [storage]."
    db.agree("organization", own.id, what="the organization's id", hint=hint)
    problems: list[SourceError] = []
    if not is_checked:
        problems = clear_orphans(db, storage, stored.names, head.run_id)
        stored.note_checked()
    clear_uploads(db, storage)
    note_begun(db, head.run_id)
    engine = choose_engine(stop=stop, temporary=storage.temporary, **config.engine.model_dump())
    try:
        yield RunContext(
            config=config,
            providers=providers,
            head=head,
            clock=clock,
            outlets=outlets,
            say=say,
            stop=stop,
            storage=storage,
            db=db,
            stored=stored,
            files=InputFiles.load(db),
            inputs=loaded,
            is_first=is_first,
            problems=problems,
            configured=config.sources,
            environment=environment,
            engine=engine,
        )
    finally:
        engine.close()
        shutil.rmtree(storage.temporary, ignore_errors=True)
