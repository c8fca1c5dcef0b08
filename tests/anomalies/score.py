"""Scores incidents against known truth: `python -m tests.anomalies.score [FOLDER] [--seeds N]`.

The given data (series.csv, daily_costs.csv, incidents.csv, changes.csv, incident_breakdown.csv) by
organization, and made-up organizations of other seeds. A report near a lasting change is counted
apart; one of neither is false.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pipeline.anomalies.drivers import Part, driver_of
from pipeline.anomalies.incidents import incidents
from pipeline.anomalies.model import Incident
from pipeline.anomalies.walk import walk
from pipeline.forecasts.series import DailyCosts
from tests.support.made_up_costs import MadeUp, Truth, made_up

WARM_UP = timedelta(days=75)
NEAR_A_CHANGE = timedelta(days=12)


@dataclass
class Score:
    """How many reports are what, and how much was found."""

    right: int = 0
    changes: int = 0
    false: int = 0
    told_again: int = 0
    months: float = 0.0  # of projects
    found: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    @property
    def precision(self) -> float:
        """The share of incidents in what is reported, changes left out."""
        return self.right / max(1, self.right + self.false)

    @property
    def false_per_month(self) -> float:
        """False reports for each month of a project."""
        return self.false / max(1.0, self.months)

    def recall(self, what: str) -> float:
        """The share that was found."""
        found, there = self.found[what]
        return found / max(1, there)

    def add(self, other: Score) -> None:
        """Add up over organizations."""
        for name in ("right", "changes", "false", "told_again", "months"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for what, (found, there) in other.found.items():
            self.found[what][0] += found
            self.found[what][1] += there

    def text(self) -> str:
        """One line."""
        recalls = ", ".join(
            f"{what} {found}/{there}" for what, (found, there) in sorted(self.found.items())
        )
        return (
            f"right {self.right}, changes {self.changes}, false {self.false}, told again "
            f"{self.told_again}; precision {self.precision:.2f}, false per project-month "
            f"{self.false_per_month:.4f}; found: {recalls}"
        )


def reported(costs: DailyCosts) -> list[Incident]:
    """The incidents of projects that the product finds in all days."""
    found = [f for _, findings in walk(costs, costs.since) for f in findings]
    made = incidents(found, last_day=costs.until - timedelta(days=1))
    return [i for i in made if i.kind in {"surge", "silence"}]


def score(made: MadeUp, reports: Sequence[Incident]) -> Score:
    """Compare reports with the truth."""
    after = made.costs.since + WARM_UP
    result = Score()
    found = set()
    truths = [t for t in made.incidents if t.first >= after]
    told: dict[int, int] = defaultdict(int)
    for report in (r for r in reports if r.first >= after):
        is_down = report.kind == "silence"
        same = [
            n
            for n, t in enumerate(truths)
            if t.project_id == report.project_id
            and t.is_down == is_down
            and t.first <= report.last
            and t.last >= report.first
        ]
        if same:
            result.right += 1
            found.update(same)
            for n in same:
                told[n] += 1
        elif any(
            t.project_id == report.project_id
            and report.first - NEAR_A_CHANGE <= t.first <= report.last
            for t in made.changes
        ):
            result.changes += 1
        else:
            result.false += 1
    result.told_again = sum(n - 1 for n in told.values())
    projects = len({project for project, _ in made.costs.keys})
    result.months = projects * (made.costs.until - after).days / 30.4
    for number, truth in enumerate(truths):
        counts = result.found[_class_of(truth)]
        counts[0] += number in found
        counts[1] += 1
    return result


def _class_of(truth: Truth) -> str:
    day = abs(truth.excess_usd) / ((truth.last - truth.first).days + 1)
    gate = (
        max(5, 0.01 * truth.usual_day_usd) if truth.is_down else max(10, 0.02 * truth.usual_day_usd)
    )
    what = (
        "silences" if truth.is_down else "surges of 2x" if truth.factor >= 2 else "smaller surges"
    )
    return what if day > gate else f"{what} below the gate"


def given(folder: Path) -> dict[str, MadeUp]:
    """The given data, by organization."""
    rows = {r["series_id"]: r for r in _read(folder / "series.csv")}
    costs: dict[str, dict[date, tuple[float, float]]] = defaultdict(dict)
    for r in _read(folder / "daily_costs.csv"):
        costs[r["series_id"]][_day(r["date"])] = float(r["cost_usd"]), float(r["requests"])
    days = {d for by_day in costs.values() for d in by_day}
    first, count = min(days), (max(days) - min(days)).days + 1
    made = {}
    for org in dict.fromkeys(r["org"] for r in rows.values()):
        ids = [i for i, r in rows.items() if r["org"] == org]
        cost, requests = np.zeros((len(ids), count)), np.zeros((len(ids), count))
        for n, series_id in enumerate(ids):
            for on, (usd, asked) in costs[series_id].items():
                cost[n, (on - first).days], requests[n, (on - first).days] = usd, asked
        keys = tuple((rows[i]["project"], rows[i]["model"]) for i in ids)
        made[org] = MadeUp(DailyCosts(first, keys, cost, requests))
    for r in _read(folder / "incidents.csv"):
        made[r["org"]].incidents.append(
            Truth(
                r["project"],
                _day(r["first_date"]),
                _day(r["last_date"]),
                float(r["excess_usd"]) < 0,
                1 + float(r["excess_per_usual_day"]),
                float(r["excess_usd"]),
                float(r["org_usual_day_usd"]),
            )
        )
    for r in _read(folder / "changes.csv"):
        on, factor = _day(r["date"]), float(r["factor"] or 1)
        made[r["org"]].changes.append(Truth(r["project"], on, on, factor < 1, factor, 0, 0))
    return made


def drivers(folder: Path) -> tuple[int, int]:
    """How many drivers of the given incidents are right, of how many."""
    parts: dict[str, list[Part]] = defaultdict(list)
    for r in _read(folder / "incident_breakdown.csv"):
        tokens = float(r["requests"]) * 1000
        parts[r["incident_id"]].append(
            Part(
                _day(r["date"]),
                None,
                r["api_key"],
                None,
                r["service_tier"],
                float(r["cost_usd"]),
                tokens,
                tokens * float(r["cached_share"]),
            )
        )
    right = count = 0
    for r in _read(folder / "incidents.csv"):
        if r["incident_id"] not in parts:  # a silence
            continue
        count += 1
        found = driver_of(parts[r["incident_id"]], _day(r["first_date"]), _day(r["last_date"]))
        is_cache = r["driver_dimension"] == "cache_rate"
        wanted = ("cache", "") if is_cache else (r["driver_dimension"], r["driver_value"])
        right += found is not None and (found.dimension, found.value) == wanted
    return right, count


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date:
    return date.fromisoformat(text)


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="incidents as CSV, for another scorer")
    arguments = parser.parse_args()
    if arguments.folder is not None:
        whole = Score()
        lines = ["series_id,first_date,last_date,kind"]
        for org, made in given(arguments.folder).items():
            reports = reported(made.costs)
            one = score(made, reports)
            whole.add(one)
            lines += [f"{i.project_id},{i.first},{i.last},{i.kind}" for i in reports]
            print(f"{org}: {one.text()}")
        print(f"all: {whole.text()}")
        right, count = drivers(arguments.folder)
        print(f"drivers: {right} of {count} right")
        if arguments.write is not None:
            arguments.write.write_text("\n".join(lines) + "\n", encoding="utf-8")
    whole = Score()
    for seed in range(arguments.seeds):
        made = made_up(seed)
        begun = time.process_time()
        one = score(made, reported(made.costs))
        whole.add(one)
        seconds = time.process_time() - begun
        print(f"made up, seed {seed}: {one.text()} ({seconds:.1f} s)")
    if arguments.seeds:
        print(f"all seeds: {whole.text()}")


if __name__ == "__main__":
    main()
