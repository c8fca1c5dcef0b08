"""The fake API itself: a request goes in, an answer comes out. No sockets, no clock of its own.

Checks the key and its scopes, finds the endpoint, and lets the switched-on faults happen.
"""

from __future__ import annotations

import hmac
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from pipeline.demo.cast import Organization
from pipeline.demo.fake_api.directory import begin, routes
from pipeline.demo.fake_api.directory.routes import Request, Route
from pipeline.demo.fake_api.directory.state import Json
from pipeline.demo.fake_api.faults import Failure, Faults
from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.refusals import RefusedError, invalid
from pipeline.demo.fake_api.usage.bill import Bill
from pipeline.demo.fake_api.usage.costs_page import Names, costs_page
from pipeline.demo.fake_api.usage.cursors import Cursor, minted
from pipeline.demo.fake_api.usage.days import Days
from pipeline.demo.fake_api.usage.endpoints import USAGE
from pipeline.demo.fake_api.usage.usage_page import usage_page

VERSION = "/v1"
KEY = "sk-admin-made-up-tollbook-demo-0000000000000000"
READ_USAGE, READ, WRITE = "api.usage.read", "api.management.read", "api.management.write"
SCOPES = (READ_USAGE, READ, WRITE)

_USAGE = "/organization/usage/"
_COSTS = "/organization/costs"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    headers: Mapping[str, str]
    body: str
    failure: Failure | None = None  # of the way there


