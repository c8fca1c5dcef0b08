"""The fake admin API: what it answers to which query, as the reference says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest

from pipeline.demo.fake_api.api import FakeAdminApi
from pipeline.demo.fake_api.directory.routes import ROUTES
from pipeline.demo.fake_api.faults import Faults
from pipeline.demo.fake_api.usage.bill import Bill
from pipeline.demo.fake_api.usage.cursors import Cursor, minted, understood
from pipeline.demo.organization import acme
from tests.support.fake_api_writes import WRITE_ROUTES

ACME = acme()
NOW = datetime(2026, 11, 20, 15, 30, 20)
MIDNIGHT = int(datetime(2026, 11, 18, tzinfo=UTC).timestamp())
DAY = 86_400
TOKENS = ("input_tokens", "input_uncached_tokens", "input_cached_tokens", "output_tokens")
Json = dict[str, Any]


@pytest.fixture(name="api", scope="module")
def _api() -> FakeAdminApi:
    """For tests that only read."""
    return FakeAdminApi(ACME, now=lambda: NOW)


def seconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


def get(api: FakeAdminApi, path: str, /, **parameters: object) -> Json:
    """The JSON of an answer that is no refusal."""
    status, body = asked(api, path, **parameters)
    assert status == 200, body
    return body


def asked(api: FakeAdminApi, path: str, /, **parameters: object) -> tuple[int, Json]:
    return asked_raw(api, f"{path}?{urlencode(parameters)}")


def asked_raw(api: FakeAdminApi, target: str) -> tuple[int, Json]:
    headers = {"authorization": f"Bearer {api.key}"}
    answer = api.answer("GET", f"/v1/organization/{target}", headers)
    body: Json = json.loads(answer.body, parse_float=Decimal)
    return answer.status, body


def rows(page: Json) -> list[Json]:
    return [row for bucket in page["data"] for row in bucket["results"]]


def total(page: Json, field: str) -> int:
    return sum(row[field] for row in rows(page))


def usd(page: Json) -> Decimal:
    return sum((Decimal(row["amount"]["value"]) for row in rows(page)), Decimal(0))


@pytest.mark.parametrize(
    "query",
    [
        "group_by=project_id&group_by=model",
        "group_by[]=project_id&group_by[]=model",
        "group_by%5B%5D=project_id&group_by%5B%5D=model",
        "group_by[0]=project_id&group_by[1]=model",
        "group_by=project_id,model",
        "group_by=project_id,%20model&group_by=model",
    ],
)
def test_arrays_in_every_encoding(api: FakeAdminApi, query: str) -> None:
    """All ways to write a list that are in use mean the same."""
    expected = get(api, "usage/completions", start_time=MIDNIGHT, group_by="project_id,model")
    target = f"usage/completions?start_time={MIDNIGHT}&{query}"
    assert asked_raw(api, target) == (200, expected)
    assert len(rows(expected)) > 20


def test_first_and_last_usage_bucket_are_clipped(api: FakeAdminApi) -> None:
    """They begin and end where the query does; those between are whole."""
    page = get(api, "usage/completions", start_time=MIDNIGHT - 1_234)
    edges = [(bucket["start_time"], bucket["end_time"]) for bucket in page["data"]]
    assert edges == [
        (MIDNIGHT - 1_234, MIDNIGHT),
        (MIDNIGHT, MIDNIGHT + DAY),
        (MIDNIGHT + DAY, MIDNIGHT + 2 * DAY),
        (MIDNIGHT + 2 * DAY, seconds(NOW)),
    ]
    given = get(
        api, "usage/completions", start_time=MIDNIGHT, end_time=MIDNIGHT + 4_000, bucket_width="1h"
    )
    assert [b["end_time"] - b["start_time"] for b in given["data"]] == [3_600, 400]


def test_costs_are_whole_days(api: FakeAdminApi) -> None:
    """Also the first, and the one that is not over."""
    page = get(api, "costs", start_time=MIDNIGHT + 50_000)
    edges = [(bucket["start_time"], bucket["end_time"]) for bucket in page["data"]]
    assert edges == [(MIDNIGHT + n * DAY, MIDNIGHT + (n + 1) * DAY) for n in range(3)]
    whole = get(api, "costs", start_time=MIDNIGHT)
    assert usd(page) == usd(whole)


def test_a_clipped_bucket_has_only_what_is_in_it(api: FakeAdminApi) -> None:
    """Two halves of a day are the day; hours and minutes of it, too."""
    noon, end = MIDNIGHT + DAY // 2, MIDNIGHT + DAY
    whole = get(api, "usage/completions", start_time=MIDNIGHT, end_time=end)
    halves = [
        get(api, "usage/completions", start_time=start, end_time=stop)
        for start, stop in ((MIDNIGHT, noon), (noon, end))
    ]
    hours = get(
        api, "usage/completions", start_time=MIDNIGHT, end_time=end, bucket_width="1h", limit=24
    )
    minutes = get(
        api, "usage/completions", start_time=MIDNIGHT, end_time=end, bucket_width="1m", limit=1440
    )
    for field in (*TOKENS, "num_model_requests"):
        expected = total(whole, field)
        assert sum(total(half, field) for half in halves) == expected > 0
        assert total(hours, field) == total(minutes, field) == expected


def test_empty_buckets_are_there(api: FakeAdminApi) -> None:
    """A weekend without pictures has two buckets without results."""
    saturday = seconds(datetime(2026, 11, 14))
    page = get(api, "usage/images", start_time=saturday, end_time=saturday + 2 * DAY)
    assert [bucket["results"] for bucket in page["data"]] == [[], []]
    before = get(api, "costs", start_time=seconds(datetime(2024, 1, 1)), limit=1)
    assert before["data"][0]["results"] == []


def test_token_identities_hold_in_every_row(api: FakeAdminApi) -> None:
    """The totals are the sums of their parts, as the specification's examples have it."""
    page = get(
        api,
        "usage/completions",
        start_time=MIDNIGHT,
        bucket_width="1h",
        limit=168,
        group_by="model,project_id,service_tier,batch,api_source",
    )
    for row in rows(page):
        assert row["input_tokens"] == (
            row["input_uncached_tokens"]
            + row["input_cached_tokens"]
            + row["input_cache_write_tokens"]
        )
        for part in ("input_uncached", "output"):
            kinds = "input" if part == "input_uncached" else part
            assert row[f"{part}_tokens"] == sum(
                row[f"{kinds}_{kind}_tokens"] for kind in ("text", "audio", "image")
            )
    assert total(page, "input_cache_write_tokens") > 0
    assert total(page, "input_audio_tokens") > 0
    assert total(page, "output_image_tokens") > 0
    assert {row["api_source"] for row in rows(page)} == {"agents_api", "unlabeled"}


