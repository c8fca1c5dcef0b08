"""`tollbook reconcile`: our charges against the provider's costs; and the gate on them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli import fail_on as cli_fail_on
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.corrections import SinceOption, UntilOption
from pipeline.cli.fail_on import ToleranceOption
from pipeline.cli.query import FormatOption, OutOption, print_answer
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.published.reconciliation import MonthCompared

MonthOption = Annotated[
    str | None, typer.Option("--month", help="A UTC month, such as 2026-10 (default: all days).")
]
ProjectOption = Annotated[str | None, typer.Option("--project", help="Show only this project.")]
FailOnOption = Annotated[
    list[str] | None,
    typer.Option("--fail-on", help="reconciliation: end with 5 when a gap counts."),
]


@app.command("reconcile")
def reconcile_verb(
    month: MonthOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    project: ProjectOption = None,
    tolerance: ToleranceOption = "0.01",
    fail_on: FailOnOption = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compare our charges with the provider's costs, print the gaps by cause, and store them.

    Months first (on stderr, unless the format is table), then every project, line item and UTC
    day with a gap above the tolerance, the largest first.
    """
    from pipeline.charges.reconciliation.reconcile import Scope
    from pipeline.published.reader import open_published
    from pipeline.published.reconciliation import (
        LineFilter,
        counted_gaps,
        gap_messages,
        gaps,
        months,
    )
    from pipeline.runs.corrections.rerate import reconcile
    from pipeline.runs.run_and_report import report

    cli_fail_on.check(fail_on or (), (cli_fail_on.RECONCILIATION,))
    chosen = "json" if as_json else form
    first, last = _days(month, since, until)
    lines = LineFilter(cli_fail_on.tolerance_of(tolerance), first, last, project)
    with cli_context.correction(config, now, "reconcile") as run:
        result = reconcile(run, Scope(first, last))
    for note in (*result.notes, *(f"tollbook: {p}" for p in result.problems)):
        say(note, quiet=quiet)
    report(run.config, month=None, now=run.now, run_id=result.run_id)
    published = run.config.storage.root / "published"
    with open_published(published) as con:
        _print_months(months(con, lines), quiet=quiet, is_data=chosen == "table" and out is None)
        print_answer(gaps(con, lines), chosen, out, published, quiet=quiet)
        found = counted_gaps(con, lines) if fail_on else []
    for line in gap_messages(found, lines.tolerance_usd):
        say(line)
    raise typer.Exit(cli_fail_on.RECONCILIATION_GAP if found else result.exit_code)


def _days(
    month: str | None, since: str | None, until: str | None
) -> tuple[date | None, date | None]:
    """The UTC days that are asked for, half-open; None: unbounded."""
    from pipeline.dates import month_bounds

    if month is not None and (since is not None or until is not None):
        raise ConfigError(
            "goes without --since and --until", key="--month", hint="Use one or the other."
        )
    start = cli_context.month(month)
    if start is not None:
        return month_bounds(start)
    first = cli_context.day(since, "--since") if since else None
    last = cli_context.day(until, "--until") if until else None
    if first is not None and last is not None and first >= last:
        raise ConfigError(
            f"{last} is not after --since {first}",
            key="--until",
            hint="It is the day before which to stop.",
        )
    return first, last


def _print_months(found: tuple[MonthCompared, ...], *, quiet: bool, is_data: bool) -> None:
    from pipeline.published.reconciliation import summary
    from pipeline.runs.kinds import KINDS

    if not found:
        names = sorted(f'"{kind.name}"' for kind in KINDS.values() if "costs" in kind.holds)
        say(
            "There is nothing to compare: no costs were fetched for these days. Add a source of "
            f"kind {' or '.join(names)}, then run.",
            quiet=quiet,
        )
    for month in found:
        text = summary(month, cli_context.terminal_width() if is_data else None)
        if is_data:
            cli_context.put(text)
        else:
            say(text, quiet=quiet)
