"""Made-up daily costs of an organization with known truth, from a seed.

Weekdays, noise, monthly jobs, now-and-then projects, launches, price changes and holidays; and
incidents: surges, lost caches and silences. It is not the generator of the given data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from pipeline.dates import last_of
from pipeline.forecasts.series import DailyCosts

FIRST = date(2025, 1, 1)


@dataclass(frozen=True)
class Truth:
    """One incident or one lasting change of a project."""

    project_id: str | None
    first: date
    last: date
    is_down: bool
    factor: float
    excess_usd: float  # of all its days
    usual_day_usd: float  # of the organization, before


@dataclass
class MadeUp:
    """The costs, and what is true of them."""

    costs: DailyCosts
    incidents: list[Truth] = field(default_factory=list)
    changes: list[Truth] = field(default_factory=list)


def series(
    cost: np.ndarray,
    *,
    requests: np.ndarray | None = None,
    keys: list[tuple[str, str]] | None = None,
    since: date = FIRST,
) -> DailyCosts:
    """Series of given costs, one project each; a dollar a hundred requests."""
    named = keys or [(f"p{n:02d}", "alpha") for n in range(len(cost))]
    asked = np.round(cost * 100) if requests is None else requests
    return DailyCosts(since, tuple(named), np.asarray(cost, float), np.asarray(asked, float))


def usual(
    projects: int, days: int, *, usd: float = 100.0, noise: float = 0.1, seed: int = 0
) -> np.ndarray:
    """Costs that differ by noise alone."""
    made = np.random.default_rng(seed).lognormal(0, noise, (projects, days))
    found: np.ndarray = usd * made
    return found


def made_up(seed: int, *, projects: int = 60, days: int = 420) -> MadeUp:
    """An organization of one to three models a project."""
    rng = np.random.default_rng(seed)
    dates = [FIRST + timedelta(days=n) for n in range(days)]
    weekday = np.array([d.weekday() for d in dates])
    is_holiday = _holidays(rng, dates)
    keys, rows, units, kinds = [], [], [], []
    models = ["nano", "mini", "large", "embed", "image"]
    for number in range(projects):
        project = f"p{number:03d}"
        kind = str(
            rng.choice(["app", "b2c", "batch", "dev", "monthly"], p=[0.4, 0.2, 0.2, 0.1, 0.1])
        )
        begin = 0 if rng.random() < 0.75 else int(rng.integers(30, days - 90))
        for model in rng.choice(models, size=int(rng.integers(1, 4)), replace=False):
            base = float(rng.lognormal(3.3, 1.4))
            row = base * rng.lognormal(0, rng.uniform(0.08, 0.25), days)
            drift = np.cumsum(rng.normal(0, 0.01, days))
            row *= np.exp(drift - drift.mean())
            if kind in {"app", "dev"}:
                row[weekday >= 5] *= rng.uniform(0.05, 0.5)
                row[is_holiday] *= 0.2
            if kind == "batch" and rng.random() < 0.5:
                row[weekday >= 5] = 0
            if kind == "dev":
                row[rng.random(days) > 0.45] = 0
            if kind == "monthly" or (kind == "app" and rng.random() < 0.2):
                jobs = np.array([d == last_of(d) for d in dates])
                size = rng.lognormal(0, 0.25, days) * rng.uniform(2, 8)
                row = np.where(jobs, base * size, row * (0.02 if kind == "monthly" else 1))
            row[:begin] = 0
            keys.append((project, str(model)))
            rows.append(row)
            units.append(float(rng.lognormal(-4, 1)))
            kinds.append(kind)
    cost = np.array(rows)
    requests = np.round(cost / np.array(units)[:, None] * rng.lognormal(0, 0.03, cost.shape))
    made = MadeUp(series(cost, requests=requests, keys=keys))
    _change(rng, made, kinds)
    _disturb(rng, made, kinds)
    return made


def _holidays(rng: np.random.Generator, dates: list[date]) -> np.ndarray:
    some = set(rng.choice(len(dates), size=max(1, len(dates) // 50), replace=False).tolist())
    return np.array([n in some or (d.month == 12 and d.day >= 24) for n, d in enumerate(dates)])


def _change(rng: np.random.Generator, made: MadeUp, kinds: list[str]) -> None:
    """Steps of projects that last, and dearer models."""
    cost = made.costs.cost
    for row, (project, _) in enumerate(made.costs.keys):
        if kinds[row] != "monthly" and rng.random() < 0.25:
            day = int(rng.integers(60, cost.shape[1] - 30))
            factor = float(rng.choice([0.4, 0.6, 1.6, 2.2, 3.0]))
            cost[row, day:] *= factor
            made.costs.requests[row, day:] *= factor
            on = made.costs.since + timedelta(days=day)
            made.changes.append(Truth(project, on, on, factor < 1, factor, 0, 0))
    for model in sorted({str(model) for _, model in made.costs.keys}):
        if rng.random() < 0.5:
            day = int(rng.integers(60, cost.shape[1] - 30))
            factor = float(rng.choice([0.7, 1.2, 1.5]))
            for row, (project, other) in enumerate(made.costs.keys):
                if other == model:
                    cost[row, day:] *= factor
                    on = made.costs.since + timedelta(days=day)
                    made.changes.append(Truth(project, on, on, factor < 1, factor, 0, 0))


def _disturb(rng: np.random.Generator, made: MadeUp, kinds: list[str]) -> None:
    """Incidents of one to five days: more requests, a lost cache, or nothing."""
    cost, requests = made.costs.cost, made.costs.requests
    whole = cost.sum(axis=0)
    for row, (project, _) in enumerate(made.costs.keys):
        for _ in range(int(rng.poisson(0.8))):
            day = int(rng.integers(75, cost.shape[1] - 10))
            last = day + int(rng.integers(1, 6))
            kind = rng.choice(["more", "cache", "silence"], p=[0.6, 0.25, 0.15])
            before = cost[row, day:last].copy()
            usual = float(cost[row, day - 28 : day].mean())
            if usual <= 0 or (kind == "silence" and kinds[row] in {"dev", "monthly"}):
                continue
            factor = 0.02 if kind == "silence" else float(1 + rng.lognormal(0.8, 0.8))
            if kind == "cache":
                factor = float(rng.uniform(1.4, 2.2))
            cost[row, day:last] = np.maximum(before, usual * (kind == "more")) * factor
            if kind != "cache":
                requests[row, day:last] *= factor
            on = made.costs.since + timedelta(days=day)
            made.incidents.append(
                Truth(
                    project,
                    on,
                    made.costs.since + timedelta(days=last - 1),
                    kind == "silence",
                    1 + float((cost[row, day:last] - before).mean()) / usual,
                    float((cost[row, day:last] - before).sum()),
                    float(np.median(whole[day - 28 : day])),
                )
            )
