"""One subject in one period: its past days and what each day to come is expected to cost.

Gives its forecast: the point, rounded once and laid on the exact spend, the intervals, the chance
that a budget is passed, and the days on which it may be used up. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from pipeline.dates import ONE_DAY
from pipeline.forecasts import constants as c
from pipeline.forecasts.enough import History, histories
from pipeline.forecasts.interval import Pool, Scores, mean_day, scale, volatility
from pipeline.forecasts.model import Crossing, Forecast, Interval, SubjectKind, clamped
from pipeline.forecasts.series import Floats
from pipeline.money import EXACT, QUANTITY_STEP, total
from pipeline.text import counted, day

_HOLIDAYS = "Christmas and New Year are not in it"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is forecast, and for which period."""

    kind: SubjectKind
    subject_id: str | None
    start: date
    end: date  # exclusive
    amount_usd: Decimal | None = None  # of a budget
    reached_date: date | None = None  # the day on which the amount was used up


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a subject has spent and cost, and what is expected on the days to come."""

    until: date  # the first day after the past ones
    spent_usd: Decimal  # in the period
    totals: Floats  # of the past days; with what is expected on days that are missing
    known_totals: Floats  # without it
    begins: date  # the first day of the parts
    parts: Floats  # by project and day, what is expected beyond what is known of the day
    missing: Sequence[date] = ()  # that sources have not covered: in the period, and at the end

    @property
    def history(self) -> History:
        """How much history there is."""
        return histories(self.known_totals[None, :])[0]

    @property
    def is_over(self) -> bool:
        """Whether nothing was spent in the period, and nothing can have been spent lately."""
        return not self.spent_usd and not (self.totals[-c.RECENT_DAYS :] > 0).any()

    @property
    def origin(self) -> date:
        """The first day of the last ones of which most of the cost is not known."""
        missing, day = set(self.missing), self.until
        for total_usd, known_usd in zip(self.totals[::-1], self.known_totals[::-1], strict=True):
            if day - ONE_DAY not in missing or 2 * known_usd > total_usd:
                break
            day -= ONE_DAY
        return day

    @property
    def judged_from(self) -> date:
        """The day from which on as much would not be known as is missing in all."""
        if not self.missing:
            return self.until
        first = (self.until - self.missing[0]).days
        lacking = float((self.totals - self.known_totals)[-first:].sum())
        usual = float(mean_day(self.totals[None, :])[0])
        days = round(lacking / usual) if usual > 0 else 0
        return self.until - timedelta(days=min(days, len(self.missing)))

    @property
    def point_usd(self) -> Decimal:
        """The expected spend at the end of the period: the exact sum of its projects'."""
        rounded = (_rounded(float(part)) for part in self.parts.sum(axis=1))
        return total([self.spent_usd, *rounded])

    @property
    def daily(self) -> Floats:
        """What is expected on the days from `begins` on."""
        found: Floats = self.parts.sum(axis=0)
        return found

    def forecast(self, subject: Subject, pool: Pool | None) -> Forecast:
        """The forecast, with intervals where there are past errors to take them from.

        Takes those of sums from `judged_from` on.
        """
        history = self.history
        lack = history.lack
        if lack is not None and self.missing:
            lack += f"; {_no_data(self.missing)}"
        bare = Forecast(
            subject_kind=subject.kind,
            subject_id=subject.subject_id,
            period_start_date=subject.start,
            period_end_date=subject.end,
            origin_date=self.origin,
            spent_usd=self.spent_usd,
            history_days=history.days,
            lack=lack,
            amount_usd=subject.amount_usd,
            crossing=_reached(subject),
            run_rate_usd=self._run_rate(subject),
            seasonal_naive_usd=self._seasonal_naive(subject),
        )
        return bare if bare.lack else self._with_point(bare, subject, history, pool)

    def _with_point(
        self, bare: Forecast, subject: Subject, history: History, pool: Pool | None
    ) -> Forecast:
        totals = self.totals[None, :]
        wild = None if history.is_short else float(volatility(totals)[0])
        mine = None if pool is None else pool.of(wild)
        left = max(0, (subject.end - self.judged_from).days)
        spread = float(scale(self.daily.sum(keepdims=True), mean_day(totals), left)[0])
        interval80, interval95 = (self._interval(mine, level, spread) for level in c.LEVELS)
        exceeds, crossing = None, bare.crossing
        if subject.amount_usd is not None:
            exceeds = self._exceeds(subject.amount_usd, mine, spread)
            if crossing is None and exceeds is not None and exceeds >= c.CROSSING_FROM:
                crossing = self._crossing(subject.amount_usd, interval80)
        return replace(
            bare,
            forecast_usd=self.point_usd,
            interval80=interval80,
            interval95=interval95,
            method="last_week" if history.is_short else "level",
            remark=_remark(history, self.until, subject.end, self.missing),
            exceeds_percent=exceeds,
            crossing=crossing,
        )

    def _run_rate(self, subject: Subject) -> Decimal | None:
        """The mean of the days of the period goes on."""
        days = (self.until - subject.start).days
        if days < 1:
            return None
        return _rounded(self._so_far(days) / days * (subject.end - subject.start).days)

    def _seasonal_naive(self, subject: Subject) -> Decimal | None:
        """The last week goes on."""
        if len(self.totals) < 7:
            return None
        days = np.arange(max(0, (subject.start - self.until).days), (subject.end - self.until).days)
        to_come = float(self.totals[-7:][days % 7].sum())
        return _rounded(self._so_far((self.until - subject.start).days) + to_come)

    def _so_far(self, days: int) -> float:
        return float(self.totals[len(self.totals) - min(days, len(self.totals)) :].sum())

    def _interval(self, scores: Scores | None, level: int, spread: float) -> Interval | None:
        """From past errors around the point, which it always holds; never below the spend."""
        if scores is None:
            return None
        low, high = scores.bounds(level)
        remaining = float(self.daily.sum())
        return Interval(
            min(self._beyond(max(0.0, remaining + low * spread)), self.point_usd),
            max(self._beyond(remaining + high * spread), self.point_usd),
        )

    def _exceeds(self, amount_usd: Decimal, scores: Scores | None, spread: float) -> int | None:
        """The chance that the amount is used up, in percent and clamped; None if not known."""
        missing = EXACT.subtract(amount_usd, self.spent_usd)
        if missing <= 0:
            return clamped(100)
        if scores is None:
            return None
        return clamped(scores.percent_above((float(missing) - self.daily.sum()) / spread))

    def _crossing(self, amount_usd: Decimal, interval80: Interval | None) -> Crossing:
        """The day on which the amount is passed, if each day to come costs its part.

        At the earliest with the upper end of the interval, at the latest with the lower one; the
        last day where it is passed with neither.
        """
        ends = [self.point_usd] * 3
        if interval80 is not None:
            ends = [interval80.high_usd, self.point_usd, interval80.low_usd]
        first, middle, last = (self._passed(amount_usd, end_usd) for end_usd in ends)
        return Crossing(middle, first, last)

    def _passed(self, amount_usd: Decimal, end_usd: Decimal) -> date:
        remaining = float(self.daily.sum())
        expected = float(EXACT.subtract(end_usd, self.spent_usd))
        times = expected / remaining if remaining > 0 else 0.0
        reached = np.cumsum(self.daily) * times >= float(EXACT.subtract(amount_usd, self.spent_usd))
        number = int(reached.argmax()) if reached.any() else len(self.daily) - 1
        return self.begins + timedelta(days=number)

    def _beyond(self, remaining: float) -> Decimal:
        return EXACT.add(self.spent_usd, _rounded(remaining))


