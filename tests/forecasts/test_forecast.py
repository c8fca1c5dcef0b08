"""Forecasts add up, look at nothing later, and say what they leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dates import Days
from pipeline.forecasts.calibrate import Calibration
from pipeline.forecasts.forecast import forecast_budget, forecast_month
from pipeline.forecasts.holes.days import Hole
from pipeline.forecasts.known import Known, known
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.outlook import Subject
from pipeline.money import total
from tests.support.daily_usage import Made, cost_frame, daily_costs, portfolio

SINCE, TODAY, END = date(2026, 3, 1), date(2026, 10, 11), date(2026, 12, 1)
MONTH = date(2026, 10, 1), date(2026, 11, 1)
PROJECTS = portfolio(8, 3)
NEW = Made("proj_new", 30, begins=date(2026, 10, 4))
COSTS = cost_frame(daily_costs([*PROJECTS, NEW], SINCE, END))


def month(costs: pl.DataFrame, today: date = TODAY, *, with_today: bool = False) -> list[Forecast]:
    then = known(costs, today, with_today=with_today)
    return forecast_month(then, Calibration(then.costs), MONTH[0])


@pytest.fixture(scope="module")
def forecasts() -> list[Forecast]:
    return month(COSTS)


def budget(
    amount: str, *, of: Known | None = None, period: tuple[date, date] = MONTH, whole: bool = True
) -> Forecast:
    whole_then = known(COSTS, TODAY, with_today=False)
    subject = Subject("budget", "b", *period, Decimal(amount))
    calibration = Calibration(whole_then.costs)
    return forecast_budget(subject, of or whole_then, calibration, is_whole=whole)


def test_the_parts_are_the_whole_to_the_last_digit(forecasts: Sequence[Forecast]) -> None:
    *projects, whole = forecasts
    points = [p.forecast_usd for p in projects if p.forecast_usd is not None]
    assert whole.forecast_usd == total([*points, whole.left_out_usd])
    assert (whole.subject_kind, whole.method, len(points)) == ("organization", "sum", 8)
    assert whole.spent_usd == total(p.spent_usd for p in projects)


def test_a_young_project_counts_with_its_last_week_and_is_counted(
    forecasts: Sequence[Forecast],
) -> None:
    *projects, whole = forecasts
    [young] = [p for p in projects if p.forecast_usd is None]
    assert young.lack == "not enough data: 7 days of history, a forecast needs 14"
    assert whole.left_out_projects == 1
    # seven days are known, and 21 are left
    assert float(whole.left_out_usd) == pytest.approx(4 * float(young.spent_usd), rel=1e-6)


def test_each_level_has_intervals_of_its_own(forecasts: Sequence[Forecast]) -> None:
    *projects, whole = forecasts
    for each in forecasts:
        if each.forecast_usd is not None:
            assert each.interval80 is not None
            assert each.interval95 is not None
            assert each.spent_usd <= each.interval95.low_usd <= each.interval80.low_usd
            assert each.interval80.low_usd <= each.forecast_usd <= each.interval80.high_usd
            assert each.interval80.high_usd <= each.interval95.high_usd
    highs = [p.interval80.high_usd for p in projects if p.interval80]
    assert whole.interval80 is not None
    assert whole.interval80.high_usd != total([*highs, whole.left_out_usd])


def test_few_past_errors_give_no_interval() -> None:
    few = month(cost_frame(daily_costs(PROJECTS[:1], date(2026, 8, 20), END)))
    assert [(f.interval80, f.forecast_usd is None) for f in few] == [(None, False)] * 2


@settings(derandomize=True, max_examples=4, deadline=None)
@given(st.integers(0, 1000))
def test_what_comes_after_now_changes_nothing_nor_does_the_order_of_rows(
    forecasts: Sequence[Forecast], seed: int
) -> None:
    later = pl.col("charge_date") >= TODAY
    other = COSTS.with_columns(
        pl.when(later)
        .then(pl.col("cost_usd") * (seed + 2))
        .otherwise("cost_usd")
        .cast(pl.Decimal(38, 24))
    )
    if seed % 2:
        other = other.filter(~later)
    assert month(other.sample(fraction=1, shuffle=True, seed=seed)) == forecasts


def test_what_is_known_of_today_is_not_expected_again() -> None:
    day = pl.col("charge_date") == TODAY
    before = COSTS.filter(pl.col("charge_date") < TODAY)
    some = pl.concat(
        [
            before,
            COSTS.filter(day).with_columns(pl.lit(0).cast(pl.Decimal(38, 24)).alias("cost_usd")),
        ]
    )
    nothing_yet = month(some, with_today=True)[-1]
    in_full = month(COSTS.filter(pl.col("charge_date") <= TODAY), with_today=True)[-1]
    assert in_full.spent_usd > nothing_yet.spent_usd
    assert nothing_yet.forecast_usd is not None
    assert in_full.forecast_usd is not None
    usual = in_full.spent_usd - nothing_yet.spent_usd
    assert abs(in_full.forecast_usd - nothing_yet.forecast_usd) < usual


def test_days_at_the_end_without_any_cost_are_taken_as_not_known_yet() -> None:
    missing = COSTS.filter(pl.col("charge_date") < date(2026, 10, 9))
    assert month(missing)[-1].origin_date == date(2026, 10, 9)
    over = COSTS.filter(pl.col("charge_date") < date(2026, 10, 5))
    assert month(over)[-1].origin_date == TODAY  # more than three days: it has stopped


def test_a_project_that_is_long_over_has_no_row_and_counts_nothing(
    forecasts: Sequence[Forecast],
) -> None:
    ended = cost_frame(daily_costs([Made("proj_old", 10)], SINCE, date(2026, 7, 1)))
    rows = month(pl.concat([COSTS, ended]))
    assert "proj_old" not in {f.subject_id for f in rows}
    assert rows[-1].forecast_usd == forecasts[-1].forecast_usd


def test_lines_without_a_project_are_a_row_of_their_own() -> None:
    nobody = cost_frame(daily_costs([Made("x", 10)], SINCE, END)).with_columns(
        pl.lit(None, pl.String).alias("project_id")
    )
    first, *_, whole = month(pl.concat([COSTS, nobody]))
    assert (first.subject_kind, first.subject_id) == ("project", None)
    assert whole.left_out_projects == 1


def test_a_budget_of_everything_is_forecast_as_the_organization(
    forecasts: Sequence[Forecast],
) -> None:
    mine = budget("1")
    assert mine.forecast_usd == forecasts[-1].forecast_usd
    assert mine.interval80 == forecasts[-1].interval80


def test_a_budget_has_its_own_period() -> None:
    quarter = budget("1", period=(date(2026, 10, 1), date(2027, 1, 1)))
    in_month = budget("1")
    assert quarter.spent_usd == in_month.spent_usd
    assert quarter.forecast_usd is not None
    assert in_month.forecast_usd is not None
    assert quarter.forecast_usd > 2 * in_month.forecast_usd
    assert quarter.remark == "Christmas and New Year are not in it"
    assert in_month.remark is None


def test_the_chance_and_the_days_of_a_crossing() -> None:
    whole = budget("1")
    assert whole.forecast_usd is not None
    assert whole.interval80 is not None
    assert (whole.exceeds_percent, whole.crossing and whole.crossing.expected_date) == (
        91,
        date(2026, 10, 1),
    )
    low = budget(str(whole.interval80.low_usd * Decimal("0.9")))
    assert low.exceeds_percent == 91
    assert low.crossing is not None
    assert TODAY < low.crossing.first_date <= low.crossing.expected_date
    assert low.crossing.expected_date <= low.crossing.last_date < MONTH[1]
    high = budget(str(whole.interval80.high_usd * 2))
    assert (high.exceeds_percent, high.crossing) == (9, None)


def test_a_project_begun_today_is_not_enough_data_and_no_mistake() -> None:
    only = cost_frame(daily_costs([Made("p", 3)], TODAY, END))
    assert [f.lack for f in month(only, with_today=True)] == [
        "not enough data: 0 days of history, a forecast needs 14"
    ] * 2


def test_nothing_flows_between_the_budgets_amount_and_the_point() -> None:
    assert replace(budget("5"), amount_usd=None, exceeds_percent=None, crossing=None) == replace(
        budget("500000"), amount_usd=None, exceeds_percent=None, crossing=None
    )


def test_a_budget_over_several_projects_says_which_part_has_no_forecast(
    forecasts: Sequence[Forecast],
) -> None:
    mine = budget("1")
    assert mine.left_out_projects == forecasts[-1].left_out_projects == 1
    assert mine.left_out_usd == forecasts[-1].left_out_usd > 0
    one = COSTS.filter(pl.col("project_id") == "proj_new")
    alone = budget("1", of=known(one, TODAY, with_today=False), whole=False)
    assert (alone.left_out_projects, alone.left_out_usd) == (0, Decimal(0))


def stalled(
    costs: pl.DataFrame, today: date, missing: Days | None, projects: Sequence[str] = ()
) -> list[Forecast]:
    """The forecasts where a source of some projects, else of all, misses days."""
    brings = projects or costs["project_id"].unique().to_list()
    holes = [Hole(frozenset(missing), frozenset((p, "alpha") for p in brings))] if missing else []
    then = known(costs, today, with_today=False, holes=holes)
    return forecast_month(then, Calibration(then.costs), today)


def test_days_that_a_stalled_source_lacks_are_forecast_and_not_zero(
    forecasts: Sequence[Forecast],
) -> None:
    lacks = Days(date(2026, 10, 5), date(2026, 10, 10))
    rest = COSTS.filter(pl.col("charge_date") < lacks.since)
    whole, as_zero = stalled(rest, TODAY, lacks)[-1], stalled(rest, TODAY, None)[-1]
    assert whole.origin_date == TODAY  # the 10th is neither there nor missing
    assert whole.remark == "no data for 5 days (5 Oct 2026 to 9 Oct 2026)"
    assert whole.forecast_usd is not None
    assert as_zero.forecast_usd is not None
    full = forecasts[-1].forecast_usd
    assert full is not None
    assert abs(whole.forecast_usd - full) < abs(as_zero.forecast_usd - full) / 2


def test_one_stalled_source_leaves_the_forecasts_of_others_alone(
    forecasts: Sequence[Forecast],
) -> None:
    gone, lacks = ["proj_000", "proj_001"], Days(date(2026, 10, 5), TODAY)
    rest = COSTS.filter(~pl.col("project_id").is_in(gone) | (pl.col("charge_date") < lacks.since))
    rows = stalled(rest, TODAY, lacks, gone)
    for mine, full in zip(rows[:-1], forecasts[:-1], strict=True):
        assert mine.subject_id == full.subject_id
        if mine.subject_id in gone:
            assert mine.origin_date == lacks.since
            assert mine.remark == "no data for 6 days (5 Oct 2026 to 10 Oct 2026)"
            assert mine.interval80 is not None
            assert full.interval80 is not None
            low, high = full.interval80.low_usd, full.interval80.high_usd
            assert mine.interval80.low_usd < high
            assert mine.interval80.high_usd > low
        else:
            assert (mine.origin_date, mine.remark) == (TODAY, None)
            assert (mine.forecast_usd, mine.spent_usd) == (full.forecast_usd, full.spent_usd)
    whole = rows[-1]
    points = [p.forecast_usd for p in rows[:-1] if p.forecast_usd is not None]
    assert whole.forecast_usd == total([*points, whole.left_out_usd])
    assert whole.remark == "no data for 6 days (5 Oct 2026 to 10 Oct 2026)"


def test_what_other_sources_have_of_days_that_are_missing_counts_at_least() -> None:
    lacks = Days(date(2026, 10, 5), date(2026, 10, 10))
    whole = stalled(COSTS, TODAY, lacks)[-1]
    in_month = pl.col("charge_date").is_between(MONTH[0], TODAY, closed="left")
    assert whole.spent_usd == COSTS.filter(in_month)["cost_usd"].sum()
    assert whole.forecast_usd is not None
    assert whole.forecast_usd > whole.spent_usd


def test_a_hole_in_the_middle_is_no_day_without_cost() -> None:
    hole = Days(date(2026, 10, 3), date(2026, 10, 7))
    old = COSTS.filter(pl.col("project_id") != "proj_new")
    rest = old.filter(~pl.col("charge_date").is_between(hole.since, hole.last))
    whole, as_zero = stalled(rest, TODAY, hole)[-1], stalled(rest, TODAY, None)[-1]
    full = month(old)[-1].forecast_usd
    assert whole.origin_date == TODAY
    assert whole.remark == "no data for 4 days (3 Oct 2026 to 6 Oct 2026)"
    assert full is not None
    assert whole.forecast_usd is not None
    assert as_zero.forecast_usd is not None
    assert abs(whole.forecast_usd - full) < abs(as_zero.forecast_usd - full) / 2


def test_days_missing_before_the_period_are_not_in_its_sum() -> None:
    today, lacks = date(2026, 10, 3), Days(date(2026, 9, 20), date(2026, 10, 3))
    rest = COSTS.filter(pl.col("charge_date") < lacks.since)
    whole = stalled(rest, today, lacks)[-1]
    full = stalled(COSTS.filter(pl.col("charge_date") < today), today, None)[-1]
    assert whole.origin_date == lacks.since
    assert whole.forecast_usd is not None
    assert full.forecast_usd is not None
    assert float(whole.forecast_usd) == pytest.approx(float(full.forecast_usd), rel=0.2)


@pytest.mark.parametrize(
    ("since", "has_forecast"), [(date(2026, 9, 5), True), (date(2026, 8, 20), False)]
)
def test_a_source_that_has_stalled_for_long_is_never_forecast_at_nothing(
    since: date, *, has_forecast: bool
) -> None:
    lacks = Days(since, TODAY)
    rest = COSTS.filter(pl.col("charge_date") < lacks.since)
    *projects, whole = stalled(rest, TODAY, lacks)
    assert {p.subject_id for p in projects} == {p.project_id for p in PROJECTS}
    for each in (projects[0], whole):
        if has_forecast:
            assert each.forecast_usd is not None
            assert each.forecast_usd > 0
        else:
            assert each.forecast_usd is None
            assert each.lack == (
                "not enough data: 4 days with cost in the last 56, a forecast needs 8; "
                "no data for 52 days (20 Aug 2026 to 10 Oct 2026)"
            )
    if not has_forecast:
        assert whole.left_out_projects == len(projects)
        assert whole.left_out_usd > 0


def test_a_project_of_a_source_that_has_stalled_for_half_a_year_is_still_said() -> None:
    lacks = Days(date(2026, 4, 20), TODAY)
    gone = pl.col("project_id") == "proj_000"
    rows = stalled(
        COSTS.filter(~gone | (pl.col("charge_date") < lacks.since)), TODAY, lacks, ["proj_000"]
    )
    [mine] = [r for r in rows if r.subject_id == "proj_000"]
    assert mine.lack is not None
    assert mine.lack.startswith("not enough data: 0 days with cost in the last 56")
    assert rows[-1].left_out_projects == 2
