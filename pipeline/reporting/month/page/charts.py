"""Geometry of the report's pictures, from exact amounts to pixels as text; the template draws them.

Decimals all the way: a picture never rounds differently from the table beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipeline.money import EXACT, ZERO, difference, plain, ratio, total
from pipeline.reporting.sections.budgets import BudgetLine
from pipeline.reporting.sections.costs.days import DayCost, DayKind

_PIXEL = Decimal("0.1")
_LETTER_HEIGHT = Decimal(13)
_LETTER_WIDTH = Decimal(12)


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a chart and how much of it is left for labels."""

    name: str
    width: int
    height: int
    left: int
    bottom: int
    label_every: int


WIDE = Frame("wide", width=1000, height=300, left=64, bottom=24, label_every=1)
NARROW = Frame("narrow", width=360, height=240, left=56, bottom=22, label_every=5)
_TOP = 10


@dataclass(frozen=True, slots=True)
class BarPart:
    """One project's part of a day's bar."""

    y: str
    height: str
    series: int  # index into the report's series
    letter_y: str | None  # where its letter fits


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    x: str
    width: str
    middle: str
    slot_x: str
    slot_width: str
    label: str | None
    day: DayCost
    state: DayKind
    segments: tuple[BarPart, ...]
    top: str
    height: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    y: str
    label: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class DailyChart:
    """Everything the template needs to draw the days."""

    frame: Frame
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    plot_bottom: int
    plot_height: int


@dataclass(frozen=True, slots=True)
class BudgetBar:
    """A budget on a scale of 200 units, of which `limit` are the budget itself."""

    spent: str
    limit: str
    thresholds: tuple[str, ...]
    forecast: str | None
    forecast_from: str | None
    forecast_width: str | None
    is_cut: bool  # more was spent than the scale shows


def daily_chart(days: tuple[DayCost, ...], frame: Frame) -> DailyChart:
    """The days as stacked bars, each project's part on top of the one before."""
    highest = max((total(a.usd for a in d.amounts if a.usd > 0) for d in days), default=ZERO)
    lowest = min((total(a.usd for a in d.amounts if a.usd < 0) for d in days), default=ZERO)
    step = nice_step(difference(highest, lowest), 5)
    top = _steps(highest, step) or 1
    bottom = _steps(lowest.copy_negate(), step)
    plot_height = frame.height - frame.bottom - _TOP
    scale = EXACT.divide(Decimal(plot_height), EXACT.multiply(step, Decimal(top + bottom)))
    zero_y = EXACT.add(Decimal(_TOP), EXACT.multiply(EXACT.multiply(step, Decimal(top)), scale))
    slot = EXACT.divide(Decimal(frame.width - frame.left), Decimal(len(days)))
    tallest = max(days, key=lambda d: (d.total.usd, d.day)).day
    bars = []
    for place, day in enumerate(days):
        slot_x = EXACT.add(Decimal(frame.left), EXACT.multiply(slot, Decimal(place)))
        bar_width = EXACT.multiply(slot, Decimal("0.76"))
        x = EXACT.add(slot_x, EXACT.multiply(slot, Decimal("0.12")))
        segments = _segments(
            day, scale, zero_y, has_letters=day.day == tallest and bar_width >= _LETTER_WIDTH
        )
        first, last = _extent(day, scale, zero_y)
        number = day.day.day
        is_labelled = number == 1 or number % frame.label_every == 0
        bars.append(
            Bar(
                _px(x), _px(bar_width), _px(EXACT.add(slot_x, EXACT.divide(slot, Decimal(2)))),
                _px(slot_x), _px(slot), str(number) if is_labelled else None,
                day, day.state, segments, _px(first), _px(difference(last, first)),
            )
        )  # fmt: skip
    ticks = tuple(
        Tick(
            _px(difference(zero_y, EXACT.multiply(EXACT.multiply(step, Decimal(n)), scale))),
            tick_label(EXACT.multiply(step, Decimal(n))),
            is_zero=n == 0,
        )
        for n in range(-bottom, top + 1)
    )
    return DailyChart(frame, ticks, tuple(bars), frame.height - frame.bottom, plot_height)


