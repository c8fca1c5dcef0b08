"""Rate-limit headroom: percentiles by hand, limits that held, trends, states; near ones are told.

A day here is UTC, as the provider's minutes are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.published.named_queries import bind, days_asked_about, named
from pipeline.published.reader import open_published, run_statement
from tests.support.minute_pages import CONFIGURATION, fill, minute, minutes, row
from tests.support.published_folder import publish
from tests.support.workspace import Prepared, Workspace, lines, request

NOW = datetime(2026, 11, 24, 8)
FIRST = datetime(2026, 11, 1)
Row = dict[str, Any]
Ask = Callable[..., list[Row]]


def used(
    at: datetime,
    requests: int,
    tokens: int,
    limits: tuple[int | None, int | None] = (100, 1000),
    project: str = "proj_a",
    counted_from: str = "minute_buckets",
) -> Row:
    """One minute as the view has it."""
    points = [
        None if limit is None else amount * 10000 // limit
        for amount, limit in zip((requests, tokens), limits, strict=True)
    ]
    return {
        "usage_date": at.date(),
        "started_at": at,
        "project_id": project,
        "model": "alpha",
        "requests": requests,
        "tokens": tokens,
        "max_requests_per_1_minute": limits[0],
        "max_tokens_per_1_minute": limits[1],
        "requests_basis_points": points[0],
        "tokens_basis_points": points[1],
        "counted_from": counted_from,
        "provider": "openai",
    }


def covered(day: date, bucket_minutes: int = 1440, request_minutes: int = 0) -> Row:
    """One covered day."""
    return {
        "usage_date": day,
        "bucket_minutes": bucket_minutes,
        "request_minutes": request_minutes,
        "provider": "openai",
    }


def headroom(published: Path, **given: str) -> list[Row]:
    """The rows of the named query over November."""
    query = named("headroom")
    given = {"since": "2026-11-01", "until": "2026-12-01", **given}
    with closing(open_published(published)) as con:
        known, _ = days_asked_about(con, query, given, NOW.date(), NOW)
        answer = run_statement(con, query.sql, bind(query, given, known))
        names = [column.name for column in answer.columns]
        return [dict(zip(names, found, strict=True)) for found in answer.rows()]


@pytest.fixture(name="ask")
def _ask(tmp_path: Path) -> Ask:
    """Ask the named query of minutes and covered days."""

    def asked(rows: list[Row], days: list[Row], **given: str) -> list[Row]:
        root = tmp_path / f"var-{len(list(tmp_path.iterdir()))}"
        views = {"rate_limit_minutes": rows, "rate_limit_coverage": days}
        return headroom(publish(root, views), **given)

    return asked


def test_percentiles_count_idle_minutes_as_zero(ask: Ask) -> None:
    """Of 10 covered minutes 6 were used: 0 0 0 0 1 2 3 4 5 60, the 5th is 1, the 10th is 60."""
    amounts = (3, 1, 60, 2, 5, 4)
    rows = [
        used(FIRST + timedelta(minutes=n), amount, amount * 10, (100, 10_000))
        for n, amount in enumerate(amounts)
    ]
    [found] = ask(rows, [covered(FIRST.date(), 10)])
    assert found == {
        "project_id": "proj_a",
        "project_name": None,
        "model": "alpha",
        "state": "ok",
        "p50_requests": 1,
        "p95_requests": 60,
        "max_requests": 60,
        "requests_limit": 100,
        "requests_peak_basis_points": 6000,
        "p50_tokens": 10,
        "p95_tokens": 600,
        "max_tokens": 600,
        "tokens_limit": 10_000,
        "tokens_peak_basis_points": 600,
        "peak_basis_points": 6000,
        "hours_near": 0,
        "saturation_date": None,
        "covered_days": 1,
        "covered_minutes": 10,
        "used_minutes": 6,
        "counted_from": "minute_buckets",
        "provider": "openai",
    }


def test_a_mostly_idle_day_has_a_median_of_zero(ask: Ask) -> None:
    """71 used of 1440 minutes are fewer than 5 %: even the 95th percentile is zero; 73 are not."""
    rows = [used(FIRST + timedelta(minutes=n), 7, 7) for n in range(71)]
    rows += [used(FIRST + timedelta(minutes=n), 7, 7, project="proj_b") for n in range(73)]
    found = ask(rows, [covered(FIRST.date())])
    assert [(r["project_id"], r["p50_requests"], r["p95_requests"]) for r in found] == [
        ("proj_a", 0, 0),
        ("proj_b", 0, 7),
    ]


def test_hours_near_a_limit_are_counted_once_each(tmp_path: Path) -> None:
    """80 of 100 requests is near, 79 is not; three minutes of one hour are one hour."""
    amounts = {0: 80, 1: 99, 59: 85, 61: 79, 200: 90}
    rows = [used(FIRST + timedelta(minutes=n), amount, 1) for n, amount in amounts.items()]
    published = publish(
        tmp_path / "var",
        {"rate_limit_minutes": rows, "rate_limit_coverage": [covered(FIRST.date())]},
    )
    [found] = headroom(published)
    assert (found["hours_near"], found["state"]) == (2, "near")
    [found] = headroom(published, near_percent="100")
    assert (found["hours_near"], found["state"]) == (0, "ok")


# requests and tokens of the fullest minute, limits, covered days, state
STATES = [
    (100, 1, (100, 1000), 1, "saturated"),
    (1, 1000, (100, 1000), 1, "saturated"),
    (250, 1, (100, 1000), 1, "saturated"),
    (99, 1, (100, 1000), 1, "near"),
    (1, 800, (None, 1000), 1, "near"),
    (79, 799, (100, 1000), 1, "ok"),
    (10, 100, (100, 1000), 14, "oversized"),
    (10, 100, (100, 1000), 13, "ok"),
    (11, 100, (100, 1000), 14, "ok"),
    (5, 5, (None, None), 20, "no limit known"),
]
# percent used on each day, and the day on which the limit is met
TRENDS = [
    ((10, 20, 30, 40, 50, 60, 70), date(2026, 11, 10)),  # 100 on the tenth
    ((11, 21, 31, 41, 51, 61, 71), date(2026, 11, 10)),  # during the ninth
    ((70, 60, 50, 40, 30, 20, 10), None),  # falling
    ((50,) * 7, None),  # flat
    ((10, 20, 30, 40, 50, 60), None),  # six days
    ((1, 0, 1, 0, 1, 0, 2), None),  # years away
    ((10, 20, 30, 40, 50, 60, 100), None),  # it was reached
]


def peaks(percents: Sequence[int], project: str) -> list[Row]:
    """One minute a day that uses so many percent of a limit of 100 requests."""
    return [
        used(FIRST + timedelta(days=n), percent, 1, project=project)
        for n, percent in enumerate(percents)
        if percent
    ]


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Mapping[str, Row]]:
    """The projects as they stand after so many days; each case is a project of its own."""
    rows = [
        used(FIRST, requests, tokens, limits, project=f"state_{number}")
        for number, (requests, tokens, limits, _, _) in enumerate(STATES)
    ]
    for number, (percents, _) in enumerate(TRENDS):
        rows += peaks(percents, f"trend_{number}")
    days = [covered((FIRST + timedelta(days=n)).date()) for n in range(20)]
    views = {"rate_limit_minutes": rows, "rate_limit_coverage": days}
    published = publish(tmp_path_factory.mktemp("cases") / "var", views)

    @cache
    def asked(days: int) -> Mapping[str, Row]:
        until = (FIRST + timedelta(days=days)).date()
        return {row["project_id"]: row for row in headroom(published, until=until.isoformat())}

    return asked


@pytest.mark.parametrize(
    ("number", "days", "state"),
    [
        pytest.param(number, days, state, id=f"{requests}-{tokens}-{limits}-{days}-{state}")
        for number, (requests, tokens, limits, days, state) in enumerate(STATES)
    ],
)
def test_states(
    after: Callable[[int], Mapping[str, Row]], number: int, days: int, state: str
) -> None:
    """The fullest minute decides, of requests or of tokens; oversized needs fourteen days."""
    found = after(days)[f"state_{number}"]
    assert (found["covered_days"], found["state"]) == (days, state)


@pytest.mark.parametrize(
    ("number", "percents", "expected"), [(number, *case) for number, case in enumerate(TRENDS)]
)
def test_the_trend_is_a_straight_line_through_daily_peaks(
    after: Callable[[int], Mapping[str, Row]],
    number: int,
    percents: tuple[int, ...],
    expected: date | None,
) -> None:
    """It meets the limit on a day that is told only where it rises, and within a year."""
    found = after(len(percents))[f"trend_{number}"]
    assert found["saturation_date"] == expected


def test_requests_stand_in_for_a_project_without_minute_buckets(ask: Ask) -> None:
    """Each project-day is counted from one source, with the minutes that this source covers."""
    rows = [
        used(FIRST, 5, 5),
        used(FIRST, 5, 5, project="proj_b", counted_from="requests"),
        used(FIRST + timedelta(days=1), 5, 5, project="proj_b", counted_from="requests"),
    ]
    days = [covered(date(2026, 11, 1), 60, 1440), covered(date(2026, 11, 2), 0, 100)]
    found = ask(rows, days)
    assert [
        (r["project_id"], r["covered_days"], r["covered_minutes"], r["counted_from"]) for r in found
    ] == [("proj_a", 2, 160, "minute_buckets"), ("proj_b", 2, 1540, "requests")]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Before its first run."""
    return Workspace(tmp_path, CONFIGURATION)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A run over nothing; then a limit comes."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), CONFIGURATION)
    workspace.run()
    fill(workspace, rate_limits=[LIMIT])
    return Prepared(workspace)