def _rounded(usd: float) -> Decimal:
    return Decimal(usd).quantize(QUANTITY_STEP, context=EXACT)


def _reached(subject: Subject) -> Crossing | None:
    on = subject.reached_date
    return None if on is None else Crossing(on, on, on)


def _no_data(missing: Sequence[date]) -> str:
    runs: list[list[date]] = []
    for each in missing:
        if runs and each - runs[-1][-1] == ONE_DAY:
            runs[-1].append(each)
        else:
            runs.append([each])
    shown = [f"{day(r[0])} to {day(r[-1])}" if len(r) > 1 else day(r[0]) for r in runs]
    return f"no data for {counted(len(missing), 'day')} ({', '.join(shown)})"


def _remark(history: History, until: date, end: date, missing: Sequence[date]) -> str | None:
    remarks = [_no_data(missing)] if missing else []
    if history.is_short:
        remarks.append(f"short history: {history.age} days")
    if history.age < c.TWO_MONTH_ENDS_DAYS:
        remarks.append("no month-end job can be known yet")
    christmas = date((end - ONE_DAY).year, 12, 24)
    for first in (christmas, christmas.replace(year=christmas.year - 1)):
        if until <= first + timedelta(days=8) and first < end:
            remarks.append(_HOLIDAYS)
            break
    return "; ".join(remarks) or None
