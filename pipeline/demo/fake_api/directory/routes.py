"""The routes of the directory: which path is answered by which list or object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.demo.fake_api.directory.lists import listed
from pipeline.demo.fake_api.directory.state import Json, ProjectState, State
from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.refusals import RefusedError

_ACCESS = ("active", "inactive", "any")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, below the version: `ids` are what the stars of the route stand for."""

    method: str
    path: str
    ids: tuple[str, ...]
    parameters: Parameters
    raw_body: bytes


class Route(NamedTuple):
    """A method and a path with stars for ids, and the function that answers."""

    method: str
    path: str
    answer: Callable[[State, Request], Json]


def shown_key(project: ProjectState, key: Json) -> Json:
    """A key as it is listed: with whether its owner still belongs to the project."""
    owner = key["owner"]
    owner_id = owner[owner["type"]]["id"]
    is_here = owner_id in project.users or owner_id in project.service_accounts
    return key | {"owner_project_access": "active" if is_here else "inactive"}


def _projects(state: State, request: Request) -> Json:
    has_archived = request.parameters.boolean("include_archived") is True
    return listed(
        {
            id_: project.shown
            for id_, project in state.projects.items()
            if has_archived or not project.is_archived
        },
        request.parameters,
    )


def _users(state: State, request: Request) -> Json:
    return listed(state.users, request.parameters)


def _invites(state: State, request: Request) -> Json:
    return listed(state.invites, request.parameters)


def _spend_limit(state: State, _: Request) -> Json:
    if state.spend_limit is None:
        raise RefusedError(404, "No spend limit is configured for this organization.")
    return state.spend_limit


def _project_users(state: State, request: Request) -> Json:
    return listed(state.active_project(request.ids[0]).users, request.parameters)


def _service_accounts(state: State, request: Request) -> Json:
    return listed(state.active_project(request.ids[0]).service_accounts, request.parameters)


def _api_keys(state: State, request: Request) -> Json:
    """All, or those whose owner has access; unless one asks, those of present members."""
    project = state.project(request.ids[0])
    wanted = request.parameters.choice("owner_project_access", _ACCESS) or "active"
    shown = {id_: shown_key(project, key) for id_, key in project.api_keys.items()}
    return listed(
        {id_: key for id_, key in shown.items() if wanted in {"any", key["owner_project_access"]}},
        request.parameters,
    )


def _rate_limits(state: State, request: Request) -> Json:
    return listed(state.project(request.ids[0]).rate_limits, request.parameters, default=100)


def _model_permissions(state: State, request: Request) -> Json:
    return state.project(request.ids[0]).model_permissions or {
        "object": "project.model_permissions",
        "mode": "deny_list",
        "model_ids": [],
    }


def _project_spend_limit(state: State, request: Request) -> Json:
    found = state.project(request.ids[0]).spend_limit
    if found is None:
        raise RefusedError(404, "No spend limit is configured for this project.")
    return found


def _spend_alerts(state: State, request: Request) -> Json:
    return listed(state.spend_alerts, request.parameters)


def _project_spend_alerts(state: State, request: Request) -> Json:
    return listed(state.project(request.ids[0]).spend_alerts, request.parameters)


_PROJECT = "/organization/projects/*"
ROUTES = (
    Route("GET", "/organization/projects", _projects),
    Route("GET", "/organization/users", _users),
    Route("GET", "/organization/invites", _invites),
    Route("GET", "/organization/spend_limit", _spend_limit),
    Route("GET", f"{_PROJECT}/users", _project_users),
    Route("GET", f"{_PROJECT}/service_accounts", _service_accounts),
    Route("GET", f"{_PROJECT}/api_keys", _api_keys),
    Route("GET", f"{_PROJECT}/rate_limits", _rate_limits),
    Route("GET", f"{_PROJECT}/model_permissions", _model_permissions),
    Route("GET", f"{_PROJECT}/spend_limit", _project_spend_limit),
    Route("GET", "/organization/spend_alerts", _spend_alerts),
    Route("GET", f"{_PROJECT}/spend_alerts", _project_spend_alerts),
)