@pytest.fixture
def empty(prepared: Prepared) -> Workspace:
    """A workspace with a limit of proj_a and alpha, and no usage yet."""
    return prepared.again()


MODELS = (
    "gpt-4o-2024-08-06", "gpt-4o-2024-11-20", "gpt-4o", "gpt-4o-audio-preview",
    "gpt-4-0613", "ft:gpt-4o-2024-08-06:acme::x", "ft:gpt-4.1:acme::y", "gpt-5-1", "o9",
)  # fmt: skip
LIMITED = ("gpt-4o", "gpt-4", "ft:gpt-4o-2024-08-06", "gpt-5.1", "gpt-4o-shared")
SPANS = [(100, "2026-11-10", "2026-11-15"), (0, "2026-11-15", "2026-11-21")]
AT = ("2026-11-02T10:00:00", "2026-11-12T10:00:00", "2026-11-20T10:00:00", "2026-11-22T10:00:00")


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Models of proj_a with limits by other names; limits of proj_b that change, on four days."""
    workspace = Workspace(tmp_path_factory.mktemp("limited"), CONFIGURATION)
    logged = [request(f"a{n}", 10, model=model) for n, model in enumerate(MODELS)]
    logged += [request(f"b{n}", 50, when=at, project="proj_b") for n, at in enumerate(AT)]
    workspace.write("logs/a.jsonl", lines(*logged))
    workspace.run()
    fill(
        workspace,
        rate_limits=[
            *(("proj_a", model, 100, 1000, "2026-01-01", None) for model in LIMITED),
            *(("proj_b", "alpha", None, *span) for span in SPANS),
        ],
    )
    workspace.run()
    return workspace


def test_names_lead_to_limits_and_snapshots_share_one(limited: Workspace) -> None:
    """Dated ids and aliases find the limit; a fine-tuned model never takes its base's."""
    assert limited.rows(
        "SELECT model, requests, max_tokens_per_1_minute FROM rate_limit_minutes "
        "WHERE project_id = 'proj_a' ORDER BY model"
    ) == [
        ("ft:gpt-4.1:acme::y", 1, None),
        ("ft:gpt-4o-2024-08-06", 1, 1000),
        ("gpt-4", 1, 1000),
        ("gpt-4o", 3, 1000),
        ("gpt-4o-audio-preview", 1, None),
        ("gpt-5.1", 1, 1000),
        ("o9", 1, None),
    ]