def _segments(
    day: DayCost, scale: Decimal, zero_y: Decimal, *, has_letters: bool
) -> tuple[BarPart, ...]:
    up, down = zero_y, zero_y
    segments = []
    for index, amount in enumerate(day.amounts):
        if amount.usd == 0:
            continue
        height = EXACT.multiply(amount.usd.copy_abs(), scale)
        if amount.usd > 0:
            y = up = difference(up, height)
        else:
            y, down = down, EXACT.add(down, height)
        letter_y = None
        if has_letters and height >= _LETTER_HEIGHT:
            letter_y = _px(EXACT.add(y, EXACT.add(EXACT.divide(height, Decimal(2)), Decimal(4))))
        segments.append(BarPart(_px(y), _px(height), index, letter_y))
    return tuple(segments)


def _extent(day: DayCost, scale: Decimal, zero_y: Decimal) -> tuple[Decimal, Decimal]:
    up = total(a.usd for a in day.amounts if a.usd > 0)
    down = total(a.usd for a in day.amounts if a.usd < 0)
    return (
        difference(zero_y, EXACT.multiply(up, scale)),
        difference(zero_y, EXACT.multiply(down, scale)),
    )


def nice_step(span: Decimal, parts: int) -> Decimal:
    """The smallest of 1, 2, 2.5 or 5 times a power of ten that covers `span` in `parts` steps."""
    if span <= 0:
        return Decimal(1)
    rough = EXACT.divide(span, Decimal(parts))
    power = Decimal(1).scaleb(rough.adjusted())
    for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5)):
        step = EXACT.multiply(power, factor)
        if step >= rough:
            return step
    return EXACT.multiply(power, Decimal(10))


def tick_label(value: Decimal) -> str:
    """A value of the scale without superfluous digits: ``$2,500``, ``$0.05``, ``$12K``."""
    sign = "-" if value < 0 else ""
    size = value.copy_abs()
    for limit, suffix in ((Decimal(1_000_000), "M"), (Decimal(10_000), "K")):
        if size >= limit:
            unit = Decimal(1_000_000) if suffix == "M" else Decimal(1000)
            return f"{sign}${plain(EXACT.divide(size, unit))}{suffix}"
    whole, _, fraction = plain(size).partition(".")
    text = f"{int(whole):,}" + (f".{fraction.ljust(2, '0')}" if fraction else "")
    return f"{sign}${text}"


def budget_bar(budget: BudgetLine, *, has_forecast: bool) -> BudgetBar:
    """A budget's bar; it shows up to twice the budget, and is cut where more was spent."""
    used_up = Decimal(2) if budget.state == "over" else ZERO
    spent = used_up if budget.spent_ratio is None else budget.spent_ratio
    ends = [Decimal(1), spent]
    forecast = _of(budget.forecast_usd, budget) if has_forecast else None
    low = _of(budget.forecast_low_usd, budget) if has_forecast else None
    high = _of(budget.forecast_high_usd, budget) if has_forecast else None
    ends += [value for value in (forecast, high) if value is not None]
    end = min(max(ends), Decimal(2))

    def place(value: Decimal) -> Decimal:
        inside = min(max(value, ZERO), end)
        return EXACT.multiply(EXACT.divide(inside, end), Decimal(200))

    has_range = low is not None and high is not None
    return BudgetBar(
        spent=_px(place(spent)),
        limit=_px(place(Decimal(1))),
        thresholds=tuple(
            _px(place(EXACT.divide(Decimal(t), Decimal(100)))) for t in _inner(budget)
        ),
        forecast=None if forecast is None else _px(place(forecast)),
        forecast_from=_px(place(low)) if has_range and low is not None else None,
        forecast_width=_px(difference(place(high), place(low)))
        if low is not None and high is not None
        else None,
        is_cut=spent > end,
    )


def _of(amount: Decimal | None, budget: BudgetLine) -> Decimal | None:
    return None if amount is None else ratio(amount, budget.amount_usd)


def _inner(budget: BudgetLine) -> Iterable[int]:
    return (threshold for threshold in budget.thresholds if 0 < threshold < 100)


def _steps(amount: Decimal, step: Decimal) -> int:
    if amount <= 0:
        return 0
    whole = EXACT.divide_int(amount, step)
    return int(whole) + (1 if EXACT.multiply(whole, step) < amount else 0)


def _px(value: Decimal) -> str:
    return plain(value.quantize(_PIXEL, context=EXACT))
