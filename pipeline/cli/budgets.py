"""`tollbook budgets [set|check|changes]`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.query import AsOfOption, FormatOption, OutOption, print_answer

if TYPE_CHECKING:
    from pipeline.dates import Days

MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Month, such as 2026-10 (default: today's periods)."),
]
PeriodOption = Annotated[
    str | None,
    typer.Option("--period", help="2026, 2026-Q4, 2026-10, 2026-W47, a day, or 'DAY to DAY'."),
]

budgets_app = typer.Typer(
    help="Where every budget stands (without a verb); change, check and trace budgets."
)
app.add_typer(budgets_app, name="budgets")


@budgets_app.callback(invoke_without_command=True)
def budgets_verb(
    context: typer.Context,
    month: MonthOption = None,
    period: PeriodOption = None,
    as_of: AsOfOption = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """Where every budget stands now, or in a month or another period, the fullest first.

    A budget whose period is longer than what is asked for is listed as well. With --as-of, by the
    plans and charges that were known then.
    """
    if context.invoked_subcommand is not None:
        return
    from pipeline.dates import local_date
    from pipeline.published.reader import open_published, run_statement
    from pipeline.resources import sql

    configured = cli_context.load(config)
    zone = configured.organization.zone
    at = None if as_of is None else cli_context.instant(as_of, "--as-of")
    then = cli_context.clock(now).business() if at is None else at
    today = local_date(then, zone)
    days = _asked(month, period, today)
    published = configured.storage.root / "published"
    with open_published(published, at=at) as con:
        if at is not None:
            from pipeline.published.budgets_as_of import lay_over, status_at

            lay_over(con, status_at(con, at, zone))
        parameters = {"since": days.since, "until": days.until}
        answer = run_statement(con, sql("budgets/status_in_range"), parameters)
        print_answer(answer, "json" if as_json else form, out, published, quiet=quiet)
        if next(answer.rows(), None) is None:
            asked = month or period or f"{days.since:%Y-%m}"
            then_known = "" if as_of is None else f" by what was known at {as_of}"
            hint = "" if configured.budgets else "; add [[budgets]], then run"
            say(f"No budget has a period in {asked}{then_known}{hint}.")


def _asked(month: str | None, period: str | None, today: date) -> Days:
    """The days that are asked for. Fails: ConfigError."""
    from pipeline.dates import Days, month_bounds, parse_days
    from pipeline.errors import ConfigError

    if month is not None and period is not None:
        raise ConfigError("name --month or --period, not both", key="--period")
    asked = cli_context.month(month)
    if asked is not None:
        return Days(*month_bounds(asked))
    if period is None:
        return Days(today, today + timedelta(days=1))
    try:
        return parse_days(period)
    except ValueError:
        raise ConfigError(
            f"{period!r} is not a period",
            key="--period",
            hint="Write 2026, 2026-Q4, 2026-10, 2026-W47, 2026-11-24, or 'DAY to DAY'.",
        ) from None