def test_the_limit_is_the_one_that_held(limited: Workspace) -> None:
    """Before the first known one that one stands in; after the end there is none; 0 blocks."""
    assert limited.rows(
        "SELECT max_tokens_per_1_minute, tokens_basis_points FROM rate_limit_minutes "
        "WHERE project_id = 'proj_b' ORDER BY started_at"
    ) == [(100, 5000), (100, 5000), (0, 10_000), (None, None)]


def test_where_a_project_has_minute_buckets_requests_are_not_counted_again(
    workspace: Workspace,
) -> None:
    """By project and day; the newest day of requests is covered up to its last one."""
    workspace.write(
        "usage/a.json",
        minutes("2026-11-23T13:00:00Z", minute("2026-11-23T12:00:00", row(1000))),
    )
    workspace.write(
        "logs/a.jsonl",
        lines(
            request("1", 1000),
            request("2", 30, project="proj_b"),
            request("3", 30, when="2026-11-22T12:00:00"),
        ),
    )
    workspace.run()
    assert workspace.rows(
        "SELECT usage_date, project_id, tokens, counted_from FROM rate_limit_minutes ORDER BY ALL"
    ) == [
        (date(2026, 11, 22), "proj_a", 30, "requests"),
        (date(2026, 11, 23), "proj_a", 1000, "minute_buckets"),
        (date(2026, 11, 23), "proj_b", 30, "requests"),
    ]
    assert workspace.rows("FROM rate_limit_coverage ORDER BY ALL") == [
        (date(2026, 11, 22), 0, 1440, "openai"),
        (date(2026, 11, 23), 1, 721, "openai"),
    ]


