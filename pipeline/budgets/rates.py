"""What a unit of another currency is worth in US dollars, from which day on.

Takes the user's CSV (currency, valid_from, usd_per_unit); gives the rate of a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.config.budget_section import USD, Budget
from pipeline.csv_table import CellError, day, identifier, read_table
from pipeline.errors import ConfigError
from pipeline.money import UNIT_PRICE_STEP, parse_decimal

COLUMNS = ("currency", "valid_from", "usd_per_unit")


@dataclass(frozen=True, slots=True)
class Rate:
    """What a unit of a currency is worth in US dollars from a day on."""

    currency: str
    valid_from: date
    usd_per_unit: Decimal


class Rates:
    """Dated rates of several currencies."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.rates = tuple(sorted(rates, key=lambda r: (r.currency, r.valid_from)))

    def on(self, currency: str, when: date) -> Decimal | None:
        """The rate of a day: the last one from that day or before; None before the first."""
        held = [r for r in self.rates if r.currency == currency and r.valid_from <= when]
        return held[-1].usd_per_unit if held else None

    def begin(self, currency: str) -> date | None:
        """The first day with a rate of a currency; None without any."""
        return min((r.valid_from for r in self.rates if r.currency == currency), default=None)


def read_rates(path: Path | None) -> Rates:
    """The rates of a file. Fails: ConfigError with file, line and column."""
    if path is None:
        return Rates(())
    table = read_table(path, str(path), COLUMNS, (), path_hint="Correct [currency] rates.")
    table.raise_first()
    lines: dict[tuple[str, date], int] = {}
    found = []
    for row in table.rows:
        rate = Rate(
            row.value("currency", identifier),
            row.value("valid_from", day),
            row.value("usd_per_unit", _rate),
        )
        key = rate.currency, rate.valid_from
        if key in lines:
            raise row.error("valid_from", f"line {lines[key]} has a rate from the same day")
        lines[key] = row.line
        found.append(rate)
    return Rates(found)


def check_currencies(budgets: Iterable[Budget], rates: Rates, path: Path | None) -> None:
    """Whether every currency of a budget has a rate. Fails: ConfigError naming the budget.

    **Takes** the file that the rates are from.
    """
    known = {rate.currency for rate in rates.rates}
    for budget in budgets:
        if budget.currency != USD and budget.currency not in known:
            raise ConfigError(
                f"there is no rate of {budget.currency}, in which the budget {budget.id!r} is",
                file=path,
                key="currency",
                hint=f"Add a row for {budget.currency} to this file of [currency] rates.",
            )


def _rate(text: str) -> Decimal:
    try:
        rate = parse_decimal(text)
    except ValueError:
        rate = Decimal(0)
    exponent = rate.as_tuple().exponent
    if not UNIT_PRICE_STEP <= rate < 10**12 or not isinstance(exponent, int) or exponent < -18:
        raise CellError(
            f"{text!r} is not a rate" if text else "is empty",
            "Write US dollars for one unit, such as 1.0842, with 18 decimals at most.",
        )
    return rate
