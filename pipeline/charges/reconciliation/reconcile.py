"""Reconciles days: chooses those to compare, loads both sides, stores the lines.

Takes the charge files of days and the current costs; writes `reconciliation` and
`reconciled_days` in the caller's transaction. A day is compared again when either side changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from pipeline.charges.finality import is_final
from pipeline.charges.model import ChargeDay, charge_relation
from pipeline.charges.reconciliation.causes import explain, not_fetched
from pipeline.charges.reconciliation.model import CAUSES, EXEMPT, ZERO, Charged, Costed, Day, Line
from pipeline.charges.reconciliation.pair import pair
from pipeline.ledger.bill import BillNames, Bills, LineItem
from pipeline.money import EXACT
from pipeline.pricing.aliases_and_allowances import Alias
from pipeline.pricing.validity import holds
from pipeline.resources import sql
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
_Account = tuple[date, str, str]  # UTC day, provider, configured organization
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


@dataclass(frozen=True, slots=True)
class Fetch:
    """One provider's costs of one organization's UTC day, as they were fetched last."""

    provider: str
    organization_id: str
    fetched_at: datetime | None
    content_mark: str


def compare(day: Day, aliases: Iterable[Alias], names: BillNames) -> list[Line]:
    """The lines of one organization's day at one provider, by project and line item.

    **Gives** of a day without fetched costs one line a project, without a gap. What has neither
    an amount nor a quantity on either side is left out.
    """
    if not day.is_covered:
        return not_fetched(day)
    at = datetime.combine(day.usage_date, time())
    family = names.family
    families = {
        family(a.alias): family(a.model)
        for a in aliases
        if a.is_of(day.provider) and holds(a, at) and family(a.alias) != family(a.model)
    }
    lines = [explain(p, day, names) for p in pair(day.charges, day.costs, families, names)]
    return [line for line in lines if not _is_empty(line)]


def reconcile(
    db: Database,
    states: Mapping[date, ChargeDay],
    *,
    aliases: Sequence[Alias],
    bills: Bills,
    now: datetime,
    run_id: str,
    computed_at: datetime,
    anew: Scope | None = None,
) -> int:
    """Compare the days that have changed, or are still open, or are asked for; store their lines.

    **Takes** the states of all days with charges, and how each provider's bill names models.
    **Gives** how many days were compared. A provider whose costs were never fetched is left out:
    there is nothing to compare its charges with.
    """
    fetches: dict[date, list[Fetch]] = defaultdict(list)
    for provider, organization, day, fetched_at, mark in db.rows(
        sql("charges/reconciliation/costs_fetched")
    ):
        fetches[day].append(Fetch(provider, organization, fetched_at, mark))
    known = {
        day: (mark, is_open)
        for day, mark, is_open in db.rows(
            "SELECT usage_date, content_mark, is_open FROM reconciled_days"
        )
    }
    all_days = (states.keys() | fetches.keys()) if fetches else set()
    marks = {day: _mark(states.get(day), fetches.get(day, ())) for day in all_days}
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
    lines = _compare_days(db, states, fetches, chosen, aliases, bills, now)
    _store(db, [*chosen, *gone], lines, run_id, computed_at)
    db.insert(
        "reconciled_days",
        ("usage_date", "content_mark", "is_open", "run_id"),
        [
            (day, marks[day], any(_is_open(day, f, now) for f in fetches.get(day, ())), run_id)
            for day in chosen
        ],
    )
    return len(chosen)


def _mark(state: ChargeDay | None, fetches: Sequence[Fetch]) -> str:
    charges = "" if state is None else state.charge_path.name
    costs = [f"{f.provider} {f.organization_id} {f.content_mark}" for f in fetches]
    return "|".join([charges, *sorted(costs)])


def _is_open(day: date, fetch: Fetch, now: datetime) -> bool:
    """Whether the costs may still change: the day is not final, or was not over when fetched."""
    end = datetime.combine(day, time()) + timedelta(days=1)
    return not is_final(day, now) or (fetch.fetched_at is not None and fetch.fetched_at < end)


def _compare_days(
    db: Database,
    states: Mapping[date, ChargeDay],
    fetches: Mapping[date, Sequence[Fetch]],
    days: Sequence[date],
    aliases: Sequence[Alias],
    bills: Bills,
    now: datetime,
) -> list[Line]:
    same = {
        (provider, named): organization
        for provider, named, organization in db.rows(sql("charges/reconciliation/organizations"))
    }
    billing = {f.provider for day in fetches.values() for f in day}
    charges = _charges(db, [states[d] for d in days if d in states], same, billing)
    costs = _costs(db, days, same)
    accounts: dict[date, set[tuple[str, str]]] = defaultdict(set)
    for day, provider, organization in [*charges, *costs]:
        accounts[day].add((provider, organization))
    lines = []
    for day in days:
        fetched = {(f.provider, f.organization_id): f for f in fetches.get(day, ())}
        for provider, organization in sorted(accounts[day], key=lambda a: (a[1], a[0])):
            fetch = fetched.get((provider, organization))
            key = (day, provider, organization)
            both = Day(
                usage_date=day,
                organization_id=organization,
                provider=provider,
                charges=tuple(charges.get(key, ())),
                costs=tuple(costs.get(key, ())),
                is_covered=fetch is not None or bool(costs.get(key)),
                is_open=not is_final(day, now) if fetch is None else _is_open(day, fetch, now),
                fetched_at=None if fetch is None else fetch.fetched_at,
            )
            names = bills[provider].names if provider in bills else BillNames()
            lines += compare(both, aliases, names)
    return lines


def _charges(
    db: Database,
    states: Sequence[ChargeDay],
    same: Mapping[tuple[str, str], str],
    billing: Collection[str],
) -> dict[_Account, list[Charged]]:
    found: dict[_Account, list[Charged]] = defaultdict(list)
    if not states:
        return found
    db.con.execute(
        "CREATE OR REPLACE TEMP VIEW day_charges AS SELECT usage_date, organization_id, "
        "project_id, provider, model, variant, meter, quantity, contracted_unit_price_usd, "
        f"cost_usd, pricing_status FROM {charge_relation(s.charge_path for s in states)}"
    )
    rows = db.rows(sql("charges/reconciliation/charges_of_days"), {"providers": sorted(billing)})
    db.con.execute("DROP VIEW day_charges")
    for day, provider, organization, *charged in rows:
        project, model, meter, item, quantity, usd, unpriced, price = charged
        found[day, provider, same.get((provider, organization), organization)].append(
            Charged(project, model, meter, quantity, usd, unpriced, price, item)
        )
    return found


def _costs(
    db: Database, days: Sequence[date], same: Mapping[tuple[str, str], str]
) -> dict[_Account, list[Costed]]:
    """The bill of days; what differs only in its unit of quantity is one line."""
    merged: dict[tuple[Any, ...], Costed] = {}
    rows = db.rows(sql("charges/reconciliation/costs_of_days"), {"days": list(days)})
    for day, provider, organization, project, text, parsed, currency, *amounts in rows:
        amount, credit, sent, free = amounts
        item = LineItem(**parsed)
        line = Costed(
            project_id=project,
            line_item=text,
            item=item,
            currency=currency,
            amount=amount,
            credits=credit,
            quantity=item.in_unit_of_meter(sent),
            free_quantity=item.in_unit_of_meter(free) or ZERO,
        )
        account = same.get((provider, organization), organization)
        key = (day, provider, account, project, text, currency)
        merged[key] = line if key not in merged else _together(merged[key], line)
    found: dict[_Account, list[Costed]] = defaultdict(list)
    for (day, provider, organization, *_), line in merged.items():
        found[day, provider, organization].append(line)
    return found


def _together(one: Costed, other: Costed) -> Costed:
    known = one.quantity is not None and other.quantity is not None
    return Costed(
        one.project_id,
        one.line_item,
        one.item,
        one.currency,
        EXACT.add(one.amount, other.amount),
        EXACT.add(one.credits, other.credits),
        EXACT.add(one.quantity or ZERO, other.quantity or ZERO) if known else None,
        EXACT.add(one.free_quantity, other.free_quantity),
    )


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
