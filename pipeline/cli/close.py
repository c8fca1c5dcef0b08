"""`tollbook close` and `tollbook reopen`: the end of a month."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli import fail_on as cli_fail_on
from pipeline.cli.app import app
from pipeline.cli.context import AsJsonOption, ConfigOption, NowOption, QuietOption, say
from pipeline.cli.corrections import DryRunOption
from pipeline.cli.fail_on import ToleranceOption
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipeline.config.model import Config
    from pipeline.dates import Days
    from pipeline.runs.closure.checklist import Item
    from pipeline.runs.closure.close import Look
    from pipeline.runs.result import RunResult

NOT_CLEAN = 1
MonthArgument = Annotated[str, typer.Argument(help="The month, such as 2026-10.")]
WhoOption = Annotated[
    str | None,
    typer.Option("--as", help="Who does it (default: TOLLBOOK_USER, else the operating user)."),
]


@app.command()
def close(
    month: MonthArgument,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With --force: why; kept with the month.")
    ] = None,
    by: WhoOption = None,
    tolerance: ToleranceOption = "0.01",
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    only_check: Annotated[
        bool, typer.Option("--check", help="Print what is in the way, and close nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Close it though something is in the way.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: AsJsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Close a month: its charges, budgets and report stay as they are from then on.

    What changes later is booked as a correction in the month that is open then. Ends with 1 where
    something is in the way; with --force --reason it is closed all the same, and both are kept.
    Where the directory knows roles, only an owner of the organization may.
    """
    chosen = _month(month)
    if force != bool((reason or "").strip()):
        raise ConfigError(
            "is missing" if force else "is only for --force",
            key="--reason",
            hint="Say with --force --reason TEXT why a month is closed though something is in "
            "the way.",
        )
    usd = cli_fail_on.tolerance_of(tolerance)
    if only_check or dry_run:
        _check(
            config,
            now,
            chosen,
            usd,
            as_json=as_json,
            quiet=quiet,
            is_dry=dry_run,
            is_forced=force,
        )
        return
    why = reason.strip() if reason else None
    raise typer.Exit(
        close_and_print(
            config, now, month, reason=why, by=by, tolerance_usd=usd, as_json=as_json, quiet=quiet
        )
    )


@app.command()
def reopen(
    month: MonthArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the month.")],
    by: WhoOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    quiet: QuietOption = False,
) -> None:
    """Open the newest closed month again: what was booked for it since moves back into it.

    What it was closed with is kept; when it is closed again, that is its next version.
    """
    from pipeline.charges.periods.model import Reopening
    from pipeline.runs.closure.close import reopen as act

    if not reason.strip():
        raise ConfigError("is empty", key="--reason", hint="Say why the month is opened.")
    asked = Reopening(_month(month), cli_context.operator(by), reason.strip())
    with cli_context.correction(config, now, "reopen") as run:
        opened, result = act(run, asked)
    cli_context.put(
        f"reopened {month}, which {opened.closed_by} closed as version {opened.version}; it is open"
    )
    raise typer.Exit(_finish(run.config, asked.month, run.now, result, quiet=quiet))


