"""The cursor of usage and costs pages: it pins the instant of the query and the next bucket.

Twenty bytes in base64, as the provider's: seconds and nanoseconds of the instant, then the start.
"""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.demo.fake_api.refusals import invalid

_SHAPE = struct.Struct(">qiq")
_PREFIX = "page_"
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_LATEST = 2**35  # seconds, in the year 3058


class Cursor(NamedTuple):
    """Where a query stands."""

    instant: datetime  # naive UTC
    next_start: int  # unix seconds


def minted(cursor: Cursor) -> str:
    """The text that goes into `next_page`."""
    seconds = int(cursor.instant.replace(tzinfo=UTC, microsecond=0).timestamp())
    packed = _SHAPE.pack(seconds, cursor.instant.microsecond * 1_000, cursor.next_start)
    return _PREFIX + base64.b64encode(packed).decode()


def understood(text: str) -> Cursor:
    """A cursor from its text. Fails: RefusedError, 400."""
    refused = invalid(f"Invalid page token: '{text}'.", "page", "invalid_page_token")
    try:
        packed = base64.b64decode(text.removeprefix(_PREFIX).encode(), validate=True)
        seconds, nanoseconds, next_start = _SHAPE.unpack(packed)
        instant = datetime.fromtimestamp(seconds, UTC).replace(
            tzinfo=None, microsecond=nanoseconds // 1_000
        )
    except (ValueError, OverflowError, OSError, binascii.Error, struct.error):
        raise refused from None
    if not (_FIRST_YEAR <= instant.year <= _LAST_YEAR and 0 <= next_start < _LATEST):
        raise refused
    return Cursor(instant, next_start)
