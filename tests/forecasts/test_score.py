"""Forecasts of made-up projects beat the plain rules, and intervals hold what they say."""

from __future__ import annotations

import pytest

from tests.forecasts.score import made_up, scored, table


@pytest.mark.slow
def test_errors_and_coverage_over_a_year_of_other_seeds() -> None:
    found = [s for seed in (11, 12) for s in scored(f"{seed}", made_up(seed), [5, 10, 15, 20, 25])]
    projects = [row for row in table(found).iter_rows(named=True) if row["kind"] == "project"]
    assert len(projects) == 5
    for row in projects:
        assert row["n"] > 700
        assert row["own MAPEc"] < 0.75 * row["run_rate MAPEc"]
        assert row["own MAPEc"] < 0.85 * row["seasonal_naive MAPEc"]
    # pooled over all days, as each of them has less than a thousand forecasts
    assert 75 < sum(r["in 80 %"] for r in projects) / 5 < 85
    assert 92 < sum(r["in 95 %"] for r in projects) / 5 < 98
