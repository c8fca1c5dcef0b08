"""The projects endpoints: list, create, retrieve, modify, archive."""

from __future__ import annotations

from pipeline.demo.admin_api.beginning import rate_limits_of_a_project
from pipeline.demo.admin_api.lists import listed
from pipeline.demo.admin_api.problems import invalid
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.state import Json, ProjectState, State, archived

RESIDENCIES = (
    *("GLOBAL", "US_STORAGE_PROCESSING", "EU_STORAGE_PROCESSING", "JP_STORAGE"),
    *("JP_STORAGE_PROCESSING", "KR_STORAGE", "CA_STORAGE", "SG_STORAGE", "IN_STORAGE"),
    *("IN_STORAGE_PROCESSING", "AU_STORAGE", "AU_STORAGE_PROCESSING", "GB_STORAGE"),
    *("AE_STORAGE", "AE_STORAGE_PROCESSING"),
)


def _list(state: State, request: Request) -> Json:
    has_archived = request.parameters.boolean("include_archived") is True
    return listed(
        {
            id_: project.shown
            for id_, project in state.projects.items()
            if has_archived or not project.is_archived
        },
        request.parameters,
    )


def _create(state: State, request: Request) -> Json:
    name = request.body.text("name")
    residency = (
        request.body.text("residency", RESIDENCIES) if "residency" in request.body else "GLOBAL"
    )
    id_ = state.mint("proj_")
    project = ProjectState(
        {
            "object": "organization.project",
            "id": id_,
            "name": name,
            "created_at": state.seconds(),
            "archived_at": None,
            "status": "active",
            "external_key_id": request.body.fields.get("external_key_id"),
            "residency": residency,
        }
    )
    project.rate_limits = rate_limits_of_a_project(state)
    state.projects[id_] = project
    state.hide(project)
    return project.shown


def _retrieve(state: State, request: Request) -> Json:
    return state.project(request.ids[0]).shown


def _modify(state: State, request: Request) -> Json:
    project = _changeable(state, request, "updated")
    if "name" in request.body:
        project.shown["name"] = request.body.text("name")
        for user in state.users.values():
            for one in user["projects"]["data"]:
                if one["id"] == project.shown["id"]:
                    one["name"] = project.shown["name"]
    if "external_key_id" in request.body:
        project.shown["external_key_id"] = request.body.text("external_key_id")
    return project.shown


def _archive(state: State, request: Request) -> Json:
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


ROUTES = (
    Route("GET", "/organization/projects", _list),
    Route("POST", "/organization/projects", _create),
    Route("GET", "/organization/projects/*", _retrieve),
    Route("POST", "/organization/projects/*", _modify),
    Route("POST", "/organization/projects/*/archive", _archive),
)
