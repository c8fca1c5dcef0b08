"""Judges one day of every series by the days before it. Pure; arrays are of series by days.

Baselines are medians of the same weekday and spreads are median deviations, so that no single day
moves them. Which days are known is said by flags: those of incidents and before a new level are
not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.anomalies import constants as c
from pipeline.forecasts.series import Floats

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was to be expected of the cost of a day, by series."""

    usual: Floats  # the plain baseline at the level of the last days
    plain: Floats  # the median of the same weekday; NaN where there was none
    spread: Floats
    largest_ratio: Floats  # to the plain baselines, of the days that are known and compared
    smoothing: Floats  # added above and below a ratio
    share_of_days: Floats  # of the known days with cost
    days_with_cost: Counts
    largest_usd: Floats
    days: Counts  # that are known
    held: Floats  # least ratio of the same weekday of the last weeks to the usual

    @property
    def is_regular(self) -> Flags:
        """Which series have cost on most days."""
        return self.share_of_days >= c.REGULAR_SHARE

    @property
    def is_quiet(self) -> Flags:
        """Which series with cost on most days are not expected to have any on this one."""
        return self.is_regular & (self.usual < c.QUIET_RATIO * self.smoothing / c.SMOOTHING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is unusual about a day, by series."""

    usual: Floats
    excess: Floats
    is_up: Flags
    is_down: Flags


def silence_gate(usual_day_usd: float) -> float:
    """What has to be missing of a day for a silence, by the organization's usual day."""
    return max(c.SILENCE_GATE_USD, c.SILENCE_GATE_SHARE * usual_day_usd)


def ratios_until(cost: Floats, known: Flags, day: int, *, since: int = 0) -> Floats:
    """The ratio of each day before one to the median of its weekday before it, NaN without one.

    Takes the first day that is asked for: those before it have NaN.
    """
    shown = np.where(known, cost[:, :day], np.nan)
    weeks = [_shifted(shown, 7 * week)[:, since:] for week in range(1, c.WEEKS + 1)]
    plain = _padded(median(np.stack(weeks), axis=0), since, np.nan)
    sums = np.cumsum(np.nan_to_num(shown), axis=1)
    counts = np.cumsum(np.isfinite(shown), axis=1)
    sums, counts = _shifted(sums, 1, 0.0), _shifted(counts, 1, 0.0)
    sums, counts = sums - _shifted(sums, c.HISTORY, 0.0), counts - _shifted(counts, c.HISTORY, 0.0)
    smoothing = _smoothing(sums, counts)
    return (cost[:, :day] + smoothing) / (plain + smoothing)


def baseline_of(
    cost: Floats, known: Flags, ratios: Floats, day: int, *, is_compared: Flags
) -> Baseline:
    """The baseline of a day, from the eight weeks before it.

    Takes which of the days before are known, their ratios, as of `ratios_until`, and the days,
    one flag each, of which the largest ratio is taken: a surge has to be above it.
    """
    past = _before(np.where(known, cost[:, :day], np.nan), day, c.HISTORY)
    weekdays = past[:, ::7]  # of the day that is judged
    counted = np.isfinite(past)
    number = counted.sum(axis=1)
    smoothing = _smoothing(np.nansum(past, axis=1), number)
    ratios = np.where(counted, _before(ratios, day, c.HISTORY), np.nan)
    level = median(ratios[:, -c.LEVEL_DAYS :], axis=1)
    level = np.where(np.isfinite(level), np.clip(level, c.LEVEL_LEAST, c.LEVEL_MOST), 1.0)
    largest = np.max(np.nan_to_num(ratios), axis=1, where=_last(is_compared, day), initial=0.0)
    plain = median(weekdays, axis=1)
    usual = np.nan_to_num(plain * level)
    with_cost = (past > 0).sum(axis=1)
    return Baseline(
        usual=usual,
        plain=plain,
        spread=spread_of(np.log(ratios), c.SPREAD_LEAST),
        largest_ratio=largest,
        smoothing=smoothing,
        share_of_days=with_cost / np.maximum(number, 1),
        days_with_cost=with_cost,
        largest_usd=np.max(np.nan_to_num(past), axis=1),
        days=number,
        held=np.nan_to_num(weekdays[:, -c.SILENCE_WEEKS :]).min(axis=1) / (usual + 1e-9),
    )


def judge_cost(
    base: Baseline,
    cost: Floats,
    *,
    history: Counts,
    least_history: Counts,
    is_next_day: Flags,
    edges_usd: Floats | None,
    usual_day_usd: float,
) -> Verdict:
    """Surges and silences of a day by its cost.

    **Takes** the cost of the day, the days of history of each series and how many it needs, which
    were a surge the day before, the dearest of the last edges of a month (None: the day is none),
    and the organization's usual day.
    """
    excess = cost - base.usual
    ratio = (cost + base.smoothing) / (base.usual + base.smoothing)
    plain_ratio = (cost + base.smoothing) / (base.plain + base.smoothing)
    z = np.log(ratio) / base.spread
    gate = max(c.SURGE_GATE_USD, c.SURGE_GATE_SHARE * usual_day_usd)
    is_above = (
        (cost > c.SURGE_RATIO * base.usual) & (plain_ratio > c.ABOVE_LARGEST * base.largest_ratio)
    ) | (is_next_day & (cost > c.SURGE_RATIO_NEXT_DAY * base.usual))
    is_old = history >= least_history
    regular = base.is_regular & (z > c.SURGE_Z) & is_above & is_old
    rare = (
        ~base.is_regular
        & (cost > c.RARE_RATIO * base.largest_usd)
        & (cost > c.RARE_GATE * c.SURGE_GATE_USD)
        & (history >= c.RARE_HISTORY)
        & (base.days_with_cost >= c.RARE_LEAST_DAYS)
    )
    is_up = (regular | rare) & (excess > gate)
    if edges_usd is not None:
        has_job = edges_usd > c.SURGE_RATIO * base.usual
        is_up &= cost > np.where(has_job, c.RARE_RATIO, 1.0) * edges_usd
        is_up &= cost - edges_usd > gate
    is_down = (
        (cost < c.SILENCE_RATIO * base.usual)
        & (base.held > c.HELD_RATIO)
        & (base.share_of_days >= c.SILENCE_REGULAR_SHARE)
        & (-excess > silence_gate(usual_day_usd))
        & is_old
    )
    return Verdict(base.usual, excess, is_up, is_down)


def judge_unit_cost(
    cost: Floats,
    requests: Floats,
    known: Flags,
    day: int,
    *,
    is_old: Flags,
    edges_usd: Floats | None,
    usual_day_usd: float,
) -> tuple[Verdict, Floats]:
    """Days on which each request cost more than usual, and the ratio to the usual by series.

    **Takes** cost and requests of all days, which of the days before are known, and the cost of a
    request on the dearest of the last edges of a month (None: the day is none). **Gives** NaN as
    the ratio where there is none to compare with.
    """
    since = max(0, day - c.UNIT_COST_DAYS)
    asked = requests[:, since:day]
    is_asked = (asked > 0) & known[:, since:]
    past = np.where(is_asked, cost[:, since:day] / np.where(is_asked, asked, 1.0), np.nan)
    past = _before(past, day - since, c.UNIT_COST_DAYS)
    usual = median(past, axis=1)
    usual = np.where(usual > 0, usual, np.nan)
    with np.errstate(divide="ignore"):
        logs = np.log(past / usual[:, None])
    logs[~np.isfinite(logs)] = np.nan
    spread = spread_of(logs, c.UNIT_COST_SPREAD_LEAST)
    now = requests[:, day]
    ratio = np.where(now > 0, cost[:, day] / np.where(now > 0, now, 1.0), np.nan) / usual
    is_known = np.isfinite(ratio) & (ratio > 0)
    z = np.log(np.where(is_known, ratio, 1.0)) / spread
    expected = np.where(is_known, usual * now, 0.0)
    excess = np.where(is_known, cost[:, day] - expected, 0.0)
    gate = max(c.SURGE_GATE_USD, c.SURGE_GATE_SHARE * usual_day_usd)
    is_up = is_known & (ratio > c.UNIT_COST_RATIO) & (z > c.UNIT_COST_Z) & (excess > gate) & is_old
    if edges_usd is not None:
        has_job = edges_usd > c.UNIT_COST_RATIO * usual
        is_up &= ratio * usual > np.where(has_job, c.RARE_RATIO, 1.0) * edges_usd
    verdict = Verdict(expected, excess, is_up, np.zeros_like(is_up))
    return verdict, np.where(is_known, ratio, np.nan)


def median(values: Floats, axis: int) -> Floats:
    """The median along an axis without NaN; NaN where everything is."""
    ordered = np.sort(values, axis=axis)  # NaN comes last
    number = np.isfinite(values).sum(axis=axis, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(number - 1, 0) // 2, axis=axis)
    upper = np.take_along_axis(ordered, np.minimum(number // 2, values.shape[axis] - 1), axis=axis)
    found: Floats = ((lower + upper) / 2).squeeze(axis)
    return found


def spread_of(logs: Floats, least: float) -> Floats:
    """The spread of log ratios: their median deviation, as a standard deviation."""
    deviation = median(np.abs(logs - median(logs, axis=1)[:, None]), axis=1)
    return np.maximum(c.MAD_TO_SPREAD * np.nan_to_num(deviation), least)


def _smoothing(sums: Floats, counts: Floats | Counts) -> Floats:
    return np.maximum(c.SMOOTHING * sums / np.maximum(counts, 1), 1e-9)


def _last(flags: Flags, day: int) -> Flags:
    """The flags of the eight weeks before a day, False where there were no days."""
    found: Flags = np.zeros(c.HISTORY, dtype=np.bool_)
    past = flags[max(0, day - c.HISTORY) : day]
    found[c.HISTORY - len(past) :] = past
    return found


def _before(values: Floats, day: int, count: int) -> Floats:
    """The days before a day, NaN where there were none."""
    past = values[:, max(0, day - count) : day]
    return _padded(past, count - past.shape[1], np.nan)


def _shifted(values: Floats, back: int, empty: float = np.nan) -> Floats:
    """For each day what was so many days before it."""
    kept = max(0, values.shape[1] - back)
    return _padded(values[:, :kept], values.shape[1] - kept, empty)


def _padded(values: Floats, count: int, empty: float) -> Floats:
    if not count:
        return values
    return np.concatenate([np.full((values.shape[0], count), empty), values], axis=1)
