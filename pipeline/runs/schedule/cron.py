"""A cron expression's five fields, as sets of numbers: text in, `CronFields` out.

The fields mean what they mean to cron: Sunday is 0 and 7, and when the day of the month and the
day of the week are both restricted, either of them is enough. It knows no clock and no zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?:(?P<star>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


class _Field(NamedTuple):
    what: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def span(self) -> str:
        return f"{self.low} to {self.high}" + (
            f", or {self.names[0]} to {self.names[-1]}" if self.names else ""
        )


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of the week", 0, 7, _WEEKDAYS)
_FIELDS = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)


@dataclass(frozen=True, slots=True)
class CronFields:
    """When an expression is due, by wall clock; `weekdays` counts from Sunday = 0 to 6."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_day_or_weekday: bool  # either day field is enough; else both must hold

    @property
    def is_every_hour(self) -> bool:
        """Whether it repeats by the hour, and not at a time of day."""
        return len(self.hours) == 24


def parse(text: str) -> CronFields:
    """The fields of a cron expression. Fails: ValueError saying which field is wrong and why."""
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        count = f"{len(parts)} field" + ("" if len(parts) == 1 else "s")
        raise ValueError(
            f"{text!r} has {count}; a cron expression has five: "
            'minute, hour, day of the month, month, day of the week, such as "0 6 * * 1-5"'
        )
    minutes, hours, days, months, weekdays = (
        _numbers(part, field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    # As in cron, a day field that opens with a star does not count as restricted.
    is_either = not parts[2].startswith("*") and not parts[4].startswith("*")
    if not is_either and all(min(days) > _LONGEST_MONTH_DAYS[month - 1] for month in months):
        raise ValueError(f"{text!r} is never due: no such month has a day {min(days)}")
    return CronFields(
        text=" ".join(text.split()),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        is_day_or_weekday=is_either,
    )


def _numbers(text: str, field: _Field) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_range(part, field))
    return frozenset(found)


def _range(part: str, field: _Field) -> range:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is no {field.what}; it is {field.span}, *, a-b or */n")
    step = int(match["step"] or 1)
    if step == 0:
        raise ValueError(f"{part!r}: a step in the {field.what} is 1 or more")
    if match["star"]:
        return range(field.low, field.high + 1, step)
    first = _number(match["first"], field)
    if match["last"] is None:
        if match["step"]:
            # Crons differ on this one: refused, so that nobody gets the other meaning.
            raise ValueError(f"{part!r}: a step needs a range; write {first}-{field.high}/{step}")
        return range(first, first + 1)
    last = _number(match["last"], field)
    if field is _WEEKDAY and match["last"] == "sun":
        last = 7
    if first > last:
        raise ValueError(
            f"{part!r} runs backwards in the {field.what}; "
            f"write it as two ranges: {first}-{field.high},{field.low}-{last}"
        )
    return range(first, last + 1, step)


def _number(word: str, field: _Field) -> int:
    if word in field.names:
        return field.names.index(word) + (1 if field is _MONTH else 0)
    # isascii: int() would read the digits of other scripts, too.
    if not (word.isascii() and word.isdigit()) or not field.low <= int(word) <= field.high:
        raise ValueError(f"{word!r} is no {field.what}; it is {field.span}")
    return int(word)
