"""The made-up organization and what it calls."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from pipeline.demo.organization import acme, request_lines
from pipeline.demo.traffic import calls
from pipeline.demo.workloads import LONG_CONTEXT_ABOVE, UNPRICED_MODEL

WEEK = (date(2026, 10, 5), date(2026, 10, 12))


@pytest.fixture(scope="module", name="bodies")
def _bodies() -> list[dict[str, Any]]:
    return [json.loads(text) for text in request_lines(acme(), *WEEK)]


def test_same_seed_same_organization_and_lines() -> None:
    """Everything follows from the seed: two of the same are equal, another one differs."""
    assert acme(7) == acme(7)
    assert acme(7).projects != acme(8).projects
    first, second = (list(request_lines(acme(7), *WEEK)) for _ in range(2))
    assert first == second


def test_a_day_is_the_same_whatever_else_was_asked_for() -> None:
    """The lines of a span are those of its days, one after the other."""
    days = [date(2026, 10, 23), date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]
    single = [
        text for since, until in pairwise(days) for text in request_lines(acme(), since, until)
    ]
    assert list(request_lines(acme(), days[0], days[-1])) == single


def test_scale_multiplies_the_traffic() -> None:
    """Ten times the scale is about ten times the lines."""
    usual = sum(1 for _ in request_lines(acme(), *WEEK))
    more = sum(1 for _ in request_lines(acme(), *WEEK, scale=10))
    assert 9.5 < more / usual < 10.5


def test_ids_have_the_providers_shapes() -> None:
    """Ids look as the API's do, and none occurs twice."""
    organization = acme()
    ids = [organization.id]
    for person in organization.people:
        assert re.fullmatch(r"user-[0-9A-Za-z]{24}", person.id)
        ids.append(person.id)
    for project in organization.projects:
        assert re.fullmatch(r"proj_[0-9A-Za-z]{24}", project.id)
        ids.append(project.id)
        for key in project.api_keys:
            assert re.fullmatch(r"key_[0-9A-Za-z]{16}", key.id)
            assert (key.user_id is None) != (key.service_account_id is None)
            ids.append(key.id)
        for account in project.service_accounts:
            assert re.fullmatch(r"svc_acct_[0-9A-Za-z]{24}", account.id)
            ids.append(account.id)
    assert len(ids) == len(set(ids))
    assert organization.projects[0].name == "Default project"


def test_keys_belong_to_projects_and_people(bodies: list[dict[str, Any]]) -> None:
    """A line's key is one of its project's, and its user or service account is the key's."""
    keys = {
        (project.id, key.id, key.user_id, key.service_account_id)
        for project in acme().projects
        for key in project.api_keys
    }
    seen = {
        (b["project_id"], b["api_key_id"], b["user_id"], b["service_account_id"]) for b in bodies
    }
    assert seen <= keys
    assert len({project for project, *_ in seen}) == 9


def test_every_kind_of_body_occurs(bodies: list[dict[str, Any]]) -> None:
    """One week holds every shape that the API answers with, and Batch output lines."""
    shapes = Counter(_shape(body) for body in bodies)
    assert set(shapes) == {
        "batch",
        "chat.completion",
        "response",
        "list",
        "/v1/audio/speech",
        "/v1/images/generations",
        "/v1/audio/transcriptions tokens",
        "/v1/audio/transcriptions duration",
        "/v1/moderations",
    }


def test_bodies_have_their_id_and_their_time(bodies: list[dict[str, Any]]) -> None:
    """A record is identified by the body's id, or else by the request's, and has an instant."""
    ids = []
    for body in bodies:
        inner = body["response"]["body"] if "response" in body else body
        ids.append(inner.get("id") or body["request_id"])
        at = datetime.fromtimestamp(inner.get("created") or inner["created_at"], UTC)
        assert datetime(2026, 10, 4, 22, tzinfo=UTC) <= at < datetime(2026, 10, 11, 22, tzinfo=UTC)
    assert len(ids) == len(set(ids))


def test_token_counts_agree_with_each_other(bodies: list[dict[str, Any]]) -> None:
    """Cached, audio and cache-write tokens lie inside the input, reasoning inside the output."""
    for usage in _token_usages(bodies):
        whole = usage.get("prompt_tokens", usage.get("input_tokens"))
        output = usage.get("completion_tokens", usage.get("output_tokens", 0))
        assert usage["total_tokens"] == whole + output
        details = usage.get("prompt_tokens_details", usage.get("input_tokens_details", {}))
        cached = details.get("cached_tokens", 0)
        assert cached % 128 == 0
        assert 0 <= cached + details.get("cache_write_tokens", 0) <= whole
        assert details.get("audio_tokens", 0) <= whole
        out = usage.get("completion_tokens_details", usage.get("output_tokens_details", {}))
        assert out.get("reasoning_tokens", 0) <= output
        assert out.get("audio_tokens", 0) <= output


def test_traffic_has_the_traits_that_reports_must_cope_with() -> None:
    """Long contexts, cache reads and writes, tiers, weekends, a surge, an archived project."""
    made = list(calls(acme(), date(2026, 9, 21), date(2026, 11, 23)))
    by_day = Counter(call.at.date() for call in made)
    assert any(call.input_tokens > LONG_CONTEXT_ABOVE for call in made)
    assert any(call.cached_tokens for call in made)
    assert any(call.cache_write_tokens for call in made)
    assert {call.service_tier for call in made} == {"default", "flex", "priority"}
    assert by_day[date(2026, 10, 4)] < by_day[date(2026, 10, 6)] / 2
    agents = Counter(call.at.date() for call in made if call.workload.name == "agents")
    assert agents[date(2026, 11, 17)] > 3 * agents[date(2026, 11, 10)]
    last = max(call.at for call in made if call.project.slug == "hackathon")
    assert last.date() == date(2026, 10, 9)
    assert min(call.at.date() for call in made if call.model == UNPRICED_MODEL) >= date(
        2026, 11, 11
    )


def _shape(body: dict[str, Any]) -> str:
    if "custom_id" in body:
        return "batch"
    if "object" in body:
        return str(body["object"])
    kind = body.get("usage", {}).get("type", "")
    return f"{body['endpoint']} {kind}".strip()


def _token_usages(bodies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for body in bodies:
        usage = (body["response"]["body"] if "response" in body else body).get("usage", {})
        if "total_tokens" in usage:
            yield usage
