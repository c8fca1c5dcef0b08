"""Reconciles days: chooses those to compare, and stores the lines.

Takes the rated charges of days (before the bill) and the current costs; writes `reconciliation`
and `reconciled_days` in the caller's transaction. A day is compared again when either side changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from pipeline.charges.finality import is_final
from pipeline.charges.model import ChargeDay
from pipeline.charges.reconciliation.causes import explain, not_fetched
from pipeline.charges.reconciliation.load import (
    Fetch,
    both_sides,
    costs_mark,
    names_of,
)
from pipeline.charges.reconciliation.model import CAUSES, EXEMPT, ZERO, Day, Line, Pair
from pipeline.charges.reconciliation.pair import pair
from pipeline.ledger.bill import BillNames, Bills
from pipeline.money import EXACT
from pipeline.pricing.aliases_and_allowances import Alias
from pipeline.pricing.book import PriceBook
from pipeline.pricing.validity import holds
from pipeline.storage.database import Database

MONEY = pl.Decimal(38, 24)
QUANTITY = pl.Decimal(38, 6)
_AMOUNTS = (
    "charges_usd",
    "costs_usd",
    "gap_usd",
    "counted_gap_usd",
    "matched_usd",
    "as_billed_usd",
    "joined_by_name_usd",
    *(f"{cause}_usd" for cause in CAUSES),
)
STORED_SCHEMA: dict[str, pl.DataType] = {
    "usage_date": pl.Date(),
    "organization_id": pl.String(),
    "provider": pl.String(),
    "project_id": pl.String(),
    "line_item": pl.String(),
    "model": pl.String(),
    "meter": pl.String(),
    "state": pl.String(),
    "cause": pl.String(),
    **dict.fromkeys(_AMOUNTS, MONEY),
    "charged_quantity": QUANTITY,
    "billed_quantity": QUANTITY,
    "other_currency": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which days to compare though nothing about them has changed: half-open, None unbounded."""

    since: date | None = None
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.since is None or day >= self.since) and (
            self.until is None or day < self.until
        )


def compare(day: Day, aliases: Iterable[Alias], names: BillNames) -> list[Line]:
    """The lines of one organization's day at one provider, by project and line item.

    **Gives** of a day without fetched costs one line a project, without a gap. What has neither
    an amount nor a quantity on either side is left out.
    """
    if not day.is_covered:
        return not_fetched(day)
    lines = [explain(p, day, names) for p in pairs_of(day, aliases, names)]
    return [line for line in lines if not _is_empty(line)]


def pairs_of(day: Day, aliases: Iterable[Alias], names: BillNames) -> list[Pair]:
    """The charges and costs of the same things on a day, with the aliases that hold on it."""
    at = datetime.combine(day.usage_date, time())
    family = names.family
    families = {
        family(a.alias): family(a.model)
        for a in aliases
        if a.is_of(day.provider) and holds(a, at) and family(a.alias) != family(a.model)
    }
    return pair(day.charges, day.costs, families, names)


def reconcile(
    db: Database,
    states: Mapping[date, ChargeDay],
    fetches: Mapping[date, Sequence[Fetch]],
    *,
    book: PriceBook,
    bills: Bills,
    settled: Collection[date],
    now: datetime,
    run_id: str,
    computed_at: datetime,
    anew: Scope | None = None,
) -> int:
    """Compare the days that have changed, or are still open, or are asked for; store their lines.

    **Takes** the states of all days with charges, what is fetched of their costs, the current price
    book, how each provider's bill names models, and the days that are charged by a settled bill.
    **Gives** how many days were compared. A provider whose costs were never fetched is left out:
    there is nothing to compare its charges with.
    """
    known = {
        day: (mark, is_open)
        for day, mark, is_open in db.rows(
            "SELECT usage_date, content_mark, is_open FROM reconciled_days"
        )
    }
    all_days = (states.keys() | fetches.keys()) if fetches else set()
    marks = {day: _mark(states.get(day), fetches.get(day, ())) for day in all_days}

    def is_open(day: date, fetch: Fetch | None) -> bool:
        return day not in settled and _is_open(day, fetch, now)

    chosen = sorted(
        day
        for day in all_days
        if known.get(day) != (marks[day], False)
        or not is_final(day, now)
        or (anew is not None and day in anew)
    )
    gone = sorted(known.keys() - all_days)
    if not chosen and not gone:
        return 0
    sides = both_sides(db, states, fetches, chosen, is_open)
    names = {p: names_of(bills, p, book) for p in {both.provider for both in sides}}
    aliases = book.aliases()
    lines = [line for both in sides for line in compare(both, aliases, names[both.provider])]
    _store(db, [*chosen, *gone], lines, run_id, computed_at)
    db.insert(
        "reconciled_days",
        ("usage_date", "content_mark", "is_open", "run_id"),
        [
            (day, marks[day], any(is_open(day, f) for f in fetches.get(day, ())), run_id)
            for day in chosen
        ],
    )
    return len(chosen)


def _mark(state: ChargeDay | None, fetches: Sequence[Fetch]) -> str:
    charges = "" if state is None else state.rated_path.name
    return f"{charges}|{costs_mark(fetches)}"


def _is_open(day: date, fetch: Fetch | None, now: datetime) -> bool:
    """Whether the costs may still change: the day is not final, or was not over when fetched."""
    end = datetime.combine(day, time()) + timedelta(days=1)
    fetched_at = None if fetch is None else fetch.fetched_at
    return not is_final(day, now) or (fetched_at is not None and fetched_at < end)


def _store(
    db: Database, days: Sequence[date], lines: Sequence[Line], run_id: str, at: datetime
) -> None:
    for table in ("reconciliation", "reconciled_days"):
        db.con.execute(
            f"DELETE FROM {table} WHERE list_contains(CAST($days AS DATE[]), usage_date)",
            {"days": list(days)},
        )
    frame = pl.DataFrame([_row(line) for line in lines], schema=STORED_SCHEMA)
    db.insert_frame(
        "reconciliation",
        frame.with_columns(
            pl.lit(run_id).alias("run_id"), pl.lit(at, dtype=pl.Datetime("us")).alias("computed_at")
        ),
    )


def _row(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(line, name) for name in STORED_SCHEMA if hasattr(line, name)
    }
    exempt, parts = ZERO, dict(line.parts)
    for cause in EXEMPT:
        exempt = EXACT.add(exempt, parts.get(cause, ZERO))
    counted = None if line.gap_usd is None else EXACT.subtract(line.gap_usd, exempt)
    causes = {f"{cause}_usd": usd for cause, usd in (dict.fromkeys(CAUSES, ZERO) | parts).items()}
    return row | causes | {"counted_gap_usd": counted}


def _is_empty(line: Line) -> bool:
    return not (
        line.charges_usd
        or line.costs_usd
        or line.parts
        or line.charged_quantity
        or line.billed_quantity
        or line.other_currency
    )
