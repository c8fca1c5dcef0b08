"""`tollbook schedule`: the service that runs what `[schedule]` says, and `--list`, its state."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.run import say_news
from pipeline.dates import local
from pipeline.errors import ConfigError

if TYPE_CHECKING:  # APScheduler is imported by the verb, so that --help is quick
    from pipeline.config.model import Config
    from pipeline.dates import Clock
    from pipeline.runs.schedule.job_list import JobState

_COLUMNS = ("job", "cron", "next", "last due", "outcome", "duration", "message")
STALE_AFTER = timedelta(hours=6)

ListOption = Annotated[
    bool,
    typer.Option("--list", help="Print each job's next time, last outcome and duration, and end."),
]
ListJsonOption = Annotated[bool, typer.Option("--json", help="With --list: as JSON, in UTC.")]


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
    config, clock = cli_context.load_for_run(config_path), cli_context.clock(now)
    if is_list:
        _print_list(config, clock, is_json=is_json)
    else:
        _serve(partial(cli_context.load_for_run, config_path), config, clock)


def _serve(load: Callable[[], Config], config: Config, clock: Clock) -> None:
    from pipeline.runs.context import begin_storage
    from pipeline.runs.schedule.job_alerts import JobAlerts
    from pipeline.runs.schedule.job_state import LOCK_NAME, STATE_NAME
    from pipeline.runs.schedule.jobs import ScheduledJobs
    from pipeline.runs.schedule.service import serve
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.lock import file_lock

    cli_context.log_to_stderr(default="info")  # a service says what it does
    scheduled = ScheduledJobs(
        load=load,
        config=config,
        clock=clock,
        environment=cli_context.environment(),
        say=cli_context.say,
        show=say_news,
        stop=cli_context.stop_on_signals(),
    )
    root = config.storage.root
    with file_lock(root / LOCK_NAME, what="tollbook schedule", real_now=clock.real()):
        begin_storage(StorageLayout(root.absolute()), clock.real(), cli_context.say)
        serve(
            scheduled.jobs(),
            state_file=root / STATE_NAME,
            zone=config.organization.zone,
            clock=clock.business,
            stop=scheduled.stop,
            alerts=JobAlerts(
                scheduled.fresh_config,
                config,
                clock=clock.real,
                environment=scheduled.environment,
                say=scheduled.say,
            ),
            stale_after=STALE_AFTER,
            on_end=scheduled.update_metrics,
        )


def _print_list(config: Config, clock: Clock, *, is_json: bool) -> None:
    from pipeline.runs.schedule.job_list import list_jobs
    from pipeline.runs.schedule.job_state import LOCK_NAME, STATE_NAME
    from pipeline.storage.lock import holder

    now = clock.business()
    zone = config.organization.zone
    states = list_jobs(config.schedule.model_dump(), config.storage.root / STATE_NAME, zone, now)
    if is_json:
        rows = [{k: _json(v) for k, v in state._asdict().items()} for state in states]
        cli_context.put(json.dumps(rows, indent=2))
    else:
        cli_context.print_table(_COLUMNS, [_row(state, zone, now) for state in states])
    service = holder(config.storage.root, LOCK_NAME)
    cli_context.say(
        f"Served by {service}." if service else "No service is running: start `tollbook schedule`."
    )


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
