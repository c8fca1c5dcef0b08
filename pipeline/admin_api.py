"""The provider's admin API, asked patiently: one answer, the pages of a range, the items of a list.

Gives raw text beside parsed JSON (decimals exact), since the SDK's own models turn amounts into
floats. Retries, pauses and connections are the SDK's. Never shows the key.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from pipeline.errors import ApiError

BASE_URL = "https://api.openai.com/v1"
MAX_RETRIES = 5
TIMEOUT_SECONDS = 60.0
_GARBLED_RETRIES = 2  # an answer that is cut off but well-formed to HTTP

Parameters = Mapping[str, str | int | bool | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered: the JSON as text, and parsed with exact decimals."""

    text: str
    value: Mapping[str, Any]


class AdminApi:
    """A connection to the admin API, to be closed; its methods may be called from several threads.

    **Fails** in every method with ApiError: what was asked, what came back, what to do.
    """

    def __init__(
        self,
        key: str,
        *,
        base_url: str = BASE_URL,
        max_retries: int = MAX_RETRIES,
        timeout_seconds: float = TIMEOUT_SECONDS,
        stop: threading.Event | None = None,
    ) -> None:
        from openai import OpenAI  # noqa: PLC0415  takes most of a second, and most runs fetch nothing

        self._key = key
        self._stop = stop
        self.base_url = base_url
        self._client = OpenAI(
            api_key="not-used",
            admin_api_key=key,
            base_url=base_url,
            max_retries=max_retries,
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
        for attempt in range(_GARBLED_RETRIES + 1):
            text = self._text(path, parameters or {})
            try:
                value = json.loads(text, parse_float=Decimal)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                return Answer(text, value)
            if attempt == _GARBLED_RETRIES:
                break
        raise ApiError(
            f"{path} answered something that is no JSON object",
            key=self.base_url,
            hint="Is `base_url` the provider's API, or a proxy that answers for it?",
        )

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

    def _text(self, path: str, parameters: Parameters) -> str:
        import httpx2  # noqa: PLC0415  as in the constructor
        import openai  # noqa: PLC0415  as above

        if self._stop is not None and self._stop.is_set():
            raise ApiError(f"{path} was not asked: the run is to stop", key=self.base_url)
        try:
            response = self._client.get(
                path,
                cast_to=httpx2.Response,
                options={"params": dict(parameters), "security": {"admin_api_key_auth": True}},
            )
        except openai.APIStatusError as error:
            raise self._refused(path, error.status_code, error.message, error.code) from None
        except openai.APITimeoutError:
            raise ApiError(
                f"{path} was not answered in time, after {self._client.max_retries + 1} attempts",
                key=self.base_url,
                hint="Try again later; what was fetched before is kept.",
            ) from None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            cause = error.__cause__ or error
            why = self._without_key(str(cause) or type(cause).__name__)
            raise ApiError(
                f"{path} could not be reached ({why})",
                key=self.base_url,
                hint="Check the network and `base_url`; the next run asks again.",
            ) from None
        return response.text

    def _refused(self, path: str, status: int, message: str, code: str | None) -> ApiError:
        what = self._without_key(message.removeprefix(f"Error code: {status}").lstrip(" -"))
        return ApiError(
            f"{path} was refused with {status}" + (f" ({what})" if what else ""),
            key=self.base_url,
            hint=_ADVICE.get(status, _LATER if status >= 500 or status == 429 else None),
            status=status,
            code=code,
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…")


_SCOPES = (
    "It needs an admin key (sk-admin-…) of an organization owner, with the scopes api.usage.read "
    "(usage, costs) and api.management.read (projects, people, keys, limits)."
)
_LATER = "Try again later; what was fetched before is kept."
_ADVICE = {
    401: f"The key is not accepted. {_SCOPES}",
    403: f"The key may not do this. {_SCOPES}",
    404: "This server does not have it.",
    429: "The provider asks for a longer pause. Run again later, or less often.",
}
