"""Which charges were known at an instant: by the real clock and by the business clock of runs.

A charge is a sum of postings, so that those known at an instant tell what it was then. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Posted:
    """A file of postings, with both clocks of the run that posted it (naive UTC)."""

    path: Path
    posted_at: datetime  # the real clock
    now_at: datetime  # the business clock
    stored_in: Path | None = None  # the file of several merged ones that its rows are in


@dataclass(frozen=True, slots=True)
class Lines:
    """What tells the costs that were known at an instant."""

    relation: str  # a FROM item with charge_date, project_id, model and cost_usd
    is_posted: bool = False  # it is postings, which have no requests
    with_today: bool = True  # what it has of the instant's day was known then


def lines_at(
    posted: Sequence[Posted],
    at: datetime,
    *,
    sums: str,
    postings: Callable[[list[Posted]], str],
) -> Lines:
    """The lines that tell what was known at an instant (naive UTC).

    **Takes** FROM items: the small sums by day, which tell what is known now, and how to read
    files of postings.
    """
    if all(p.posted_at <= at and p.now_at <= at for p in posted):
        return Lines(sums)
    found = known_at(posted, at)
    if found is None:
        return Lines(sums, with_today=False)
    return Lines(postings(found), is_posted=True)


def known_at(posted: Sequence[Posted], at: datetime) -> list[Posted] | None:
    """The postings that were known at an instant; None where the books begin only after it.

    They were known if both clocks had passed. Where the storage is younger than the instant, but
    runs were rehearsed with an earlier business clock, that clock alone decides. Where the whole
    history was loaded later, nobody knew anything then: the days before the instant are all there
    is to go by, as they are booked now.
    """
    if any(p.posted_at <= at for p in posted):
        return [p for p in posted if p.posted_at <= at and p.now_at <= at]
    rehearsed = [p for p in posted if p.now_at <= at]
    return rehearsed or None