LIMIT = ("proj_a", "alpha", 100, 1000, "2026-01-01", None)
ALERTS = (
    "SELECT kind, subject_id, period_start_date, threshold_percent, severity, state, delivery "
    "FROM alerts ORDER BY period_start_date, threshold_percent"
)


def test_a_limit_that_is_near_or_reached_is_told_once_a_month(empty: Workspace) -> None:
    """Each threshold once, in one message; another hour of the same month says nothing new."""
    empty.write("logs/a.jsonl", lines(request("1", 850)))
    said: list[str] = []
    empty.run(say=said.append)
    near = ("rate_limit", "proj_a alpha", date(2026, 11, 1), 80, "warning", "open", "printed")
    assert empty.rows(ALERTS) == [near]
    [text] = said
    assert text.startswith(
        "tollbook, org-acme: 1 rate limit is near or reached\n"
        "- Rate limit of alpha in project proj_a, November 2026 (UTC): up to 85 % of the tokens a "
        "minute that it allows; 80 % or more in 1 hour on 1 day, "
        "last at 2026-11-23 12:00.\nAlert ids: alert-"
    )
    empty.write("logs/b.jsonl", lines(request("2", 900, when="2026-11-22T09:00:00")))
    empty.run(say=said.append)
    assert len(said) == 1
    empty.write("logs/c.jsonl", lines(request("3", 1000, when="2026-11-22T10:00:00")))
    empty.run(say=said.append)
    assert [a[3:5] for a in empty.rows(ALERTS)] == [(80, "warning"), (100, "critical")]
    assert len(said) == 2
    assert "100 % of the tokens a minute" in said[1]
    empty.run(say=said.append)
    assert len(said) == 2


def test_both_thresholds_at_once_are_one_line(empty: Workspace) -> None:
    """Two alerts, as each is known by its threshold, and one sentence about them."""
    empty.write("logs/a.jsonl", lines(request("1", 2500)))
    said: list[str] = []
    empty.run(say=said.append)
    assert [a[3] for a in empty.rows(ALERTS)] == [80, 100]
    assert said[0].count("Rate limit of alpha") == 1
    assert said[0].count("alert-") == 2


def test_limits_that_come_later_are_held_against_the_month_so_far(workspace: Workspace) -> None:
    """The days were counted already; so a synced limit finds what it would have found then."""
    workspace.write("logs/a.jsonl", lines(request("1", 850)))
    workspace.run()
    fill(workspace, rate_limits=[LIMIT])
    workspace.run()
    assert [a[:4] for a in workspace.rows(ALERTS)] == [
        ("rate_limit", "proj_a alpha", date(2026, 11, 1), 80)
    ]


def test_what_turns_out_wrong_is_taken_back(workspace: Workspace) -> None:
    """A minute fetched anew is lower: that is said, and the alert is retracted."""
    workspace.write(
        "usage/a.json", minutes("2026-11-23T13:00:00Z", minute("2026-11-23T12:00:00", row(900)))
    )
    workspace.run()
    fill(workspace, rate_limits=[LIMIT])
    workspace.run()
    workspace.write(
        "usage/b.json", minutes("2026-11-23T14:00:00Z", minute("2026-11-23T12:00:00", row(90)))
    )
    said: list[str] = []
    workspace.run(say=said.append)
    assert [a[5] for a in workspace.rows(ALERTS)] == ["retracted"]
    assert said[-1].startswith(
        "tollbook, org-acme: 1 alert taken back\n- Taken back, as it no longer holds"
    )


