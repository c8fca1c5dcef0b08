"""`tollbook budgets` and `tollbook alerts list|test`."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import typer

from pipeline.cli import setting
from pipeline.cli.app import app
from pipeline.errors import ConfigError, RunFailedError

Form = Literal["table", "csv", "json"]
FormOption = Annotated[Form, typer.Option("--format", help="How to print the rows.")]
MonthOption = Annotated[
    str | None, typer.Option("--month", help="Month, such as 2026-10 (default: the current one).")
]
StateOption = Annotated[
    Literal["open", "resolved", "retracted", "any"],
    typer.Option("--state", help="Which alerts to list."),
]

alerts_app = typer.Typer(no_args_is_help=True, help="List the alerts, or try their channels.")
app.add_typer(alerts_app, name="alerts")


@app.command("budgets")
def budgets_verb(
    config: setting.ConfigOption = None,
    month: MonthOption = None,
    now: setting.NowOption = None,
    form: FormOption = "table",
    json_: setting.JsonOption = False,
) -> None:
    """Where every budget stands in a month, the fullest first."""
    from pipeline import budgets
    from pipeline.access import open_published

    configured = setting.load(config)
    utc = setting.clock(now).now.replace(tzinfo=UTC)
    today = utc.astimezone(configured.organization.zone).date()
    start = _month(month) if month else budgets.month_of(today)[0]
    with open_published(configured.storage.root / "published") as con:
        columns, rows = budgets.listed(con, start)
    _show(columns, rows, "json" if json_ else form)
    if not rows:
        setting.say(f"No budget was looked at in {start:%Y-%m}; add [[budgets]], then run.")


@alerts_app.command("list")
def alerts_list(
    config: setting.ConfigOption = None,
    state: StateOption = "open",
    form: FormOption = "table",
    json_: setting.JsonOption = False,
) -> None:
    """What was said of budgets, runs and the schedule, the newest first."""
    from pipeline import outbox
    from pipeline.access import open_published

    with open_published(setting.load(config).storage.root / "published") as con:
        columns, rows = outbox.listed(con, None if state == "any" else state)
    _show(columns, rows, "json" if json_ else form)


@alerts_app.command("test")
def alerts_test(config: setting.ConfigOption = None) -> None:
    """Send a test message through every configured channel."""
    from pipeline import alert_text, channels

    configured = setting.load(config)
    resolved = channels.resolve(configured.alerts.channels, setting.environment())
    if not resolved:
        raise ConfigError(
            "no channel is configured, so alerts are printed",
            key="alerts.channels",
            hint='Add one, such as channels = ["env:SLACK_URL"].',
        )
    title, body = alert_text.trial(configured.organization.name)
    failed = []
    for channel in resolved:
        error = channel.send(title, body, "info")
        print(f"{channel.label}: {error or 'delivered'}")
        failed += [channel.label] if error else []
    if failed:
        raise RunFailedError(f"the test message did not reach {', '.join(failed)}")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise ConfigError(
            f"{text!r} is no month", key="--month", hint="Write it like 2026-10."
        ) from None


def _show(columns: list[str], rows: list[tuple[Any, ...]], form: Form) -> None:
    texts = [[_text(value) for value in row] for row in rows]
    if form == "json":
        exact = [[_json(value) for value in row] for row in rows]
        print(json.dumps([dict(zip(columns, row, strict=True)) for row in exact], indent=2))
    elif form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *texts])
    else:
        widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
        for row in [columns, *texts]:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            print("  ".join(cells).rstrip())


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int)) else _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
