"""The endpoints of people: the organization's users, invites, and the users of a project."""

from __future__ import annotations

from pipeline.demo.admin_api.lists import listed
from pipeline.demo.admin_api.problems import RefusedError, invalid, missing
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.state import Json, Objects, ProjectState, State

_ORGANIZATION_ROLES = ("owner", "reader")
_PROJECT_ROLES = ("owner", "member")
_INVITE_SECONDS = 7 * 86_400


def _list_users(state: State, request: Request) -> Json:
    emails = request.parameters.many("emails")
    return listed(
        {id_: user for id_, user in state.users.items() if not emails or user["email"] in emails},
        request.parameters,
    )


def _retrieve_user(state: State, request: Request) -> Json:
    return _one(state.users, "user", request.ids[0])


def _modify_user(state: State, request: Request) -> Json:
    user = _one(state.users, "user", request.ids[0])
    if "role" in request.body:
        role = request.body.text("role", _ORGANIZATION_ROLES)
        if role != "owner":
            _keep_an_owner(state, user)
        user["role"] = role
    for name in ("technical_level", "developer_persona"):
        if name in request.body:
            user[name] = request.body.text(name)
    return user


def _delete_user(state: State, request: Request) -> Json:
    user = _one(state.users, "user", request.ids[0])
    _keep_an_owner(state, user)
    del state.users[user["id"]]
    for project in state.projects.values():
        project.users.pop(user["id"], None)
    for members in state.group_users.values():
        if user["id"] in members:
            members.remove(user["id"])
    return {"object": "organization.user.deleted", "id": user["id"], "deleted": True}


def _keep_an_owner(state: State, user: Json) -> None:
    others = (one for id_, one in state.users.items() if id_ != user["id"])
    if user["role"] == "owner" and not any(one["role"] == "owner" for one in others):
        raise invalid("The last owner of an organization cannot be removed or demoted.")


def _list_invites(state: State, request: Request) -> Json:
    return listed(state.invites, request.parameters)


def _create_invite(state: State, request: Request) -> Json:
    body = request.body
    email, role = body.text("email"), body.text("role", _ORGANIZATION_ROLES)
    if any(user["email"] == email for user in state.users.values()):
        raise invalid(f"{email} is already a member of the organization.", "email")
    if body.fields.get("projects") is None:
        projects = [{"id": state.default_project.shown["id"], "role": "member"}]
    else:
        projects = [
            {
                "id": state.active_project(one.text("id")).shown["id"],
                "role": one.text("role", _PROJECT_ROLES),
            }
            for one in body.objects("projects")
        ]
    id_ = state.mint("invite-")
    state.invites[id_] = {
        "object": "organization.invite",
        "id": id_,
        "email": email,
        "role": role,
        "status": "pending",
        "created_at": state.seconds(),
        "expires_at": state.seconds() + _INVITE_SECONDS,
        "accepted_at": None,
        "projects": projects,
    }
    return state.invites[id_]


def _retrieve_invite(state: State, request: Request) -> Json:
    return _one(state.invites, "invite", request.ids[0])


def _delete_invite(state: State, request: Request) -> Json:
    invite = _one(state.invites, "invite", request.ids[0])
    if invite["status"] == "accepted":
        raise invalid("Accepted invites cannot be deleted.")
    del state.invites[invite["id"]]
    return {"object": "organization.invite.deleted", "id": invite["id"], "deleted": True}


def _list_project_users(state: State, request: Request) -> Json:
    return listed(state.active_project(request.ids[0]).users, request.parameters)


def _add_project_user(state: State, request: Request) -> Json:
    project = _with_members(state, request)
    role = request.body.text("role", _PROJECT_ROLES)
    user = _named_user(state, request)
    if user["id"] in project.users:
        raise invalid(f"User {user['id']} is already a member of the project.", "user_id")
    project.users[user["id"]] = {
        "object": "organization.project.user",
        "id": user["id"],
        "name": user["name"],
        "email": user["email"],
        "role": role,
        "added_at": state.seconds(),
    }
    user["projects"]["data"].append(
        {"id": project.shown["id"], "name": project.shown["name"], "role": role}
    )
    return project.users[user["id"]]


def _retrieve_project_user(state: State, request: Request) -> Json:
    project_id, user_id = request.ids
    return _one(state.active_project(project_id).users, "user", user_id)


def _modify_project_user(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    user = _one(project.users, "user", request.ids[1])
    if "role" in request.body:
        user["role"] = request.body.text("role", _PROJECT_ROLES)
        for one in state.users[user["id"]]["projects"]["data"]:
            if one["id"] == project.shown["id"]:
                one["role"] = user["role"]
    return user


def _delete_project_user(state: State, request: Request) -> Json:
    project = _with_members(state, request)
    user = _one(project.users, "user", request.ids[1])
    del project.users[user["id"]]
    member = state.users[user["id"]]["projects"]
    member["data"] = [one for one in member["data"] if one["id"] != project.shown["id"]]
    return {"object": "organization.project.user.deleted", "id": user["id"], "deleted": True}


def _with_members(state: State, request: Request) -> ProjectState:
    """A project whose members can change: not the Default project's, which are everybody."""
    project = state.active_project(request.ids[0])
    if project.is_default:
        raise invalid("Members of the default project cannot be added or removed.")
    return project


def _named_user(state: State, request: Request) -> Json:
    body = request.body
    if "user_id" in body:
        user = state.users.get(body.text("user_id"))
    elif "email" in body:
        email = body.text("email")
        user = next((one for one in state.users.values() if one["email"] == email), None)
    else:
        raise invalid("Provide either 'user_id' or 'email'.", "user_id")
    if user is None:
        raise RefusedError(404, "The user is not a member of the organization.")
    return user


def _one(objects: Objects, what: str, id_: str) -> Json:
    found = objects.get(id_)
    if found is None:
        raise missing(what, id_)
    return found


ROUTES = (
    Route("GET", "/organization/users", _list_users),
    Route("GET", "/organization/users/*", _retrieve_user),
    Route("POST", "/organization/users/*", _modify_user),
    Route("DELETE", "/organization/users/*", _delete_user),
    Route("GET", "/organization/invites", _list_invites),
    Route("POST", "/organization/invites", _create_invite),
    Route("GET", "/organization/invites/*", _retrieve_invite),
    Route("DELETE", "/organization/invites/*", _delete_invite),
    Route("GET", "/organization/projects/*/users", _list_project_users),
    Route("POST", "/organization/projects/*/users", _add_project_user),
    Route("GET", "/organization/projects/*/users/*", _retrieve_project_user),
    Route("POST", "/organization/projects/*/users/*", _modify_project_user),
    Route("DELETE", "/organization/projects/*/users/*", _delete_project_user),
)
