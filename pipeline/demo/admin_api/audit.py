"""The audit log: what was done over this API, newest first, and the endpoint that lists it.

Entries name the type of the event and carry one property of that name, as the provider's do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.demo.admin_api.lists import listed
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.settings import LIMIT_FIELDS
from pipeline.demo.admin_api.state import Json, State

_PROJECT = "/organization/projects/*"
_Payload = Callable[[Request, Json], Json]


def _only_id(_: Request, answer: Json) -> Json:
    return {"id": answer["id"]}


def _changes(*names: str) -> _Payload:
    def payload(request: Request, answer: Json) -> Json:
        fields = request.body.fields
        asked = {name: fields[name] for name in names if fields.get(name) is not None}
        return {"id": answer["id"], "changes_requested": asked}

    return payload


def _given(*names: str) -> _Payload:
    def payload(_: Request, answer: Json) -> Json:
        return {"id": answer["id"], "data": {name: answer[name] for name in names}}

    return payload


def _project_created(_: Request, answer: Json) -> Json:
    names = {"name": answer["name"], "title": answer["name"]}
    return {"id": answer["id"], "data": names}


def _project_updated(request: Request, answer: Json) -> Json:
    asked = request.body.fields.get("name")
    return {"id": answer["id"], "changes_requested": {} if asked is None else {"title": asked}}


def _group_named(request: Request, answer: Json) -> Json:
    key = "data" if request.path.count("/") == 2 else "changes_requested"
    return {"id": answer["id"], key: {"group_name": answer["name"]}}


# No event is known for spend limits and alerts.
_EVENTS: dict[tuple[str, str], tuple[str, _Payload]] = {
    ("POST", "/organization/projects"): ("project.created", _project_created),
    ("POST", _PROJECT): ("project.updated", _project_updated),
    ("POST", f"{_PROJECT}/archive"): ("project.archived", _only_id),
    ("POST", f"{_PROJECT}/rate_limits/*"): (
        "rate_limit.updated",
        _changes(*LIMIT_FIELDS),
    ),
    ("POST", f"{_PROJECT}/service_accounts"): ("service_account.created", _given("role")),
    ("POST", f"{_PROJECT}/service_accounts/*"): ("service_account.updated", _changes("role")),
    ("DELETE", f"{_PROJECT}/service_accounts/*"): ("service_account.deleted", _only_id),
    ("POST", f"{_PROJECT}/service_accounts/*/api_keys"): ("api_key.created", _only_id),
    ("POST", f"{_PROJECT}/api_keys/*"): ("api_key.updated", _changes("scopes")),
    ("DELETE", f"{_PROJECT}/api_keys/*"): ("api_key.deleted", _only_id),
    ("POST", f"{_PROJECT}/users"): ("user.added", _given("role")),
    ("POST", "/organization/users/*"): ("user.updated", _changes("role")),
    ("DELETE", "/organization/users/*"): ("user.deleted", _only_id),
    ("POST", "/organization/invites"): ("invite.sent", _given("email", "role")),
    ("DELETE", "/organization/invites/*"): ("invite.deleted", _only_id),
    ("POST", "/organization/groups"): ("group.created", _group_named),
    ("POST", "/organization/groups/*"): ("group.updated", _group_named),
    ("DELETE", "/organization/groups/*"): ("group.deleted", _only_id),
}


def record(state: State, route: Route, request: Request, answer: Json) -> None:
    """Keep what a request has done, if it is something that the log knows."""
    event = _EVENTS.get((route.method, route.path))
    if event is None:
        return
    kind, payload = event
    id_ = state.mint("audit_log-")
    key = next(iter(state.admin_api_keys.values()), None)
    user = None if key is None else state.users.get(key["owner"]["id"])
    default = state.default_project.shown
    state.audit_logs[id_] = {
        "id": id_,
        "type": kind,
        "effective_at": state.seconds(),
        # What is done with an admin key belongs to the Default project, wherever it was done.
        "project": {"id": default["id"], "name": default["name"]},
        "actor": {
            "type": "api_key",
            "api_key": {
                "id": None if key is None else key["id"],
                "type": "user",
                "user": None if user is None else {"id": user["id"], "email": user["email"]},
            },
        },
        kind: payload(request, answer),
    }


def _list(state: State, request: Request) -> Json:
    entries = {
        id_: entry
        for id_, entry in reversed(state.audit_logs.items())
        if _is_asked_for(entry, request)
    }
    return listed(entries, request.parameters)


def _is_asked_for(entry: Json, request: Request) -> bool:
    parameters, at = request.parameters, entry["effective_at"]
    bounds: dict[str, Callable[[int], bool]] = {
        "gt": lambda limit: at > limit,
        "gte": lambda limit: at >= limit,
        "lt": lambda limit: at < limit,
        "lte": lambda limit: at <= limit,
    }
    for name, holds in bounds.items():
        limit = parameters.integer(f"effective_at[{name}]")
        if limit is not None and not holds(limit):
            return False
    actor = entry["actor"]["api_key"]
    user: Json = actor["user"] or {}
    said: dict[str, set[Any]] = {
        "event_types": {entry["type"]},
        "project_ids": {entry["project"]["id"]},
        "resource_ids": {entry[entry["type"]]["id"]},
        "actor_ids": {actor["id"], user.get("id")},
        "actor_emails": {user.get("email")},
    }
    wanted = {name: parameters.many(name) for name in said}
    return all(values is None or said[name] & set(values) for name, values in wanted.items())


ROUTES = (Route("GET", "/organization/audit_logs", _list),)
