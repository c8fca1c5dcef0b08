"""The directory as the made-up organization begins: people, projects, accounts, keys, limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.demo.cast import ApiKey, Organization, Person, Project
from pipeline.demo.fake_api.directory.state import Json, Objects, ProjectState, State
from pipeline.demo.fake_api.faults import Faults, share
from pipeline.demo.fake_api.usage.metering import unix_seconds

# Requests and tokens a minute of the organization, and what else a model has.
_LIMITS: dict[str, tuple[int, int, dict[str, int]]] = {
    "gpt-4o-mini-2024-07-18": (30_000, 150_000_000, {"batch_1_day_max_input_tokens": 10**10}),
    "gpt-4o-2024-08-06": (10_000, 30_000_000, {"batch_1_day_max_input_tokens": 5 * 10**9}),
    "gpt-4.1-2025-04-14": (10_000, 30_000_000, {"batch_1_day_max_input_tokens": 5 * 10**9}),
    "gpt-5-2025-08-07": (15_000, 40_000_000, {"batch_1_day_max_input_tokens": 15 * 10**9}),
    "gpt-5-mini-2025-08-07": (30_000, 180_000_000, {"batch_1_day_max_input_tokens": 15 * 10**9}),
    "gpt-5.4-2026-03-05": (15_000, 40_000_000, {}),
    "gpt-5.4-mini-2026-03-17": (30_000, 180_000_000, {}),
    "gpt-5.6-terra": (15_000, 40_000_000, {}),
    "gpt-5-pro": (500, 1_000_000, {}),
    "gpt-image-2": (5_000, 8_000_000, {"max_images_per_1_minute": 250}),
    "gpt-4o-transcribe": (10_000, 8_000_000, {}),
    "whisper-1": (10_000, 0, {"max_audio_megabytes_per_1_minute": 1_000}),
    "tts-1": (10_000, 0, {}),
    "sora-2": (375, 0, {}),
    "text-embedding-3-small": (10_000, 10_000_000, {"max_requests_per_1_day": 10**7}),
    "text-embedding-3-large": (10_000, 10_000_000, {"max_requests_per_1_day": 10**7}),
    "gpt-5-shared": (15_000, 40_000_000, {}),
    "ft:gpt-4o-mini-2024-07-18": (30_000, 150_000_000, {}),
}


def begun(organization: Organization, now: Callable[[], datetime], faults: Faults) -> State:
    """The state of a new server."""
    state = State(organization.seed, organization.id, organization.name, now, faults)
    state.rate_limits = {limit["id"]: limit for limit in _rate_limits()}
    people = {person.id: person for person in organization.people}
    for person in organization.people:
        state.users[person.id] = _user(person, organization)
    for project in organization.projects:
        state.projects[project.id] = _project(state, project, people)
    _add_limits(state, organization)
    _add_invites(state, organization)
    return state


def rate_limits_of_a_project(state: State) -> Objects:
    """The rate limits that a new project has: the organization's."""
    return {id_: dict(limit) for id_, limit in state.rate_limits.items()}


def key_owner(key: ApiKey, project: Project, people: dict[str, Person]) -> Json:
    """The `owner` of a project's key."""
    if key.user_id is not None:
        person = people[key.user_id]
        return {
            "type": "user",
            "user": {
                "object": "organization.project.user",
                "id": person.id,
                "email": person.email,
                "name": person.name,
                "created_at": unix_seconds(person.added_at),
                "added_at": unix_seconds(person.added_at),
                "role": "owner" if person.id in project.owner_ids else "member",
            },
        }
    account = next(one for one in project.service_accounts if one.id == key.service_account_id)
    return {
        "type": "service_account",
        "service_account": {
            "object": "organization.project.service_account",
            "id": account.id,
            "name": account.name,
            "created_at": unix_seconds(account.created_at),
            "role": "member",
        },
    }


def _user(person: Person, organization: Organization) -> Json:
    added_at = unix_seconds(person.added_at)
    return {
        "object": "organization.user",
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "added_at": added_at,
        "created": added_at,
        "is_default": False,
        "is_service_account": False,
        "is_scim_managed": False,
        "api_key_last_used_at": None,
        "technical_level": None,
        "developer_persona": None,
        "user": {
            "object": "user",
            "id": person.id,
            "name": person.name,
            "email": person.email,
            "enabled": True,
        },
        "projects": {
            "object": "list",
            "data": [
                {"id": one.id, "name": one.name, "role": "owner" if is_owner else "member"}
                for one in organization.projects
                if (is_owner := person.id in one.owner_ids) or person.id in one.member_ids
            ],
        },
    }