@pytest.mark.parametrize(
    ("path", "parameters", "param", "code"),
    [
        ("usage/completions", {}, "start_time", "missing_required_parameter"),
        ("usage/completions", {"start_time": "today"}, "start_time", "invalid_type"),
        ("usage/completions", {"start_time": 9, "limit": 32}, "limit", "integer_above_max_value"),
        (
            "usage/completions",
            {"start_time": 9, "bucket_width": "1h", "limit": 169},
            "limit",
            "integer_above_max_value",
        ),
        (
            "usage/completions",
            {"start_time": 9, "bucket_width": "1m", "limit": 1441},
            "limit",
            "integer_above_max_value",
        ),
        ("costs", {"start_time": 9, "limit": 181}, "limit", "integer_above_max_value"),
        ("costs", {"start_time": 9, "limit": 0}, "limit", "integer_below_min_value"),
        ("costs", {"start_time": 9, "bucket_width": "1h"}, "bucket_width", "invalid_value"),
        ("costs", {"start_time": 9, "end_time": 9}, "end_time", None),
        ("usage/completions", {"start_time": 9, "end_time": 8}, "end_time", None),
        ("usage/completions", {"start_time": 9, "page": "page_x"}, "page", "invalid_page_token"),
        ("usage/embeddings", {"start_time": 9, "group_by": "batch"}, "group_by", "invalid_value"),
        ("usage/images", {"start_time": 9, "sizes": "1x1"}, "sizes", "invalid_value"),
        ("usage/completions", {"start_time": 9, "batch": "yes"}, "batch", "invalid_value"),
        ("projects", {"limit": 101}, "limit", "integer_above_max_value"),
        ("projects", {"after": "proj_x"}, "after", "invalid_cursor"),
    ],
)
def test_what_cannot_be_asked(
    api: FakeAdminApi, path: str, parameters: dict[str, object], param: str, code: str | None
) -> None:
    """A 400 that names the parameter, in the envelope of all errors."""
    status, body = asked(api, path, **parameters)
    assert status == 400
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert (body["error"]["param"], body["error"]["code"]) == (param, code)
    assert body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(("width", "default"), [("1d", 7), ("1h", 24), ("1m", 60)])
