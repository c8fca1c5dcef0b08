"""The official SDK, as it is, against the double: its conformance test.

Answers are validated strictly by the SDK's own models; nothing of the SDK is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import openai
import pytest
from openai.resources.admin.organization.organization import Organization as Admin

from pipeline.demo.admin_api.bill import Bill
from pipeline.demo.admin_api.double import AdminApi
from pipeline.demo.admin_api.faults import Faults
from pipeline.demo.admin_api.server import Server, serving
from pipeline.demo.cast import Organization
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


@pytest.fixture(name="server")
def _server(organization: Organization) -> Iterator[Server]:
    """A server of one test, so that what a test changes is gone after it."""
    api = AdminApi(organization, now=lambda: NOW, bill=Bill(sessions=True))
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
    made = admin.projects.create(name="Night shift")
    assert admin.projects.retrieve(made.id) == made
    assert admin.projects.update(made.id, name="Day shift").name == "Day shift"
    gone = admin.projects.archive(made.id)
    assert (gone.status, gone.archived_at) == ("archived", made.created_at)
    assert made.id not in [project.id for project in admin.projects.list()]


def test_default_project_stays_as_it_is(admin: Admin, organization: Organization) -> None:
    """It cannot be renamed or archived, and nobody is added to it."""
    default = organization.project("default").id
    outsider = organization.people[1].id
    for refused in (
        lambda: admin.projects.update(default, name="Ours"),
        lambda: admin.projects.archive(default),
        lambda: admin.projects.users.create(default, user_id=outsider, role="member"),
        lambda: admin.projects.users.delete(organization.people[2].id, project_id=default),
        lambda: admin.projects.service_accounts.create(default, name="bot"),
    ):
        with pytest.raises(openai.BadRequestError):
            refused()


def test_archived_project_has_nobody(admin: Admin, organization: Organization) -> None:
    """Its people and bots cannot be listed, its limits not changed."""
    archived = organization.project("hackathon").id
    for refused in (
        lambda: admin.projects.users.list(archived),
        lambda: admin.projects.service_accounts.list(archived),
        lambda: admin.projects.update(archived, name="Again"),
        lambda: admin.projects.archive(archived),
        lambda: admin.projects.spend_limit.update(
            archived, threshold_amount=1, currency="USD", interval="month"
        ),
    ):
        with pytest.raises(openai.BadRequestError, match="Project Hackathon 2026 is archived"):
            refused()


def test_organization_users(admin: Admin, organization: Organization) -> None:
    """Listed, found by e-mail, changed, removed from everywhere."""
    people = organization.people
    assert [user.id for user in admin.users.list(limit=5)] == [person.id for person in people]
    (found,) = admin.users.list(emails=[people[3].email])
    assert (found.id, found.role) == (people[3].id, "reader")
    assert admin.users.update(people[3].id, role="owner").role == "owner"
    assert admin.users.delete(people[3].id).deleted
    with pytest.raises(openai.NotFoundError):
        admin.users.retrieve(people[3].id)
    calls = organization.project("calls")
    assert people[3].id not in [user.id for user in admin.projects.users.list(calls.id)]


def test_project_users(admin: Admin, organization: Organization) -> None:
    """Somebody of the organization joins, leads and leaves a project."""
    project, person = organization.project("search").id, organization.people[10]
    added = admin.projects.users.create(project, email=person.email, role="member")
    assert (added.id, added.role) == (person.id, "member")
    assert admin.projects.users.retrieve(person.id, project_id=project) == added
    led = admin.projects.users.update(person.id, project_id=project, role="owner")
    assert led.role == "owner"
    assert admin.projects.users.delete(person.id, project_id=project).deleted
    assert person.id not in [user.id for user in admin.projects.users.list(project, limit=1)]
    with pytest.raises(openai.NotFoundError, match="not a member of the organization"):
        admin.projects.users.create(project, email="nobody@acme.example", role="member")


def test_invites(admin: Admin, organization: Organization) -> None:
    """Without projects one is invited to the Default project, with none to none."""
    assert [invite.status for invite in admin.invites.list(limit=1)] == [
        "pending",
        "expired",
        "accepted",
    ]
    default = admin.invites.create(email="a@acme.example", role="reader")
    assert [project.id for project in default.projects] == [organization.project("default").id]
    nowhere = admin.invites.create(email="b@acme.example", role="reader", projects=[])
    assert nowhere.projects == []
    code = organization.project("code").id
    named = admin.invites.create(
        email="c@acme.example", role="owner", projects=[{"id": code, "role": "owner"}]
    )
    assert admin.invites.retrieve(named.id) == named
    assert admin.invites.delete(named.id).deleted
    accepted = next(invite for invite in admin.invites.list() if invite.status == "accepted")
    with pytest.raises(openai.BadRequestError, match="Accepted invites cannot be deleted"):
        admin.invites.delete(accepted.id)


def test_service_accounts_and_their_keys(admin: Admin, organization: Organization) -> None:
    """An account belongs to one project; its key goes with it, and not before."""
    project = organization.project("search")
    accounts = admin.projects.service_accounts
    assert [one.id for one in accounts.list(project.id)] == [
        one.id for one in project.service_accounts
    ]
    made = accounts.create(project.id, name="crawler")
    assert made.role == "member"
    assert made.api_key is not None
    assert made.api_key.value.startswith("sk-svcacct-")
    more = accounts.api_keys.create(made.id, project_id=project.id, name="second")
    keys = {key.id: key for key in admin.projects.api_keys.list(project.id)}
    assert {made.api_key.id, more.id} <= keys.keys()
    assert keys[more.id].owner.service_account is not None
    with pytest.raises(openai.BadRequestError, match="please delete the service account"):
        admin.projects.api_keys.delete(more.id, project_id=project.id)
    with pytest.raises(openai.NotFoundError):
        accounts.retrieve(made.id, project_id=organization.project("code").id)
    led = accounts.update(made.id, project_id=project.id, role="owner", name="spider")
    assert (led.role, led.name) == ("owner", "spider")
    assert accounts.delete(made.id, project_id=project.id).deleted
    assert more.id not in [key.id for key in admin.projects.api_keys.list(project.id)]
    bare = accounts.create(project.id, name="bare", create_service_account_only=True)
    assert (bare.role, bare.api_key) == ("none", None)


def test_api_keys_that_a_list_hides(admin: Admin, organization: Organization) -> None:
    """The key of somebody who left is shown to who asks for any, and still has its usage."""
    project = organization.project("code")
    keys = admin.projects.api_keys
    shown = {key.id for key in keys.list(project.id, limit=2)}
    every = {key.id for key in keys.list(project.id, limit=2, owner_project_access="any")}
    hidden = {key.id for key in keys.list(project.id, owner_project_access="inactive")}
    assert every == {key.id for key in project.api_keys}
    assert hidden == every - shown
    assert len(hidden) == 1
    one = keys.retrieve(hidden.pop(), project_id=project.id)
    assert one.owner_project_access == "inactive"
    assert one.owner.user is not None
    assert keys.delete(one.id, project_id=project.id).deleted
    with pytest.raises(openai.NotFoundError):
        keys.retrieve(one.id, project_id=project.id)


def test_rate_limits(admin: Admin, organization: Organization) -> None:
    """Within the organization's; each thing that can be wrong has its code."""
    project = organization.project("code").id
    limits = {one.model: one for one in admin.projects.rate_limits.list_rate_limits(project)}
    assert limits["gpt-image-2"].max_images_per_1_minute == 250
    update = admin.projects.rate_limits.update_rate_limit
    changed = update("rl-gpt-5-pro", project_id=project, max_requests_per_1_minute=0)
    assert (changed.max_requests_per_1_minute, changed.max_tokens_per_1_minute) == (0, 1_000_000)
    for id_, field, code in (
        ("rl-gpt-5-pro", "max_requests_per_1_minute", "organization_rate_limit_exceeded"),
        ("rl-sora-2", "max_tokens_per_1_minute", "invalid_rate_limit_type"),
        ("rl-gpt-5-pro", "max_images_per_1_minute", "invalid_rate_limit_type"),
        ("rl-gpt-5-shared", "max_requests_per_1_minute", "rate_limit_not_updatable"),
        ("rl-ft:gpt-4o-mini-2024-07-18", "max_requests_per_1_minute", "rate_limit_not_updatable"),
        (
            "rl-gpt-image-1",
            "max_requests_per_1_minute",
            "rate_limit_does_not_exist_for_org_and_model",
        ),
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            update(id_, project_id=project, **{field: 501})  # type: ignore[arg-type]  # by name
        assert refused.value.code == code


def test_model_permissions(admin: Admin, organization: Organization) -> None:
    """Allowed or denied, and back to what it was."""
    permissions = admin.projects.model_permissions
    project = organization.project("contracts").id
    assert permissions.retrieve(project).mode == "allow_list"
    changed = permissions.update(project, mode="deny_list", model_ids=["o1-pro"])
    assert permissions.retrieve(project) == changed
    assert permissions.delete(project).deleted
    assert permissions.retrieve(project).api_model_ids == []


def test_what_else_a_project_may(admin: Admin, organization: Organization) -> None:
    """Hosted tools, service tiers, data retention."""
    project = organization.project("search").id
    tools = admin.projects.hosted_tool_permissions.update(project, mcp={"enabled": False})
    assert (tools.mcp.enabled, tools.web_search.enabled) == (False, True)
    tiers = admin.projects.service_tier_settings
    assert tiers.retrieve(project).enabled_tiers == "all"
    assert tiers.update(project, enabled_tiers=["flex"]).enabled_tiers == ["flex"]
    kept = admin.projects.data_retention.update(project, retention_type="zero_data_retention")
    assert kept.type == "zero_data_retention"
    assert admin.data_retention.retrieve().type == "modified_abuse_monitoring"


def test_spend_limits(admin: Admin, organization: Organization) -> None:
    """One of the organization and one a project, in cents; none is a 404."""
    with pytest.raises(openai.NotFoundError):
        admin.spend_limit.retrieve()
    made = admin.spend_limit.update(threshold_amount=100_000, currency="USD", interval="month")
    assert (made.threshold_amount, made.enforcement.status) == (100_000, "enforcing")
    assert admin.spend_limit.retrieve() == made
    assert admin.spend_limit.delete().deleted
    with pytest.raises(openai.NotFoundError):
        admin.spend_limit.delete()
    project = organization.project("code").id
    assert admin.projects.spend_limit.retrieve(project).threshold_amount == 60_000
    assert admin.projects.spend_limit.delete(project).deleted
    with pytest.raises(openai.BadRequestError) as refused:
        admin.spend_limit.update(threshold_amount=0, currency="USD", interval="month")
    assert refused.value.param == "threshold_amount"


def test_spend_alerts(admin: Admin, organization: Organization) -> None:
    """Many of each; an update replaces the whole alert."""
    project = organization.project("search").id
    channel: Any = {"type": "email", "recipients": ["finance@acme.example"]}
    prefixed: Any = channel | {"subject_prefix": "Search"}
    made = [
        admin.projects.spend_alerts.create(
            project,
            threshold_amount=threshold,
            currency="USD",
            interval="month",
            notification_channel=channel,
        )
        for threshold in (0, 100, 200)
    ]
    alerts = admin.projects.spend_alerts
    assert list(alerts.list(project, limit=2)) == made
    assert list(alerts.list(project, order="desc")) == made[::-1]
    assert alerts.retrieve(made[1].id, project_id=project) == made[1]
    changed = alerts.update(
        made[1].id,
        project_id=project,
        threshold_amount=150,
        currency="USD",
        interval="month",
        notification_channel=prefixed,
    )
    assert changed.notification_channel.subject_prefix == "Search"
    assert alerts.delete(made[0].id, project_id=project).deleted
    assert [one.threshold_amount for one in alerts.list(project)] == [150, 200]
    assert [one.threshold_amount for one in admin.spend_alerts.list()] == [50_000, 100_000]
    mine = admin.spend_alerts.create(
        threshold_amount=1, currency="USD", interval="month", notification_channel=channel
    )
    assert admin.spend_alerts.retrieve(mine.id) == mine
    assert admin.spend_alerts.delete(mine.id).deleted


def test_admin_keys(admin: Admin) -> None:
    """The value is told once; lists go on after the last item."""
    made = admin.admin_api_keys.create(name="second", expires_in_seconds=60)
    assert made.value.startswith("sk-admin-")
    found = list(admin.admin_api_keys.list(limit=1))
    assert [key.name for key in found] == ["tollbook", "second"]
    assert admin.admin_api_keys.retrieve(made.id).redacted_value != made.value
    assert admin.admin_api_keys.delete(made.id).deleted


def test_groups(admin: Admin, organization: Organization) -> None:
    """Their lists name the next; a group is put on a project and taken off."""
    groups = admin.groups
    made = [groups.create(name=name) for name in ("Research", "Support", "Finance")]
    assert list(groups.list(limit=1)) == made
    people = [organization.people[place].id for place in (1, 2, 3)]
    for id_ in people:
        groups.users.create(made[0].id, user_id=id_)
    assert [user.id for user in groups.users.list(made[0].id, limit=2)] == people[::-1]
    assert groups.users.delete(people[0], group_id=made[0].id).deleted
    project = organization.project("code").id
    put = admin.projects.groups.create(project, group_id=made[0].id, role="member")
    assert list(admin.projects.groups.list(project)) == [put]
    assert groups.update(made[0].id, name="Science").name == "Science"
    assert groups.delete(made[0].id).deleted
    assert list(admin.projects.groups.list(project)) == []


def test_audit_logs(admin: Admin, organization: Organization) -> None:
    """What was done, newest first, each with its own property; filters leave what they name."""
    made = admin.projects.create(name="Night shift")
    admin.projects.update(made.id, name="Day shift")
    code = organization.project("code").id
    admin.projects.rate_limits.update_rate_limit(
        "rl-gpt-5-pro", project_id=code, max_requests_per_1_minute=7
    )
    account = admin.projects.service_accounts.create(code, name="bot")
    admin.projects.archive(made.id)
    entries = list(admin.audit_logs.list(limit=2))
    assert [entry.type for entry in entries] == [
        "project.archived",
        "service_account.created",
        "rate_limit.updated",
        "project.updated",
        "project.created",
    ]
    assert {entry.project.name for entry in entries if entry.project} == {"Default project"}
    assert entries[2].rate_limit_updated is not None
    changed = entries[2].rate_limit_updated.changes_requested
    assert changed is not None
    assert changed.max_requests_per_1_minute == 7
    of_project = list(
        admin.audit_logs.list(resource_ids=[made.id], event_types=["project.updated"])
    )
    assert [entry.id for entry in of_project] == [entries[3].id]
    now = entries[0].effective_at
    assert list(admin.audit_logs.list(effective_at={"gt": now})) == []
    assert len(list(admin.audit_logs.list(effective_at={"gte": now, "lte": now}))) == 5
    (created,) = admin.audit_logs.list(resource_ids=[account.id])
    assert created.type == "service_account.created"


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
    with serving(AdminApi(organization, now=lambda: NOW, faults=faults)) as server:
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
    with serving(AdminApi(organization, now=lambda: NOW)) as calm, client(calm) as connected:
        expected = list(connected.admin.organization.projects.list(limit=2))
    with serving(AdminApi(organization, now=lambda: NOW, faults=faults)) as server:
        with client(server) as connected:
            assert list(connected.admin.organization.projects.list(limit=2)) == expected
        assert [asked.status for asked in server.requests if asked.path.endswith("projects")] == [
            *(429, 200),
            *(429, 200),
            *(500, 200),
            *(200, 200),
        ]
