"""Dated percentages off the list price of what has no contracted price.

One discount applies, never two: the one that names both project and model, else the one that names
the project, else the model, else none of them; a recorded model id before its alias; one that names
the provider before one that does not; among equals the larger percentage. So a discount of 0 for
one project takes it out of a general one. A negative percentage is a surcharge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from pipeline.config import model as config_model
from pipeline.errors import ConfigError
from pipeline.money import EXACT, UNIT_PRICE_STEP, plain
from pipeline.pricing.validity import holds

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Terms:
    """A discount as the book keeps it; dates have become UTC midnights."""

    percent: Decimal
    project: str | None
    model: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    provider: str | None = None  # None: at every provider

    def apply(self, list_price: Decimal) -> Decimal:
        """The discounted price of one unit, half-even at 18 decimals.

        Prices in files are refused when they need more decimals; a percentage of a tiny price may
        need them without anybody's fault, so this is the one place where a unit price is rounded.
        """
        kept = EXACT.multiply(list_price, EXACT.subtract(HUNDRED, self.percent))
        return EXACT.divide(kept, HUNDRED).quantize(UNIT_PRICE_STEP, context=EXACT)

    @property
    def name(self) -> str:
        """The part of a price id for these terms: `less 7.5% project=proj_chatbot`."""
        sign = "less" if self.percent >= 0 else "plus"
        parts = [f"{sign} {plain(self.percent.copy_abs())}%"]
        if self.project is not None:
            parts.append(f"project={self.project}")
        if self.model is not None:
            parts.append(f"model={self.model}")
        if self.provider is not None:
            parts.append(f"provider={self.provider}")
        return " ".join(parts)


def from_config(discounts: Sequence[config_model.Discount]) -> tuple[Terms, ...]:
    """The configured discounts. Fails: ConfigError where valid_to is not after valid_from."""
    for number, discount in enumerate(discounts):
        start, end = discount.valid_from, discount.valid_to
        if start is not None and end is not None and end <= start:
            raise ConfigError(
                f"valid_to {end} is not after valid_from {start}",
                key=f"discounts.{number}.valid_to",
                hint="valid_to is exclusive: write the first day without the discount.",
            )
    return tuple(
        Terms(
            d.percent,
            d.project,
            d.model,
            _midnight(d.valid_from),
            _midnight(d.valid_to),
            d.provider,
        )
        for d in discounts
    )


def best(
    discounts: Iterable[Terms],
    provider: str,
    project: str | None,
    models: Sequence[str],
    at: datetime,
) -> Terms | None:
    """The discount that applies; `models` are the ids that may price the record, exact first."""
    matching = [
        terms
        for terms in discounts
        if holds(terms, at)
        and terms.provider in (None, provider)
        and (terms.project is None or terms.project == project)
        and (terms.model is None or terms.model in models)
    ]
    return max(matching, key=lambda terms: _rank(terms, models), default=None)


def _rank(terms: Terms, models: Sequence[str]) -> tuple[bool, bool, int, bool, Decimal]:
    exactness = -models.index(terms.model) if terms.model is not None else 0
    return (
        terms.project is not None,
        terms.model is not None,
        exactness,
        terms.provider is not None,
        terms.percent,
    )


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time())
