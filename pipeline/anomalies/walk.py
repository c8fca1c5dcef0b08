"""Walks through days in order and judges each by those before it. Pure.

A day is judged by a window of the days before, so that judging it costs the same however long the
history is, and gives the same wherever the walk begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from pipeline.anomalies import constants as c
from pipeline.anomalies.judge import (
    Baseline,
    Counts,
    Flags,
    Verdict,
    baseline_of,
    judge_cost,
    judge_unit_cost,
    ratios_until,
    silence_gate,
)
from pipeline.anomalies.memory import Memory
from pipeline.anomalies.model import Finding, Signal
from pipeline.anomalies.month_edges import (
    edges_before,
    edges_of_months_before,
    is_edge,
    is_near_edge,
)
from pipeline.anomalies.wide import dip_of, price_changes, rests_on_weekends
from pipeline.forecasts.series import DailyCosts, Floats

_REPLAYED = 14  # days before the first that is judged: longer than a run of days is


def walk(
    series: DailyCosts,
    since: date,
    *,
    known: Sequence[Finding] = (),
    is_covered: Callable[[date], bool] = lambda _: True,
    so_far: date | None = None,
) -> Iterator[tuple[date, list[Finding]]]:
    """Judge each day of the series from `since` on. Gives the days with what is unusual.

    **Takes** series that begin `c.WINDOW` days before `since`, or with the first day of all; what
    was found on the days before `since`; which days are covered, as nothing is called silent on
    others; and the day that is not over, of which only surges are said.
    """
    if not series.keys:
        return
    start, days = max(0, series.column(since)), series.cost.shape[1]

    def is_whole(day: int) -> bool:
        on = series.since + timedelta(days=day)
        return is_covered(on) and on != so_far

    # at the end there may be days of which nothing has come yet, on which nothing can be found
    is_used = np.any((series.cost > 0) | (series.requests > 0), axis=0)
    end = days
    while end > start and not is_used[end - 1] and not is_whole(end - 1):
        end -= 1
    if end > start:
        state = _Walk(series)
        state.recall(known, start)
    for day in range(start, days):
        found = state.judge(day, is_covered=is_whole(day)) if day < end else []
        yield series.since + timedelta(days=day), found


class _Walk:
    """The series, and what was learned of them up to the day that is judged next."""

    def __init__(self, series: DailyCosts) -> None:
        self.series = series
        self.cost = np.maximum(series.cost, 0.0)  # a credit is no use
        self.requests = series.requests
        self.of_day = self.cost.sum(axis=0)
        days = range(self.cost.shape[1])
        self.edges: Flags = np.array([is_edge(self._date(day)) for day in days], dtype=np.bool_)
        self.row_of = {key: row for row, key in enumerate(series.keys)}
        self.projects: Counts = np.zeros(len(series.keys), dtype=np.int64)
        for number, (_, rows) in enumerate(series.projects()):
            self.projects[rows] = number
        self.models: dict[str | None, list[int]] = {}
        for row, (_, model) in enumerate(series.keys):
            self.models.setdefault(model, []).append(row)
        self.by_cost, self.by_unit = Memory(*self.cost.shape), Memory(*self.cost.shape)
        self.ratios: Floats = np.full(self.cost.shape, np.nan)
        # usual cost and excess of the days without a finding since the last one of a run
        self.between: Floats = np.zeros((2, len(series.keys)))

    def recall(self, known: Sequence[Finding], start: int) -> None:
        """Bring the memory to where it was when the days before `start` had been judged."""
        by_day: dict[int, list[Finding]] = {}
        for finding in known:
            by_day.setdefault(self.series.column(finding.day), []).append(finding)
        replayed = max(0, start - _REPLAYED)
        for day in sorted(d for d in by_day if 0 <= d < replayed):
            for memory, signals in self._memories():
                up, down, levels = self._found(by_day[day], signals)
                memory.known[up | down, day] = False
                memory.take_levels(levels, day)
        if replayed:
            seen = self._seen(self.by_cost, replayed)
            first = max(0, replayed - c.HISTORY)  # no day looks further back
            self.ratios[:, :replayed] = ratios_until(self.cost, seen, replayed, since=first)
        nothing = np.zeros(len(self.row_of))
        for day in range(replayed, start):
            base = self._baseline(day)
            for memory, signals in self._memories():
                up, down, _ = self._found(by_day.get(day, ()), signals)
                self._note(memory, day, Verdict(nothing, nothing, up, down), base)

    def judge(self, day: int, *, is_covered: bool) -> list[Finding]:
        """Judge a day, and remember it."""
        usual_day = float(np.median(self.of_day[max(0, day - c.GATE_DAYS) : day])) if day else 0.0
        base = self._baseline(day)
        now = self.cost[:, day]
        verdict = judge_cost(
            base,
            now,
            history=self._history(self.by_cost, day),
            least_history=self.by_cost.least_history,
            is_next_day=self.by_cost.was_up,
            edges_usd=self._edges(day),
            usual_day_usd=usual_day,
        )
        unit, ratios = judge_unit_cost(
            self.cost,
            self.requests,
            self._seen(self.by_unit, day),
            day,
            is_old=self._history(self.by_unit, day) >= self.by_unit.least_history,
            edges_usd=self._edges(day, of_a_request=True),
            usual_day_usd=usual_day,
        )
        changed = price_changes(ratios, unit.is_up, self.projects, self.models)
        is_dearer = np.zeros(len(now), dtype=np.bool_)
        for model in changed:
            is_dearer[self.models[model]] = True
        # what the price alone explains is no surge of a project
        explained = c.SURGE_RATIO * base.usual * np.nan_to_num(ratios)
        verdict.is_up[is_dearer & (now <= explained)] = False
        # what comes with the provider's costs alone is not there yet on the last days
        is_logged = (self.requests[:, max(0, day - c.HISTORY) : day] > 0).any(axis=1)
        verdict.is_down[~is_logged] = False
        is_compared = (
            is_logged & base.is_regular & (self._history(self.by_cost, day) >= c.FIRST_HISTORY)
        )
        dip = dip_of(now, base.usual, is_compared, self.projects)
        if dip is not None or not is_covered:
            verdict.is_down[:] = False
        if verdict.is_down.any():  # on a holiday, offices rest and other projects do not
            rests = self._rests(day)
            if dip_of(now, base.usual, is_compared & rests, self.projects) is not None:
                verdict.is_down[rests] = False
        between = self.between
        runs = self._note(self.by_cost, day, verdict, base)
        between = np.where(runs[0] < day, between, 0.0)
        verdict = replace(
            verdict, usual=verdict.usual + between[0], excess=verdict.excess + between[1]
        )
        found = list(self._findings(day, "cost", verdict, *runs))
        runs = self._note(self.by_unit, day, unit, base)
        found += [
            replace(f, signal="price") if f.model in changed else f
            for f in self._findings(day, "unit_cost", unit, *runs)
        ]
        if dip is not None and is_covered and -dip[1] > silence_gate(usual_day):
            on = self._date(day)
            found.append(Finding(on, None, None, "dip", "down", *dip, since=on))
        return found

    def _memories(self) -> Sequence[tuple[Memory, Sequence[Signal]]]:
        return (self.by_cost, ("cost",)), (self.by_unit, ("unit_cost", "price"))

    def _note(
        self, memory: Memory, day: int, verdict: Verdict, base: Baseline
    ) -> tuple[Counts, Flags]:
        """Remember what was found of a day; as `Memory.note`."""
        is_of_cost = memory is self.by_cost
        is_quiet = base.is_quiet if is_of_cost else self.requests[:, day] == 0
        if is_of_cost and is_edge(self._date(day)):  # a surge may not show
            is_high = self.cost[:, day] > c.SURGE_RATIO_NEXT_DAY * base.usual
            is_quiet = is_quiet | (is_high & memory.was_up)
        runs, levels = memory.note(day, verdict, is_quiet)
        if is_of_cost:
            above = self.cost[:, day] + base.smoothing
            self.ratios[:, day] = above / (base.plain + base.smoothing)
            is_between = ~(verdict.is_up | verdict.is_down) & (memory.run_since >= 0)
            amounts = np.stack([base.usual, self.cost[:, day] - base.usual])
            self.between = np.where(is_between, self.between + amounts, 0.0)
            for row in map(int, np.flatnonzero(levels)):
                seen = memory.known[[row], : day + 1]
                self.ratios[row, : day + 1] = ratios_until(self.cost[[row]], seen, day + 1)
        return runs, levels

    def _found(
        self, findings: Sequence[Finding], signals: Sequence[Signal]
    ) -> tuple[Flags, Flags, dict[int, int]]:
        """What was found of a day, by series: up, down, and new levels."""
        up: Flags = np.zeros(len(self.row_of), dtype=np.bool_)
        down, levels = up.copy(), {}
        for finding in findings:
            row = self.row_of.get((finding.project_id, finding.model))
            if row is None or finding.signal not in signals:
                continue
            (up if finding.direction == "up" else down)[row] = True
            if finding.is_level:
                levels[row] = max(0, self.series.column(finding.since))
        return up, down, levels

    def _seen(self, memory: Memory, day: int) -> Flags:
        """The days before a day to learn from: a series begins with its first cost."""
        return memory.known[:, :day] & (np.arange(day) >= self._first(day)[:, None])

    def _first(self, day: int) -> Counts:
        """The first day with cost of each series in the window before a day, else the day."""
        begin = max(0, day - c.WINDOW)
        has_cost = self.cost[:, begin:day] > 0
        first = begin + has_cost.argmax(axis=1) if day else np.zeros(len(has_cost), dtype=np.int64)
        return np.where(has_cost.any(axis=1), first, day)

    def _history(self, memory: Memory, day: int) -> Counts:
        return day - np.maximum(self._first(day), memory.level_since)

    def _baseline(self, day: int) -> Baseline:
        """The baseline of a day; edges of months raise the bar only where monthly jobs run."""
        is_compared = ~self.edges | is_near_edge(self._date(day))
        known = self._seen(self.by_cost, day)
        return baseline_of(self.cost, known, self.ratios, day, is_compared=is_compared)

    def _rests(self, day: int) -> Flags:
        since = max(0, day - c.HISTORY)
        known = self._seen(self.by_cost, day)[:, since:]
        return rests_on_weekends(self.cost[:, since:day], known, self._date(since))

    def _edges(self, day: int, *, of_a_request: bool = False) -> Floats | None:
        """The cost of the dearest of the last edges of months, where the day is one.

        Of a request only those of the months before count, so that a dearer one may go on over the
        end of a month. A series that has seen too few is not judged: for it nothing is dear enough.
        """
        on = self._date(day)
        if not is_edge(on):
            return None
        edges = edges_of_months_before(on) if of_a_request else edges_before(on)
        days = [d for d in map(self.series.column, edges) if d >= 0]
        usd = self.cost[:, days]
        if of_a_request:
            asked = self.requests[:, days]
            usd = np.where(asked > 0, usd / np.where(asked > 0, asked, 1.0), 0.0)
        dearest = usd.max(axis=1, initial=0.0)
        return np.where(day - self._first(day) < c.RARE_HISTORY, np.inf, dearest)

    def _date(self, day: int) -> date:
        return self.series.since + timedelta(days=day)

    def _findings(
        self, day: int, signal: Signal, verdict: Verdict, runs: Counts, levels: Flags
    ) -> Iterator[Finding]:
        for row in map(int, np.flatnonzero(verdict.is_up | verdict.is_down)):
            yield Finding(
                self._date(day),
                *self.series.keys[row],
                signal,
                "up" if verdict.is_up[row] else "down",
                float(verdict.usual[row]),
                float(verdict.excess[row]),
                self._date(int(runs[row])),
                bool(levels[row]),
            )
