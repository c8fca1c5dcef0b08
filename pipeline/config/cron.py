"""Checks a cron expression's five fields: text in, the same in plain numbers out.

The fields mean what they mean to cron: Sunday is 0 and 7, and when the day of the month and the
day of the week are both restricted, either of them is enough. What crons read in different ways is
refused. It knows no clock and no zone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.text import counted

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

    @property
    def size(self) -> int:
        """The number of values of the field; 0 and 7 are both Sunday and count once."""
        return self.high - self.low + (0 if self is _WEEKDAY else 1)


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of the week", 0, 7, _WEEKDAYS)
_FIELDS = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)


def parse(text: str) -> str:
    """The expression with numbers for names. Fails: ValueError saying which field is wrong."""
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        count = counted(len(parts), "field")
        raise ValueError(
            f"{text!r} has {count}; a cron expression has five: "
            'minute, hour, day of the month, month, day of the week, such as "0 6 * * 1-5"'
        )
    fields = [
        [_plain(item, field) for item in part.split(",")]
        for part, field in zip(parts, _FIELDS, strict=True)
    ]
    _check_days(text, parts, fields)
    return " ".join(",".join(item for item, _ in items) for items in fields)


def _check_days(text: str, parts: list[str], fields: list[list[tuple[str, range]]]) -> None:
    """Refuse a day that none of the months has."""
    # As in cron, a day field that opens with a star does not count as restricted.
    if not parts[2].startswith("*") and not parts[4].startswith("*"):
        return
    days, months = ({n for _, numbers in fields[at] for n in numbers} for at in (2, 3))
    if all(min(days) > _LONGEST_MONTH_DAYS[month - 1] for month in months):
        raise ValueError(f"{text!r} is never due: no such month has a day {min(days)}")


def _plain(part: str, field: _Field) -> tuple[str, range]:
    """One item of a field in plain numbers, and the numbers that it stands for."""
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is wrong; the {field.what} is {field.span}, *, a-b or */n")
    step = int(match["step"] or 1)
    if not 1 <= step <= field.size:
        raise ValueError(f"{part!r}: a step in the {field.what} is 1 to {field.size}")
    slash = f"/{step}" if match["step"] else ""
    if match["star"]:
        return f"*{slash}", range(field.low, field.high + 1, step)
    first = _number(match["first"], field)
    if match["last"] is None:
        if match["step"]:
            # Crons differ on this one: refused, so that nobody gets the other meaning.
            raise ValueError(f"{part!r}: a step needs a range; write {first}-{field.high}/{step}")
        return str(first), range(first, first + 1)
    last = _number(match["last"], field)
    if field is _WEEKDAY and match["last"] == "sun":
        last = 7
    if first > last:
        raise ValueError(
            f"{part!r} runs backwards in the {field.what}; "
            f"write it as two ranges: {first}-{field.high},{field.low}-{last}"
        )
    return f"{first}-{last}{slash}", range(first, last + 1, step)


def _number(word: str, field: _Field) -> int:
    if word in field.names:
        return field.names.index(word) + (1 if field is _MONTH else 0)
    # isascii: int() would read the digits of other scripts, too.
    if not (word.isascii() and word.isdigit()) or not field.low <= int(word) <= field.high:
        raise ValueError(f"{word!r} is wrong; the {field.what} is {field.span}")
    return int(word)
