"""What the fake knows of each UTC day, as of an instant: counted usage and billed lines.

Both come from the same calls. A day is made once for each state it can be in; what arrives late,
is restated or vanishes depends on the day and the instant alone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from pipeline.demo.cast import Call, Organization
from pipeline.demo.fake_api.faults import Faults, share
from pipeline.demo.fake_api.usage.bill import (
    Bill,
    Line,
    line_of_tool,
    lines_of_call,
    lines_of_day,
    made,
)
from pipeline.demo.fake_api.usage.endpoints import USAGE, EndpointName
from pipeline.demo.fake_api.usage.hosted import billed_storage, billed_use, stored, used
from pipeline.demo.fake_api.usage.metering import Metered, metered, with_decisions
from pipeline.demo.traffic import calls

_DAY = timedelta(days=1)
_LATE_HOURS = (30, 50)
_RESTATED_AFTER = timedelta(hours=24)
_VANISHED_AFTER = timedelta(hours=20)
_DAYS_KEPT = 800


class Phase(NamedTuple):
    """Which of the passing untruths about a day still hold."""

    is_late_missing: bool
    is_unrestated: bool
    has_vanishing: bool


_SETTLED = Phase(is_late_missing=False, is_unrestated=False, has_vanishing=False)


@dataclass(frozen=True, slots=True)
class Day:
    """What a UTC day has: its calls by endpoint, in time order, and the lines of its bill."""

    usage: dict[EndpointName, Sequence[Metered]]
    lines: Sequence[Line]


class Days:
    """The days of one organization. May be asked from several threads."""

    def __init__(
        self, organization: Organization, bill: Bill, faults: Faults, scale: float
    ) -> None:
        self._organization = with_decisions(organization)
        self._bill = bill
        self._faults = faults
        self._scale = scale
        self._lock = threading.Lock()
        self._calls: OrderedDict[date, tuple[Call, ...]] = OrderedDict()
        self._days: OrderedDict[tuple[date, Phase], Day] = OrderedDict()

    def day(self, day: date, instant: datetime) -> Day:
        """What is known of a UTC day at an instant; times after the instant are not left out."""
        phase = self._phase(day, instant)
        with self._lock:
            found = self._days.get((day, phase))
            if found is None:
                found = self._days[day, phase] = self._made(day, phase)
                if len(self._days) > _DAYS_KEPT:
                    self._days.popitem(last=False)
            return found

    def _phase(self, day: date, instant: datetime) -> Phase:
        faults, seed = self._faults, self._organization.seed
        if not (faults.late_percent or faults.restated_percent or faults.vanishing_percent):
            return _SETTLED
        end = datetime.combine(day, time()) + _DAY
        first, last = _LATE_HOURS
        late_at = end + timedelta(
            hours=first, minutes=share(seed, "late", day, of=(last - first) * 60)
        )
        return Phase(
            faults.late_percent > 0 and instant < late_at,
            share(seed, "restated", day) < faults.restated_percent
            and instant < end + _RESTATED_AFTER,
            share(seed, "vanishing", day) < faults.vanishing_percent
            and instant < end + _VANISHED_AFTER,
        )

    def _made(self, day: date, phase: Phase) -> Day:
        usage: dict[EndpointName, list[Metered]] = {name: [] for name in _NAMES}
        lines: list[Line] = []
        for call in self._known(day, phase):
            for endpoint, one in metered(call):
                usage[endpoint].append(one)
            lines += lines_of_call(call, self._bill)
        for endpoint, one in used(self._organization, day, has_sessions=self._bill.sessions):
            if phase.is_late_missing and self._is_late(one.mark):
                continue
            usage[endpoint].append(one)
            at = datetime.combine(day, time()) + timedelta(seconds=one.at % 86_400)
            lines.append(line_of_tool(billed_use(endpoint, one, at)))
        usage["vector_stores"] = stored(self._organization, day)
        storage = billed_storage(
            usage["vector_stores"], day, spreads_free=self._bill.spreads_free_storage
        )
        lines += (line_of_tool(tool) for tool in storage)
        lines += lines_of_day(self._organization, day, self._bill)
        return Day(
            {name: sorted(found, key=lambda one: one.at) for name, found in usage.items()},
            sorted(lines, key=lambda line: line.at),
        )

    def _known(self, day: date, phase: Phase) -> Iterator[Call]:
        """The day's calls as they are known in that state."""
        wrong = self._organization.project("default").api_keys[0]
        place = share(self._organization.seed, "vanishing project", day, of=10**6)
        found = self._calls_of(day)
        slugs = sorted({call.project.slug for call in found} - {"default"})
        for call in found:
            if phase.is_late_missing and self._is_late(call.mark):
                continue
            known = call
            if phase.is_unrestated:
                known = replace(
                    call,
                    output_tokens=call.output_tokens // 2,
                    audio_output_tokens=call.audio_output_tokens // 2,
                )
            if phase.has_vanishing and call.project.slug == slugs[place % len(slugs)]:
                known = replace(known, api_key=wrong, project=self._organization.project("default"))
            yield known

    def _is_late(self, mark: int) -> bool:
        return mark // 7 % 100 < self._faults.late_percent

    def _calls_of(self, day: date) -> list[Call]:
        """Calls come by day of the organization's zone; a UTC day has parts of two."""
        return [
            call
            for number in (-1, 0, 1)
            for call in self._local_day(day + number * _DAY)
            if call.at.date() == day
        ]

    def _local_day(self, day: date) -> tuple[Call, ...]:
        found = self._calls.get(day)
        if found is None:
            every = calls(self._organization, day, day + _DAY, self._scale)
            found = self._calls[day] = tuple(made(every, self._bill))
            if len(self._calls) > _DAYS_KEPT:
                self._calls.popitem(last=False)
        return found


_NAMES: tuple[EndpointName, ...] = tuple(endpoint.name for endpoint in USAGE.values())
