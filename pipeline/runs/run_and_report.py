"""The acts on a storage as a whole: a run or a correction, then its report; and their summary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.alerts.delivery.undelivered import Undelivered
from pipeline.config import log
from pipeline.config.model import Config
from pipeline.dates import Clock, local_date
from pipeline.errors import (
    ConfigError,
    LockHeldError,
    NotPublishedError,
    RunStoppedError,
    SourceError,
    TollbookError,
)
from pipeline.money import display_usd
from pipeline.providers.fetch_stage import fetched_sources
from pipeline.providers.provider import FetchRequest, Progress
from pipeline.providers.span import backfill
from pipeline.reporting.month.written import WrittenReport, load_written
from pipeline.runs.context import note_not_published
from pipeline.runs.kinds import KINDS, PROVIDERS, apis_of
from pipeline.runs.named_files import NamedFiles
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch
from pipeline.runs.stage_times import end_stage, seconds_so_far
from pipeline.runs.stages.report import report
from pipeline.storage.layout import StorageLayout
from pipeline.text import counted

if TYPE_CHECKING:
    from pipeline.metrics.gather import RunEnd


@dataclass(frozen=True, slots=True)
class RunReport:
    """What an act did and where its report is."""

    result: RunResult
    report: WrittenReport
    today: date  # the organization's

    def summary(self) -> list[str]:
        """Three lines (spend, budgets, quarantine), what was read, and the report's path."""
        report, counts = self.report, self.result.counts
        bound = "at least " if report.is_lower_bound else ""
        is_current = report.month == self.today.replace(day=1)
        which = "" if is_current or not report.is_default_month else ", the newest month with data"
        month = f"{report.month:%B %Y}{which}"
        current = "" if is_current else ", in their current period"
        near = " (past their highest threshold below 100 %)" if self.result.budgets_near else ""
        budgets = f"{self.result.budgets_over} over, {self.result.budgets_near} near{near}"
        unpriced = "; some usage has no price" if bound and not report.is_unknown else ""
        spent = f"{bound}{display_usd(report.spent_usd)}"
        if report.is_empty:
            spent = "nothing recorded"
        elif report.is_unknown:
            spent = "no price yet for what was used"
        read = (
            f"Read {counted(counts.rows_read, 'row')} from {counted(counts.files_read, 'file')}: "
            f"{counts.accepted:,} accepted, {counts.duplicate:,} duplicate, "
            f"{counts.superseded:,} superseded, {counts.quarantined:,} quarantined."
        )
        held_back = f"{counted(report.quarantined, 'row')} of the month or of no known day"
        unchanged = "Nothing is new: the published figures and the report stay as they are."
        return [
            *([unchanged] if self.result.is_unchanged else []),
            read,
            f"Spend       {spent} in {month}{unpriced}",
            f"Budgets     {budgets}{current}",
            f"Quarantine  {held_back} held back (all: tollbook quarantine list)",
            *(f"Alerts      {missed.text}" for missed in self.result.undelivered),
            f"Storage     {self.result.storage_root}",
            f"Report      {report.html}",
        ]

    def facts(self) -> dict[str, object]:
        """The outcome as JSON values for a program; money as text."""
        return {
            "run_id": self.result.run_id,
            "outcome": self.result.outcome,
            "is_unchanged": self.result.is_unchanged,
            **asdict(self.result.counts),
            "month": f"{self.report.month:%Y-%m}",
            "spent_usd": format(self.report.spent_usd, "f"),
            "is_lower_bound": self.report.is_lower_bound,
            "budgets_over": self.result.budgets_over,
            "budgets_near": self.result.budgets_near,
            "postings": dict(self.result.postings),
            "problems": list(self.result.problems),
            "notes": list(self.result.notes),
            "undelivered": [missed.as_json() for missed in self.result.undelivered],
            "storage": str(self.result.storage_root),
            "report": str(self.report.html),
        }


