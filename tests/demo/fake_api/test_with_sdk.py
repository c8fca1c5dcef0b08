"""The official SDK, as it is, against the fake API: its conformance test.

Answers are validated strictly by the SDK's own models; nothing of the SDK is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import openai
import pytest
from openai.resources.admin.organization.organization import Organization as Admin

from pipeline.demo.cast import Organization
from pipeline.demo.fake_api.api import FakeAdminApi
from pipeline.demo.fake_api.faults import Faults
from pipeline.demo.fake_api.server import Server, serving
from pipeline.demo.fake_api.usage.bill import Bill
from pipeline.demo.organization import acme

NOW = datetime(2026, 11, 20, 15, 30, 20)
DAY = int(datetime(2026, 11, 18, tzinfo=UTC).timestamp())
USAGE = {
    "completions": ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"],
    "decisions": ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"],
    "embeddings": ["project_id", "user_id", "api_key_id", "model"],
    "moderations": ["project_id", "user_id", "api_key_id", "model"],
    "images": ["project_id", "user_id", "api_key_id", "model", "size", "source"],
    "audio_speeches": ["project_id", "user_id", "api_key_id", "model"],
    "audio_transcriptions": ["project_id", "user_id", "api_key_id", "model"],
    "vector_stores": ["project_id"],
    "code_interpreter_sessions": ["project_id"],
    "file_search_calls": ["project_id", "user_id", "api_key_id", "vector_store_id"],
    "web_search_calls": ["project_id", "user_id", "api_key_id", "model", "context_level"],
}


@pytest.fixture(name="organization", scope="module")
def _organization() -> Organization:
    return acme()


@pytest.fixture(name="server", scope="module")
def _server(organization: Organization) -> Iterator[Server]:
    """A server for all tests of this file: none can change it."""
    api = FakeAdminApi(organization, now=lambda: NOW, bill=Bill(sessions=True))
    with serving(api) as server:
        yield server


@pytest.fixture(name="admin")
def _admin(server: Server) -> Iterator[Admin]:
    with client(server) as connected:
        yield connected.admin.organization


def client(server: Server, key: str | None = None) -> openai.OpenAI:
    """The SDK's client with nothing but a key and a URL; answers must be as its types say."""
    return openai.OpenAI(
        api_key="not-used",
        admin_api_key=key or server.key,
        base_url=server.base_url,
        _strict_response_validation=True,
    )


@pytest.mark.parametrize("name", USAGE)
def test_usage(admin: Admin, name: str) -> None:
    """Each endpoint answers whole days, grouped by all it knows, with rows of its own kind."""
    page = getattr(admin.usage, name)(start_time=DAY, group_by=USAGE[name], limit=2)
    assert [bucket.start_time for bucket in page.data] == [DAY, DAY + 86_400]
    assert page.has_more
    rows = [row for bucket in page.data for row in bucket.results]
    kind = {"file_search_calls": "file_searches", "web_search_calls": "web_searches"}
    assert {row.object for row in rows} == {f"organization.usage.{kind.get(name, name)}.result"}
    assert all(row.project_id.startswith("proj_") for row in rows)


@pytest.mark.parametrize("name", USAGE)
def test_usage_by_nothing(admin: Admin, name: str) -> None:
    """One row a bucket, and no dimension is said."""
    page = getattr(admin.usage, name)(start_time=DAY, limit=1)
    (row,) = page.data[0].results
    assert [getattr(row, dimension) for dimension in USAGE[name]] == [None] * len(USAGE[name])


def test_usage_page_by_page(admin: Admin) -> None:
    """The cursor leads through all hours, once each, to the instant of the first request."""
    starts: list[int] = []
    asked: dict[str, Any] = {"start_time": DAY, "bucket_width": "1h", "limit": 25}
    page = admin.usage.completions(**asked)
    while True:
        starts += [bucket.start_time for bucket in page.data]
        if not page.has_more:
            break
        page = admin.usage.completions(**asked, page=page.next_page or "")
    assert starts == list(range(DAY, DAY + 64 * 3_600, 3_600))
    assert page.data[-1].end_time == int(NOW.replace(tzinfo=UTC).timestamp())


