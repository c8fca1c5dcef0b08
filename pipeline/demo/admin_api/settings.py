"""The endpoints of what a project may do: rate limits, models, tools, tiers, data retention."""

from __future__ import annotations

from pipeline.demo.admin_api.lists import listed
from pipeline.demo.admin_api.problems import invalid, one_of
from pipeline.demo.admin_api.requests import Request, Route
from pipeline.demo.admin_api.state import Json, State

LIMIT_FIELDS = (
    "max_requests_per_1_minute",
    "max_tokens_per_1_minute",
    "max_images_per_1_minute",
    "max_audio_megabytes_per_1_minute",
    "max_requests_per_1_day",
    "batch_1_day_max_input_tokens",
)
_TOOLS = ("code_interpreter", "file_search", "image_generation", "mcp", "web_search")
_RETENTION = (
    "zero_data_retention",
    "modified_abuse_monitoring",
    "enhanced_zero_data_retention",
    "enhanced_modified_abuse_monitoring",
)
_PROJECT_RETENTION = ("organization_default", "none", *_RETENTION)
_DEFAULT_TIERS = ("standard", "fast", "scale")
_OPTIONAL_TIERS = ("flex", "fast", "ultrafast")


def _list_rate_limits(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return listed(project.rate_limits, request.parameters, default=100)


def _update_rate_limit(state: State, request: Request) -> Json:
    """One field at fault is named at a time, as the live server does."""
    project_id, id_ = request.ids
    project = state.active_project(project_id)
    limit = project.rate_limits.get(id_)
    model = id_.removeprefix("rl-")
    if limit is None:
        raise invalid(
            f"The rate limit for model {model} is not set for your organization",
            code="rate_limit_does_not_exist_for_org_and_model",
        )
    if model.startswith("ft:") or model.endswith("-shared"):
        raise invalid(f"The rate limit {id_} cannot be updated", code="rate_limit_not_updatable")
    changes: dict[str, int] = {}
    for name in LIMIT_FIELDS:
        if name not in request.body:
            continue
        value = request.body.integer(name, 0)
        most = state.rate_limits[id_].get(name, 0)
        # A model without tokens shows a limit of none, and takes none.
        if name not in limit or most == 0:
            raise invalid(
                f"The {name} rate limit does not apply to model {model}",
                code="invalid_rate_limit_type",
            )
        if value > most:
            raise invalid(
                f"The {name} for {id_} cannot exceed the organization rate limit of {most}.0",
                code="organization_rate_limit_exceeded",
            )
        changes[name] = value
    limit |= changes
    return limit


def _retrieve_models(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return project.model_permissions or {
        "object": "project.model_permissions",
        "mode": "deny_list",
        "model_ids": [],
    }


def _update_models(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    project.model_permissions = {
        "object": "project.model_permissions",
        "mode": request.body.text("mode", ("allow_list", "deny_list")),
        "model_ids": request.body.texts("model_ids"),
    }
    return project.model_permissions


def _delete_models(state: State, request: Request) -> Json:
    state.active_project(request.ids[0]).model_permissions = None
    return {"object": "project.model_permissions.deleted", "deleted": True}


def _retrieve_tools(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return {tool: {"enabled": project.hosted_tools.get(tool, True)} for tool in _TOOLS}


def _update_tools(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    project.hosted_tools |= {
        tool: request.body.nested(tool).truth("enabled") for tool in _TOOLS if tool in request.body
    }
    return _retrieve_tools(state, request)


def _retrieve_tiers(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return {
        "object": "project.service_tier_settings",
        "default": "standard",
        "enabled_tiers": "all",
        **project.service_tiers,
    }


def _update_tiers(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    if "default" in request.body:
        project.service_tiers["default"] = request.body.text("default", _DEFAULT_TIERS)
    if "enabled_tiers" in request.body:
        tiers = request.body.fields["enabled_tiers"]
        if tiers != "all":
            tiers = request.body.texts("enabled_tiers")
            for tier in tiers:
                if tier not in _OPTIONAL_TIERS:
                    raise one_of(tier, _OPTIONAL_TIERS, "enabled_tiers")
        project.service_tiers["enabled_tiers"] = tiers
    return _retrieve_tiers(state, request)


def _retrieve_retention(state: State, _: Request) -> Json:
    return {"object": "organization.data_retention", "type": state.data_retention}


def _update_retention(state: State, request: Request) -> Json:
    state.data_retention = request.body.text("retention_type", _RETENTION)
    return _retrieve_retention(state, request)


def _retrieve_project_retention(state: State, request: Request) -> Json:
    project = state.project(request.ids[0])
    return {"object": "project.data_retention", "type": project.data_retention}


def _update_project_retention(state: State, request: Request) -> Json:
    project = state.active_project(request.ids[0])
    project.data_retention = request.body.text("retention_type", _PROJECT_RETENTION)
    return _retrieve_project_retention(state, request)


_PROJECT = "/organization/projects/*"
ROUTES = (
    Route("GET", f"{_PROJECT}/rate_limits", _list_rate_limits),
    Route("POST", f"{_PROJECT}/rate_limits/*", _update_rate_limit),
    Route("GET", f"{_PROJECT}/model_permissions", _retrieve_models),
    Route("POST", f"{_PROJECT}/model_permissions", _update_models),
    Route("DELETE", f"{_PROJECT}/model_permissions", _delete_models),
    Route("GET", f"{_PROJECT}/hosted_tool_permissions", _retrieve_tools),
    Route("POST", f"{_PROJECT}/hosted_tool_permissions", _update_tools),
    Route("GET", f"{_PROJECT}/service_tier_settings", _retrieve_tiers),
    Route("POST", f"{_PROJECT}/service_tier_settings", _update_tiers),
    Route("GET", "/organization/data_retention", _retrieve_retention),
    Route("POST", "/organization/data_retention", _update_retention),
    Route("GET", f"{_PROJECT}/data_retention", _retrieve_project_retention),
    Route("POST", f"{_PROJECT}/data_retention", _update_project_retention),
)
