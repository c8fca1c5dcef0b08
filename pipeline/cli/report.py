"""`tollbook report`: write a month's report from the published snapshot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, NowOption, QuietOption, say

if TYPE_CHECKING:
    from pipeline.reporting.month.written import WrittenReport

MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Such as 2026-10 (default: the current one, or the newest)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print its main figures as JSON.")]


@app.command()
def report(
    month: MonthOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the report of a month and the CSV beside it; print where it is."""
    from pipeline.runs.stages.report import report as write

    written = write(
        cli_context.load(config),
        month=cli_context.month(month),
        now=cli_context.clock(now).business(),
    )
    if as_json:
        cli_context.put(json.dumps(_facts(written), indent=2))
        return
    cli_context.put(str(written.html))
    which = ", the current month or the newest with data" if written.is_default_month else ""
    empty = "; nothing was recorded in it" if written.is_empty else ""
    say(f"covers {written.month:%B %Y}{which}{empty}; the CSV lies beside it", quiet=quiet)


def _facts(written: WrittenReport) -> dict[str, object]:
    return {
        "month": f"{written.month:%Y-%m}",
        "html": str(written.html),
        "csv": str(written.csv),
        "spent_usd": format(written.spent_usd, "f"),
        "is_lower_bound": written.is_lower_bound,
        "is_empty": written.is_empty,
        "budgets_near": written.budgets_near,
        "budgets_over": written.budgets_over,
        "quarantined": written.quarantined,
    }