def close_and_print(
    config: Path | None,
    now: str | None,
    month: str,
    *,
    reason: str | None,
    by: str | None = None,
    tolerance_usd: Decimal = Decimal("0.01"),
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Close a month and print what came of it. Gives the exit code.

    `reason`: why it is closed though something is in the way; None: then it is not.
    """
    from pipeline.runs.closure.close import Order, bring_up_to_date, is_current
    from pipeline.runs.closure.close import close as act

    chosen = _month(month)
    wanted = Order(chosen, cli_context.operator(by), tolerance_usd, reason)
    with cli_context.correction(config, now, "close") as run:
        done = act(run, wanted) if is_current(run) else None
        if done is None:
            bring_up_to_date(run)
    if done is None:
        with cli_context.correction(config, now, "close") as run:
            done = act(run, wanted)
    found, closing, result = done
    if closing is None or result is None:
        _show(found, chosen, as_json=as_json, quiet=quiet)
        say("Nothing was closed. To close it all the same: --force --reason TEXT", quiet=quiet)
        return NOT_CLEAN
    if as_json:
        cli_context.put(json.dumps(_facts(found, chosen, closing.content_hash), indent=2))
    else:
        cli_context.put(
            f"closed {month} as version {closing.version}, {_totals(found)}, content "
            f"{closing.content_hash}"
        )
    for obstacle in closing.in_the_way:
        say(f"closed in spite of {obstacle}", quiet=quiet)
    return _finish(run.config, chosen, run.now, result, quiet=quiet)


def _month(text: str) -> Days:
    from pipeline.dates import whole_month

    first = cli_context.month(text, "MONTH")
    assert first is not None  # noqa: S101  it was given
    return whole_month(first)


def _check(
    config: Path | None,
    now: str | None,
    month: Days,
    tolerance_usd: Decimal,
    *,
    as_json: bool,
    is_dry: bool,
    is_forced: bool,
    quiet: bool,
) -> None:
    """Print the checklist, by what is published; ends with 1 where something is in the way."""
    from pipeline.dates import local_date
    from pipeline.published.reader import open_published
    from pipeline.runs.closure.close import look

    settings = cli_context.load(config)
    at, zone = cli_context.clock(now).business(), settings.organization.zone
    with open_published(settings.storage.root / "published") as con:
        found = look(con, month, tolerance_usd, local_date(at, zone), zone)
    _show(found, month, as_json=as_json, quiet=quiet)
    if found.run_at is not None and abs(at - found.run_at) >= timedelta(minutes=1):
        after = f", after {at:%Y-%m-%d %H:%M}" if at < found.run_at else ""
        say(f"By what the run of {found.run_at:%Y-%m-%d %H:%M} UTC published{after}.", quiet=quiet)
    if is_dry:
        would = f"be closed as version {found.version} with {_totals(found)}"
        if not (found.is_clean or is_forced):
            would = f"be refused; with --force --reason TEXT it would {would}"
        say(f"Would {would}; nothing was changed.", quiet=quiet)
    if not found.is_clean:
        raise typer.Exit(NOT_CLEAN)


def _show(found: Look, month: Days, *, as_json: bool, quiet: bool) -> None:
    from pipeline.runs.closure.checklist import verdict

    if as_json:
        cli_context.put(json.dumps(_facts(found, month, None), indent=2))
        return
    rows: Sequence[Item] = found.items
    cli_context.print_table(
        ["check", "state", "what", "see"],
        [(i.name, "ok" if i.is_ok else "in the way", i.text, i.command or "") for i in rows],
    )
    say(verdict(rows, month), quiet=quiet)


def _facts(found: Look, month: Days, content_hash: str | None) -> dict[str, object]:
    from pipeline.money import plain

    return {
        "period": f"{month.since:%Y-%m}",
        "version": found.version,
        "is_clean": found.is_clean,
        "run_at": None if found.run_at is None else f"{found.run_at:%Y-%m-%dT%H:%M:%SZ}",
        "content_hash": content_hash,
        "requests": found.totals.requests,
        "cost_usd": plain(found.totals.cost_usd),
        "corrections_usd": plain(found.totals.corrections_usd),
        "unpriced_quantity": plain(found.totals.unpriced_quantity),
        "checks": [item.as_json() for item in found.items],
    }


def _totals(found: Look) -> str:
    from pipeline.money import display_usd
    from pipeline.text import counted, signed_usd

    totals = found.totals
    known = "at least " if totals.unpriced_quantity else ""
    text = f"{known}{display_usd(totals.cost_usd)} and {counted(totals.requests, 'request')}"
    if totals.corrections_usd:
        text += f", and {signed_usd(totals.corrections_usd)} of corrections of earlier months"
    return text


def _finish(config: Config, month: Days, now: datetime, result: RunResult, *, quiet: bool) -> int:
    from pipeline.runs.stages.report import report

    for note in (*result.notes, *(f"tollbook: {p}" for p in result.problems)):
        say(note, quiet=quiet)
    written = report(config, month=month.since, now=now, run_id=result.run_id)
    report(config, month=None, now=now, run_id=result.run_id)
    say(f"Report      {written.html}", quiet=quiet)
    return result.exit_code
