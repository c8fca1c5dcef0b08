"""The endpoints of groups, their users and their projects; their lists name the `next`."""

from __future__ import annotations

from pipeline.demo.admin_api.lists import listed_with_next
from pipeline.demo.admin_api.problems import invalid, missing
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.state import Json, State


def _list_groups(state: State, request: Request) -> Json:
    return listed_with_next(state.groups, request.parameters, default=100, most=1_000, order="asc")


def _create_group(state: State, request: Request) -> Json:
    id_ = state.mint("group_")
    state.groups[id_] = {
        "id": id_,
        "name": request.body.text("name"),
        "created_at": state.seconds(),
        "is_scim_managed": False,
        "group_type": "group",
    }
    state.group_users[id_] = []
    return state.groups[id_]


def _retrieve_group(state: State, request: Request) -> Json:
    found = state.groups.get(request.ids[0])
    if found is None:
        raise missing("group", request.ids[0])
    return found


def _update_group(state: State, request: Request) -> Json:
    group = _retrieve_group(state, request)
    group["name"] = request.body.text("name")
    return group


def _delete_group(state: State, request: Request) -> Json:
    id_ = _retrieve_group(state, request)["id"]
    del state.groups[id_], state.group_users[id_]
    for project in state.projects.values():
        project.groups.pop(id_, None)
    return {"object": "group.deleted", "id": id_, "deleted": True}


def _list_users(state: State, request: Request) -> Json:
    group = _retrieve_group(state, request)
    users = (state.users[id_] for id_ in state.group_users[group["id"]])
    return listed_with_next(
        {user["id"]: _group_user(user) for user in users},
        request.parameters,
        default=100,
        most=1_000,
        order="desc",
    )


def _add_user(state: State, request: Request) -> Json:
    group = _retrieve_group(state, request)
    user_id = request.body.text("user_id")
    if user_id not in state.users:
        raise missing("user", user_id)
    if user_id in state.group_users[group["id"]]:
        raise invalid(f"User {user_id} is already in the group.", "user_id")
    state.group_users[group["id"]].append(user_id)
    return {"object": "group.user", "group_id": group["id"], "user_id": user_id}


def _retrieve_user(state: State, request: Request) -> Json:
    group = _retrieve_group(state, request)
    user_id = request.ids[1]
    if user_id not in state.group_users[group["id"]]:
        raise missing("user", user_id)
    user = state.users[user_id]
    return _group_user(user) | {
        "user_type": "user",
        "is_service_account": user["is_service_account"],
        "picture": None,
    }


def _remove_user(state: State, request: Request) -> Json:
    user_id = _retrieve_user(state, request)["id"]
    state.group_users[request.ids[0]].remove(user_id)
    return {"object": "group.user.deleted", "deleted": True}


def _list_project_groups(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return listed_with_next(project.groups, request.parameters, order="asc")


def _add_project_group(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    group_id = request.body.text("group_id")
    request.body.text("role")
    group = state.groups.get(group_id)
    if group is None:
        raise missing("group", group_id)
    project.groups[group_id] = {
        "object": "project.group",
        "project_id": project.shown["id"],
        "group_id": group_id,
        "group_name": group["name"],
        "group_type": group["group_type"],
        "created_at": state.seconds(),
    }
    return project.groups[group_id]


def _retrieve_project_group(state: State, request: Request) -> Json:
    found = state.project(request.ids[0]).groups.get(request.ids[1])
    if found is None:
        raise missing("group", request.ids[1])
    return found


def _remove_project_group(state: State, request: Request) -> Json:
    group_id = _retrieve_project_group(state, request)["group_id"]
    del state.active_project(request.ids[0]).groups[group_id]
    return {"object": "project.group.deleted", "deleted": True}


def _group_user(user: Json) -> Json:
    return {"id": user["id"], "name": user["name"], "email": user["email"]}


_GROUPS = "/organization/groups"
_PROJECT_GROUPS = "/organization/projects/*/groups"
ROUTES = (
    Route("GET", _GROUPS, _list_groups),
    Route("POST", _GROUPS, _create_group),
    Route("GET", f"{_GROUPS}/*", _retrieve_group),
    Route("POST", f"{_GROUPS}/*", _update_group),
    Route("DELETE", f"{_GROUPS}/*", _delete_group),
    Route("GET", f"{_GROUPS}/*/users", _list_users),
    Route("POST", f"{_GROUPS}/*/users", _add_user),
    Route("GET", f"{_GROUPS}/*/users/*", _retrieve_user),
    Route("DELETE", f"{_GROUPS}/*/users/*", _remove_user),
    Route("GET", _PROJECT_GROUPS, _list_project_groups),
    Route("POST", _PROJECT_GROUPS, _add_project_group),
    Route("GET", f"{_PROJECT_GROUPS}/*", _retrieve_project_group),
    Route("DELETE", f"{_PROJECT_GROUPS}/*", _remove_project_group),
)
