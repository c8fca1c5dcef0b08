"""`tollbook alerts`: what was raised, who was told, and whether the channels work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import duckdb

    from pipeline.alerts.delivery.outlets import Outlet, Outlets

NOT_DELIVERED = 3

State = Literal["open", "acknowledged", "escalated", "resolved", "retracted", "undelivered", "any"]
StateOption = Annotated[
    State,
    typer.Option(
        "--state",
        help="Which alerts to list; open: those acknowledged or escalated as well.",
    ),
]
IdsArgument = Annotated[list[str] | None, typer.Argument(help="Ids of alerts.")]
RouteOption = Annotated[
    str | None, typer.Option("--route", help="Only the channels of this route.")
]

alerts_app = typer.Typer(help="List the alerts (the open ones, without a verb), or act on them.")
app.add_typer(alerts_app, name="alerts")


@alerts_app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context, config: ConfigOption = None, *, quiet: QuietOption = False
) -> None:
    """List the open alerts, or act on them."""
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


@alerts_app.command("show")
def alerts_show(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="Id of an alert.")],
    *,
    as_json: cli_context.AsJsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Explain one alert: what it says, what happened to it, every message and every try."""
    from pipeline.alerts.history import history
    from pipeline.alerts.texts.history import lines
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.read_copy import open_read_copy

    root = cli_context.load(config).storage.root.absolute()
    with open_read_copy(StorageLayout(root)) as db:
        if db is None:
            raise ConfigError("there is no storage yet", file=root, hint="Run `tollbook run`.")
        found = history(db.con, alert_id)
    if as_json:
        cli_context.put(json.dumps(asdict(found), indent=2, default=str))
    else:
        cli_context.put("\n".join(lines(found)))


@alerts_app.command("ack")
def alerts_ack(
    ids: IdsArgument = None,
    *,
    is_all: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who does it (default: TOLLBOOK_USER, or the user)."),
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="What is done about it.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take an acknowledgement back.")] = False,
    config: ConfigOption = None,
) -> None:
    """Acknowledge alerts: they are neither repeated nor escalated; that they are over is told."""
    from pipeline.runs.alert_acts import acknowledge

    found = acknowledge(
        cli_context.load(config),
        _asked(ids, is_all=is_all),
        by=cli_context.operator(by),
        note=note,
        clock=cli_context.clock(None).real,
        is_undone=undo,
    )
    for alert in found.changed:
        print(f"{alert.alert_id}: {alert.state}")
    for alert_id in found.unfit:
        say(f"{alert_id}: left alone; it is {'not acknowledged' if undo else 'not open'}")
    if not found.changed:
        say("Nothing was changed.")


@alerts_app.command("test")
def alerts_test(route: RouteOption = None, *, config: ConfigOption = None) -> None:
    """Send a test message through every configured channel; 3 if one does not accept it."""
    from pipeline.alerts.delivery.outlets import resolve
    from pipeline.alerts.texts.messages import trial

    configured = cli_context.load(config)
    now = cli_context.clock(None).real()
    outlets = resolve(configured.alerts, cli_context.environment(), configured.organization.zone)
    tried = _outlets(outlets, route)
    routes = outlets.routes.values() if route is None else [outlets.routes[route]]
    by_address = list(dict.fromkeys(label for r in routes for label in r.address_labels))
    for label in by_address:
        print(f"{label}: not tried; it writes to owners, and a test to nobody")
    if not tried and by_address:
        raise typer.Exit(NOT_DELIVERED)
    if not tried:
        say('No channel is configured: set [alerts] channels, such as ["env:SLACK_URL"].')
        raise typer.Exit(NOT_DELIVERED)
    message = trial(configured.organization.name, now)
    errors = [(outlet.label, outlet.channel.send(message)) for outlet in tried]
    for label, error in errors:
        print(f"{label}: {error or 'accepted'}")
    if any(error is not None for _, error in errors):
        raise typer.Exit(NOT_DELIVERED)


@alerts_app.command("retry")
def alerts_retry(
    ids: IdsArgument = None,
    *,
    is_all: Annotated[bool, typer.Option("--all", help="All that waits or was given up.")] = False,
    config: ConfigOption = None,
) -> None:
    """Send again what channels have not accepted, also what was given up; 3 if that fails."""
    from pipeline.runs.alert_acts import retry

    cli_context.log_to_stderr()
    asked = _asked(ids, is_all=is_all)
    configured = cli_context.load(config)
    missed = retry(
        configured,
        asked,
        clock=cli_context.clock(None).real,
        environment=cli_context.environment(),
        say=say,
    )
    for each in missed:
        print(each.text)
    if missed:
        raise typer.Exit(NOT_DELIVERED)


def _asked(ids: Sequence[str] | None, *, is_all: bool) -> list[str] | None:
    """The ids that were asked for; None: all. Fails: ConfigError without either, or with both."""
    if bool(ids) == is_all:
        raise ConfigError(
            "names no alert" if not ids else "names alerts, and all of them",
            key="alerts",
            hint="Give the ids that `tollbook alerts list` shows, or --all.",
        )
    return None if is_all else list(ids or ())


def _outlets(outlets: Outlets, route: str | None) -> list[Outlet]:
    """The outlets to try: those of a route, or each one once."""
    if route is None:
        every = (outlets.default, *outlets.routes.values())
        return list({o.label: o for r in every for o in r.outlets}.values())
    if route not in outlets.routes:
        known = ", ".join(outlets.routes) or "there are none"
        raise ConfigError(
            f"{route!r} is not a route", key="--route", hint=f"Routes of [alerts.routes]: {known}."
        )
    return list(outlets.routes[route].outlets)


def _list(state: State, form: str, out: Path | None, config: Path | None, *, quiet: bool) -> None:
    from pipeline.published.reader import run_statement, view_names
    from pipeline.resources import sql

    root = cli_context.load(config).storage.root
    with newest_stored(root) as con:
        names = view_names(con)
        statement = "waiting" if "messages" in names else "waiting_published"
        found = []  # a snapshot of an earlier version tells nothing of it
        if "messages" in names or "alert_deliveries" in names:
            found = con.execute(sql(f"alerts/delivery/{statement}")).fetchall()
        waiting = ",".join(alert_id for (alert_id,) in found)
        answer = run_statement(con, sql("alerts/listed"), {"state": state, "waiting": waiting})
        print_answer(answer, form, out, root / "published", quiet=quiet)


@contextmanager
def newest_stored(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What is stored, or what was published where that cannot be read now.

    A failed run, a job of the schedule and people's acts change what the next snapshot will show.
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
