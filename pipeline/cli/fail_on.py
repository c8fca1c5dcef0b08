"""`--fail-on`: gates, which end a command with an exit code of their own though it committed.

A gate judges the period that the business clock (`--now`) is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import say
from pipeline.errors import ConfigError

BUDGET_OVER = 4
RECONCILIATION_GAP = 5
BILLS_COME_IN = timedelta(days=7)
BUDGET, RECONCILIATION = "budget", "reconciliation"

ToleranceOption = Annotated[
    str,
    typer.Option(
        "--tolerance",
        help="US dollars per cause, project and model over a UTC month above which a gap counts.",
    ),
]


def check(gates: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a gate that is not one of these. Fails: ConfigError."""
    for gate in gates:
        if gate not in known:
            raise ConfigError(f"{gate!r} is not one of {', '.join(known)}", key="--fail-on")


def tolerance_of(text: str) -> Decimal:
    """Dollars, zero or more. Fails: ConfigError."""
    from pipeline.money import MONEY_STEP, parse_decimal

    try:
        amount = parse_decimal(text)
    except ValueError:
        amount = Decimal(-1)
    if amount < 0 or (amount and not MONEY_STEP <= amount < Decimal(10) ** 14):
        raise ConfigError(
            f"{text!r} is not an amount of 0 or more",
            key="--tolerance",
            hint="Write US dollars, such as 0.01.",
        )
    return amount


def gaps_that_count(
    root: Path, tolerance_usd: Decimal, since: date | None, until: date | None
) -> list[str]:
    """The gaps of these UTC days that a gate on reconciliation counts, a line each."""
    from pipeline.published.gaps import LineFilter, counted_gaps, gap_messages
    from pipeline.published.reader import open_published

    with open_published(root / "published") as con:
        return gap_messages(
            counted_gaps(con, LineFilter(tolerance_usd, since, until)), tolerance_usd
        )


def reconciled_days(now: datetime) -> tuple[date, date]:
    """The UTC days whose gaps a run's gate counts: those of the month that `now` is in.

    In its first days those of the month before, too: the bills of its last days come in then.
    """
    from pipeline.dates import month_bounds

    _, until = month_bounds(now.date())
    since, _ = month_bounds(now.date() - BILLS_COME_IN)
    return since, until


def exit_code_of_run(
    gates: Sequence[str],
    *,
    budgets_over: int,
    root: Path,
    tolerance_usd: Decimal,
    month: date | None,
    now: datetime,
) -> int:
    """The exit code of a run's gates: 0, 4 or 5. A budget that is over comes first.

    **Takes** how many budgets are over in the period that `now` is in, as the status stage counted
    them, and the month that was asked for, for gaps; without one `reconciled_days` says which.
    Prints the gaps that count.
    """
    from pipeline.dates import month_bounds

    found: list[str] = []
    if RECONCILIATION in gates:
        since, until = reconciled_days(now) if month is None else month_bounds(month)
        found = gaps_that_count(root, tolerance_usd, since, until)
        for line in found:
            say(line)
    if BUDGET in gates and budgets_over:
        return BUDGET_OVER
    return RECONCILIATION_GAP if found else 0