def test_usage_filters(admin: Admin, organization: Organization) -> None:
    """Filters of every kind leave what they name."""
    enrichment, code = organization.project("enrichment"), organization.project("code")
    page = admin.usage.completions(
        start_time=DAY,
        group_by=["project_id", "batch"],
        project_ids=[enrichment.id, code.id],
        batch=True,
        limit=1,
    )
    assert [(r.project_id, r.batch) for r in page.data[0].results] == [(enrichment.id, True)]  # type: ignore[union-attr]  # one of many kinds of rows
    pictures = admin.usage.images(
        start_time=DAY, group_by=["source"], sources=["image.generation"], limit=1
    )
    assert [r.source for r in pictures.data[0].results] == ["image.generation"]  # type: ignore[union-attr]  # as above


def test_costs(admin: Admin) -> None:
    """Whole days, by line item and so by project too; amounts are strings that the SDK reads."""
    page = admin.usage.costs(start_time=DAY + 40_000, group_by=["line_item"], limit=2)
    assert [(b.start_time, b.end_time) for b in page.data] == [
        (DAY, DAY + 86_400),
        (DAY + 86_400, DAY + 2 * 86_400),
    ]
    rows: list[Any] = page.data[0].results
    assert {row.object for row in rows} == {"organization.costs.result"}
    assert {"gpt-4.1-2025-04-14, input", "whisper", "web search tool calls"} <= {
        row.line_item for row in rows
    }
    assert all(row.project_id for row in rows if row.line_item != "assistants api | file search")
    assert all(row.amount.value >= 0 for row in rows if row.project_id)
    assert {"tokens", "duration_seconds", "characters", "gibibyte_hours", None} == {
        row.quantity_unit for row in rows
    }


def test_costs_of_named_line_items(admin: Admin) -> None:
    """Names with commas are one name."""
    page = admin.usage.costs(
        start_time=DAY, group_by=["line_item"], line_items=["gpt-4.1-2025-04-14, input"], limit=1
    )
    rows: list[Any] = page.data[0].results
    assert {row.line_item for row in rows} == {"gpt-4.1-2025-04-14, input"}


def test_projects(admin: Admin, organization: Organization) -> None:
    """Listing goes on by itself; archived ones are there when one asks."""
    names = [project.name for project in admin.projects.list(limit=3)]
    assert names == [p.name for p in organization.projects if p.archived_at is None]
    every = [project.status for project in admin.projects.list(limit=3, include_archived=True)]
    assert every == ["active"] * 8 + ["archived"]


def test_archived_project_has_nobody(admin: Admin, organization: Organization) -> None:
    """Its people and service accounts cannot be listed."""
    archived = organization.project("hackathon").id
    for refused in (
        lambda: admin.projects.users.list(archived),
        lambda: admin.projects.service_accounts.list(archived),
    ):
        with pytest.raises(openai.BadRequestError, match="Project Hackathon 2026 is archived"):
            refused()


def test_people(admin: Admin, organization: Organization) -> None:
    """Everybody in the organization, those of a project, and who is invited."""
    everybody = [person.id for person in organization.people]
    assert [user.id for user in admin.users.list(limit=5)] == everybody
    search = organization.project("search")
    members = {user.id: user.role for user in admin.projects.users.list(search.id, limit=1)}
    assert members == dict.fromkeys(search.owner_ids, "owner") | dict.fromkeys(
        search.member_ids, "member"
    )
    assert [invite.status for invite in admin.invites.list(limit=1)] == [
        "pending",
        "expired",
        "accepted",
    ]


def test_service_accounts(admin: Admin, organization: Organization) -> None:
    """An account belongs to one project, and owns keys of it."""
    project = organization.project("search")
    listed = [one.id for one in admin.projects.service_accounts.list(project.id)]
    assert listed == [one.id for one in project.service_accounts]
    owners = [key.owner.service_account for key in admin.projects.api_keys.list(project.id)]
    assert {owner.id for owner in owners if owner} <= set(listed)


