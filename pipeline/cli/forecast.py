"""`tollbook forecast`: where periods will end, and how far earlier forecasts were off."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection

    from pipeline.published.reader import Parameter

ProjectOption = Annotated[
    str | None,
    typer.Option("--project", help="Only this project (id or name) and its budgets."),
]
BacktestOption = Annotated[
    bool,
    typer.Option(
        "--backtest",
        help="Print the track record. What the last 12 months lack is filled in once, in a run of "
        "its own that publishes it.",
    ),
]
_BESIDE = (
    "Errors of the sum of the period in percent; in brackets what the mean day so far (run-rate) "
    "and the last week (seasonal naive) going on would have been. Capped: each at most 100."
)


@app.command("forecast")
def forecast_verb(
    project: ProjectOption = None,
    *,
    backtest: BacktestOption = False,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """What each project, budget and the organization will have spent at the end of the period.

    As the runs of the day have stored it; with --now, or before a run of the day, from what was
    known then. Intervals hold 80 and 95 of 100 such forecasts.
    """
    from pipeline.dates import local_date
    from pipeline.published.reader import needs_this_version, open_published, run_statement

    configured = cli_context.load(config)
    chosen = "json" if as_json else form
    at = cli_context.clock(now).business()
    zone = configured.organization.zone
    today = local_date(at, zone)
    published = configured.storage.root / "published"
    parameters: dict[str, Parameter] = {"today": today, "at": at}
    project = cli_context.project_id(configured.storage.root, project)
    if backtest:
        fill_record(published, today, config, now, quiet=quiet)
    with open_published(published) as con, needs_this_version(published):
        if backtest:
            statement = _record(chosen)
            say(_BESIDE, quiet=quiet or chosen != "table")
        else:
            statement = _shown(con, at, zone, chosen)
            parameters["project"] = project
        answer = run_statement(con, statement, parameters)
        print_answer(answer, chosen, out, published, quiet=quiet)
        if next(answer.rows(), None) is None:
            say(_nothing(today, project, backtest=backtest))


def _shown(con: DuckDBPyConnection, at: datetime, zone: ZoneInfo, form: str) -> str:
    """The statement that shows the forecasts of an instant."""
    from pipeline.published.forecasts.at import USED, show_forecasts
    from pipeline.resources import render_sql

    show_forecasts(con, at, zone)
    rows = render_sql("forecasts/shown", daily=USED)
    return render_sql("forecasts/shown_short", rows=rows) if form == "table" else rows


def _record(form: str) -> str:
    """The statement that shows how far earlier forecasts were off."""
    from pipeline.published.forecasts.at import USED
    from pipeline.resources import render_sql

    rows = render_sql("forecasts/track_record", daily=USED)
    return render_sql("forecasts/track_record_short", rows=rows) if form == "table" else rows


def _nothing(today: date, project: str | None, *, backtest: bool) -> str:
    if backtest:
        return "There is no forecast yet of a period that has ended."
    if project is not None:
        return f"{project} has spent nothing in the eight weeks before {today}, nor in its month."
    return f"Nothing was spent before {today}, so there is nothing to forecast from."


def fill_record(
    published: Path, today: date, config: Path | None, now: str | None, *, quiet: bool
) -> None:
    """Fill in the forecasts that the past lacks, in a run of its own, if there are any."""
    from pipeline.forecasts.record.gaps import days_to_fill
    from pipeline.published.forecasts.at import USED
    from pipeline.published.reader import needs_this_version, open_published
    from pipeline.resources import render_sql
    from pipeline.text import counted

    with open_published(published) as con, needs_this_version(published):
        statement = render_sql("forecasts/days_made", daily=USED)
        [(first, made)] = con.execute(statement).fetchall()
    missing = days_to_fill(first, made or (), today) if first is not None else []
    if not missing:
        return
    from pipeline.runs.stages import forecast
    from pipeline.runs.stages.report import report

    with (
        _bar(is_shown=sys.stderr.isatty() and not quiet) as progress,
        cli_context.correction(config, now, "forecast") as run,
    ):
        result = forecast.fill_record(run, progress)
    report(run.config, month=None, now=run.now, run_id=result.run_id)
    days = counted(len(missing), "day")
    say(f"Filled in what would have been forecast on {days} of the past.", quiet=quiet)


@contextmanager
def _bar(*, is_shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on stderr, where that is a terminal."""
    if not is_shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("forecasts of the past", total=None)

        def show(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield show