def test_default_limits(api: FakeAdminApi, width: str, default: int) -> None:
    """So many buckets, where one does not say how many."""
    page = get(api, "usage/moderations", start_time=MIDNIGHT - 30 * DAY, bucket_width=width)
    assert len(page["data"]) == default
    assert page["has_more"]


def test_cursor_of_the_specifications_example() -> None:
    """It is the instant of the query and the start of the next bucket; ours has the same bytes."""
    text = "page_AAAAAGdGxdEiJdKOAAAAAGcqsYA="
    cursor = understood(text)
    assert cursor == Cursor(datetime(2024, 11, 27, 7, 10, 9, 572_904), 1_730_851_200)
    assert understood(minted(cursor)) == cursor
    assert minted(cursor._replace(instant=cursor.instant.replace(microsecond=0))) == (
        "page_AAAAAGdGxdEAAAAAAAAAAGcqsYA="
    )


def test_a_cursor_pins_the_instant() -> None:
    """Pages that are asked for later end where the first one's query ended."""
    clock = [NOW]
    api = FakeAdminApi(ACME, now=lambda: clock[0])
    first = get(api, "usage/completions", start_time=MIDNIGHT, limit=2)
    clock[0] = NOW + timedelta(hours=5)
    last = get(api, "usage/completions", start_time=MIDNIGHT, limit=2, page=first["next_page"])
    assert [bucket["end_time"] for bucket in last["data"]] == [seconds(NOW)]
    again = get(api, "usage/completions", start_time=MIDNIGHT)
    assert again["data"][-1]["end_time"] == seconds(clock[0])
    assert total(again, "input_tokens") > total(first, "input_tokens") + total(last, "input_tokens")


def test_costs_by_line_item_are_by_project_too(api: FakeAdminApi) -> None:
    """What is not asked for, and is sent; and fields that no document names."""
    page = get(api, "costs", start_time=MIDNIGHT, limit=1, group_by="line_item")
    assert {row["project_name"] for row in rows(page)} >= {"Support chatbot", "Code assistant"}
    assert {row["organization_id"] for row in rows(page)} == {ACME.id}
    (whole,) = rows(get(api, "costs", start_time=MIDNIGHT, limit=1))
    assert (whole["project_id"], whole["line_item"], whole["quantity"]) == (None, None, None)
    assert Decimal(whole["amount"]["value"]) == usd(page)


def test_amounts_are_strings_of_any_precision(api: FakeAdminApi) -> None:
    """With zeros at the end, with an exponent, and zero as the live server writes it."""
    page = get(api, "costs", start_time=MIDNIGHT - 9 * DAY, group_by="line_item,project_id")
    values = [row["amount"]["value"] for row in rows(page)]
    assert all(isinstance(value, str) for value in values)
    zeros = [row for row in rows(page) if row["amount"]["value"] == "0E-6176"]
    assert {row["quantity"] for row in zeros} == {0}
    assert any("E" in value for value in values if value != "0E-6176")
    assert any(len(value) > 30 for value in values)


def test_rows_come_in_no_order_and_always_the_same(api: FakeAdminApi) -> None:
    """Nobody can rely on an order, and a test can rely on the answer."""
    query = {"start_time": MIDNIGHT, "limit": 1, "group_by": "model,project_id"}
    first = rows(get(api, "usage/completions", **query))
    other = rows(get(FakeAdminApi(ACME, now=lambda: NOW), "usage/completions", **query))
    assert first == other
    names = [row["model"] for row in first]
    assert names != sorted(names)


def test_another_seed_is_another_organization() -> None:
    """Other people, ids and traffic."""
    other = FakeAdminApi(acme(7), now=lambda: NOW)
    query = {"start_time": MIDNIGHT, "limit": 1, "group_by": "project_id"}
    mine = FakeAdminApi(ACME, now=lambda: NOW)
    assert rows(get(other, "costs", **query)) != rows(get(mine, "costs", **query))


def test_a_smaller_organization() -> None:
    """A tenth of the traffic, for tests that fetch much."""
    small = FakeAdminApi(ACME, now=lambda: NOW, scale=0.1)
    query = {"start_time": MIDNIGHT - 5 * DAY, "limit": 7}
    full = total(get(FakeAdminApi(ACME, now=lambda: NOW), "usage/completions", **query), _REQUESTS)
    assert 0.05 < total(get(small, "usage/completions", **query), _REQUESTS) / full < 0.2


_REQUESTS = "num_model_requests"


