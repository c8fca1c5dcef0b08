"""The provider's admin API, asked patiently: one answer, pages of a range, items of a list, and
what is to be set or deleted there.

Gives raw text beside parsed JSON (decimals exact), since the SDK's own models turn amounts into
floats. Connections are the SDK's; pauses end when the run is to stop. Never shows the key.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Self

from pipeline.errors import ApiError
from pipeline.network import guard
from pipeline.providers.openai.retry import asked_pause, may_pass, pause

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai import RequestOptions

BASE_URL = "https://api.openai.com/v1"
MAX_RETRIES = 5
TIMEOUT_SECONDS = 60.0
_GARBLED_RETRIES = 2  # an answer that is cut off but well-formed to HTTP
_TIMEOUT_RETRIES = 2
_REFUSED_RETRIES = 2

_KEYS = re.compile(r"\bsk-[\w*.…-]*[\w*…]")  # a server repeats the ends of a key that it refuses

Parameters = Mapping[str, str | int | bool | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the API: the JSON as text, and parsed with exact decimals."""

    text: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Question:
    """One request: its parameters, or what it is to write."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What a message calls it."""
        return self.path if self.method == "GET" else f"{self.method} {self.path}"


class _NotNowError(Exception):
    """An attempt failed in a way that may pass."""

    def __init__(self, error: ApiError, retries: int, asked_seconds: float | None = None) -> None:
        self.error = error
        self.retries = retries  # at most
        self.asked_seconds = asked_seconds
        super().__init__(str(error))


