"""Days that another price book prices exactly as their own: rating them again would post nothing.

Charges are a pure function of usage, prices and terms, and whatever changes usage rates its days.
So where only the book is another one, the prices that a day has used decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from pipeline import __version__
from pipeline.charges.model import ChargeDay, RatingJob
from pipeline.dates import ONE_DAY
from pipeline.pricing.book import PriceBook, PriceKey
from pipeline.pricing.validity import end, meet, start
from pipeline.resources import sql
from pipeline.storage.database import Database

Used = tuple[PriceKey, datetime]  # what was looked up, and the instant that picked the price


def days_priced_alike(
    db: Database,
    jobs: Sequence[RatingJob],
    known: Mapping[date, ChargeDay],
    changed: Collection[date],
    book_of: Callable[[str], PriceBook],
) -> set[date]:
    """The days among these jobs whose charges cannot differ from those that are posted.

    Takes the days that may differ in more than prices (`changed`), and how to get a book by its id.
    A day that another version of tollbook rated is rated again: it may know more now.
    """
    asked = [j for j in jobs if j.usage_date in known and j.usage_date not in changed]
    if not asked:
        return set()
    versions: dict[date, str | None] = dict(db.rows(sql("charges/rating/versions_of_days")))
    asked = [j for j in asked if versions.get(j.usage_date) == __version__]
    moved = [j for j in asked if known[j.usage_date].book_id != j.book.book_id]
    used = _used(db, [j.usage_date for j in moved])
    alike = {j.usage_date for j in asked} - {j.usage_date for j in moved}
    for job in moved:
        own = book_of(known[job.usage_date].book_id)
        if price_alike(own, job.book, job.usage_date, used[job.usage_date]):
            alike.add(job.usage_date)
    return alike


def _used(db: Database, days: Sequence[date]) -> dict[date, list[Used]]:
    found: dict[date, list[Used]] = defaultdict(list)
    if not days:
        return found
    rows = db.rows(sql("charges/rating/prices_of_days"), {"days": list(days)})
    keys: dict[tuple[Any, ...], PriceKey] = {}
    for day, at, *key in rows:
        wanted = keys.setdefault(tuple(key), PriceKey(*key))
        found[day].append((wanted, at))
    return found


def price_alike(own: PriceBook, other: PriceBook, day: date, used: Sequence[Used]) -> bool:
    """Whether two books give the same prices, classes, cuts and allowances on a UTC day."""
    if other.has_project_discounts and not own.has_project_discounts:
        return False  # what was used is not known by project
    since = datetime.combine(day, time())
    whole = _Day(since, since + ONE_DAY)
    models = {(key.model, key.provider) for key, _ in used if key.model is not None}
    return (
        _cuts(own, whole) == _cuts(other, whole)
        and _allowances(own, whole) == _allowances(other, whole)
        and all(_thresholds(own, *m, whole) == _thresholds(other, *m, whole) for m in models)
        and all(own.resolve(key, at) == other.resolve(key, at) for key, at in used)
    )


@dataclass(frozen=True, slots=True)
class _Day:
    valid_from: datetime
    valid_to: datetime


def _cuts(book: PriceBook, day: _Day) -> list[datetime]:
    return [i for i in book.instants_within_days() if day.valid_from < i < day.valid_to]


def _allowances(book: PriceBook, day: _Day) -> set[tuple[Any, ...]]:
    return {
        (a.provider, a.meter, a.quantity, a.valid_from, a.valid_to)
        for a in book.allowances()
        if meet(a, day)
    }


def _thresholds(
    book: PriceBook, model: str, provider: str, day: _Day
) -> list[tuple[int, datetime, datetime]]:
    return [
        (t.long_above_tokens, max(start(t), day.valid_from), min(end(t), day.valid_to))
        for t in book.long_thresholds(model, provider)
        if meet(t, day)
    ]