def test_lag_hides_the_newest() -> None:
    """Usage of the last minutes comes with the minutes; costs have a lag of their own."""
    clock = [NOW]
    faults = Faults(lag_minutes=240, costs_lag_minutes=120)
    lagging, plain = FakeAdminApi(ACME, now=lambda: clock[0], faults=faults), api_at(NOW)
    asked_for = {"start_time": MIDNIGHT + 2 * DAY, "end_time": seconds(NOW)}
    until = {**asked_for, "end_time": seconds(NOW) - 240 * 60}
    shown = get(lagging, "usage/completions", **asked_for)
    assert total(shown, _REQUESTS) == total(get(plain, "usage/completions", **until), _REQUESTS)
    assert usd(get(lagging, "costs", **asked_for)) < usd(get(plain, "costs", **asked_for))
    clock[0] = NOW + timedelta(hours=4)
    later = get(lagging, "usage/completions", **asked_for)
    assert rows(later) == rows(get(plain, "usage/completions", **asked_for))


def api_at(now: datetime, **switches: Any) -> FakeAdminApi:
    return FakeAdminApi(ACME, now=lambda: now, faults=Faults(**switches))


def day_of(path: str, field: Callable[[Json], Any], **switches: Any) -> list[Any]:
    """What a query of one day gives at its end, and then each hour for three days."""
    clock = [datetime(2026, 11, 19)]
    api = FakeAdminApi(ACME, now=lambda: clock[0], faults=Faults(**switches))
    found = []
    for hour in range(73):
        clock[0] = datetime(2026, 11, 19) + timedelta(hours=hour)
        found.append(field(get(api, path, start_time=MIDNIGHT, end_time=MIDNIGHT + DAY)))
    return found


@pytest.mark.parametrize("path", ["usage/completions", "costs"])
def test_late_rows_come_in_one_lump(path: str) -> None:
    """A part of the day is missing for 30 to 50 hours after its end, and then is there."""
    field = usd if path == "costs" else lambda page: total(page, "input_tokens")
    (settled,) = set(day_of(path, field))
    found = day_of(path, field, late_percent=30)
    arrived = found.index(settled)
    assert 30 < arrived <= 50
    (before,) = set(found[:arrived])
    assert Decimal("0.4") < Decimal(before) / Decimal(settled) < Decimal("0.95")
    assert set(found[arrived:]) == {settled}


@pytest.mark.parametrize("path", ["usage/completions", "costs"])
def test_restated_days_are_wrong_for_a_day(path: str) -> None:
    """The first numbers are smaller; the requests are the same."""
    field = usd if path == "costs" else lambda page: total(page, "output_tokens")
    (settled,) = set(day_of(path, field))
    found = day_of(path, field, restated_percent=100)
    assert len(set(found[:24])) == 1
    assert found[0] < settled
    assert set(found[24:]) == {settled}
    requests = day_of(
        "usage/completions", lambda page: total(page, _REQUESTS), restated_percent=100
    )
    assert len(set(requests)) == 1


def test_vanishing_rows() -> None:
    """Rows of a wrong key are there for 20 hours, and then are not, whatever replaces them."""

    def keys(now: datetime) -> set[tuple[str, str]]:
        page = get(
            api_at(now, vanishing_percent=100),
            "usage/completions",
            start_time=MIDNIGHT,
            end_time=MIDNIGHT + DAY,
            group_by="api_key_id,model",
        )
        return {(row["api_key_id"], row["model"]) for row in rows(page)}

    early, late = keys(datetime(2026, 11, 19, 19, 59)), keys(datetime(2026, 11, 19, 20))
    assert early - late
    assert {key for key, _ in early - late} == {ACME.project("default").api_keys[0].id}
    assert late - early


def test_refused_grouping() -> None:
    """A name, or two together, that this organization cannot be grouped by."""
    api = api_at(NOW, refused_group_by=(("costs", "user_id+project_id"), ("usage/images", "size")))
    get(api, "costs", start_time=MIDNIGHT, group_by="user_id,line_item")
    status, body = asked(api, "costs", start_time=MIDNIGHT, group_by="project_id,user_id")
    assert (status, body["error"]["param"]) == (400, "group_by")
    assert asked(api, "usage/images", start_time=MIDNIGHT, group_by="size")[0] == 400


def test_cursors_that_lead_nowhere() -> None:
    """One page over and over, or more without saying where."""
    repeating = api_at(NOW, repeats_cursor=("usage/completions",))
    first = get(repeating, "usage/completions", start_time=MIDNIGHT)
    again = get(repeating, "usage/completions", start_time=MIDNIGHT, page=first["next_page"])
    assert again["has_more"]
    assert again["next_page"] == first["next_page"]
    losing = get(api_at(NOW, loses_cursor=("costs",)), "costs", start_time=MIDNIGHT)
    assert (losing["has_more"], losing["next_page"]) == (True, None)


