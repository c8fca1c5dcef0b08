"""The figures of a storage as metrics, and which of them are unknown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.config.model import Config
from pipeline.metrics import gather as gathering
from pipeline.metrics.exposition import render
from pipeline.metrics.gather import JobFacts, RunEnd, gather
from pipeline.published.reader import open_published
from tests.support.exposition import Labels, parsed

NOW = datetime(2026, 11, 24, 8)
RUN = RunEnd("done", datetime(2026, 11, 24, 8, 1), Decimal("2.5"), 0)


@pytest.fixture(scope="module")
def config(sample_run: Path) -> Config:
    return load(next(sample_run.rglob("tollbook.toml")))


def _found(
    config: Config,
    now: datetime = NOW,
    run: RunEnd | None = RUN,
    earlier: dict[str, Decimal] | None = None,
) -> dict[str, dict[Labels, Decimal]]:
    jobs = [JobFacts("run", datetime(2026, 11, 24, 8), NOW, "failed", Decimal("1.25"))]
    return parsed(render(gather(config, now=now, run=run, jobs=jobs, earlier=earlier or {})))


def test_the_figures_are_those_that_are_published(config: Config) -> None:
    found = _found(config)
    with open_published(config.storage.root / "published") as con:
        [[spent]] = con.execute(
            "SELECT sum(cost_usd) FROM daily_costs WHERE charge_date >= DATE '2026-11-01'"
        ).fetchall()
        budgets = con.execute(
            "SELECT budget_id, spent_usd FROM budget_status "
            "WHERE DATE '2026-11-24' BETWEEN period_start_date AND period_end_date - 1"
        ).fetchall()
    assert sum(found["tollbook_cost_usd"].values()) == spent
    by_budget = {
        dict(labels)["budget"]: v for labels, v in found["tollbook_budget_spent_usd"].items()
    }
    assert by_budget == dict(budgets)
    assert found["tollbook_run_outcome"][("outcome", "done"),] == 1
    assert found["tollbook_run_duration_seconds"][()] == Decimal("2.5")
    assert found["tollbook_job_is_good"][("job", "run"),] == 0
    assert found["tollbook_storage_bytes"][("part", "ledger"),] > 0
    states = [v for labels, v in found["tollbook_budget_state"].items()]
    assert sum(states) == len(budgets)


@pytest.mark.parametrize("kind", ["failed run", "next month"])
def test_what_is_not_of_now_is_unknown(config: Config, kind: str) -> None:
    """Never the value of before: an alert on it would be about another month."""
    failed = RunEnd("failed", RUN.ended_at, RUN.seconds, None)
    is_failed = kind == "failed run"
    found = _found(
        config, NOW if is_failed else datetime(2026, 12, 2), failed if is_failed else RUN
    )
    for name in (
        *("cost_usd", "unpriced_quantity", "budget_spent_usd", "budget_state", "alerts_open"),
        "quarantined_rows",
    ):
        samples = found[f"tollbook_{name}"]
        assert samples, name
        assert all(value.is_nan() for value in samples.values()), name
    known = found["tollbook_source_last_data_timestamp_seconds"]
    assert not all(value.is_nan() for value in known.values())
    assert not found["tollbook_published_timestamp_seconds"][()].is_nan()


def test_the_last_success_outlives_failures_and_other_jobs(config: Config) -> None:
    good = "tollbook_run_last_success_timestamp_seconds"
    later = Decimal(1_900_000_000)
    failed = RunEnd("failed", RUN.ended_at, RUN.seconds, None)
    assert _found(config, run=failed, earlier={good: later})[good][()] == later
    earlier = {good: later, 'tollbook_run_outcome{outcome="partial"}': Decimal(1)}
    found = _found(config, run=None, earlier=earlier)
    assert found["tollbook_run_outcome"][("outcome", "partial"),] == 1
    assert found["tollbook_run_outcome"][("outcome", "done"),].is_nan()


def test_the_number_of_series_is_bounded(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _found(config)["tollbook_cost_usd"]
    assert len(whole) > 2
    monkeypatch.setattr(gathering, "MOST_SERIES", 2)
    found = _found(config)
    costs = found["tollbook_cost_usd"]
    assert len(costs) == 3
    assert sum(costs.values()) == sum(whole.values())
    assert ("project", gathering.OTHER) in [labels[0] for labels in costs]
    assert len(found["tollbook_budget_spent_usd"]) <= 2


def test_a_storage_without_anything_published_has_metrics_too(tmp_path: Path) -> None:
    (tmp_path / "tollbook.toml").write_text(
        '[[sources]]\nname = "gw"\nkind = "request_log"\npath = ["logs"]\n'
        '[[budgets]]\nid = "all"\namount_usd = "1.00"\n',
        encoding="utf-8",
    )
    empty = load(tmp_path / "tollbook.toml")
    found = _found(empty, run=RunEnd("failed", NOW, Decimal(1), None))
    assert found["tollbook_run_last_success_timestamp_seconds"][()].is_nan()
    assert found["tollbook_budget_spent_ratio"][("budget", "all"), ("project", "")].is_nan()
