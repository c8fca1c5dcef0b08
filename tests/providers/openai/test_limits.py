"""Limits of projects, read and set at the fake API."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pipeline.demo.fake_api.directory.routes import ROUTES
from pipeline.demo.fake_api.server import Server
from pipeline.errors import ApiError
from pipeline.providers.openai.client import AdminApi
from pipeline.providers.openai.limits import OpenAiLimits
from tests.support.fake_api_writes import WRITE_ROUTES
from tests.support.fetch_workspace import KEY, fake_api
from tests.support.limited_project import CODE, SEARCH


@pytest.fixture
def server() -> Iterator[Server]:
    """A fake whose limits can be set."""
    with fake_api(directory=(*ROUTES, *WRITE_ROUTES)) as found:
        yield found


@pytest.fixture
def limits(server: Server) -> Iterator[OpenAiLimits]:
    """The limits of its projects."""
    with AdminApi(KEY, base_url=server.base_url, max_retries=0) as api:
        yield OpenAiLimits(api)


def test_a_spend_limit_is_made_replaced_and_deleted_in_cents(
    server: Server, limits: OpenAiLimits
) -> None:
    """$12.34 are 1234 cents there; deleting what is gone already is no error."""
    assert limits.spend_limit(CODE) == Decimal(600)
    assert limits.spend_limit(SEARCH) is None
    limits.set_spend_limit(SEARCH, Decimal("12.34"))
    assert limits.spend_limit(SEARCH) == Decimal("12.34")
    held = server.api.state.projects[SEARCH].spend_limit
    assert held is not None
    assert held["threshold_amount"] == 1234
    limits.set_spend_limit(SEARCH, Decimal("0.01"))
    assert limits.spend_limit(SEARCH) == Decimal("0.01")
    for _ in range(2):
        limits.set_spend_limit(SEARCH, None)
    assert limits.spend_limit(SEARCH) is None


def test_a_project_that_is_not_known_has_not_no_limit(limits: OpenAiLimits) -> None:
    """A 404 may mean that there is no limit, no project, or no such server."""
    with pytest.raises(ApiError, match="proj_none was not found"):
        limits.spend_limit("proj_none")
    with pytest.raises(ApiError, match=r"'\.\./x' is not an id"):
        limits.spend_limit("../x")


@pytest.mark.parametrize(
    ("name", "value"), [("currency", "EUR"), ("interval", "day"), ("threshold_amount", "9")]
)
def test_a_limit_of_another_form_is_not_taken_for_one_in_dollars(
    server: Server, limits: OpenAiLimits, name: str, value: str
) -> None:
    """It could not be restored."""
    held = server.api.state.projects[CODE].spend_limit
    assert held is not None
    held[name] = value
    with pytest.raises(ApiError, match="which is not known here"):
        limits.spend_limit(CODE)


def test_requests_a_minute_are_set_and_fixed_limits_are_named(
    server: Server, limits: OpenAiLimits
) -> None:
    """Limits shared by models and those of fine-tuned ones stay; tokens a minute do as well."""
    before = limits.request_limits(SEARCH)
    held = server.api.state.projects[SEARCH].rate_limits
    assert before == {id_: limit["max_requests_per_1_minute"] for id_, limit in held.items()}
    tokens = held["rl-gpt-5-pro"]["max_tokens_per_1_minute"]
    wanted = dict.fromkeys(("rl-gpt-5-pro", "rl-gpt-5-shared", "rl-gone"), 1)
    assert limits.set_request_limits(SEARCH, wanted) == ["rl-gpt-5-shared", "rl-gone"]
    assert limits.request_limits(SEARCH) == {**before, "rl-gpt-5-pro": 1}
    assert held["rl-gpt-5-pro"]["max_tokens_per_1_minute"] == tokens
    with pytest.raises(ApiError, match="cannot exceed the organization rate limit of 500"):
        limits.set_request_limits(SEARCH, {"rl-gpt-5-pro": 501})


def test_a_key_that_may_only_read_is_refused() -> None:
    """With the scope that it lacks, and the request that was refused."""
    scopes = ("api.usage.read", "api.management.read")
    with (
        fake_api(directory=(*ROUTES, *WRITE_ROUTES), scopes=scopes) as server,
        AdminApi(KEY, base_url=server.base_url, max_retries=0) as api,
        pytest.raises(ApiError, match=r"^.*POST .*/spend_limit was refused with 403") as refused,
    ):
        OpenAiLimits(api).set_spend_limit(CODE, Decimal(1))
    assert "api.management.write" in str(refused.value)
