"""Where the month and the budgets' periods will end, and how far such forecasts were off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.dates import Days
from pipeline.forecasts.model import chance_text
from pipeline.reporting.month.reader import MonthReader

ORGANIZATION = "Whole organization"


@dataclass(frozen=True, slots=True)
class Record:
    """How far earlier forecasts of the subject at the same horizon were off."""

    forecasts: int
    filled_in: int  # of them, made later from what was known then
    error_percent: Decimal  # half of them were off by no more
    with_interval: int
    within80: int


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """One forecast; `forecast_usd` is None where the remark says why there is none."""

    record: Record | None
    kind: str
    label: str
    period: Days
    made_date: date
    known_until_date: date
    spent_usd: Decimal
    forecast_usd: Decimal | None
    low80_usd: Decimal | None
    high80_usd: Decimal | None
    low95_usd: Decimal | None
    high95_usd: Decimal | None
    amount_usd: Decimal | None
    exceeds_percent: int | None
    crossing_date: date | None
    crossing_first_date: date | None
    crossing_last_date: date | None
    left_out_projects: int
    left_out_usd: Decimal
    remark: str | None

    @property
    def chance(self) -> str | None:
        """The chance that the budget is used up, as it is said."""
        return None if self.exceeds_percent is None else chance_text(self.exceeds_percent)


def read(month: MonthReader) -> tuple[ForecastLine, ...]:
    """The forecasts made last for the month; none where it is over."""
    lines = []
    rows = month.rows("forecasts")
    for kind, subject_id, start, end, *facts, count, filled_in, error, ranges, within80 in rows:
        record = Record(count, filled_in, error, ranges, within80 or 0) if count else None
        label = _label(month, kind, subject_id)
        lines.append(ForecastLine(record, kind, label, Days(start, end), *facts))
    return tuple(lines)


def _label(month: MonthReader, kind: str, subject_id: str | None) -> str:
    if kind == "organization":
        return ORGANIZATION
    if kind == "budget":
        return f"Budget {subject_id}"
    return month.names.text(subject_id)
