"""When a cron expression is due in a time zone: instants in and out, naive UTC.

By cronsim, which goes by Debian's cron: an expression with a star for its minute or hour follows
real hours, so that "hourly" is an hour apart also when the clocks change; any other names times of
day, each of which is due once: one that the clocks skip at the end of the gap, one that they repeat
the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from pipeline.config.cron import parse
from pipeline.errors import ConfigError


class DueTimes:
    """The instants at which a cron expression is due in a zone."""

    def __init__(self, cron: str, zone: ZoneInfo) -> None:
        self._cron = parse(cron)
        self._zone = zone

    def after(self, instant: datetime) -> datetime:
        """The first due time after an instant, which itself does not count."""
        found = next(CronSim(self._cron, instant.replace(tzinfo=UTC).astimezone(self._zone)))
        return found.astimezone(UTC).replace(tzinfo=None)

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last due time after one instant and up to another, which counts; None if none is."""
        window = timedelta(minutes=1)
        while (found := self.after(max(after, until - window))) > until:
            if until - window <= after:
                return None
            window *= 2  # so that a year of missed minutes costs as much as one
        while (following := self.after(found)) <= until:
            found = following
        return found


def due_times(cron: str, zone: ZoneInfo, *, key: str) -> DueTimes | None:
    """The due times of an expression; None for "", which is off. Fails: ConfigError with key."""
    if not cron.strip():
        return None
    try:
        return DueTimes(cron, zone)
    except ValueError as error:
        raise ConfigError(str(error), key=key, hint='"" turns it off.') from None
