"""`tollbook budgets set`, `budgets changes` and `budgets check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.budgets import budgets_app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer
from pipeline.errors import ConfigError
from pipeline.text import counted

if TYPE_CHECKING:
    from pipeline.budgets.history import BudgetChange

NOT_RIGHT = 2


@budgets_app.command("set")
def budgets_set(
    budget_id: Annotated[str, typer.Argument(help="Id of the budget.")],
    amount: Annotated[
        str, typer.Option("--amount", help="For each period, in the budget's currency.")
    ],
    valid_from: Annotated[
        str, typer.Option("--from", help="First day of the new amount, such as 2027-01-01.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the change.")],
    by: Annotated[
        str | None,
        typer.Option(
            "--as", help="Who changes it (default: TOLLBOOK_USER, else the operating user)."
        ),
    ] = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Plan another amount for a budget from a day on; periods that ended keep theirs.

    Adds an amendment at the end of the file that the budget is in, and records who changed what.
    Where the directory knows roles, only an owner of the organization may, or of the project for
    the project's budget.
    """
    from pipeline.budgets.amend import NewAmount
    from pipeline.csv_table import CellError
    from pipeline.csv_table import amount as parse_amount
    from pipeline.runs.context import PREVIEW
    from pipeline.runs.corrections.amend_budget import amend_budget, preview_amendment
    from pipeline.runs.stages.report import report

    path = config or Path("tollbook.toml")
    try:
        planned = parse_amount(amount)
    except CellError as error:
        raise ConfigError(str(error), key="--amount", hint=error.hint) from None
    if not planned:
        raise ConfigError("'0' is not allowed; it must be more than 0", key="--amount")
    if not reason.strip():
        raise ConfigError("is empty", key="--reason", hint="Say why the budget is changed.")
    since = cli_context.day(valid_from, "--from")
    new = NewAmount(budget_id, planned, since, reason.strip(), cli_context.operator(by))
    if is_dry:
        with cli_context.correction(config, now, PREVIEW) as run:
            change, file = preview_amendment(run, new, path)
        cli_context.put(f"would change {_text(change)} in {file}; nothing was changed")
        return
    with cli_context.correction(config, now, "budgets set") as run:
        result, change, file = amend_budget(run, new, path, cli_context.load_for_run)
    for note in (*result.notes, *(f"tollbook: {p}" for p in result.problems)):
        say(note, quiet=quiet)
    report(run.config, month=None, now=run.now, run_id=result.run_id)
    cli_context.put(f"changed {_text(change)} in {file}, by {change.changed_by}: {change.reason}")
    raise typer.Exit(result.exit_code)


@budgets_app.command("changes")
def budgets_changes(
    budget_id: Annotated[
        str | None, typer.Argument(help="Id of the budget (default: all).")
    ] = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """Who changed what of the budgets and when, the newest first; what was refused as well."""
    from pipeline.published.reader import open_published, run_statement
    from pipeline.resources import sql

    published = cli_context.load(config).storage.root / "published"
    with open_published(published) as con:
        answer = run_statement(con, sql("budgets/changes_listed"), {"budget_id": budget_id})
        print_answer(answer, "json" if as_json else form, out, published, quiet=quiet)


@budgets_app.command("check")
def budgets_check(
    config: ConfigOption = None, now: NowOption = None, *, quiet: QuietOption = False
) -> None:
    """Look for unknown projects, two budgets for the same, and more planned below than above.

    Ends with 2 where something is wrong; too much planned below is allowed by `[budgets]
    allow_over_allocation = true`.
    """
    from pipeline.budgets.check import not_allowed
    from pipeline.runs.doctor.budgets import doubts_of

    configured = cli_context.load_for_run(config)
    found = doubts_of(configured, cli_context.clock(now).business())
    for doubt in found:
        cli_context.put(doubt.what)
    if not found:
        say(f"{counted(len(configured.budgets), 'budget')}: nothing is doubtful.", quiet=quiet)
    if not_allowed(found, configured.budget_settings):
        raise typer.Exit(NOT_RIGHT)


def _text(change: BudgetChange) -> str:
    return (
        f"{change.budget_id} from {change.before} to {change.after}, from {change.effective_date}"
    )
