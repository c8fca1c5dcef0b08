"""When a cron expression is due in a time zone: instants in and out, naive UTC.

APScheduler's cron trigger matches the fields, on the wall clock and never in the zone: in a zone
3.11 fires a 02:30 twice when the clocks go back. Which instant a wall time means is decided here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from pipeline.errors import ConfigError
from pipeline.runs.schedule.cron import CronFields, parse

# Names, because APScheduler 3 counts weekdays from Monday = 0 and cron from Sunday = 0.
_WEEKDAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class DueTimes:
    """The instants at which a cron expression is due in a zone.

    An expression for every hour follows real hours: none falls into the hour that the clocks
    skip, and both hours that have the same name count. Every other one names times of day, and
    each is due once: a skipped one by the offset before the change (02:30 is then 03:30), a
    repeated one the first time.

    Source: RFC 5545, 3.3.5, for times of day that are skipped or repeated.
    """

    def __init__(self, fields: CronFields, zone: ZoneInfo) -> None:
        self._zone = zone
        self._is_every_hour = fields.is_every_hour
        self._trigger = _wall_clock_trigger(fields)

    def after(self, instant: datetime) -> datetime:
        """The first due time after an instant, which itself does not count."""
        best: datetime | None = None
        wall = self._wall(instant) - self._shift_around(instant) - timedelta(seconds=1)
        while True:
            wall = self._next_wall(wall)
            if best is not None and wall > self._wall(best) + self._shift_around(best):
                return best
            for candidate in self._instants(wall):
                if candidate > instant and (best is None or candidate < best):
                    best = candidate

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

    def _next_wall(self, wall: datetime) -> datetime:
        moment = (wall + timedelta(seconds=1)).replace(tzinfo=UTC)
        found: datetime | None = self._trigger.get_next_fire_time(None, moment)
        if found is None:  # `parse` refuses what is never due; this is the year 10000
            raise OverflowError(f"nothing is due after {wall}")
        return found.replace(tzinfo=None)

    def _wall(self, instant: datetime) -> datetime:
        return instant.replace(tzinfo=UTC).astimezone(self._zone).replace(tzinfo=None)

    def _instants(self, wall: datetime) -> tuple[datetime, ...]:
        first, second = (
            wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
            for fold in (0, 1)
        )
        is_skipped = self._wall(first) != wall
        if first == second or not self._is_every_hour:
            return (first,)
        return () if is_skipped else (first, second)

    def _shift_around(self, instant: datetime) -> timedelta:
        """How far the clocks are moved within a day of an instant: by that, order may turn."""
        day = timedelta(days=1)
        return abs(
            (self._wall(instant + day) - self._wall(instant - day)) - 2 * day,
        )


def due_times(cron: str, zone: ZoneInfo, *, key: str) -> DueTimes | None:
    """The due times of an expression; None for "", which is off. Fails: ConfigError with key."""
    if not cron.strip():
        return None
    try:
        return DueTimes(parse(cron), zone)
    except ValueError as error:
        raise ConfigError(str(error), key=key, hint='"" turns it off.') from None


def _wall_clock_trigger(fields: CronFields) -> BaseTrigger:
    days = _listed(fields.days)
    weekdays = ",".join(_WEEKDAY_NAMES[day] for day in sorted(fields.weekdays))
    # APScheduler wants both day fields to match; cron, when both are restricted, either.
    pairs = [(days, "*"), ("*", weekdays)] if fields.is_day_or_weekday else [(days, weekdays)]
    triggers = [
        CronTrigger(
            minute=_listed(fields.minutes),
            hour=_listed(fields.hours),
            day=day,
            month=_listed(fields.months),
            day_of_week=weekday,
            timezone=UTC,  # the wall clock, written as UTC so that no clock change touches it
        )
        for day, weekday in pairs
    ]
    return triggers[0] if len(triggers) == 1 else OrTrigger(triggers)


def _listed(numbers: frozenset[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))
