"""The spans that a run fetches of an endpoint, and the pieces that each is fetched in.

Takes the business clock and what is fetched already; gives half-open spans. Fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from pipeline.ledger.bucket import Width
from pipeline.providers.span import Span, midnight

_DAY = timedelta(days=1)
_MONTH_END_DAYS = 2  # the last ones of a month, on which all of it is fetched again
_MONTH_BEGIN_DAYS = 3  # the first ones of the next, on which it still is
# Days a piece: what a page can hold, so that a piece is a page or a few.
_PIECE_DAYS: dict[Width, int] = {"1h": 7, "1d": 31, "1m": 1}
_COSTS_PIECE_DAYS = 180


def first_day(now: datetime) -> date:
    """Where a source without `since` begins: the first day of the month before."""
    return _month(now.date().replace(day=1) - _DAY)


def regular(now: datetime, *, first: date, known: Span | None, trailing_days: int) -> Span:
    """The span that a run fetches: what is new, and what the provider may still correct.

    **Takes** the first day wanted, and the span that is fetched without a hole.
    **Gives** a span to now from `trailing_days` before today, or before the end of what is known
    if that is longer ago; of the whole month on its last days and the next one's first.
    """
    today = now.date()
    begin = first
    if known is not None and first >= known.since.date():
        begin = min(today, known.until.date()) - timedelta(days=trailing_days)
        if today.day <= _MONTH_BEGIN_DAYS:
            begin = min(begin, _month(_month(today) - _DAY))
        elif (today + _MONTH_END_DAYS * _DAY).month != today.month:
            begin = min(begin, _month(today))
        begin = max(begin, first)
    return Span(midnight(begin), now)


def pieces(span: Span, width: Width, now: datetime, *, is_costs: bool = False) -> Iterator[Span]:
    """The span in pieces, oldest first; today is one of its own, since only it is still open.

    A piece of costs ends with a day: the endpoint refuses a span inside one.
    """
    days = timedelta(days=_COSTS_PIECE_DAYS if is_costs else _PIECE_DAYS[width])
    today = midnight(now.date())
    at = span.since
    while at < span.until:
        end = min(at + days, span.until)
        if at < today < end:
            end = today
        is_cut = is_costs and end != midnight(end.date())
        yield Span(at, midnight(end.date()) + _DAY if is_cut else end)
        at = end


def _month(day: date) -> date:
    return day.replace(day=1)
