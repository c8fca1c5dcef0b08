"""How long to wait before asking a server again, and whether at all.

Takes what it answered and how often it was asked; gives seconds. Never sleeps by itself.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
LONGEST_ASKED_SECONDS = 120.0  # a server that asks for more is asked again by the next run
_PASSING = frozenset({408, 409, 429})


def may_pass(status: int, headers: Mapping[str, str]) -> bool:
    """Whether asking again may help: what the server says itself, else by its status.

    **Source** the official SDK's rule: 408, 409, 429 and 5xx, unless the pause is too long.
    """
    asked = asked_pause(headers)
    if asked is not None and asked > LONGEST_ASKED_SECONDS:
        return False
    said = headers.get("x-should-retry")
    if said in {"true", "false"}:
        return said == "true"
    return status in _PASSING or status >= 500


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks for (Retry-After, in seconds or as a date); None: none."""
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if not math.isnan(seconds):
            return max(seconds, 0.0)
    until, at = (_date(headers.get(name)) for name in ("retry-after", "date"))
    # by the server's own clock: ours may be wrong
    return None if until is None or at is None else max((until - at).total_seconds(), 0.0)


def pause(attempt: int, asked: float | None, draw: random.Random) -> float:
    """Seconds before the next attempt: what was asked for, else twice as long each time.

    A quarter of it is left to chance, so that many clients do not come back at once; nobody
    comes back before the time that was asked for.
    """
    if asked:
        return asked * (1 + 0.1 * draw.random())
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempt, 30), LONGEST_PAUSE_SECONDS)
    return longest * (1 - 0.25 * draw.random())


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except (TypeError, ValueError):
        return None