def test_api_keys_that_a_list_hides(admin: Admin, organization: Organization) -> None:
    """The key of somebody who left is shown to who asks for any, and still has its usage."""
    project = organization.project("code")
    keys = admin.projects.api_keys
    shown = {key.id for key in keys.list(project.id, limit=2)}
    every = {key.id: key for key in keys.list(project.id, limit=2, owner_project_access="any")}
    hidden = {key.id for key in keys.list(project.id, owner_project_access="inactive")}
    assert set(every) == {key.id for key in project.api_keys}
    assert hidden == set(every) - shown
    [one] = (every[id_] for id_ in hidden)
    assert one.owner_project_access == "inactive"
    assert one.owner.user is not None


def test_limits_of_a_project(admin: Admin, organization: Organization) -> None:
    """Rate limits, models and spend; who has no spend limit gets a 404."""
    code, search = (organization.project(slug).id for slug in ("code", "search"))
    limits = {one.model: one for one in admin.projects.rate_limits.list_rate_limits(code)}
    assert limits["gpt-image-2"].max_images_per_1_minute == 250
    permissions = admin.projects.model_permissions
    assert permissions.retrieve(organization.project("contracts").id).mode == "allow_list"
    assert permissions.retrieve(search).api_model_ids == []
    assert admin.projects.spend_limit.retrieve(code).threshold_amount == 60_000
    with pytest.raises(openai.NotFoundError):
        admin.projects.spend_limit.retrieve(search)
    with pytest.raises(openai.NotFoundError):
        admin.spend_limit.retrieve()


def test_nothing_can_be_changed(admin: Admin, organization: Organization) -> None:
    """It only answers questions."""
    project = organization.project("search").id
    for refused, status in (
        (lambda: admin.projects.create(name="Night shift"), 405),
        (lambda: admin.projects.archive(project), 404),
        (lambda: admin.projects.spend_limit.delete(project), 405),
    ):
        with pytest.raises(openai.APIStatusError) as raised:
            refused()
        assert raised.value.status_code == status


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, openai.BadRequestError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_broken_endpoints_raise_the_sdks_errors(
    organization: Organization, status: int, expected: type[openai.APIStatusError]
) -> None:
    """A status for good is the SDK's class for it, with all four fields of the envelope."""
    faults = Faults(broken={"usage/images": status})
    with serving(FakeAdminApi(organization, now=lambda: NOW, faults=faults)) as server:
        connected = client(server).with_options(max_retries=0)
        with connected, pytest.raises(expected) as raised:
            connected.admin.organization.usage.images(start_time=DAY)
    assert raised.value.status_code == status
    assert raised.value.request_id is not None
    assert isinstance(raised.value.body, dict)
    assert raised.value.body.keys() == {"message", "type", "param", "code"}


def test_wrong_keys(server: Server) -> None:
    """An unknown key is a 401, a project's a 403 that names the scope."""
    with client(server, "sk-admin-of-somebody-else") as connected:
        with pytest.raises(openai.AuthenticationError) as unknown:
            connected.admin.organization.usage.costs(start_time=DAY)
        assert unknown.value.code == "invalid_api_key"
    with client(server, "sk-proj-0123456789abcdefghij") as connected:
        with pytest.raises(openai.PermissionDeniedError, match=r"Missing scopes: api\.usage\.read"):
            connected.admin.organization.usage.costs(start_time=DAY)
        with pytest.raises(openai.PermissionDeniedError, match=r"api\.management\.read"):
            connected.admin.organization.projects.list()


def test_failures_that_pass_are_nothing_to_the_sdk(organization: Organization) -> None:
    """Every request fails once, each in its own way; the SDK asks again and gets the same."""
    faults = Faults(
        failing_every=1,
        failures=("rate_limited", "rate_limited_silently", "server_error", "cut", "dropped"),
        retry_after_ms=1,
    )
    with serving(FakeAdminApi(organization, now=lambda: NOW)) as calm, client(calm) as connected:
        expected = list(connected.admin.organization.projects.list(limit=2))
    with serving(FakeAdminApi(organization, now=lambda: NOW, faults=faults)) as server:
        with client(server) as connected:
            assert list(connected.admin.organization.projects.list(limit=2)) == expected
        assert [asked.status for asked in server.requests if asked.path.endswith("projects")] == [
            *(429, 200),
            *(429, 200),
            *(500, 200),
            *(200, 200),
        ]
