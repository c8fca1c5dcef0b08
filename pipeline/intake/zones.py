"""The organization's calendar day of an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The date in `zone` of a naive UTC instant."""
    return instant.replace(tzinfo=UTC).astimezone(zone).date()
