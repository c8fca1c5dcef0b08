"""`tollbook budgets` and `tollbook alerts [list|test]`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer

if TYPE_CHECKING:
    import duckdb

NOT_DELIVERED = 3

MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Month, such as 2026-10 (default: today's periods)."),
]
StateOption = Annotated[
    Literal["open", "resolved", "retracted", "any"],
    typer.Option("--state", help="Which alerts to list."),
]

alerts_app = typer.Typer(help="List the alerts (the open ones, without a verb), or try channels.")
app.add_typer(alerts_app, name="alerts")


@app.command("budgets")
def budgets_verb(
    month: MonthOption = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """Where every budget stands now, or in a month, the fullest first.

    A budget whose period is longer than a month is listed in each of the period's months.
    """
    from pipeline.dates import month_bounds
    from pipeline.published.reader import open_published, run_statement
    from pipeline.resources import sql

    configured = cli_context.load(config)
    utc = cli_context.clock(now).business().replace(tzinfo=UTC)
    today = utc.astimezone(configured.organization.zone).date()
    asked = cli_context.month(month)
    since, until = (today, today + timedelta(days=1)) if asked is None else month_bounds(asked)
    published = configured.storage.root / "published"
    with open_published(published) as con:
        parameters = {"since": since, "until": until}
        answer = run_statement(con, sql("budgets/status_in_range"), parameters)
        print_answer(answer, "json" if as_json else form, out, published, quiet=quiet)
        if next(answer.rows(), None) is None:
            say(f"No budget has a period in {since:%Y-%m}; add [[budgets]], then run.")


@alerts_app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context, config: ConfigOption = None, *, quiet: QuietOption = False
) -> None:
    """List the open alerts, or try the channels."""
    if context.invoked_subcommand is None:
        _list("open", "table", None, config, quiet=quiet)


@alerts_app.command("list")
def alerts_list(
    state: StateOption = "open",
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """Alerts about budgets, limits, policy, runs and the schedule, the newest first."""
    _list(state, "json" if as_json else form, out, config, quiet=quiet)


@alerts_app.command("test")
def alerts_test(config: ConfigOption = None) -> None:
    """Send a test message through every configured channel; 3 if one does not accept it."""
    from pipeline.alerts import channels
    from pipeline.alerts.texts import messages

    configured = cli_context.load(config)
    resolved = channels.resolve(configured.alerts.channels, cli_context.environment())
    if not resolved:
        say('No channel is configured: set [alerts] channels, such as ["env:SLACK_URL"].')
        raise typer.Exit(NOT_DELIVERED)
    title, body = messages.trial(configured.organization.name)
    is_accepted = True
    for channel in resolved:
        error = channel.send(title, body, "info")
        print(f"{channel.label}: {error or 'accepted'}")
        is_accepted = is_accepted and error is None
    if not is_accepted:
        raise typer.Exit(NOT_DELIVERED)


def _list(state: str, form: str, out: Path | None, config: Path | None, *, quiet: bool) -> None:
    from pipeline.published.reader import run_statement
    from pipeline.resources import sql

    root = cli_context.load(config).storage.root
    with _newest_alerts(root) as con:
        parameters = {"state": None if state == "any" else state}
        answer = run_statement(con, sql("alerts/listed"), parameters)
        print_answer(answer, form, out, root / "published", quiet=quiet)


@contextmanager
def _newest_alerts(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The alerts as they are stored, or as they were published where that cannot be read now.

    A failed run and a job of the schedule raise alerts that the next snapshot will show.
    """
    from pipeline.errors import RunFailedError
    from pipeline.published.reader import open_published
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.read_copy import open_read_copy

    with ExitStack() as stack:
        try:
            db = stack.enter_context(open_read_copy(StorageLayout(root.absolute())))
        except RunFailedError:  # a run is writing, or the database belongs to another user
            db = None
        yield db.con if db is not None else stack.enter_context(open_published(root / "published"))
