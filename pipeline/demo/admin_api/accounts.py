"""The endpoints of what is not a person: service accounts, project API keys, admin keys.

A secret value is in the answer that creates it and nowhere else.
"""

from __future__ import annotations

from typing import Any

from pipeline.demo.admin_api.lists import listed
from pipeline.demo.admin_api.problems import invalid, missing
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.state import Json, ProjectState, State

_ACCESS = ("active", "inactive", "any")
_LONGEST_EXPIRY = 31_536_000


def _list_accounts(state: State, request: Request) -> Json:
    return listed(state.active_project(request.ids[0]).service_accounts, request.parameters)


def _create_account(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    if project.is_default:
        raise invalid("Service accounts cannot be created in the default project.")
    name = request.body.text("name")
    is_bare = request.body.truth("create_service_account_only")
    if is_bare and "expires_in_seconds" in request.body:
        raise invalid(
            "'expires_in_seconds' cannot be used with 'create_service_account_only'.",
            "expires_in_seconds",
        )
    id_ = state.mint("svc_acct_")
    account = {
        "object": "organization.project.service_account",
        "id": id_,
        "name": name,
        "role": "none" if is_bare else "member",
        "created_at": state.seconds(),
    }
    project.service_accounts[id_] = account
    key = None if is_bare else _new_key(state, project, account, request, name="Secret Key")
    return account | {"api_key": key}


def _retrieve_account(state: State, request: Request) -> Json:
    return _account(state.active_project(request.ids[0]), request.ids[1])


def _modify_account(state: State, request: Request) -> Json:
    account = _account(state.active_project(request.ids[0]), request.ids[1])
    if "name" in request.body:
        account["name"] = request.body.text("name")
    if "role" in request.body:
        account["role"] = request.body.text("role", ("member", "owner"))
    return account


def _delete_account(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    account = _account(project, request.ids[1])
    del project.service_accounts[account["id"]]
    for id_, key in tuple(project.api_keys.items()):
        if _owner_id(key) == account["id"]:
            del project.api_keys[id_]
    return {
        "object": "organization.project.service_account.deleted",
        "id": account["id"],
        "deleted": True,
    }


def _create_account_key(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    account = _account(project, request.ids[1])
    name = request.body.text("name") if "name" in request.body else "Secret Key"
    if "scopes" in request.body:
        request.body.texts("scopes")
    return _new_key(state, project, account, request, name=name)


def _list_keys(state: State, request: Request) -> Json:
    """All, or those whose owner has access; unless one asks, those of present members."""
    project = state.project(request.ids[0])
    wanted = request.parameters.choice("owner_project_access", _ACCESS) or "active"
    shown = {id_: _shown_key(project, key) for id_, key in project.api_keys.items()}
    return listed(
        {id_: key for id_, key in shown.items() if wanted in {"any", key["owner_project_access"]}},
        request.parameters,
    )


def _retrieve_key(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return _shown_key(project, _key(project, request.ids[1]))


def _modify_key(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    key = _key(project, request.ids[1])
    if "scopes" in request.body:
        request.body.texts("scopes")
    if "expires_in_seconds" in request.body:
        key["expires_at"] = _expiry(state, request)
    return _shown_key(project, key)


def _delete_key(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    key = _key(project, request.ids[1])
    if key["owner"]["type"] == "service_account":
        raise invalid(
            "API keys cannot be deleted for service accounts, please delete the service account"
        )
    del project.api_keys[key["id"]]
    return {"object": "organization.project.api_key.deleted", "id": key["id"], "deleted": True}


def _list_admin_keys(state: State, request: Request) -> Json:
    return listed(state.admin_api_keys, request.parameters, order="asc")


def _create_admin_key(state: State, request: Request) -> Json:
    name = request.body.text("name")
    expires_at = _expiry(state, request)
    id_ = state.mint("key_", 16)
    owner = next(user for user in state.users.values() if user["role"] == "owner")
    key = {
        "object": "organization.admin_api_key",
        "id": id_,
        "name": name,
        "redacted_value": f"sk-admin-***{id_[-4:]}",
        "created_at": state.seconds(),
        "expires_at": expires_at,
        "last_used_at": None,
        "owner": {
            "type": "user",
            "object": "organization.user",
            "id": owner["id"],
            "name": owner["name"],
            "created_at": owner["added_at"],
            "role": owner["role"],
        },
    }
    state.admin_api_keys[id_] = key
    return key | {"value": state.mint("sk-admin-", 40)}


def _retrieve_admin_key(state: State, request: Request) -> Json:
    found = state.admin_api_keys.get(request.ids[0])
    if found is None:
        raise missing("admin API key", request.ids[0])
    return found


def _delete_admin_key(state: State, request: Request) -> Json:
    key = _retrieve_admin_key(state, request)
    del state.admin_api_keys[key["id"]]
    return {"object": "organization.admin_api_key.deleted", "id": key["id"], "deleted": True}


def _new_key(
    state: State, project: ProjectState, account: Json, request: Request, *, name: str
) -> Json:
    """A new key of a service account, with its secret value."""
    expires_at = _expiry(state, request)
    id_ = state.mint("key_", 16)
    project.api_keys[id_] = {
        "object": "organization.project.api_key",
        "id": id_,
        "name": name,
        "redacted_value": f"sk-svcacct-***{id_[-4:]}",
        "created_at": state.seconds(),
        "last_used_at": None,
        "expires_at": expires_at,
        "owner": {"type": "service_account", "service_account": account},
    }
    return {
        "object": "organization.project.service_account.api_key",
        "id": id_,
        "name": name,
        "value": state.mint("sk-svcacct-", 40),
        "created_at": state.seconds(),
        "expires_at": expires_at,
    }


def _expiry(state: State, request: Request) -> int | None:
    if "expires_in_seconds" not in request.body:
        return None
    seconds = request.body.integer("expires_in_seconds", 1)
    if seconds > _LONGEST_EXPIRY:
        raise invalid("'expires_in_seconds' must be at most a year.", "expires_in_seconds")
    return state.seconds() + seconds


def _shown_key(project: ProjectState, key: Json) -> Json:
    owner = _owner_id(key)
    is_here = owner in project.users or owner in project.service_accounts
    return key | {"owner_project_access": "active" if is_here else "inactive"}


def _owner_id(key: Json) -> Any:
    owner = key["owner"]
    return owner[owner["type"]]["id"]


def _account(project: ProjectState, id_: str) -> Json:
    found = project.service_accounts.get(id_)
    if found is None:
        raise missing("service account", id_)
    return found


def _key(project: ProjectState, id_: str) -> Json:
    found = project.api_keys.get(id_)
    if found is None:
        raise missing("API key", id_)
    return found


_ACCOUNTS = "/organization/projects/*/service_accounts"
_KEYS = "/organization/projects/*/api_keys"
ROUTES = (
    Route("GET", _ACCOUNTS, _list_accounts),
    Route("POST", _ACCOUNTS, _create_account),
    Route("GET", f"{_ACCOUNTS}/*", _retrieve_account),
    Route("POST", f"{_ACCOUNTS}/*", _modify_account),
    Route("DELETE", f"{_ACCOUNTS}/*", _delete_account),
    Route("POST", f"{_ACCOUNTS}/*/api_keys", _create_account_key),
    Route("GET", _KEYS, _list_keys),
    Route("GET", f"{_KEYS}/*", _retrieve_key),
    Route("POST", f"{_KEYS}/*", _modify_key),
    Route("DELETE", f"{_KEYS}/*", _delete_key),
    Route("GET", "/organization/admin_api_keys", _list_admin_keys),
    Route("POST", "/organization/admin_api_keys", _create_admin_key),
    Route("GET", "/organization/admin_api_keys/*", _retrieve_admin_key),
    Route("DELETE", "/organization/admin_api_keys/*", _delete_admin_key),
)
