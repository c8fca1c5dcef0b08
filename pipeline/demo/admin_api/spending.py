"""The endpoints of spend limits and spend alerts: amounts are whole cents, in "USD".

The organization and each project have one limit at most, and any number of alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pipeline.demo.admin_api.bodies import Body
from pipeline.demo.admin_api.lists import listed
from pipeline.demo.admin_api.problems import RefusedError, missing
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.state import Json, Objects, ProjectState, State


class _Scope(NamedTuple):
    """Whose limit and alerts a request is about."""

    kind: str  # as in the names of objects
    holder: State | ProjectState

    @property
    def alerts(self) -> Objects:
        return self.holder.spend_alerts


def _organization(state: State, _: Request) -> _Scope:
    return _Scope("organization", state)


def _project(state: State, request: Request) -> _Scope:
    if request.method == "GET":
        return _Scope("project", state.project(request.ids[0]))
    return _Scope("project", state.active_project(request.ids[0]))


def _routes(path: str, scope: Callable[[State, Request], _Scope]) -> tuple[Route, ...]:
    """The endpoints of one scope."""

    def retrieve_limit(state: State, request: Request) -> Json:
        return _limit(scope(state, request))

    def set_limit(state: State, request: Request) -> Json:
        found = scope(state, request)
        found.holder.spend_limit = {
            "object": f"{found.kind}.spend_limit",
            **_amount(request.body, least=1),
            "enforcement": {"status": state.spend_limit_status},
        }
        return found.holder.spend_limit

    def delete_limit(state: State, request: Request) -> Json:
        found = scope(state, request)
        _limit(found)
        found.holder.spend_limit = None
        return {"object": f"{found.kind}.spend_limit.deleted", "deleted": True}

    def list_alerts(state: State, request: Request) -> Json:
        alerts = scope(state, request).alerts
        return listed(alerts, request.parameters, least=0, order="asc")

    def create_alert(state: State, request: Request) -> Json:
        found = scope(state, request)
        alert = _alert(found, state.mint("alert_", 16), request.body)
        found.alerts[alert["id"]] = alert
        return alert

    def retrieve_alert(state: State, request: Request) -> Json:
        return _found_alert(scope(state, request), request)

    def update_alert(state: State, request: Request) -> Json:
        found = scope(state, request)
        alert = _alert(found, _found_alert(found, request)["id"], request.body)
        found.alerts[alert["id"]] = alert
        return alert

    def delete_alert(state: State, request: Request) -> Json:
        found = scope(state, request)
        id_ = _found_alert(found, request)["id"]
        del found.alerts[id_]
        return {"object": f"{found.kind}.spend_alert.deleted", "id": id_, "deleted": True}

    return (
        Route("GET", f"{path}/spend_limit", retrieve_limit),
        Route("POST", f"{path}/spend_limit", set_limit),
        Route("DELETE", f"{path}/spend_limit", delete_limit),
        Route("GET", f"{path}/spend_alerts", list_alerts),
        Route("POST", f"{path}/spend_alerts", create_alert),
        Route("GET", f"{path}/spend_alerts/*", retrieve_alert),
        Route("POST", f"{path}/spend_alerts/*", update_alert),
        Route("DELETE", f"{path}/spend_alerts/*", delete_alert),
    )


def _limit(scope: _Scope) -> Json:
    found = scope.holder.spend_limit
    if found is None:
        raise RefusedError(404, f"No spend limit is configured for this {scope.kind}.")
    return found


def _amount(body: Body, *, least: int) -> Json:
    return {
        "threshold_amount": body.integer("threshold_amount", least),
        "currency": body.text("currency", ("USD",)),
        "interval": body.text("interval", ("month",)),
    }


def _alert(scope: _Scope, id_: str, body: Body) -> Json:
    channel = body.nested("notification_channel")
    return {
        "id": id_,
        "object": f"{scope.kind}.spend_alert",
        **_amount(body, least=0),
        "notification_channel": {
            "type": channel.text("type", ("email",)),
            "recipients": channel.texts("recipients"),
            "subject_prefix": channel.fields.get("subject_prefix"),
        },
    }


def _found_alert(scope: _Scope, request: Request) -> Json:
    id_ = request.ids[-1]
    found = scope.alerts.get(id_)
    if found is None:
        raise missing("spend alert", id_)
    return found


ROUTES = (
    *_routes("/organization", _organization),
    *_routes("/organization/projects/*", _project),
)
