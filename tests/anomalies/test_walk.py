"""The rule, trap by trap: what is found of days, judged by the days before alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from pipeline.anomalies import constants as c
from pipeline.anomalies import walk as walk_module
from pipeline.anomalies.incidents import incidents
from pipeline.anomalies.model import Finding
from pipeline.anomalies.walk import walk
from pipeline.dates import last_of
from pipeline.forecasts.series import DailyCosts
from tests.support.made_up_costs import made_up, series, usual

MONDAY = date(2026, 1, 5)
DAY = 100  # 2026-04-15, a Wednesday in the middle of a month
COUNT = 6


def costs(days: int = 130, usd: float = 100.0) -> np.ndarray:
    """Six projects with nothing unusual."""
    return usual(COUNT, days, usd=usd)


def found(
    cost: np.ndarray, requests: np.ndarray | None = None, **more: object
) -> list[tuple[int, str | None, str, str]]:
    """What is unusual: number of the day, project, signal and direction."""
    made = series(cost, requests=requests, since=MONDAY)
    return shown(made, of(made, MONDAY + timedelta(days=DAY - 12), **more))


def of(made: DailyCosts, since: date | None = None, **more: object) -> list[Finding]:
    """All findings from a day on."""
    return [f for _, some in walk(made, since or made.since, **more) for f in some]  # type: ignore[arg-type]


def shown(made: DailyCosts, some: Sequence[Finding]) -> list[tuple[int, str | None, str, str]]:
    """Findings in short."""
    return [(made.column(f.day), f.project_id, f.signal, f.direction) for f in some]


def test_ordinary_days_are_not_unusual() -> None:
    assert found(costs()) == []
    assert found(usual(0, 40)) == []


def test_a_surge_is_found_on_its_days() -> None:
    cost = costs()
    cost[2, DAY : DAY + 2] *= 4
    assert found(cost) == [(DAY, "p02", "cost", "up"), (DAY + 1, "p02", "cost", "up")]


def test_days_of_which_nothing_has_come_yet_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = costs()
    cost[2, DAY] *= 4
    cost[:, DAY + 1 :] = 0
    judged = list[int]()
    judge = walk_module._Walk.judge

    def counted(self: object, day: int, *, is_covered: bool) -> list[Finding]:
        judged.append(day)
        return judge(self, day, is_covered=is_covered)  # type: ignore[arg-type]

    monkeypatch.setattr(walk_module._Walk, "judge", counted)
    made = series(cost, since=MONDAY)
    last = MONDAY + timedelta(days=DAY)
    since = MONDAY + timedelta(days=DAY - 2)
    days = list(walk(made, since, is_covered=lambda day: day <= last))
    assert judged == [DAY - 2, DAY - 1, DAY]
    assert [day for day, some in days if some] == [last]
    assert days[-1][0] == made.until - timedelta(days=1)
    judged.clear()
    list(walk(made, since))  # covered: on these days a project is silent, or all of them
    assert judged[-1] == made.cost.shape[1] - 1


def test_a_second_day_need_not_be_as_large() -> None:
    cost = costs()
    cost[2, DAY - 20] = 200  # nothing by itself, but what surges is to be well above it
    cost[2, DAY] = 400
    cost[2, DAY + 1] = 240
    assert [day for day, *_ in found(cost)] == [DAY, DAY + 1]
    cost[2, DAY] = 100
    assert found(cost) == []


def test_less_than_twice_the_usual_is_no_surge() -> None:
    cost = costs()
    cost[2, DAY] = 185
    assert found(cost) == []


@pytest.mark.parametrize(
    ("usd", "is_found"),
    [
        (1.0, False),  # four dollars more are below ten
        (100.0, True),
    ],
)
def test_a_surge_has_to_pass_the_gate(usd: float, *, is_found: bool) -> None:
    cost = costs(usd=usd)
    cost[2, DAY] = 5 * usd
    assert bool(found(cost)) is is_found


def test_a_surge_has_to_matter_to_the_organization() -> None:
    cost = costs()
    cost[0] *= 1000
    cost[2, DAY] = 500  # 400 more, of 100,500 a day
    assert found(cost) == []


def test_a_noisy_project_needs_more() -> None:
    cost = costs()
    cost[2] = usual(1, cost.shape[1], noise=0.5, seed=3)[0]
    cost[2, DAY] = 300
    assert found(cost) == []
    cost[2, DAY] = 3000
    assert found(cost) == [(DAY, "p02", "cost", "up")]


def test_one_surge_does_not_hide_the_next() -> None:
    cost = costs()
    cost[2, DAY] *= 4
    cost[2, DAY + 7] *= 4
    assert [day for day, *_ in found(cost)] == [DAY, DAY + 7]


def test_a_level_that_moves_slowly_is_no_surge() -> None:
    cost = costs(200)
    cost[2] *= np.exp(np.arange(200) * 0.012)  # tenfold
    assert found(cost) == []


def test_each_request_that_costs_more_is_found() -> None:
    cost = costs()
    requests = np.round(cost * 100)
    cost[2, DAY] *= 1.45  # a lost cache
    assert found(cost, requests) == [(DAY, "p02", "unit_cost", "up")]


def test_more_requests_do_not_cost_more_each() -> None:
    cost = costs()
    cost[2, DAY] *= 1.45
    assert found(cost, np.round(cost * 100)) == []


def test_a_model_that_is_dearer_in_most_projects_is_a_price() -> None:
    cost = costs()
    requests = np.round(cost * 100)
    cost[:4, DAY:] *= 1.5
    some = found(cost, requests)
    assert {signal for _, _, signal, _ in some} == {"price"}
    assert [p for day, p, *_ in some if day == DAY] == ["p00", "p01", "p02", "p03"]
    assert max(day for day, *_ in some) < DAY + c.NEW_LEVEL_AFTER


def test_what_a_price_explains_is_no_surge() -> None:
    cost = costs()
    requests = np.round(cost * 100)
    cost[:4, DAY] *= 3
    assert {signal for _, _, signal, _ in found(cost, requests)} == {"price"}


def test_two_dear_projects_are_no_price() -> None:
    cost = costs()
    requests = np.round(cost * 100)
    cost[:2, DAY] *= 1.5
    assert {signal for _, _, signal, _ in found(cost, requests)} == {"unit_cost"}


def with_monthly_job(cost: np.ndarray, usd: float) -> None:
    for day in range(cost.shape[1]):
        on = MONDAY + timedelta(days=day)
        if on == last_of(on):
            cost[2, day] = usd * (1 + 0.3 * (on.month % 2))


def test_a_monthly_job_is_no_surge() -> None:
    cost = costs(210)
    with_monthly_job(cost, 1000)
    assert found(cost) == []


def test_a_monthly_job_alone_is_no_surge() -> None:
    cost = costs(210)
    cost[2] = 0.5
    with_monthly_job(cost, 1000)
    assert found(cost) == []


def test_a_monthly_job_of_dearer_requests_is_no_surge() -> None:
    """Its requests are as many as on other days."""
    cost = costs(210)
    requests = np.round(cost * 100)
    with_monthly_job(cost, 1000)
    made = series(cost, requests=requests, since=MONDAY)
    assert of(made) == []
    day = (date(2026, 6, 30) - MONDAY).days
    cost[2, day] = 5000
    assert [made.column(f.day) for f in of(replace(made, cost=cost))] == [day, day]


@pytest.mark.parametrize("first", [date(2026, 4, 28), date(2026, 5, 29)])
def test_a_cache_may_be_lost_over_the_end_of_a_month(first: date) -> None:
    """Also where it begins with an edge: the next one is not compared with it."""
    cost = costs(170)
    requests = np.round(cost * 100)
    day = (first - MONDAY).days
    cost[2, day : day + 5] *= 1.45
    some = of(series(cost, requests=requests, since=MONDAY))
    assert [f.signal for f in some] == ["unit_cost"] * 5
    assert {f.since for f in some} == {first}


def test_a_monthly_job_hides_no_surge() -> None:
    """Days that are no edges need not be above the edges of the eight weeks before."""
    cost = costs(210)
    with_monthly_job(cost, 5000)
    day = (date(2026, 6, 17) - MONDAY).days
    cost[2, day : day + 5] *= 6
    made = series(cost, since=MONDAY)
    assert [made.column(f.day) for f in of(made)] == list(range(day, day + 5))


def test_a_monthly_job_that_misses_the_edge_is_no_surge() -> None:
    """One of the first business day: Wednesday, Friday, Monday the first, Wednesday, the third."""
    cost = costs(220)
    for on in ((4, 1), (5, 1), (6, 1), (7, 1), (8, 3)):
        cost[2, (date(2026, *on) - MONDAY).days] = 1000
    made = series(cost, since=MONDAY)
    assert [f.day for f in of(made) if f.day > date(2026, 4, 1)] == []


def test_a_surge_on_the_last_day_of_a_month_is_found() -> None:
    cost = costs()
    day = (date(2026, 4, 30) - MONDAY).days
    cost[2, day] *= 4
    assert found(cost) == [(day, "p02", "cost", "up")]


@pytest.mark.parametrize("first", [date(2026, 4, 28), date(2026, 5, 28), date(2026, 5, 29)])
def test_a_surge_goes_on_over_the_end_of_a_month(first: date) -> None:
    """Also where its own days are the last edges of a month."""
    cost = costs(170)
    day = (first - MONDAY).days
    cost[2, day:] *= 3
    made = series(cost, since=MONDAY)
    some = of(made)
    assert {f.since for f in some} == {first}
    assert [f.is_level for f in some][-1]
    [incident] = incidents(some, last_day=made.until - timedelta(days=1))
    assert (incident.first, incident.state) == (first, "new level")


@pytest.mark.parametrize("start", [0, DAY + 1, DAY + 2])
def test_the_amounts_of_a_day_between_count(start: int) -> None:
    """Also where that day was judged by an earlier run."""
    cost = costs()
    cost[2, DAY : DAY + 3] = [400, 150, 400]
    made = series(cost, since=MONDAY)
    whole = of(made)
    since = MONDAY + timedelta(days=start)
    known = [f for f in whole if f.day < since]
    some = known + of(made, since, known=known)
    assert [made.column(f.day) for f in some] == [DAY, DAY + 2]
    [incident] = incidents(some, last_day=made.until)
    assert incident.usual_usd == pytest.approx(300, rel=0.1)
    assert incident.usual_usd + incident.excess_usd == pytest.approx(950)


def test_the_amounts_of_a_day_after_the_last_do_not_count() -> None:
    cost = costs()
    cost[2, DAY : DAY + 5] = [400, 150, 150, 150, 400]
    some = of(series(cost, since=MONDAY))
    assert [f.usual_usd + f.excess_usd for f in some] == pytest.approx([400, 400])


def test_a_surge_that_ends_with_a_month_is_over() -> None:
    cost = costs(150)
    day = (date(2026, 4, 29) - MONDAY).days
    cost[2, [day, day + 5]] *= 4
    some = of(series(cost, since=MONDAY))
    assert [f.since for f in some] == [date(2026, 4, 29), date(2026, 5, 4)]


def test_a_new_project_is_not_judged() -> None:
    cost = costs()
    cost[2, : DAY - 20] = 0
    cost[2, DAY] *= 10
    assert found(cost) == []
    cost = costs()
    cost[2, : DAY - 40] = 0
    cost[2, DAY] *= 10
    assert found(cost) == [(DAY, "p02", "cost", "up")]


def test_what_lasts_is_said_as_the_new_level_once_and_is_usual_then() -> None:
    cost = costs(160)
    cost[2, DAY:] *= 3
    made = series(cost, since=MONDAY)
    some = of(made)
    assert [made.column(f.day) for f in some] == list(range(DAY, DAY + c.NEW_LEVEL_AFTER))
    assert [f.is_level for f in some] == [False] * 6 + [True]
    assert {made.column(f.since) for f in some} == {DAY}


def test_a_new_level_is_judged_by_itself() -> None:
    cost = costs(160)
    cost[2, DAY:] *= 3
    cost[2, DAY + 30] *= 4
    made = series(cost, since=MONDAY)
    assert [made.column(f.day) for f in of(made)][-1] == DAY + 30


def test_a_weekend_does_not_end_what_lasts() -> None:
    cost = costs(160)
    cost[2, np.arange(160) % 7 >= 5] = 0
    cost[2, DAY:] *= 3
    made = series(cost, since=MONDAY)
    assert {made.column(f.since) for f in of(made)} == {DAY}


def test_a_silence_is_found() -> None:
    cost = costs()
    cost[2, DAY] = 3
    assert found(cost) == [(DAY, "p02", "cost", "down")]


def test_a_quiet_weekend_is_no_silence() -> None:
    cost = costs()
    cost[2, np.arange(130) % 7 >= 5] = 0
    assert found(cost) == []


def test_a_silence_needs_a_cost_that_held() -> None:
    cost = costs()
    cost[2, DAY - 7] = cost[2, DAY] = 3
    assert (DAY, "p02", "cost", "down") not in found(cost)


def test_what_has_no_requests_is_not_silent() -> None:
    """Storage, and what only the provider's costs show: they come days later."""
    cost = costs()
    requests = np.round(cost * 100)
    requests[2] = 0
    cost[2, DAY] = 0
    assert found(cost, requests) == []


