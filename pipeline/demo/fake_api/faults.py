"""What can be wrong with the fake: switches, all of them off.

Each follows from the seed, the request and the clock alone, so that a test can say what happens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Failure = Literal[
    "rate_limited",  # 429 with Retry-After
    "rate_limited_silently",  # 429 without it
    "server_error",  # 500
    "bad_gateway",  # 502, and no JSON
    "unavailable",  # 503
    "cut",  # half of the body, then the connection is closed
    "dropped",  # the connection is closed without an answer
    "garbled",  # 200 and half of the JSON, well-formed to HTTP
]
# An endpoint goes by its path below the version, or below `organization/`: "usage/images",
# "costs", "projects"; a project's by its last part: "projects/*/rate_limits".
Endpoint = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Failures of the transport, of an endpoint for good, of the data for a while."""

    # Failures that pass. Every n-th new request (method, path and query) fails, and succeeds when
    # it is repeated often enough; the kinds take turns.
    failing_every: int = 0  # 0: never; 1: each
    failures: tuple[Failure, ...] = ("rate_limited", "unavailable", "cut")
    failing_times: int = 1  # how often such a request fails
    retry_after: str | None = "1"  # the header of `rate_limited`; seconds or an HTTP date
    retry_after_ms: int | None = None  # on all of them; what clients of tests wait

    # Failures that last.
    broken: Mapping[Endpoint, int] = field(default_factory=dict)  # a status, such as 403, 404, 500
    refused_group_by: tuple[tuple[Endpoint, str], ...] = ()  # 400; "user_id+project_id": only both
    dies_after: int | None = None  # requests that are answered before the server is gone
    repeats_cursor: tuple[Endpoint, ...] = ()  # every page has the same `next_page`
    loses_cursor: tuple[Endpoint, ...] = ()  # `has_more` is true, and there is no `next_page`
    not_found_after_create_seconds: int = 0  # for how long a new project answers 404

    # Data that is not there yet, or not right yet.
    lag_minutes: int = 0  # usage of the last minutes is not shown
    costs_lag_minutes: int = 0
    late_percent: int = 0  # of a day's calls: they come at once, 30 to 50 hours after its end
    restated_percent: int = 0  # of days: output is half of what it was until a day after the end
    vanishing_percent: int = 0  # of days: with rows on a wrong key until 20 hours after the end


def share(*parts: object, of: int = 100) -> int:
    """A number from 0 up to `of` that follows from its parts and nothing else."""
    text = ":".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % of
