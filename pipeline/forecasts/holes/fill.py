"""Fills the holes of series with what was expected of them, so that no hole counts as no cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from pipeline.forecasts.holes.days import ANY_MODEL, Hole
from pipeline.forecasts.method import expected
from pipeline.forecasts.series import DailyCosts

Flags = npt.NDArray[np.bool_]


def fill(costs: DailyCosts, holes: Collection[Hole]) -> DailyCosts:
    """The costs with each hole filled from the days before it, however long it is.

    What is known of such a day counts at least. Nothing later than a hole is looked at, so that
    series which end earlier are filled alike.
    """
    missing = missing_of(costs, holes)
    if not missing.any():
        return costs
    filled = costs.cost.copy()
    for (begin, end), rows in sorted(_runs(missing).items()):
        before = replace(
            costs,
            keys=tuple(costs.keys[row] for row in rows),
            cost=filled[rows, :begin],
            requests=costs.requests[rows, :begin],
        )
        until = costs.since + timedelta(days=end)
        filled[rows, begin:end] = np.maximum(filled[rows, begin:end], expected(before, until))
    return replace(costs, cost=filled, known=costs.cost, missing=missing)


def missing_of(costs: DailyCosts, holes: Collection[Hole]) -> Flags:
    """Which days of which series are missing."""
    missing: Flags = np.zeros(costs.cost.shape, dtype=np.bool_)
    for hole in holes:
        rows = [
            row
            for row, key in enumerate(costs.keys)
            if key in hole.series or (key[0], ANY_MODEL) in hole.series
        ]
        columns = [costs.column(day) for day in hole.days]
        columns = [column for column in columns if 0 <= column < missing.shape[1]]
        missing[np.ix_(rows, columns)] = True
    return missing


def _runs(missing: Flags) -> dict[tuple[int, int], list[int]]:
    """The rows by runs of missing columns, half-open."""
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    edges = np.diff(missing.astype(np.int8), axis=1, prepend=0, append=0)
    for row in map(int, np.flatnonzero(missing.any(axis=1))):
        begins, ends = np.flatnonzero(edges[row] > 0), np.flatnonzero(edges[row] < 0)
        for begin, end in zip(begins, ends, strict=True):
            rows[int(begin), int(end)].append(row)
    return rows
