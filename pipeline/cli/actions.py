"""`tollbook actions [approve|restore]`: limits that budgets set at the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.alerts import newest_stored
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer

if TYPE_CHECKING:
    from pipeline.actions.carry_out import CarriedOut

NOT_DONE = 3

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of an action.")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", help="Who does it (default: TOLLBOOK_USER, else the operating user)."),
]

actions_app = typer.Typer(
    help="List what budgets set at the provider (without a verb); approve it, or take it back."
)
app.add_typer(actions_app, name="actions")


@actions_app.callback(invoke_without_command=True)
def actions(
    context: typer.Context,
    *,
    with_ended: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """List the actions of hard budgets that are over, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from pipeline.published.reader import run_statement
    from pipeline.resources import sql

    root = cli_context.load(config).storage.root
    with newest_stored(root) as con:
        answer = run_statement(con, sql("actions/listed"), {"with_ended": with_ended})
        print_answer(answer, "json" if as_json else form, out, root / "published", quiet=quiet)


@actions_app.command("approve")
def actions_approve(
    action_id: IdArgument, by: AsOption = None, config: ConfigOption = None, now: NowOption = None
) -> None:
    """Approve an action that waits, and apply it at once; 3 if the provider refuses.

    Where the directory knows roles, only an owner of the organization or of the project may.
    """
    from pipeline.runs.budget_actions import approve

    cli_context.log_to_stderr()
    done = approve(
        cli_context.load_for_run(config),
        action_id,
        by=cli_context.operator(by),
        clock=cli_context.clock(now),
        environment=cli_context.environment(),
    )
    _show(done)


@actions_app.command("restore")
def actions_restore(
    action_id: IdArgument,
    by: AsOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    is_left: Annotated[
        bool,
        typer.Option("--leave", help="End it, and leave the limits as they are at the provider."),
    ] = False,
) -> None:
    """Set the limits to what they were, in any mode; 3 if the provider refuses.

    What was changed there since is left alone. The action is not done again in the budget's period
    unless its amount changes.
    """
    from pipeline.runs.budget_actions import take_back

    cli_context.log_to_stderr()
    done = take_back(
        cli_context.load_for_run(config),
        action_id,
        by=cli_context.operator(by),
        clock=cli_context.clock(now),
        environment=cli_context.environment(),
        is_left=is_left,
    )
    _show(done)


def _show(done: CarriedOut) -> None:
    for note in done.notes:
        if note in done.failures:
            say(f"tollbook: {note}")
        else:
            cli_context.put(note)
    if done.failures:
        raise typer.Exit(NOT_DONE)
