"""How numbers, names, days and instants look to a reader: English, `$1,234.50`, ASCII minus.

The minus stays ASCII so that a cell copied into a spreadsheet is still a number.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline import characters
from pipeline.dates import ONE_DAY, Days, local
from pipeline.money import EXACT, display_usd, plain, to_cents

printable = characters.printable
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
DASH = "\N{EN DASH}"
# A spreadsheet runs a cell that starts with one of these as a formula. The last four are the
# full-width forms, which some spreadsheets take for the same.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_TENTH = Decimal("0.1")
_FILE = re.compile(r"^[^\s:]+(:\d+)?: ")
_NUMBER = re.compile(r"\d+")


def usd_exact(amount: Decimal) -> str:
    """Every digit, with thousands separators: ``$1,234.500012``."""
    whole, _, fraction = plain(amount.copy_abs()).partition(".")
    sign = "-" if amount < 0 else ""
    return f"{sign}${int(whole):,}.{fraction.ljust(2, '0')}"


def signed_usd(amount: Decimal) -> str:
    """Cents, with a plus where it grew: ``+$12.30``."""
    shown = display_usd(amount)
    return f"+{shown}" if amount > 0 and to_cents(amount) != 0 else shown


def percent(fraction: Decimal | None) -> str:
    """A fraction as a percentage with one decimal: ``12.3%``; a dash for None."""
    if fraction is None:
        return DASH
    value = EXACT.multiply(fraction, Decimal(100)).quantize(_TENTH, context=EXACT)
    if value == 0 and fraction != 0:
        return "<0.1%" if fraction > 0 else ">-0.1%"
    return f"{abs(value) if value == 0 else value:,}%"


def signed_percent(fraction: Decimal | None) -> str:
    """A fraction as a percentage, with a plus where it grew: ``+12.3%``."""
    text = percent(fraction)
    return f"+{text}" if fraction is not None and fraction > 0 and text[0] != "<" else text


def sentences(*texts: str | None) -> str:
    """Texts one after the other, each ending as a sentence; the last as it is."""
    given = [text for text in texts if text]
    ended = [text if text.endswith((".", "!", "?")) else f"{text}." for text in given[:-1]]
    return " ".join([*ended, *given[-1:]])


def count(number: int) -> str:
    """An integer with thousands separators."""
    return f"{number:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun: ``1 row``, ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def named(identifier: str, name: str | None) -> str:
    """A name with its id behind it, in one printable line: ``Chat (proj_chat)``."""
    if name is None or name == identifier:
        return printable(identifier)
    return f"{printable(name)} ({printable(identifier)})"


def guarded(cell: str) -> str:
    """A text cell of a CSV that no spreadsheet runs as a formula: an apostrophe in front."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def quantity(value: Decimal, unit: str) -> str:
    """A quantity with its unit, such as ``12,000 tokens`` or ``0.5 GB-days``."""
    whole, _, fraction = plain(value).partition(".")
    number = f"{int(whole):,}" + (f".{fraction}" if fraction else "")
    name = "GB-days" if unit == "gb_days" else unit.replace("_", " ")
    if number == "1" and name.endswith("s"):
        name = name[:-1]
    return f"{number} {name}"


def month(day: date) -> str:
    """A month's name and year: ``October 2026``."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def day(value: date) -> str:
    """A day with its month's short name: ``17 Nov 2026``."""
    return f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}"


def span(first: date, last: date) -> str:
    """A range of days of one month, both ends included: 9 to 17 Nov 2026."""
    return day(last) if first == last else f"{first.day}{DASH}{day(last)}"


def days(value: Days) -> str:
    """A range of days of one month: its name alone where it is whole, else 1 to 17 October 2026."""
    if value.count <= 0:
        return "no day"
    name = month(value.since)
    if value.since.day == 1 and (value.last + ONE_DAY).day == 1:
        return name
    if value.count == 1:
        return f"{value.since.day} {name}"
    return f"{value.since.day}{DASH}{value.last.day} {name}"


def instant(value: datetime, zone: ZoneInfo) -> str:
    """A naive UTC instant in the organization's zone: ``17 Nov 2026, 14:20 CET``."""
    here = local(value, zone)
    return f"{day(here.date())}, {here:%H:%M} {here.tzname()}"


def age(span: timedelta) -> str:
    """A time span in its largest unit: ``3 days``, ``5 hours``, ``12 minutes``."""
    minutes = max(int(span.total_seconds()), 0) // 60
    if minutes >= 2 * 24 * 60:
        return counted(minutes // (24 * 60), "day")
    if minutes >= 2 * 60:
        return counted(minutes // 60, "hour")
    return counted(minutes, "minute")


def day_numbers(values: Iterable[date]) -> str:
    """Numbers of some days of one month, neighbours joined to ranges: 3 to 5, 9."""
    runs: list[list[date]] = []
    for value in sorted(values):
        if runs and value - runs[-1][-1] == ONE_DAY:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ", ".join(
        str(run[0].day) if len(run) == 1 else f"{run[0].day}{DASH}{run[-1].day}" for run in runs
    )


def some_days(values: Iterable[date]) -> str:
    """Some days of one month: its name alone where it is whole, else 1 to 22 October 2026."""
    found = sorted(values)
    if not found:
        return "no day"
    name = month(found[0])
    is_whole = len(found) == found[-1].day and (found[-1] + ONE_DAY).day == 1
    return name if is_whole else f"{day_numbers(found)} {name}"


def size(number: int) -> str:
    """Bytes in the largest binary unit that gives at least one: ``3.4 MB``."""
    value, unit = Decimal(number), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1024:
            break
        value, unit = EXACT.divide(value, Decimal(1024)), larger
    return f"{value.quantize(Decimal(1) if unit == 'B' else _TENTH, context=EXACT)} {unit}"


def collapse_repeats(messages: Iterable[str]) -> list[str]:
    """The messages in their order; those that differ only in file and numbers become one."""
    alike: dict[str, list[str]] = {}
    for message in messages:
        is_of_file = _FILE.match(message) is not None
        key = _NUMBER.sub("0", _FILE.sub("", message)) if is_of_file else message
        alike.setdefault(key, []).append(message)
    return [
        first if not more else f"{first} (and {len(more)} more like this)"
        for first, *more in alike.values()
    ]


AS_UTF_8 = "Write it as UTF-8; in PowerShell: `Get-Content FILE | Set-Content -Encoding utf8 NEW`."


def wide_encoding(head: bytes) -> str | None:
    """The encoding of a text that begins so, where it is UTF-16 or UTF-32, also without a mark."""
    start = head[:40]
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    start = start[: len(start) // 4 * 4]
    zeros = tuple(not any(start[n::4]) for n in range(4))
    if not start or zeros.count(True) not in {2, 3}:
        return None
    if zeros in {(False, True, True, True), (True, True, True, False)}:
        return "UTF-32"
    return "UTF-16" if zeros in {(False, True) * 2, (True, False) * 2} else None
