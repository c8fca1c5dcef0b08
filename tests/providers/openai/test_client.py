"""What the API answers, and what is said when it answers nothing, or nonsense."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.errors import ApiError
from pipeline.providers.openai.client import AdminApi

KEY = "sk-admin-made-up-0123456789"
Reply = tuple[int, dict[str, str], str]


@contextmanager
def answering(*replies: Reply) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these replies in turn, the last one for ever; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = replies[min(len(asked), len(replies) - 1)]
            asked.append(self.path)
            self.send_response(status)
            for name, value in ({"retry-after-ms": "1"} | headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _page(**members: object) -> Reply:
    return 200, {}, json.dumps({"object": "page", "data": [], **members})


def _error(status: int, message: str, **headers: str) -> Reply:
    body = {"error": {"message": message, "type": "x", "param": None, "code": None}}
    return status, headers, json.dumps(body)


def test_an_amount_stays_what_was_sent() -> None:
    """The SDK's models would make floats of both."""
    sent = (
        '{"object":"page","data":[{"n":0.1000000000000000055511,"s":"0E-6176"}],"has_more":false}'
    )
    with answering((200, {}, sent)) as (url, _), AdminApi(KEY, base_url=url) as api:
        (answer,) = api.pages("/organization/costs", {"start_time": 0})
    assert answer.text == sent
    assert answer.value["data"][0]["n"] == Decimal("0.1000000000000000055511")


def test_pages_are_asked_for_with_the_same_parameters_and_the_cursor() -> None:
    replies = (_page(has_more=True, next_page="page_AA+/="), _page(has_more=False, next_page=None))
    with answering(*replies) as (url, asked), AdminApi(KEY, base_url=url) as api:
        assert len(list(api.pages("/x", {"start_time": 5, "group_by": ["a", "b"]}))) == 2
    first = "/v1/x?start_time=5&group_by%5B%5D=a&group_by%5B%5D=b"
    assert asked == [first, f"{first}&page=page_AA%2B%2F%3D"]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({"has_more": True, "next_page": None}, "without a cursor"),
        ({"has_more": True, "next_page": "one"}, "the same cursor twice"),
    ],
)
def test_a_cursor_that_leads_nowhere_is_an_error_and_no_loop(
    second: dict[str, object], says: str
) -> None:
    replies = (_page(has_more=True, next_page="one"), _page(**second))
    with (
        answering(*replies) as (url, _),
        AdminApi(KEY, base_url=url) as api,
        pytest.raises(ApiError, match=says),
    ):
        list(api.pages("/x", {}))


@pytest.mark.parametrize(
    "cursors", [{"last_id": "two"}, {"next": "two"}, {}], ids=["last_id", "next", "neither"]
)
def test_a_list_goes_on_after_its_last_item(cursors: dict[str, str]) -> None:
    def items(*names: str, more: bool) -> Reply:
        members = {"data": [{"id": n} for n in names], "has_more": more}
        return 200, {}, json.dumps({"object": "list", **members, **(cursors if more else {})})

    replies = (items("one", "two", more=True), items("three", more=False))
    with answering(*replies) as (url, asked), AdminApi(KEY, base_url=url) as api:
        assert [i["id"] for i in api.items("/x", {"limit": 2})] == ["one", "two", "three"]
    assert asked[1] == "/v1/x?limit=2&after=two"


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_what_may_pass_is_asked_again(status: int) -> None:
    with (
        answering(_error(status, "not now"), _page(has_more=False)) as (url, asked),
        AdminApi(KEY, base_url=url) as api,
    ):
        api.get("/x")
    assert len(asked) == 2


def test_a_garbled_answer_is_asked_for_again_and_then_refused() -> None:
    with (
        answering((200, {}, '{"object":'), _page(has_more=False)) as (url, asked),
        AdminApi(KEY, base_url=url) as api,
    ):
        api.get("/x")
    assert len(asked) == 2
    with (
        answering((200, {}, "<html>")) as (url, asked),
        AdminApi(KEY, base_url=url) as api,
        pytest.raises(ApiError, match="other than a JSON object"),
    ):
        api.get("/x")
    assert len(asked) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_enough_says_which_scope_is_needed_and_not_the_key(status: int) -> None:
    reply = _error(status, f"Incorrect API key provided: {KEY}. Missing scopes: api.usage.read")
    with (
        answering(reply) as (url, asked),
        AdminApi(KEY, base_url=url) as api,
        pytest.raises(ApiError, match=r"api\.usage\.read") as refused,
    ):
        api.get("/organization/costs")
    assert refused.value.is_forbidden
    assert KEY not in str(refused.value)
    assert len(asked) == 1


def test_what_a_server_repeats_of_a_key_is_not_said() -> None:
    """It shows the ends of a key that it refuses; four letters of a secret are too many."""
    reply = _error(401, "Incorrect API key provided: sk-admin***cret. You can find your key at …")
    with (
        answering(reply) as (url, _),
        AdminApi(KEY, base_url=url) as api,
        pytest.raises(ApiError, match=r"provided: sk-…\. You can") as refused,
    ):
        api.get("/organization/costs")
    assert "cret" not in str(refused.value)


def test_a_pause_of_hours_is_not_waited_for() -> None:
    reply = _error(429, "slow down", **{"retry-after": "7200", "retry-after-ms": "7200000"})
    with (
        answering(reply) as (url, asked),
        AdminApi(KEY, base_url=url) as api,
        pytest.raises(ApiError, match=r"429 .slow down.*longer pause"),
    ):
        api.get("/x")
    assert len(asked) == 1


def test_a_pause_ends_when_the_run_is_to_stop() -> None:
    """Ctrl-C does not wait out what the provider asks for."""
    stop = threading.Event()
    reply = _error(429, "slow down", **{"retry-after": "100", "retry-after-ms": "100000"})
    with answering(reply) as (url, asked), AdminApi(KEY, base_url=url, stop=stop) as api:
        timer = threading.Timer(0.1, stop.set)
        timer.start()
        with pytest.raises(ApiError, match="the run is to stop"):
            api.get("/x")
        timer.join()
    assert len(asked) == 1


def test_who_has_waited_in_vain_waits_less_for_the_next_answer() -> None:
    """A server that is out of order is not asked six times for each of twelve endpoints."""
    with answering(_error(503, "out of order")) as (url, asked), AdminApi(KEY, base_url=url) as api:
        for _ in range(3):
            with pytest.raises(ApiError, match="503"):
                api.get("/x")
    assert len(asked) == 6 + 2 + 2


def test_a_server_that_is_down_is_said_with_its_address() -> None:
    with (
        AdminApi(KEY, base_url="http://127.0.0.1:9/v1", max_retries=0) as api,
        pytest.raises(ApiError, match=r"http://127\.0\.0\.1:9/v1: /x could not be reached"),
    ):
        api.get("/x")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The key would go to whom the server names."""
    with (
        answering((status, {"location": "/elsewhere"}, "")) as (url, asked),
        AdminApi(KEY, base_url=url) as api,
        pytest.raises(ApiError, match=rf"was refused with {status}.*A redirect is not followed"),
    ):
        api.get("/organization/projects")
    assert asked == ["/v1/organization/projects"]
