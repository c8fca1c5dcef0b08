"""The typer application that the groups of verbs register on."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="tollbook",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Usage analytics and budgets for organizations that buy model APIs.\n\n"
        "Exit codes: 0 done; 1 failed, nothing was committed; 2 usage or configuration; "
        "3 committed, but a source could not be read or the quarantine limit was passed; "
        "4 a budget is over (with --fail-on budget); 5 reconciliation gap (with --fail-on "
        "reconciliation); 75 another run holds the lock."
    ),
)
