"""The fake API as a server: sockets, failures that pass, and what it keeps of what it was asked."""

from __future__ import annotations

import http.client
import json
import threading
from datetime import datetime
from urllib.parse import urlsplit

import pytest

from pipeline.demo.fake_api.api import FakeAdminApi
from pipeline.demo.fake_api.faults import Failure, Faults
from pipeline.demo.fake_api.server import Asked, Server, serving
from pipeline.demo.organization import acme

ACME = acme()
NOW = datetime(2026, 11, 20, 15, 30, 20)
PROJECTS = "/v1/organization/projects"


def api(**switches: object) -> FakeAdminApi:
    return FakeAdminApi(ACME, now=lambda: NOW, faults=Faults(**switches))  # type: ignore[arg-type]  # by name


def ask(server: Server, path: str = PROJECTS) -> http.client.HTTPResponse:
    """One request on a connection of its own; the body is read."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.base_url).port, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {server.key}"})
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]  # for the tests below
        return answer
    finally:
        connection.close()


def body(answer: http.client.HTTPResponse) -> bytes:
    return answer.body  # type: ignore[attr-defined,no-any-return]  # as above


@pytest.mark.parametrize(
    ("failure", "status", "retry_after"),
    [
        ("rate_limited", 429, "7"),
        ("rate_limited_silently", 429, None),
        ("server_error", 500, None),
        ("bad_gateway", 502, None),
        ("unavailable", 503, None),
    ],
)
def test_a_status_once(failure: Failure, status: int, retry_after: str | None) -> None:
    """The request fails once with its status, and the same request succeeds."""
    with serving(api(failing_every=1, failures=(failure,), retry_after="7")) as server:
        first, second = ask(server), ask(server)
    assert (first.status, first.getheader("retry-after")) == (status, retry_after)
    assert (second.status, second.getheader("retry-after")) == (200, None)


def test_every_third_new_request_fails_twice() -> None:
    """Requests are told apart by method, path and query; the kinds of failure take turns."""
    failures: tuple[Failure, ...] = ("server_error", "unavailable")
    with serving(api(failing_every=3, failures=failures, failing_times=2)) as server:
        found = [
            [ask(server, f"{PROJECTS}?limit={limit}").status for _ in range(3)]
            for limit in range(1, 7)
        ]
    well = [200, 200, 200]
    assert found == [well, well, [500, 500, 200], well, well, [503, 503, 200]]


def test_a_cut_body() -> None:
    """Half of the promised bytes, then nothing."""
    with serving(api(failing_every=1, failures=("cut",))) as server:
        with pytest.raises(http.client.IncompleteRead):
            ask(server)
        assert json.loads(body(ask(server)))["object"] == "list"


def test_a_dropped_connection() -> None:
    """No answer at all."""
    with serving(api(failing_every=1, failures=("dropped",))) as server:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server)
        assert ask(server).status == 200
    assert [asked.status for asked in server.requests] == [None, 200]


def test_a_garbled_body() -> None:
    """All the promised bytes, which are no JSON."""
    with serving(api(failing_every=1, failures=("garbled",))) as server:
        first, second = ask(server), ask(server)
    assert first.status == second.status == 200
    assert body(second).startswith(body(first))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body(first))


def test_a_server_that_dies() -> None:
    """After so many answers there are none."""
    with serving(api(dies_after=2)) as server:
        assert [ask(server).status for _ in range(2)] == [200, 200]
        for _ in range(2):
            with pytest.raises(OSError, match="Remote end closed"):
                ask(server)


@pytest.mark.parametrize(
    ("endpoint", "path", "status"),
    [
        ("usage/images", "/v1/organization/usage/images", 500),
        ("costs", "/v1/organization/costs", 404),
        ("projects", PROJECTS, 403),
        ("projects/*/rate_limits", f"{PROJECTS}/proj_x/rate_limits", 403),
    ],
)
def test_an_endpoint_that_is_broken_for_good(endpoint: str, path: str, status: int) -> None:
    """The one that is named, with stars for ids, and no other."""
    with serving(api(broken={endpoint: status})) as server:
        assert [ask(server, f"{path}?start_time=9").status for _ in range(2)] == [status] * 2
        assert ask(server, "/v1/organization/users").status == 200


def test_what_was_asked_is_kept_without_the_key() -> None:
    """Method, path below the version, decoded query, status."""
    with serving(api()) as server:
        ask(server, f"{PROJECTS}?limit=2&x%5B%5D=a%2Cb")
        ask(server, "/v1/organization/nothing")
    assert server.requests == [
        Asked("GET", "/organization/projects", (("limit", "2"), ("x[]", "a,b")), 200),
        Asked("GET", "/organization/nothing", (), 404),
    ]
    assert server.key not in repr(server.requests)


@pytest.mark.parametrize("length", ["x", "-1", "99999999"])
def test_a_body_of_no_sensible_length(length: str) -> None:
    """Refused, and the server goes on."""
    with serving(api()) as server:
        connection = http.client.HTTPConnection(
            "127.0.0.1", urlsplit(server.base_url).port, timeout=10
        )
        headers = {"Authorization": f"Bearer {server.key}", "Content-Length": length}
        connection.request("POST", PROJECTS, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 413
        answer.close()
        connection.close()
        assert ask(server).status == 200


def test_many_clients_at_once() -> None:
    """They all get the same days, made once."""
    found: list[bytes] = []
    path = "/v1/organization/usage/completions?start_time=1794960000&limit=3&group_by=model"
    with serving(api()) as server:
        threads = [
            threading.Thread(target=lambda: found.append(body(ask(server, path)))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert b'"model"' in found[0]


def test_a_port_of_ones_own() -> None:
    """It can be chosen, and a taken one is an error of the system."""
    with serving(api()) as server:
        port = urlsplit(server.base_url).port or 0
        with pytest.raises(OSError, match="in use"), serving(api(), port=port):
            pass
    assert server.base_url == f"http://127.0.0.1:{port}/v1"