def run_and_report(
    config: Config,
    *,
    clock: Clock,
    environment: Mapping[str, str],
    month: date | None = None,
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
    problems: Sequence[SourceError] = (),
    verb: str = "run",
    fetching: FetchRequest | None = None,
    named: NamedFiles | None = None,
    skip: Sequence[str] = (),
) -> RunReport:
    """A run, and the report of a month (None: the current one, or the newest with data).

    **Takes** in `say` who reads what the channels do not take: all of it, where there are none;
    in `problems`, what was found wrong with the input before; in `fetching`, what to fetch, where
    that is not just what is new; in `named`, which sources stand for files that were named;
    in `skip`, files that are passed over.
    """
    with _failure_in_metrics(config, clock):
        result = run_batch(
            config,
            now=clock.business(),
            real_clock=clock.real,
            environment=environment,
            stop=stop,
            say=say,
            problems=problems,
            verb=verb,
            fetching=fetching,
            named=named,
            skip=skip,
        )
        now = clock.business()
        try:
            written = report_of(config, result, month=month, now=now)
        except TollbookError as error:
            if isinstance(error, ConfigError):
                raise
            failure = NotPublishedError(
                "the run was committed and published, but its report was not written: "
                f"{error.what}",
                file=error.file,
                hint=f"{error.hint or ''} `tollbook report` writes it.".strip(),
            )
            note_not_published(config, result.run_id, failure, clock.real())
            raise failure from None
        done = RunReport(result, written, local_date(now, config.organization.zone))
    log_end(done, verb)
    update_after(config, clock, result.outcome, result.undelivered)
    return done


@contextmanager
def _failure_in_metrics(config: Config, clock: Clock) -> Iterator[None]:
    """Bring the metrics up to date where a run fails, or was not published."""
    try:
        yield
    except (LockHeldError, RunStoppedError):
        raise  # another run's end, and none
    except Exception as error:
        outcome = "partial" if isinstance(error, NotPublishedError) else "failed"
        update_after(config, clock, outcome)
        raise


def update_after(
    config: Config,
    clock: Clock,
    outcome: str,
    undelivered: Sequence[Undelivered] | None = None,
) -> None:
    """Bring the metrics up to date after a run or correction, where they are asked for."""
    if config.metrics.textfile is None:
        return
    from pipeline.metrics.gather import RunEnd

    count = None if undelivered is None else _messages(undelivered)
    run = RunEnd(outcome, clock.real(), Decimal(str(seconds_so_far())), count)
    update_metrics_of(config, clock, run)


def update_metrics_of(config: Config, clock: Clock, run: RunEnd | None = None) -> None:
    """Bring the metrics up to date, with the jobs of the schedule as its state file has them."""
    if config.metrics.textfile is None:
        return
    from pipeline.metrics.gather import JobFacts
    from pipeline.metrics.update import update_metrics
    from pipeline.runs.schedule import job_state

    jobs: list[JobFacts] = []
    with suppress(TollbookError):
        for name, job in job_state.load(config.storage.root / job_state.STATE_NAME).items():
            took = job.duration_seconds
            seconds = None if took is None else Decimal(str(took))
            jobs.append(JobFacts(name, job.good_at, job.finished_at, job.outcome, seconds))
    update_metrics(config, now=clock.business(), run=run, jobs=jobs)


def log_end(done: RunReport, verb: str) -> None:
    """Log the end of a run or correction as one line."""
    end_stage()
    result, report = done.result, done.report
    log.event(
        "info",
        "run_ended",
        verb=verb,
        outcome=result.outcome,
        is_unchanged=result.is_unchanged,
        **asdict(result.counts),
        lines_posted=sum(result.postings.values()),
        month=f"{report.month:%Y-%m}",
        spent_usd=format(report.spent_usd, "f"),
        is_lower_bound=report.is_lower_bound,
        budgets_over=result.budgets_over,
        budgets_near=result.budgets_near,
        problems=len(result.problems),
        messages_undelivered=_messages(result.undelivered),
        duration_seconds=seconds_so_far(),
    )


def ingest_and_report(
    config: Config,
    *,
    since: date | None,
    until: date | None,
    source: str | None,
    clock: Clock,
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RunReport:
    """A run over the sources that are fetched, or one of them, and over the days named.

    **Takes** half-open UTC days; without any, what a run would fetch.
    **Fails** with ConfigError where there is no such source, its key is not set, or the range
    has no day.
    """
    sources = fetched_sources(config, KINDS, source)
    apis = apis_of(PROVIDERS)
    for each in sources:
        apis[each.kind].check_access(each, environment)
    return run_and_report(
        config.model_copy(update={"sources": sources}),
        clock=clock,
        environment=environment,
        stop=stop,
        say=say,
        verb="ingest",
        fetching=FetchRequest(environment, backfill(since, until, clock.business()), progress),
    )


def report_of(
    config: Config, result: RunResult, *, month: date | None, now: datetime
) -> WrittenReport:
    """The report of a month after a run: the one that is there if nothing is new, else written."""
    folder = StorageLayout(result.storage_root).reports
    known = load_written(folder, month, result.fingerprint) if result.is_unchanged else None
    return known or report(
        config, month=month, now=now, run_id=result.run_id, fingerprint=result.fingerprint
    )


def _messages(undelivered: Sequence[Undelivered]) -> int:
    """How many messages no channel has accepted."""
    return sum(m.waiting + m.given_up for m in undelivered)
