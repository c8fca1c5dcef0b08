"""What is remembered from judging the days before: which days to learn from, since which level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.anomalies import constants as c
from pipeline.anomalies.judge import Counts, Flags, Verdict


class Memory:
    """What one signal has found in each series so far.

    Days of an incident are not learned from. What lasts becomes the new level: what was before is
    forgotten then, and its own days are learned.
    """

    def __init__(self, count: int, days: int) -> None:
        """A memory of so many series and days without any incident."""
        self.known: Flags = np.ones((count, days), dtype=np.bool_)
        self.level_since: Counts = np.full(count, -1, dtype=np.int64)  # -1: no new level
        self.run_since: Counts = np.full(count, -1, dtype=np.int64)  # -1: nothing goes on
        self._run_is_up: Flags = np.zeros(count, dtype=np.bool_)
        self._gap: Counts = np.zeros(count, dtype=np.int64)

    @property
    def least_history(self) -> Counts:
        """The days of history that each series needs."""
        return np.where(self.level_since >= 0, c.LEVEL_HISTORY, c.FIRST_HISTORY)

    @property
    def was_up(self) -> Flags:
        """Which series had a surge on the day before."""
        found: Flags = (self.run_since >= 0) & (self._gap == 0) & self._run_is_up
        return found

    def note(self, day: int, verdict: Verdict, is_quiet: Flags) -> tuple[Counts, Flags]:
        """Remember a day. Gives since when the run of each series lasts, and which are levels now.

        Takes the series of which no cost is expected that day, or of which a surge may go on that
        does not show: it is no gap of theirs.
        """
        is_found = verdict.is_up | verdict.is_down
        goes_on = is_found & (self.run_since >= 0) & (self._run_is_up == verdict.is_up)
        self.run_since[is_found & ~goes_on] = day
        self._run_is_up[is_found] = verdict.is_up[is_found]
        self._gap[is_found] = 0
        self._gap[~is_found & ~is_quiet] += 1
        self.run_since[self._gap > c.GAP] = -1
        self.known[is_found, day] = False
        lasts = is_found & (day - self.run_since + 1 >= c.NEW_LEVEL_AFTER)
        since = self.run_since.copy()
        self.take_levels({int(row): int(since[row]) for row in np.flatnonzero(lasts)}, day)
        return since, lasts

    def take_levels(self, levels: Mapping[int, int], day: int) -> None:
        """From now on the level of some series is that since a day, up to `day`."""
        for row, since in levels.items():
            self.known[row, :since] = False
            self.known[row, max(since, 0) : day + 1] = True
            self.level_since[row] = since
            self.run_since[row] = -1
