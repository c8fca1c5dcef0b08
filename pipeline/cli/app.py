"""The typer application that the groups of verbs register on."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from pipeline import __version__
from pipeline.cli.context import choose_log_format

# As one meets them; a verb that is not named here comes after these.
ORDER = (
    *(
        "demo",
        "init",
        "doctor",
        "run",
        "ingest",
        "report",
        "budgets",
        "forecast",
        "actions",
        "alerts",
        "anomalies",
        "reconcile",
        "close",
        "reopen",
    ),
    *("projects", "members", "service-accounts", "keys", "limits"),
    *("schema", "query", "sql", "explain", "export", "guide"),
    *("compact", "quarantine", "forget", "remember", "rebase", "rerate", "prices", "schedule"),
    *("backup", "restore", "rebuild"),
)


class _InOrder(TyperGroup):
    def list_commands(self, _ctx: object) -> list[str]:
        """The verbs as `--help` lists them."""
        place = {verb: number for number, verb in enumerate(ORDER)}
        return sorted(self.commands, key=lambda verb: (place.get(verb, len(place)), verb))


app = typer.Typer(
    name="tollbook",
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Usage analytics and budgets for organizations that buy model APIs.\n\n"
        "Exit codes: 0 done; 1 failed, nothing was committed; 2 usage or configuration; "
        "3 committed, but a source could not be read, the quarantine limit was passed, the "
        "figures or the report could not be published, or alerts were not delivered for long; "
        "4 a budget is over (with --fail-on budget); "
        "5 a gap to the provider's costs (with --fail-on reconciliation); "
        "75 another run holds the lock."
    ),
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(f"tollbook {__version__}")
        raise typer.Exit


@app.callback()
def tollbook(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
    log_format: Annotated[
        str | None,
        typer.Option(
            "--log-format",
            help="How stderr is written: human, json (a line each), or auto: logs of a person's "
            "terminal are human, others json. Also LOG_FORMAT; LOG_LEVEL is debug, info, warning "
            "or error.",
        ),
    ] = None,
) -> None:
    """Take the options of the command itself."""
    choose_log_format(log_format)