class FakeAdminApi:
    """A fake of the provider's admin API. Answers from several threads at once.

    **Takes** the clock (naive UTC), what goes wrong, what is billed, how many times the usual
    traffic, the only key it accepts with the scopes that key has, and the routes of the directory:
    a test may add some that change it.
    """

    def __init__(
        self,
        organization: Organization,
        *,
        now: Callable[[], datetime],
        faults: Faults | None = None,
        bill: Bill | None = None,
        scale: float = 1.0,
        key: str = KEY,
        scopes: tuple[str, ...] = SCOPES,
        directory: Sequence[Route] = routes.ROUTES,
    ) -> None:
        self.key = key
        self.faults = faults or Faults()
        self.now = now
        self.state = begin.begun(organization, now, self.faults)
        self.days = Days(organization, bill or Bill(), self.faults, scale)
        self._scopes = scopes
        self._directory = directory
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}  # of each new request, from 1
        self._failed: dict[str, int] = {}  # how often it has failed

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], raw_body: bytes = b""
    ) -> Answer:
        """The answer to one request; `target` is its path and query, as sent."""
        parts = urlsplit(target)
        failure = self._failure(f"{method} {target}")
        try:
            refused = _refusal(failure)
            if refused:
                raise refused
            path = self._path(parts.path)
            self._check_key(headers.get("authorization"), method, path)
            self._check_broken(path)
            found = self._found(method, path, Parameters(parts.query), raw_body)
            answer = Answer(200, {}, json.dumps(found), failure)
        except RefusedError as refused:
            answer = Answer(refused.status, {}, json.dumps(refused.body()))
        return self._dressed(answer, failure)

    def _dressed(self, answer: Answer, failure: Failure | None) -> Answer:
        headers = {"content-type": "application/json", "openai-version": "2020-10-01"}
        if failure == "rate_limited" and self.faults.retry_after is not None:
            headers["retry-after"] = self.faults.retry_after
        if failure and answer.status >= 400 and self.faults.retry_after_ms is not None:
            headers["retry-after-ms"] = str(self.faults.retry_after_ms)
        body = answer.body
        if failure == "bad_gateway":
            headers["content-type"] = "text/html"
            body = "<html><head><title>502 Bad Gateway</title></head></html>"
        if answer.failure == "garbled":
            body = body[: len(body) // 2]
        return Answer(answer.status, headers, body, answer.failure)

    def _failure(self, request: str) -> Failure | None:
        """What goes wrong with this request, this time."""
        faults = self.faults
        if not faults.failing_every or not faults.failures:
            return None
        with self._lock:
            number = self._numbers.setdefault(request, len(self._numbers) + 1)
            turn, rest = divmod(number, faults.failing_every)
            failed = self._failed.get(request, 0)
            if rest or failed >= faults.failing_times:
                return None
            self._failed[request] = failed + 1
        return faults.failures[(turn - 1) % len(faults.failures)]

    def _path(self, path: str) -> str:
        """The path below the version. Fails: RefusedError, 404."""
        if not path.startswith(f"{VERSION}/"):
            raise _unknown_url("GET", path)
        return path.removeprefix(VERSION).rstrip("/")

    def _check_key(self, authorization: str | None, method: str, path: str) -> None:
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise RefusedError(
                401,
                "You didn't provide an API key. You need to provide your API key in an "
                "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            )
        needed = _scope(method, path)
        is_ours = hmac.compare_digest(key.strip().encode(), self.key.encode())
        if not is_ours and not key.startswith(("sk-proj-", "sk-svcacct-")):
            raise RefusedError(
                401,
                f"Incorrect API key provided: {key[:8]}***{key[-4:] if len(key) > 16 else ''}. "
                "You can find your API key at https://platform.openai.com/account/api-keys.",
                code="invalid_api_key",
            )
        if not is_ours or needed not in self._scopes:
            raise RefusedError(
                403,
                "You have insufficient permissions for this operation. Missing scopes: "
                f"{needed}. Check that you have the correct role in your organization "
                "(Reader, Writer, Owner), and if you're using a restricted API key, that it has "
                "the necessary scopes.",
            )

    def _check_broken(self, path: str) -> None:
        for endpoint, status in self.faults.broken.items():
            if _is_meant(endpoint, path):
                raise _broken(status, path)

    def _found(self, method: str, path: str, parameters: Parameters, raw_body: bytes) -> Json:
        if path == _COSTS and method == "GET":
            names = self._names()
            page = costs_page(parameters, self.days, self.faults, names, self.now())
            return self._with_cursor_faults("costs", parameters, page)
        if path.startswith(_USAGE) and method == "GET":
            endpoint = USAGE.get(path.removeprefix(_USAGE))
            if endpoint is None:
                raise _unknown_url(method, path)
            page = usage_page(endpoint, parameters, self.days, self.faults, self.now())
            return self._with_cursor_faults(endpoint.path, parameters, page)
        route, ids = _route(self._directory, method, path)
        request = Request(method, path, ids, parameters, raw_body)
        with self.state.lock:
            found = route.answer(self.state, request)
            # Written out while nobody can change it.
            written: Json = json.loads(json.dumps(found))
        return written

    def _with_cursor_faults(self, endpoint: str, parameters: Parameters, page: Json) -> Json:
        if endpoint in self.faults.repeats_cursor and page["data"]:
            again = minted(Cursor(self.now(), page["data"][0]["start_time"]))
            return page | {"has_more": True, "next_page": parameters.text("page") or again}
        if endpoint in self.faults.loses_cursor:
            return page | {"has_more": True, "next_page": None}
        return page

    def _names(self) -> Names:
        state = self.state
        with state.lock:
            return Names(
                state.organization_id,
                state.organization_name,
                {id_: one.shown["name"] for id_, one in state.projects.items()},
                {id_: user["email"] for id_, user in state.users.items()},
            )


def _route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The route of a path, and what its stars stand for. Fails: RefusedError, 404 or 405."""
    parts = [unquote(part) for part in path.split("/")]
    is_known = False
    for route in routes:
        pattern = route.path.split("/")
        if len(pattern) != len(parts) or not all(
            expected in {"*", part} for expected, part in zip(pattern, parts, strict=True)
        ):
            continue
        is_known = True
        if route.method == method:
            ids = (p for expected, p in zip(pattern, parts, strict=True) if expected == "*")
            return route, tuple(ids)
    if is_known:
        raise RefusedError(405, f"Not allowed to {method} on {VERSION}{path}")
    raise _unknown_url(method, path)


def _is_meant(endpoint: str, path: str) -> bool:
    """Whether a name of `Faults` means this path; a star stands for one id."""
    pattern = "/".join("[^/]+" if part == "*" else re.escape(part) for part in endpoint.split("/"))
    return re.fullmatch(f"/(organization/)?{pattern}", path) is not None


def _scope(method: str, path: str) -> str:
    if path == _COSTS or path.startswith(_USAGE):
        return READ_USAGE
    return READ if method == "GET" else WRITE


def _refusal(failure: Failure | None) -> RefusedError | None:
    match failure:
        case "rate_limited" | "rate_limited_silently":
            return RefusedError(
                429,
                "Rate limit reached for requests. Please try again.",
                code="rate_limit_exceeded",
            )
        case "server_error":
            return RefusedError(
                500, "The server had an error while processing your request. Sorry about that!"
            )
        case "bad_gateway":
            return RefusedError(502, "Bad gateway.")
        case "unavailable":
            return RefusedError(503, "The server is temporarily unable to service your request.")
        case _:
            return None


def _broken(status: int, path: str) -> RefusedError:
    match status:
        case 404:
            return _unknown_url("GET", path)
        case 403:
            return RefusedError(
                403,
                "You have insufficient permissions for this operation. You must be an "
                "organization owner to access this endpoint.",
            )
        case 400:
            return invalid("This endpoint is not available to your organization.")
        case _:
            return RefusedError(status, "The server had an error while processing your request.")


def _unknown_url(method: str, path: str) -> RefusedError:
    return RefusedError(404, f"Invalid URL ({method} {VERSION}{path})", code="unknown_url")
