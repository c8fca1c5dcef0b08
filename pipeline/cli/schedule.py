"""`tollbook schedule`: the service that runs what `[schedule]` says, and `--list`, its state."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.run import say_news
from pipeline.config.model import Config
from pipeline.dates import local
from pipeline.errors import ConfigError, SourceError, TollbookError

if TYPE_CHECKING:  # APScheduler is imported by the verb, so that --help is quick
    from pipeline.runs.schedule.service import Job, JobEnd, JobOutcome, JobState, JobTime

STATE_NAME = "schedule.json"
LOCK_NAME = "schedule.lock"
STALE_AFTER = timedelta(hours=6)

ListOption = Annotated[
    bool,
    typer.Option("--list", help="Print each job's next time, last outcome and duration, and end."),
]
ListJsonOption = Annotated[bool, typer.Option("--json", help="With --list: as JSON, in UTC.")]
_COLUMNS = ("job", "cron", "next", "last due", "outcome", "duration", "message")


@app.command("schedule")
def schedule(
    config_path: cli_context.ConfigOption = None,
    now: cli_context.NowOption = None,
    is_list: ListOption = False,
    is_json: ListJsonOption = False,
) -> None:
    """Stay in the foreground and run what [schedule] says, until SIGTERM or Ctrl-C.

    Times missed while it was down are made up once. A first SIGTERM lets the stage in progress
    end; a second one ends at once.
    """
    if is_json and not is_list:
        raise ConfigError("goes with --list", key="--json")
    config = cli_context.load_for_run(config_path)
    at = cli_context.clock(now)
    business = _Business(config_path, config, at.business() - at.real(), threading.Event())
    if is_list:
        _print_list(business, at.business(), is_json=is_json)
    else:
        _serve(business, at.real())


@dataclass(frozen=True, slots=True)
class _Business:
    """What the jobs do. They take the configuration anew each time, but for where and when."""

    config_path: Path | None
    config: Config
    clock_shift: timedelta  # of --now
    stop: threading.Event

    def clock(self) -> datetime:
        return cli_context.clock(None).business() + self.clock_shift

    def jobs(self) -> tuple[Job, ...]:
        from pipeline.runs.schedule.service import Job

        times = self.config.schedule
        return (
            Job("run", times.run, self._run),
            Job("daily_report", times.daily_report, self._daily_report),
            Job("monthly_report", times.monthly_report, self._monthly_report),
        )

    def _run(self, _time: JobTime) -> JobEnd:
        from pipeline.runs.clock import Clock
        from pipeline.runs.run_and_report import run_and_report
        from pipeline.runs.schedule.service import JobEnd

        done = run_and_report(
            self._fresh_config(),
            clock=Clock(business=self.clock, real=_real_now),
            environment=cli_context.environment(),
            stop=self.stop,
            say=cli_context.say,
        )
        say_news(done)
        is_partial = done.result.outcome == "partial"
        # the run has told why it is partial, by its own outbox
        return JobEnd("partial", done.result.reason, is_told=True) if is_partial else JobEnd("done")

    def _daily_report(self, _time: JobTime) -> JobOutcome:
        return self._report(None)

    def _monthly_report(self, time: JobTime) -> JobOutcome:
        from pipeline.dates import month_just_ended

        # The month before the due time: made up days late it is still that one.
        return self._report(month_just_ended(time.scheduled_for, self.config.organization.zone))

    def _report(self, month: date | None) -> JobOutcome:
        from pipeline.runs.run_and_report import report

        report(self._fresh_config(), month=month, now=self.clock())
        return "done"

    def _fresh_config(self) -> Config:
        # Budgets, sources and channels may change under a running service; the storage it has
        # locked and the times it waits for change with a restart.
        kept = {"storage": self.config.storage, "schedule": self.config.schedule}
        return cli_context.load_for_run(self.config_path).model_copy(update=kept)

    def tell(self, text: str) -> None:
        """Send a problem to the alert channels. Fails: SourceError if it reached none of them."""
        from pipeline.alerts import channels

        try:
            entries = self._fresh_config().alerts.channels
        except TollbookError:  # the file is what is wrong: told to the channels it had before
            entries = self.config.alerts.channels
        reached = 0
        for entry in entries:
            try:
                [channel] = channels.resolve([entry], cli_context.environment())
            except ConfigError:  # one dead entry is no reason to keep silent on the others
                continue
            reached += channel.send("tollbook schedule", text, "warning") is None
        if entries and not reached:
            raise SourceError("none of the channels took the message", key="alerts.channels")


def _real_now() -> datetime:
    return cli_context.clock(None).real()


def _serve(business: _Business, real_now: datetime) -> None:
    from pipeline.runs.schedule.service import serve
    from pipeline.storage.lock import file_lock

    cli_context.log_to_stderr(default="info")  # a service says what it does
    root = business.config.storage.root
    with file_lock(root / LOCK_NAME, what="tollbook schedule", real_now=real_now):
        _stop_on_signals(business.stop)
        serve(
            business.jobs(),
            state_file=root / STATE_NAME,
            zone=business.config.organization.zone,
            clock=business.clock,
            stop=business.stop,
            on_problem=business.tell,
            stale_after=STALE_AFTER,
        )


def _stop_on_signals(stop: threading.Event) -> None:
    received: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            os._exit(128 + number)  # sys.exit would wait for the job's thread
        cli_context.say("tollbook: ending after the stage in progress; once more ends at once")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)


def _print_list(business: _Business, now: datetime, *, is_json: bool) -> None:
    from pipeline.runs.schedule.service import list_jobs

    config = business.config
    zone = config.organization.zone
    states = list_jobs(business.jobs(), config.storage.root / STATE_NAME, zone, now)
    if is_json:
        rows = [{k: _json(v) for k, v in state._asdict().items()} for state in states]
        cli_context.put(json.dumps(rows, indent=2))
    else:
        cli_context.print_table(_COLUMNS, [_row(state, zone, now) for state in states])


def _json(value: datetime | str | float | None) -> str | float | None:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else value


def _row(state: JobState, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    def shown(at: datetime) -> str:
        return f"{local(at, zone):%Y-%m-%d %H:%M %Z}"

    next_at = "off"
    if state.next_at is not None:
        next_at = shown(state.next_at) if state.next_at > now else "at once"
    return (
        state.name,
        state.cron or "-",
        next_at,
        shown(state.last_scheduled_for) if state.last_scheduled_for else "never",
        state.last_outcome or "-",
        _duration(state.last_duration_seconds),
        state.message,
    )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"
