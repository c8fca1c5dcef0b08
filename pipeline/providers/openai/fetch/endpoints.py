"""The endpoints of usage and costs: path, finest grouping, and what to leave out when refused.

Takes a refused grouping and the server's answer; gives the next one to try. Asks nobody.

**Source** the official SDK 3.57.0, `client.admin.organization.usage`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ApiError
from pipeline.ledger.bucket import Width

_COMMON = ("project_id", "user_id", "api_key_id", "model")
_TEXT = (*_COMMON, "batch", "service_tier", "api_source")
# What is missed least comes first. Prices need the model, the tier and the rest of the second line.
_LEAST_MISSED = (
    *("api_source", "user_id", "api_key_id", "vector_store_id", "project_id"),
    *("source", "context_level", "size", "batch", "service_tier", "line_item", "model"),
)
_INDEX = re.compile(r"group_by\D{0,2}(\d+)")
# Buckets a page, at most; the API's own limits.
LIMITS: dict[Width, int] = {"1d": 31, "1h": 168, "1m": 1_440}
COSTS_LIMIT = 180


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, and the names by which its answers can be grouped."""

    name: str
    group_by: tuple[str, ...]

    @property
    def path(self) -> str:
        """Below the base URL."""
        if self.name == "costs":
            return "/organization/costs"
        return f"/organization/usage/{self.name}"


USAGE = (
    Endpoint("completions", _TEXT),
    Endpoint("decisions", _TEXT),
    Endpoint("embeddings", _COMMON),
    Endpoint("moderations", _COMMON),
    Endpoint("images", (*_COMMON, "size", "source")),
    Endpoint("audio_speeches", _COMMON),
    Endpoint("audio_transcriptions", _COMMON),
    Endpoint("vector_stores", ("project_id",)),
    Endpoint("code_interpreter_sessions", ("project_id",)),
    Endpoint("file_search_calls", ("project_id", "user_id", "api_key_id", "vector_store_id")),
    Endpoint("web_search_calls", (*_COMMON, "context_level", "api_source")),
)
COSTS = Endpoint("costs", ("project_id", "user_id", "line_item", "api_key_id", "api_source"))
BY_MINUTE = USAGE[0]  # rate limits are mostly met by completions


def without_refused(group_by: tuple[str, ...], refused: ApiError) -> tuple[str, ...] | None:
    """The grouping to try next after a 400; None where the grouping is not what was refused.

    The server names the parameter by its place or its name, or the text mentions names: then the
    one that is missed least goes. Where it says nothing, the one missed least of all goes.
    """
    if refused.status != 400 or not group_by:
        return None
    param = refused.param or ""
    place = _INDEX.search(param)
    if place and int(place[1]) < len(group_by):
        return _without(group_by, group_by[int(place[1])])
    if param in group_by:
        return _without(group_by, param)
    if param and not param.startswith("group_by"):
        return None
    words = set(re.findall(r"[a-z_]+", refused.what))
    named = [name for name in _LEAST_MISSED if name in group_by and name in words]
    return _without(group_by, (named or [n for n in _LEAST_MISSED if n in group_by])[0])


def _without(group_by: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(n for n in group_by if n != name)
