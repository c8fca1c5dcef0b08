"""`tollbook budgets`: where the budgets stand."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import FormatOption, OutOption, print_answer

MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Month, such as 2026-10 (default: today's periods)."),
]


@app.command("budgets")
def budgets_verb(
    month: MonthOption = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """Where every budget stands now, or in a month, the fullest first.

    A budget whose period is longer than a month is listed in each of the period's months.
    """
    from pipeline.dates import month_bounds
    from pipeline.published.reader import open_published, run_statement
    from pipeline.resources import sql

    configured = cli_context.load(config)
    utc = cli_context.clock(now).business().replace(tzinfo=UTC)
    today = utc.astimezone(configured.organization.zone).date()
    asked = cli_context.month(month)
    since, until = (today, today + timedelta(days=1)) if asked is None else month_bounds(asked)
    published = configured.storage.root / "published"
    with open_published(published) as con:
        parameters = {"since": since, "until": until}
        answer = run_statement(con, sql("budgets/status_in_range"), parameters)
        print_answer(answer, "json" if as_json else form, out, published, quiet=quiet)
        if next(answer.rows(), None) is None:
            say(f"No budget has a period in {since:%Y-%m}; add [[budgets]], then run.")
