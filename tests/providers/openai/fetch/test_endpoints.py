"""The endpoints are those of the official SDK; a refused grouping gives up one name at a time."""

from __future__ import annotations

import inspect
import re

import pytest
from openai.resources.admin.organization.usage import Usage

from pipeline.errors import ApiError
from pipeline.providers.openai.fetch.endpoints import COSTS, USAGE, without_refused
from pipeline.providers.openai.pages import usage as pages_usage


def test_every_endpoint_of_the_sdk_is_fetched_as_finely_as_it_allows() -> None:
    """A new endpoint or a new name to group by in the SDK is noticed here."""
    sdk = {}
    for name, method in inspect.getmembers(Usage, inspect.isfunction):
        group_by = inspect.signature(method).parameters.get("group_by")
        if group_by is not None:
            sdk[name] = set(re.findall(r"['\"](\w+)['\"]", str(group_by.annotation)))
    assert {e.name: set(e.group_by) for e in (*USAGE, COSTS)} == sdk


def test_what_is_fetched_can_be_read() -> None:
    """Every name that is grouped by is a dimension that the reader keeps."""
    assert {e.name for e in USAGE} == set(pages_usage._ENDPOINTS)
    for endpoint in USAGE:
        assert set(endpoint.group_by) == set(pages_usage._dimensions_of(endpoint.name))


@pytest.mark.parametrize(
    ("what", "param", "left_out"),
    [
        ("x was refused with 400 (no)", "group_by[2]", "line_item"),
        ("x was refused with 400 (no)", "api_key_id", "api_key_id"),
        ("x was refused with 400 (cannot combine user_id and project_id)", None, "user_id"),
        ("x was refused with 400 (no)", None, "api_source"),
        ("x was refused with 400 (no)", "group_by", "api_source"),
    ],
)
def test_the_name_that_the_server_means_is_left_out(
    what: str, param: str | None, left_out: str
) -> None:
    """By its place, by its name, by the text; else the one that is missed least."""
    fewer = without_refused(COSTS.group_by, ApiError(what, status=400, param=param))
    assert fewer is not None
    assert set(COSTS.group_by) - set(fewer) == {left_out}


def test_a_refusal_of_something_else_is_none_of_the_grouping() -> None:
    """No name is left out for a wrong time or a missing right."""
    assert without_refused(("model",), ApiError("x y", status=400, param="start_time")) is None
    assert without_refused(("model",), ApiError("x y", status=403)) is None
    assert without_refused((), ApiError("x y", status=400)) is None