class AdminApi:
    """A connection to the admin API, to be closed; its methods may be called from several threads.

    **Fails** in every method with ApiError: the question, the answer, what to do.
    """

    def __init__(
        self,
        key: str,
        *,
        base_url: str = BASE_URL,
        max_retries: int = MAX_RETRIES,
        timeout_seconds: float = TIMEOUT_SECONDS,
        stop: threading.Event | None = None,
        draw: random.Random | None = None,
    ) -> None:
        from openai import OpenAI  # noqa: PLC0415  takes most of a second, and most runs fetch nothing

        self._key = key
        self._stop = stop or threading.Event()
        self._draw = draw or random.Random()  # noqa: S311  jitter, no secret
        self._max_retries = max_retries
        self._is_hopeless = False
        self._lock = threading.Lock()
        self._held_until = 0.0  # on the monotonic clock
        self.base_url = base_url
        self._client = OpenAI(
            api_key="not-used",
            admin_api_key=key,
            base_url=base_url,
            max_retries=0,  # ours can be stopped, and hold all threads at once
            timeout=timeout_seconds,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get(self, path: str, parameters: Parameters | None = None) -> Answer:
        """One answer, an object. `path` is below the base URL, such as `/organization/projects`."""
        return self._answer(_Question("GET", path, parameters or {}))

    def post(self, path: str, body: Mapping[str, str | int]) -> Answer:
        """Create or replace something. Asked again where that may help: the same again is right."""
        return self._answer(_Question("POST", path, body))

    def delete(self, path: str) -> Answer:
        """Delete something. Asked again where that may help, so that it may be gone already."""
        return self._answer(_Question("DELETE", path))

    def _answer(self, question: _Question) -> Answer:
        path = question.text
        for attempt in itertools.count():
            self._wait_for_the_hold(path)
            try:
                answer = self._ask(question)
            except _NotNowError as again:
                # who has just waited in vain for another answer waits less for this one
                limit = min(again.retries, 1) if self._is_hopeless else again.retries
                if attempt >= min(limit, self._max_retries):
                    self._is_hopeless = True
                    raise again.error from None
                seconds = pause(attempt, again.asked_seconds, self._draw)
                if again.error.status == 429:
                    self._hold(seconds)
                else:
                    self._wait(path, seconds)
                continue
            self._is_hopeless = False
            return answer
        raise AssertionError  # a count has no end

    def pages(self, path: str, parameters: Parameters) -> Iterator[Answer]:
        """All pages of a usage or costs endpoint, for the same parameters."""
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            asked = dict(parameters) if cursor is None else {**parameters, "page": cursor}
            answer = self.get(path, asked)
            yield answer
            if answer.value.get("has_more") is not True:
                return
            cursor = self._next(path, answer.value.get("next_page"), seen)

    def items(self, path: str, parameters: Parameters | None = None) -> Iterator[Mapping[str, Any]]:
        """All items of a list, whichever of the API's two kinds of cursors it has."""
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            asked = (
                dict(parameters or {})
                if cursor is None
                else {**(parameters or {}), "after": cursor}
            )
            value = self.get(path, asked).value
            items = value.get("data")
            if not isinstance(items, list):
                raise ApiError(f"{path} answered a list without `data`", key=self.base_url)
            found = [item for item in items if isinstance(item, dict)]
            yield from found
            if value.get("has_more") is not True:
                return
            last = found[-1].get("id") if found else None
            cursor = self._next(path, value.get("next") or value.get("last_id") or last, seen)

    def _next(self, path: str, cursor: Any, seen: set[str]) -> str:
        hint = "This is the server's fault; nothing of this fetch was taken. Try again later."
        if not isinstance(cursor, str) or not cursor:
            raise ApiError(
                f"{path} says there is more, and not where (`has_more` without a cursor)",
                key=self.base_url,
                hint=hint,
            )
        if cursor in seen:
            raise ApiError(
                f"{path} gave the same cursor twice, so its pages have no end",
                key=self.base_url,
                hint=hint,
            )
        seen.add(cursor)
        return cursor

    def _ask(self, question: _Question) -> Answer:
        """One attempt. Fails: ApiError for good, _NotNowError where another may help."""
        import httpx2  # noqa: PLC0415  as in the constructor
        import openai  # noqa: PLC0415  as above

        path = question.text
        try:
            with guard.guarded():
                response = self._sent(question)
                text = response.text
        except openai.APIStatusError as error:
            refused = self._refused(path, error)
            headers = error.response.headers
            if may_pass(error.status_code, headers):
                raise _NotNowError(refused, MAX_RETRIES, asked_pause(headers)) from None
            raise refused from None
        except openai.APITimeoutError as error:
            is_silent = isinstance(error.__cause__, httpx2.ConnectTimeout)
            failure = self._failure(path, "was not answered in time", is_unreachable=is_silent)
            raise _NotNowError(failure, _TIMEOUT_RETRIES) from None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            cause = error.__cause__ or error
            why = str(cause) or type(cause).__name__
            # nobody listens, or there is no such host: more patience would hardly help
            is_silent = isinstance(
                cause, httpx2.ConnectError | httpx2.UnsupportedProtocol | httpx2.InvalidURL
            )
            what = f"could not be reached ({why})"
            failure = self._failure(path, what, is_unreachable=is_silent)
            raise _NotNowError(failure, _REFUSED_RETRIES if is_silent else MAX_RETRIES) from None
        try:
            value = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return Answer(text, value)
        garbled = ApiError(
            f"{path} answered with something other than a JSON object",
            key=self.base_url,
            hint="Is `base_url` the provider's API, or a proxy that answers for it?",
        )
        raise _NotNowError(garbled, _GARBLED_RETRIES, asked_pause(response.headers))

    def _sent(self, question: _Question) -> httpx2.Response:
        import httpx2  # noqa: PLC0415  as in the constructor

        options: RequestOptions = {
            "security": {"admin_api_key_auth": True},
            "follow_redirects": False,  # a server must not lead the key to another one
        }
        path, values, answer = question.path, dict(question.values), httpx2.Response
        if question.method == "GET":
            return self._client.get(path, cast_to=answer, options={**options, "params": values})
        if question.method == "POST":
            return self._client.post(path, cast_to=answer, body=values, options=options)
        return self._client.delete(path, cast_to=answer, options=options)

    def _failure(self, path: str, what: str, *, is_unreachable: bool) -> ApiError:
        return ApiError(
            f"{path} {self._without_key(what)}",
            key=self.base_url,
            hint=_CHECK if is_unreachable else _LATER,
            is_unreachable=is_unreachable,
        )

    def _hold(self, seconds: float) -> None:
        """Too many requests: none of the threads asks before the pause is over."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)

    def _wait_for_the_hold(self, path: str) -> None:
        while (seconds := self._held_until - time.monotonic()) > 0:
            self._wait(path, seconds)
        self._wait(path, 0)

    def _wait(self, path: str, seconds: float) -> None:
        """Pause, unless the run is to stop. Fails: ApiError."""
        if self._stop.wait(seconds) if seconds > 0 else self._stop.is_set():
            raise ApiError(f"{path} was not asked: the run is to stop", key=self.base_url)

    def _refused(self, path: str, error: openai.APIStatusError) -> ApiError:
        status = error.status_code
        what = self._without_key(error.message.removeprefix(f"Error code: {status}").lstrip(" -"))
        return ApiError(
            f"{path} was refused with {status}" + (f" ({what})" if what else ""),
            key=self.base_url,
            hint=_MOVED if status < 400 else _ADVICE.get(status, _LATER if status >= 500 else None),
            status=status,
            code=error.code,
            param=error.param,
        )

    def _without_key(self, text: str) -> str:
        return _KEYS.sub("sk-…", text.replace(self._key, "sk-…"))


_SCOPES = (
    "It needs an admin key (sk-admin-…) of an organization owner, with the scopes api.usage.read "
    "(usage, costs) and api.management.read (projects, people, keys, limits), and "
    "api.management.write where actions of budgets set limits."
)
_CHECK = "Check the network and `base_url`; the next run asks again."
_MOVED = "A redirect is not followed, since the key would go along: name its target in `base_url`."
_LATER = "Try again later; what was fetched before is kept."
_ADVICE = {
    401: f"The key is not accepted. {_SCOPES}",
    403: f"The key may not do this. {_SCOPES}",
    404: "This server does not have it.",
    429: "The provider asks for a longer pause. Run again later, or less often.",
}