def test_a_day_that_is_not_covered_is_not_silent() -> None:
    cost = costs()
    cost[:, DAY] = 3
    cost[2, DAY - 10] = 3
    missing = MONDAY + timedelta(days=DAY)
    some = found(cost, is_covered=lambda day: day != missing)
    assert some == [(DAY - 10, "p02", "cost", "down")]


def test_a_dip_of_all_projects_is_one_question_and_no_silence() -> None:
    cost = costs()
    cost[:, DAY] = 3
    assert found(cost) == [(DAY, None, "dip", "down")]


def test_on_a_holiday_offices_rest_and_are_not_silent() -> None:
    cost = usual(8, 130)
    cost[:3, np.arange(130) % 7 >= 5] = 5
    cost[:3, DAY] = 5
    assert found(cost) == []


def test_of_a_day_that_is_not_over_only_surges_are_said() -> None:
    cost = costs(DAY + 1)
    cost[:, DAY] *= 0.02
    cost[3, DAY] = 500
    so_far = MONDAY + timedelta(days=DAY)
    assert found(cost, so_far=so_far) == [(DAY, "p03", "cost", "up")]


def test_a_project_of_now_and_then_is_compared_with_its_largest_day() -> None:
    cost = costs()
    cost[2, np.arange(130) % 4 != 0] = 0
    cost[2, DAY] = 250
    assert found(cost) == []
    cost[2, DAY] = 450
    assert found(cost) == [(DAY, "p02", "cost", "up")]


