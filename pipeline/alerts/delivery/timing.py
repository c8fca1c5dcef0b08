"""When messages may go out: quiet hours and the daily digest. Pure; instants are naive UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.alerts.model import Severity

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """The quiet hours and the time of the digest, in a zone; None where there are none."""

    zone: ZoneInfo
    quiet: tuple[time, time] | None = None
    is_critical_quiet: bool = False
    digest: time | None = None

    def quiet_until(self, severity: Severity, now: datetime) -> datetime | None:
        """When the quiet hours end that hold up a message; None where none do."""
        if self.quiet is None or (severity == "critical" and not self.is_critical_quiet):
            return None
        begin, end = self.quiet
        local = now.replace(tzinfo=UTC).astimezone(self.zone)
        clock = local.time().replace(tzinfo=None)
        is_quiet = begin <= clock < end if begin <= end else clock >= begin or clock < end
        if not is_quiet:
            return None
        day = local.date() if clock < end else local.date() + _DAY
        return _utc(datetime.combine(day, end, self.zone))

    def last_digest(self, now: datetime) -> datetime | None:
        """When the last digest was due; None where there is no digest."""
        return None if self.digest is None else self._digest(self.digest, now, 0)

    def next_digest(self, now: datetime) -> datetime | None:
        """When the next digest is due; None where there is no digest."""
        return None if self.digest is None else self._digest(self.digest, now, 1)

    def _digest(self, clock: time, now: datetime, days: int) -> datetime:
        today = now.replace(tzinfo=UTC).astimezone(self.zone).date()
        due = _utc(datetime.combine(today, clock, self.zone))
        if due > now:
            days -= 1
        return _utc(datetime.combine(today + days * _DAY, clock, self.zone))


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
