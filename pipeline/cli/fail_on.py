"""`--fail-on`: what ends an act with an exit code of its own though it was committed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import say
from pipeline.errors import ConfigError

BUDGET_OVER = 4
RECONCILIATION_GAP = 5
BUDGET, RECONCILIATION = "budget", "reconciliation"

ToleranceOption = Annotated[
    str,
    typer.Option(
        "--tolerance",
        help="US dollars per project, line item and UTC day above which a gap counts.",
    ),
]


def check(gates: Sequence[str], known: Sequence[str]) -> None:
    """Fails: ConfigError for a gate that is none of these."""
    for gate in gates:
        if gate not in known:
            raise ConfigError(
                f"{gate!r} is no gate", key="--fail-on", hint=f"Use: {', '.join(known)}."
            )


def tolerance_of(text: str) -> Decimal:
    """Dollars, zero or more. Fails: ConfigError."""
    from pipeline.money import MONEY_STEP, parse_decimal

    try:
        amount = parse_decimal(text)
    except ValueError:
        amount = Decimal(-1)
    if amount < 0 or (amount and not MONEY_STEP <= amount < Decimal(10) ** 14):
        raise ConfigError(
            f"{text!r} is no amount", key="--tolerance", hint="Write US dollars, such as 0.01."
        )
    return amount


def gaps_that_count(
    root: Path, tolerance_usd: Decimal, since: date | None, until: date | None
) -> list[str]:
    """What a gate on reconciliation says of these UTC days, a line each; empty: it passes."""
    from pipeline.published.reader import open_published
    from pipeline.published.reconciliation import LineFilter, counted_gaps, gap_messages

    with open_published(root / "published") as con:
        return gap_messages(
            counted_gaps(con, LineFilter(tolerance_usd, since, until)), tolerance_usd
        )


def exit_code_of_run(
    gates: Sequence[str],
    *,
    budgets_over: int,
    root: Path,
    tolerance_usd: Decimal,
    month: date | None,
) -> int:
    """0, 4 or 5; a budget that is over comes first, and what failed is said.

    Gaps are looked for in everything that was compared, or in the month that was asked for.
    """
    from pipeline.budgets.status import month_of as days_of_month

    found: list[str] = []
    if RECONCILIATION in gates:
        since, until = (None, None) if month is None else days_of_month(month)
        found = gaps_that_count(root, tolerance_usd, since, until)
        for line in found:
            say(line)
    if BUDGET in gates and budgets_over:
        return BUDGET_OVER
    return RECONCILIATION_GAP if found else 0