def test_nothing_is_said_of_a_month_that_had_ended_before_the_first_run(
    workspace: Workspace,
) -> None:
    """It is recorded only; older months are not looked at."""
    workspace.write(
        "logs/a.jsonl",
        lines(
            request("1", 900, when="2026-10-05T12:00:00"),
            request("2", 900, when="2026-09-05T12:00:00"),
        ),
    )
    said: list[str] = []
    workspace.run(say=said.append)
    fill(workspace, rate_limits=[LIMIT])
    workspace.run(say=said.append)
    assert said == []
    assert [a[2:] for a in workspace.rows(ALERTS)] == [
        (date(2026, 10, 1), 80, "warning", "resolved", "not sent (period had ended)")
    ]


def test_the_threshold_is_configured(empty: Workspace) -> None:
    """`near_percent` moves the warning; 100 stays."""
    empty.configure(CONFIGURATION + "\n[headroom]\nnear_percent = 50\n")
    empty.write("logs/a.jsonl", lines(request("1", 600)))
    empty.run()
    assert [a[3] for a in empty.rows(ALERTS)] == [50]


@pytest.mark.parametrize("line", ["near_percent = 100", "near_percent = 0", "near = 80"])
def test_a_wrong_setting_is_refused(workspace: Workspace, line: str) -> None:
    """100 is alerted anyway; an unknown key names the nearest."""
    workspace.configure(CONFIGURATION + f"\n[headroom]\n{line}\n")
    with pytest.raises(ConfigError, match=r"near"):
        workspace.run()


def test_hostile_names_stay_inside_their_sentence(empty: Workspace) -> None:
    """A line break in a model's name begins no line of a message."""
    model = "alpha\nAlert ids: alert-0\x1b[31m"
    fill(empty, rate_limits=[("proj_'; DROP", model, 100, 1000, "2026-01-01", None)])
    empty.write("logs/a.jsonl", lines(request("1", 900, project="proj_'; DROP", model=model)))
    said: list[str] = []
    empty.run(say=said.append)
    assert "Rate limit of alpha\\nAlert ids: alert-0\\x1b[31m in project proj_'; DROP" in said[0]
    assert len(said[0].splitlines()) == 3


def test_a_model_of_the_same_name_at_two_providers_has_two_limits(tmp_path: Path) -> None:
    """Each use is held against its own provider's limit, and each alert names its own."""
    globex = '\n[[sources]]\nname = "calls"\nkind = "records"\nprovider = "globex"\n'
    files = 'path = "calls.csv"\nbasis = "detail"\n\n[directory]\nrate_limits = "limits.csv"\n'
    workspace = Workspace(tmp_path, f"{CONFIGURATION}{globex}{files}")
    workspace.write(
        "limits.csv",
        "project_id,model,max_tokens_per_1_minute,provider\n"
        "proj_a,alpha,1000,\nproj_a,alpha,2000,globex\n",
    )
    workspace.write("logs/a.jsonl", lines(request("1", 900)))
    workspace.write(
        "calls.csv",
        "record_id,started_at,project_id,model,text_input_tokens,requests\n"
        "g1,2026-11-23T12:00:00Z,proj_a,alpha,1800,1\n",
    )
    workspace.run()
    assert workspace.rows(
        "SELECT provider, tokens, max_tokens_per_1_minute, tokens_basis_points "
        "FROM rate_limit_minutes ORDER BY ALL"
    ) == [("globex", 1800, 2000, 9000), ("openai", 900, 1000, 9000)]
    said = "SELECT subject_id, split_part(message, ',', 1) FROM alerts ORDER BY ALL"
    assert workspace.rows(said) == [
        ("proj_a alpha", "Rate limit of alpha in project proj_a"),
        ("proj_a alpha at globex", "Rate limit of alpha at globex in project proj_a"),
    ]
    rows = {row["provider"]: row for row in headroom(workspace.path("var/published"))}
    assert [(rows[p]["max_tokens"], rows[p]["tokens_limit"]) for p in ("openai", "globex")] == [
        (900, 1000),
        (1800, 2000),
    ]