def _project(state: State, project: Project, people: dict[str, Person]) -> ProjectState:
    is_archived = project.archived_at is not None and project.archived_at <= state.now()
    began = ProjectState(
        shown={
            "object": "organization.project",
            "id": project.id,
            "name": project.name,
            "created_at": unix_seconds(project.created_at),
            "archived_at": (
                unix_seconds(project.archived_at) if project.archived_at and is_archived else None
            ),
            "status": "archived" if is_archived else "active",
            "external_key_id": None,
            "residency": "EU_STORAGE_PROCESSING" if project.slug == "contracts" else "GLOBAL",
        },
        is_default=project.slug == "default",
    )
    began.rate_limits = rate_limits_of_a_project(state)
    # Archived projects have nobody; and one person has left the largest project since.
    present = () if is_archived else (*project.owner_ids, *project.member_ids)
    if len(present) > 4 and not began.is_default:
        present = present[:-1]
    for id_ in present:
        began.users[id_] = {
            "object": "organization.project.user",
            "id": id_,
            "name": people[id_].name,
            "email": people[id_].email,
            "role": "owner" if id_ in project.owner_ids else "member",
            "added_at": unix_seconds(project.created_at),
        }
    for account in () if is_archived else project.service_accounts:
        began.service_accounts[account.id] = {
            "object": "organization.project.service_account",
            "id": account.id,
            "name": account.name,
            "role": "member",
            "created_at": unix_seconds(account.created_at),
        }
    for key in project.api_keys:
        began.api_keys[key.id] = {
            "object": "organization.project.api_key",
            "id": key.id,
            "name": key.name,
            "redacted_value": f"sk-{'svcacct' if key.user_id is None else 'proj'}-***{key.id[-4:]}",
            "created_at": unix_seconds(key.created_at),
            "last_used_at": _last_used(state, key),
            "expires_at": None,
            "owner": key_owner(key, project, people),
        }
    return began


def _last_used(state: State, key: ApiKey) -> int | None:
    if state.now() <= key.created_at:
        return None
    return max(unix_seconds(key.created_at), state.seconds() - share(key.id, "used", of=86_400))


def _rate_limits() -> list[Json]:
    return [
        {
            "object": "project.rate_limit",
            "id": f"rl-{model}",
            "model": model,
            "max_requests_per_1_minute": requests,
            "max_tokens_per_1_minute": tokens,
            **others,
        }
        for model, (requests, tokens, others) in _LIMITS.items()
    ]


def _add_limits(state: State, organization: Organization) -> None:
    """A hard limit on one project, and one allow list of models."""
    code = state.projects[organization.project("code").id]
    code.spend_limit = {
        "object": "project.spend_limit",
        "threshold_amount": 60_000,
        "currency": "USD",
        "interval": "month",
        "enforcement": {"status": "enforcing"},
    }
    code.spend_alerts["alert_code_400"] = {
        "object": "project.spend_alert",
        "id": "alert_code_400",
        "threshold_amount": 40_000,
        "currency": "USD",
        "interval": "month",
        "notification_channel": {"type": "email", "recipients": ["finance@example.com"]},
    }
    contracts = state.projects[organization.project("contracts").id]
    contracts.model_permissions = {
        "object": "project.model_permissions",
        "mode": "allow_list",
        "model_ids": ["gpt-5.4-2026-03-05"],
    }


def _add_invites(state: State, organization: Organization) -> None:
    default = state.default_project.shown["id"]
    for name, status, days in (
        ("noor.aziz", "pending", 2),
        ("piet.jansen", "expired", 45),
        (organization.people[-1].email.partition("@")[0], "accepted", 200),
    ):
        id_ = state.mint("invite-")
        created_at = unix_seconds(state.now() - timedelta(days=days))
        state.invites[id_] = {
            "object": "organization.invite",
            "id": id_,
            "email": f"{name}@acme.example",
            "role": "reader",
            "status": status,
            "created_at": created_at,
            "expires_at": created_at + 7 * 86_400,
            "accepted_at": created_at + 3_600 if status == "accepted" else None,
            "projects": [{"id": default, "role": "member"}],
        }