def test_credits_and_days_without_anything_are_ordinary() -> None:
    cost = costs()
    cost[2, DAY - 10 : DAY + 5] = -3
    cost[3] = 0
    cost[4, :] = -1
    cost[5, DAY + 1] = 1e9
    assert found(cost, np.zeros_like(cost)) == [(DAY + 1, "p05", "cost", "up")]


@pytest.fixture(scope="module")
def walked() -> tuple[DailyCosts, list[Finding]]:
    """An organization with incidents and changes, and what a walk through all days finds."""
    made = made_up(18, projects=15, days=220).costs
    return made, of(made)


@pytest.mark.parametrize("days", [130, 171])
def test_no_later_day_changes_what_is_found(
    walked: tuple[DailyCosts, list[Finding]], days: int
) -> None:
    made, whole = walked
    until = made.since + timedelta(days=days)
    before = [f for f in whole if f.day < until]
    assert before
    assert of(made.before(until)) == before


@pytest.mark.parametrize("start", [101, 130, 133, 155, 171])
def test_a_walk_that_begins_later_finds_the_same(
    walked: tuple[DailyCosts, list[Finding]], start: int
) -> None:
    """From a window of days and what was found before; so a run needs no more of history."""
    made, whole = walked
    since = made.since + timedelta(days=start)
    begin = max(0, start - c.WINDOW)
    window = replace(
        made,
        since=made.since + timedelta(days=begin),
        cost=made.cost[:, begin:],
        requests=made.requests[:, begin:],
    )
    known = [f for f in whole if window.since <= f.day < since]
    found_then = of(window, since, known=known)
    expected = [f for f in whole if f.day >= since]
    assert shown(made, found_then) == shown(made, expected)
    assert [f.is_level for f in found_then] == [f.is_level for f in expected]


def test_the_walks_have_something_to_find(walked: tuple[DailyCosts, list[Finding]]) -> None:
    made, whole = walked
    assert sum(made.column(f.day) >= 130 for f in whole) > 3
    assert any(f.is_level for f in whole)