def test_a_new_project_is_not_found_for_seconds() -> None:
    """It is in the list at once, and answers when the seconds are over."""
    clock = [NOW]
    faults = Faults(not_found_after_create_seconds=5)
    api = FakeAdminApi(
        ACME, now=lambda: clock[0], faults=faults, directory=(*ROUTES, *WRITE_ROUTES)
    )
    headers = {"authorization": f"Bearer {api.key}"}
    made = json.loads(
        api.answer("POST", "/v1/organization/projects", headers, b'{"name": "New"}').body
    )
    assert made["id"] in {one["id"] for one in get(api, "projects", limit=100)["data"]}
    users = f"projects/{made['id']}/users"
    assert asked(api, users)[0] == 404
    clock[0] += timedelta(seconds=5)
    assert get(api, users)["data"] == []


@pytest.mark.parametrize(
    ("scopes", "path", "missing"),
    [
        (("api.management.read",), "costs?start_time=9", "api.usage.read"),
        (("api.usage.read",), "projects", "api.management.read"),
    ],
)
def test_scopes_of_the_key(scopes: tuple[str, ...], path: str, missing: str) -> None:
    """A key without a scope is told which, and may do the rest."""
    api = FakeAdminApi(ACME, now=lambda: NOW, scopes=scopes)
    status, body = asked_raw(api, path)
    assert status == 403
    assert f"Missing scopes: {missing}." in body["error"]["message"]
    assert (body["error"]["param"], body["error"]["code"]) == (None, None)


def test_no_key(api: FakeAdminApi) -> None:
    """Nothing is told to who shows none, not even whether a path is there."""
    for target in ("/v1/organization/projects", "/v1/nowhere"):
        answer = api.answer("GET", target, {})
        assert answer.status == 401
        assert "You didn't provide an API key" in answer.body


def test_an_unknown_key_is_not_repeated(api: FakeAdminApi) -> None:
    """An answer may be logged, so it shows the ends of a key at most."""
    answer = api.answer(
        "GET", "/v1/organization/costs", {"authorization": "Bearer sk-admin-0123456789abcdef"}
    )
    assert answer.status == 401
    assert "0123456789" not in answer.body


@cache
def lines_of(bill: Bill) -> set[tuple[str, Any, str, Any]]:
    """The lines of November."""
    page = get(
        FakeAdminApi(ACME, now=lambda: NOW, bill=bill),
        "costs",
        start_time=seconds(datetime(2026, 11, 1)),
        limit=31,
        group_by="line_item,project_id",
    )
    return {
        (row["line_item"], row["project_id"], row["amount"]["value"], row["quantity"])
        for row in rows(page)
    }


@pytest.mark.parametrize(
    ("switch", "line_items"),
    [
        ({"spreads_free_storage": True}, {"assistants api | file search"}),
        ({"long_context": True}, {"gpt-5.4-2026-03-05"}),
        ({"unpriced_model": True}, {"gpt-7-preview-2026-11-10"}),
        ({"sessions": True}, {"code interpreter sessions"}),
        (
            {"differences": True},
            {
                *("gpt-5-mini-2025-08-07", "o3-2025-04-16", "vector refresh"),
                *("gpt-4o-2024-08-06", "gpt-4.1-2025-04-14", "gpt-5-2025-08-07"),
            },
        ),
        (
            {"unexplained": True},
            {"ft-gpt-4o-mini-2024-07-18", "gpt-live-1", "gpt-4o-2024-08-06"},
        ),
    ],
)
def test_each_difference_of_a_bill_is_one_switch(
    switch: dict[str, Any], line_items: set[str]
) -> None:
    """What is switched on changes the lines it is about, and none besides."""
    changed = lines_of(Bill(**switch)) ^ lines_of(Bill())
    assert {line_item.partition(",")[0] for line_item, *_ in changed} == line_items


def test_no_request_makes_it_fall_over(api: FakeAdminApi) -> None:
    """Each route answers each id, sensible or not, with a status of its own."""
    headers = {"authorization": f"Bearer {api.key}"}
    for first in (ACME.project("search").id, ACME.people[0].id, "x", "%2F"):
        for route in ROUTES:
            path = route.path.replace("*", first)
            answer = api.answer(route.method, f"/v1{path}?limit=0&after=&before=x", headers)
            assert answer.status in {200, 400, 404}, (path, answer.body)
            assert json.loads(answer.body)
