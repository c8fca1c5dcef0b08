"""Routes that change the directory of the fake API, for tests of what changes and what is set.

    FakeAdminApi(acme(), now=clock, directory=(*ROUTES, *WRITE_ROUTES))

The demo reads the directory only, so the shipped fake has none of these.
"""

from __future__ import annotations

import json
from typing import Any

from pipeline.demo.fake_api.directory.begin import rate_limits_of_a_project
from pipeline.demo.fake_api.directory.routes import Request, Route
from pipeline.demo.fake_api.directory.state import Json, ProjectState, State, archived
from pipeline.demo.fake_api.refusals import RefusedError, invalid, missing

_PROJECT = "/organization/projects/*"


def _body(request: Request) -> Json:
    fields: Any = json.loads(request.raw_body or b"{}")
    assert isinstance(fields, dict)
    return fields


def _create_project(state: State, request: Request) -> Json:
    id_ = state.mint("proj_")
    project = ProjectState(
        {
            "object": "organization.project",
            "id": id_,
            "name": _body(request)["name"],
            "created_at": state.seconds(),
            "archived_at": None,
            "status": "active",
            "external_key_id": None,
            "residency": "GLOBAL",
        }
    )
    project.rate_limits = rate_limits_of_a_project(state)
    state.projects[id_] = project
    state.hide(project)
    return project.shown


def _rename_project(state: State, request: Request) -> Json:
    project = _changeable(state, request, "updated")
    project.shown["name"] = _body(request)["name"]
    for user in state.users.values():
        for one in user["projects"]["data"]:
            if one["id"] == project.shown["id"]:
                one["name"] = project.shown["name"]
    return project.shown


def _archive_project(state: State, request: Request) -> Json:
    project = _changeable(state, request, "archived")
    project.shown |= {"status": "archived", "archived_at": state.seconds()}
    project.users.clear()
    project.service_accounts.clear()
    for user in state.users.values():
        user["projects"]["data"] = [
            one for one in user["projects"]["data"] if one["id"] != project.shown["id"]
        ]
    return project.shown


def _changeable(state: State, request: Request, verb: str) -> ProjectState:
    project = state.project(request.ids[0])
    if project.is_default:
        raise invalid(f"The default project cannot be {verb}.")
    if project.is_archived:
        raise archived(project)
    return project


def _create_service_account(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    if project.is_default:
        raise invalid("Service accounts cannot be created in the default project.")
    account = {
        "object": "organization.project.service_account",
        "id": state.mint("svc_acct_"),
        "name": _body(request)["name"],
        "role": "member",
        "created_at": state.seconds(),
    }
    project.service_accounts[account["id"]] = account
    key_id = state.mint("key_", 16)
    project.api_keys[key_id] = {
        "object": "organization.project.api_key",
        "id": key_id,
        "name": "Secret Key",
        "redacted_value": f"sk-svcacct-***{key_id[-4:]}",
        "created_at": state.seconds(),
        "last_used_at": None,
        "expires_at": None,
        "owner": {"type": "service_account", "service_account": account},
    }
    secret = {
        "object": "organization.project.service_account.api_key",
        "id": key_id,
        "name": "Secret Key",
        "value": state.mint("sk-svcacct-", 40),
        "created_at": state.seconds(),
        "expires_at": None,
    }
    return account | {"api_key": secret}


def _delete_api_key(state: State, request: Request) -> Json:
    keys = state.project(request.ids[0]).api_keys
    key = keys.get(request.ids[1])
    if key is None:
        raise missing("API key", request.ids[1])
    if key["owner"]["type"] == "service_account":
        raise invalid(
            "API keys cannot be deleted for service accounts, please delete the service account"
        )
    del keys[key["id"]]
    return {"object": "organization.project.api_key.deleted", "id": key["id"], "deleted": True}


def _set_spend_limit(state: State, request: Request) -> Json:
    fields = _body(request)
    state.spend_limit = {
        "object": "organization.spend_limit",
        "threshold_amount": fields["threshold_amount"],
        "currency": fields["currency"],
        "interval": fields["interval"],
        "enforcement": {"status": "enforcing"},
    }
    return state.spend_limit


def _set_project_spend_limit(state: State, request: Request) -> Json:
    project, fields = state.active_project(request.ids[0]), _body(request)
    cents = fields.get("threshold_amount")
    if not isinstance(cents, int) or cents < 1:
        raise invalid("Invalid 'threshold_amount': expected an integer of at least 1.")
    if (fields.get("currency"), fields.get("interval")) != ("USD", "month"):
        raise invalid("Invalid 'currency' or 'interval'.")
    project.spend_limit = {
        "object": "project.spend_limit",
        **fields,
        "enforcement": {"status": "enforcing"},
    }
    return project.spend_limit


def _set_rate_limit(state: State, request: Request) -> Json:
    project, limit_id = state.active_project(request.ids[0]), request.ids[1]
    limit = project.rate_limits.get(limit_id)
    if limit is None:
        raise _no_rate_limit(
            f"The rate limit for model {limit_id.removeprefix('rl-')} is not set for your "
            "organization",
            "rate_limit_does_not_exist_for_org_and_model",
        )
    if limit["model"].startswith("ft:") or limit["model"].endswith("-shared"):
        raise _no_rate_limit(f"{limit_id} cannot be updated", "rate_limit_not_updatable")
    most = state.rate_limits[limit_id]
    for name, value in _body(request).items():
        if name not in limit:
            raise _no_rate_limit(f"{limit_id} has no {name}", "invalid_rate_limit_type")
        if value > most[name]:
            raise _no_rate_limit(
                f"The {name} for {limit_id} cannot exceed the organization rate limit of "
                f"{most[name]}.0",
                "organization_rate_limit_exceeded",
            )
        limit[name] = value
    return limit


def _no_rate_limit(what: str, code: str) -> RefusedError:
    return RefusedError(400, what, code=code)


def _delete_project_spend_limit(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    if project.spend_limit is None:
        raise missing("spend limit of project", request.ids[0])
    project.spend_limit = None
    return {"object": "project.spend_limit.deleted", "deleted": True}


WRITE_ROUTES = (
    Route("POST", "/organization/projects", _create_project),
    Route("POST", _PROJECT, _rename_project),
    Route("POST", f"{_PROJECT}/archive", _archive_project),
    Route("POST", f"{_PROJECT}/service_accounts", _create_service_account),
    Route("DELETE", f"{_PROJECT}/api_keys/*", _delete_api_key),
    Route("POST", "/organization/spend_limit", _set_spend_limit),
    Route("POST", f"{_PROJECT}/spend_limit", _set_project_spend_limit),
    Route("DELETE", f"{_PROJECT}/spend_limit", _delete_project_spend_limit),
    Route("POST", f"{_PROJECT}/rate_limits/*", _set_rate_limit),
)
