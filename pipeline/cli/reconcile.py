"""`tollbook reconcile`: our charges against the provider's costs, the gate on them, and `clear`."""

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
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Show only this project: id or name.")
]
LinesOption = Annotated[
    bool,
    typer.Option(
        "--lines", help="Print every project, line item and UTC day above the tolerance instead."
    ),
]
FailOnOption = Annotated[
    list[str] | None,
    typer.Option("--fail-on", help="reconciliation: end with 5 when a gap counts."),
]


reconcile_app = typer.Typer()
app.add_typer(reconcile_app, name="reconcile")


@reconcile_app.callback(invoke_without_command=True)
def reconcile_verb(
    context: typer.Context,
    month: MonthOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    project: ProjectOption = None,
    tolerance: ToleranceOption = "0.01",
    fail_on: FailOnOption = None,
    *,
    by_line: LinesOption = False,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compare our charges with the provider's costs, print the gaps by cause, and store them.

    Months first (on stderr, unless the format is table), then every cause, project and model of a
    month with a gap above the tolerance, the largest first. A gap is the bill less our charges,
    before settled days are made equal to the bill.
    """
    from pipeline.charges.reconciliation.reconcile import Scope
    from pipeline.published.gaps import LineFilter, counted_gaps, gap_messages, group_rows
    from pipeline.published.reader import open_published
    from pipeline.published.reconciliation import lines as line_rows
    from pipeline.published.reconciliation import months
    from pipeline.runs.corrections.rerate import reconcile
    from pipeline.runs.stages.report import report

    if context.invoked_subcommand is not None:
        _nothing_given(context, context.invoked_subcommand)
        return
    cli_fail_on.check(fail_on or (), (cli_fail_on.RECONCILIATION,))
    chosen = "json" if as_json else form
    first, last = _days(month, since, until)
    tolerance_usd = cli_fail_on.tolerance_of(tolerance)
    chosen_project = cli_context.project_id(cli_context.load(config).storage.root, project)
    lines = LineFilter(tolerance_usd, first, last, chosen_project)
    with cli_context.correction(config, now, "reconcile") as run:
        result = reconcile(run, Scope(first, last))
    for note in (*result.notes, *(f"tollbook: {p}" for p in result.problems)):
        say(note, quiet=quiet)
    report(run.config, month=None, now=run.now, run_id=result.run_id)
    published = run.config.storage.root / "published"
    with open_published(published) as con:
        _print_months(months(con, lines), quiet=quiet, is_data=chosen == "table" and out is None)
        rows = line_rows(con, lines) if by_line else group_rows(con, lines, is_above=True)
        print_answer(rows, chosen, out, published, quiet=quiet)
        found = counted_gaps(con, lines) if fail_on else []
    for line in gap_messages(found, lines.tolerance_usd):
        say(line)
    raise typer.Exit(cli_fail_on.RECONCILIATION_GAP if found else result.exit_code)


@reconcile_app.command("clear")
def reconcile_clear(
    month: Annotated[str, typer.Option("--month", help="The UTC month, such as 2026-10.")],
    cause: Annotated[
        str, typer.Option("--cause", help="Of the gap, such as price, quantity or no_usage.")
    ],
    project: Annotated[
        str | None,
        typer.Option("--project", help="Id or name; '(no project)' for what has none."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="As `reconcile` prints it; '(no model)' for what has none."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept with the gap.")] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--as", help="Who clears it (default: TOLLBOOK_USER, else the operating user)."
        ),
    ] = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take it back: the gaps are to clear again.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Clear gaps of a month that somebody has looked into, at the amount that they have now.

    Charges and costs stay as they are. When the amount moves later, the gap is to clear again.
    """
    from pipeline.runs.corrections.clear import GapChoice, clear
    from pipeline.runs.stages.report import report

    if not undo and not (reason or "").strip():
        raise ConfigError("is missing", key="--reason", hint="Say why the gap is cleared.")
    choice = GapChoice(_month(month), cause, project, model)
    with cli_context.correction(config, now, "reconcile clear") as run:
        who = cli_context.operator(by)
        result, gaps = clear(run, choice, reason, who, is_undo=undo)
    for note in (*result.notes, *(f"tollbook: {p}" for p in result.problems)):
        say(note, quiet=quiet)
    report(run.config, month=None, now=run.now, run_id=result.run_id)
    for gap in gaps:
        cli_context.put(f"{'to clear again' if undo else f'cleared by {who}'}: {gap.what}")
    raise typer.Exit(result.exit_code)


def _nothing_given(context: typer.Context, verb: str) -> None:
    """Fails: ConfigError for an option before the verb, which would not count."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise ConfigError(
                f"an option stands before {verb!r}",
                key=f"reconcile {verb}",
                hint=f"Write options behind it: tollbook reconcile {verb} --month ….",
            )


def _month(text: str) -> date:
    found = cli_context.month(text)
    assert found is not None  # noqa: S101  None only for None
    return found


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
