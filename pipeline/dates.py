"""The organization's calendar day of many instants at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

_DAY_US = 86_400_000_000
_LONGEST_SPAN = timedelta(days=400)  # of a frame for which a look at each day is worth it


def utc_dates(instants: pl.Series) -> pl.Series:
    """The UTC days of naive UTC instants in microseconds, as Int64."""
    return (instants // _DAY_US).cast(pl.Int32).cast(pl.Date)


def local_dates(instants: pl.Series, zone: ZoneInfo) -> pl.Series:
    """The days in `zone` of naive UTC instants in microseconds, as Int64.

    Rows of a frame mostly lie on one side of every clock change: then the offset is the same
    for all, and adding it is far cheaper than asking the zone about each row.
    """
    first, last = instants.min(), instants.max()
    if not isinstance(first, int) or not isinstance(last, int):
        return utc_dates(instants)
    offset = _only_offset(_instant(first), _instant(last), zone)
    if offset is not None:
        return utc_dates(instants + offset // timedelta(microseconds=1))
    local = instants.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone.key)
    return local.dt.date()


def _only_offset(first: datetime, last: datetime, zone: ZoneInfo) -> timedelta | None:
    """The zone's offset if it is one and the same from first to last, looked up once a day."""
    if last - first > _LONGEST_SPAN:
        return None
    offset = first.astimezone(zone).utcoffset()
    instant = first
    while instant < last:
        instant = min(instant + timedelta(days=1), last)
        if instant.astimezone(zone).utcoffset() != offset:
            return None
    return offset


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
