"""Cost a day: the dearest projects as series, the rest as the last one, and each day's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pipeline.reporting.month.amounts import NOTHING, Amount
from pipeline.reporting.month.labels import Label
from pipeline.reporting.month.period import Bounds, ReportPeriod
from pipeline.reporting.month.reader import MonthReader

TOP_SERIES = 8
_LETTERS = "ABCDEFGH"

DayKind = Literal["used", "empty", "before", "ahead"]  # by its charges
Labelled = Callable[[str | None], Label]


@dataclass(frozen=True, slots=True)
class DayCost:
    """One day of the month; amounts in the order of the chart's series."""

    day: date
    state: DayKind
    is_provisional: bool
    is_missing: bool  # over, and not every source has covered it to its end
    amounts: tuple[Amount, ...]
    total: Amount


@dataclass(frozen=True, slots=True)
class Series:
    """One project of the chart, or the rest."""

    label: str
    is_named: bool
    letter: str
    color: int  # 1 to 8, as in the stylesheet
    total: Amount


@dataclass(frozen=True, slots=True)
class DailyCosts:
    """The month's days, and the projects that the chart stacks on each."""

    series: tuple[Series, ...]
    days: tuple[DayCost, ...]

    @property
    def provisional(self) -> tuple[date, ...]:
        """Days whose figures may still move."""
        return tuple(day.day for day in self.days if day.is_provisional)

    @property
    def empty(self) -> tuple[date, ...]:
        """Days that are complete and have no charges at all."""
        return tuple(day.day for day in self.days if day.state == "empty" and not day.is_missing)

    @property
    def missing(self) -> tuple[date, ...]:
        """Days that are over and that not every source has covered to their end."""
        return tuple(day.day for day in self.days if day.is_missing)


def read(month: MonthReader) -> DailyCosts:
    """The days of the month and the series of their chart."""
    found = month.rows("days")
    return DailyCosts(*chart_days(found, month.period, month.bounds, month.names.label))


def chart_days(
    found: Iterable[tuple[Any, ...]],
    period: ReportPeriod,
    bounds: Bounds,
    label: Labelled,
) -> tuple[tuple[Series, ...], tuple[DayCost, ...]]:
    """The query `days` as series (the dearest projects, the rest as the last) and days."""
    by_project: dict[str | None, dict[date, Amount]] = {}
    provisional: set[date] = set()
    for day, project_id, usd, lines, unpriced_lines, is_provisional in found:
        by_project.setdefault(project_id, {})[day] = Amount(usd, lines, unpriced_lines)
        if is_provisional:
            provisional.add(day)
    sums = {key: _added(amounts.values()) for key, amounts in by_project.items()}
    ranked = sorted(sums, key=lambda key: (sums[key].usd.copy_negate(), label(key).text, key or ""))
    fits = len(ranked) <= TOP_SERIES
    own, rest = (ranked, []) if fits else (ranked[: TOP_SERIES - 1], ranked[TOP_SERIES - 1 :])
    series = [_series(place, label(key), sums[key]) for place, key in enumerate(own)]
    groups: list[list[str | None]] = [[key] for key in own]
    if rest:
        other = Label(f"{len(rest):,} other projects", is_named=False)
        series.append(_series(TOP_SERIES - 1, other, _added(sums[key] for key in rest)))
        groups.append(rest)
    return tuple(series), _days(period, bounds, groups, by_project, provisional)


def _series(place: int, label: Label, amount: Amount) -> Series:
    text = f"{label.text} ({label.note})" if label.note else label.text
    return Series(text, label.is_named, _LETTERS[place], place + 1, amount)


def _days(
    period: ReportPeriod,
    bounds: Bounds,
    groups: Iterable[list[str | None]],
    by_project: Mapping[str | None, Mapping[date, Amount]],
    provisional: set[date],
) -> tuple[DayCost, ...]:
    shown = list(groups)
    missing = set(period.missing)
    days = []
    for day in period.month:
        amounts = tuple(_added(by_project[key].get(day, NOTHING) for key in keys) for keys in shown)
        whole = _added(amounts)
        state = _state(day, whole, period, bounds)
        days.append(DayCost(day, state, day in provisional, day in missing, amounts, whole))
    return tuple(days)


def _added(amounts: Iterable[Amount]) -> Amount:
    result = NOTHING
    for amount in amounts:
        result = result + amount
    return result


def _state(day: date, amount: Amount, period: ReportPeriod, bounds: Bounds) -> DayKind:
    if not amount.is_absent:
        return "used"
    if day >= period.today:
        return "ahead"
    return "before" if bounds.first is None or day < bounds.first else "empty"
