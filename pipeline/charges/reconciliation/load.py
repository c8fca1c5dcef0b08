"""Loads both sides of days: the rated charges and the provider's current costs, by account.

An account is one organization at one provider. Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pipeline.charges.model import ChargeDay, charge_relation
from pipeline.charges.reconciliation.model import ZERO, Charged, Costed, Day
from pipeline.ledger.bill import BillNames, Bills, LineItem
from pipeline.money import EXACT
from pipeline.pricing.book import PriceBook
from pipeline.resources import sql
from pipeline.storage.database import Database

_Account = tuple[date, str, str]  # UTC day, provider, configured organization


@dataclass(frozen=True, slots=True)
class Fetch:
    """One provider's costs of one organization's UTC day, as they were fetched last."""

    provider: str
    organization_id: str
    fetched_at: datetime | None
    content_mark: str
    has_held_rows: bool = False  # some of its rows could not be read
    other_currency: str | None = None  # that of all of its amounts
    is_empty: bool = False  # it has no line, or credits alone


def fetched_costs(db: Database) -> dict[date, list[Fetch]]:
    """The days whose costs are there, by UTC day."""
    fetches: dict[date, list[Fetch]] = defaultdict(list)
    if not db.value("SELECT EXISTS (FROM buckets WHERE endpoint = 'costs')"):
        return fetches
    for provider, organization, day, *facts in db.rows(sql("charges/reconciliation/costs_fetched")):
        fetches[day].append(Fetch(provider, organization, *facts))
    return fetches


def costs_mark(fetches: Sequence[Fetch]) -> str:
    """A text that changes when the costs of a day do."""
    return "|".join(sorted(f"{f.provider} {f.organization_id} {f.content_mark}" for f in fetches))


def names_of(bills: Bills, provider: str, book: PriceBook) -> BillNames:
    """How the bill of a provider names models, and which of them the price book knows."""
    names = bills[provider].names if provider in bills else BillNames()
    priced = {names.family(r.model) for r in book.rows() if r.provider == provider}
    return replace(names, priced=frozenset(priced))


def both_sides(
    db: Database,
    states: Mapping[date, ChargeDay],
    fetches: Mapping[date, Sequence[Fetch]],
    days: Sequence[date],
    is_open: Callable[[date, Fetch | None], bool],
) -> list[Day]:
    """The rated charges and the costs of some days, by account.

    Takes the states of all days with charges, the fetches of all days with costs, and whether the
    costs of a day may still change. A provider without any costs is left out.
    """
    same = {
        (provider, named): organization
        for provider, named, organization in db.rows(sql("charges/reconciliation/organizations"))
    }
    billing = {f.provider for day in fetches.values() for f in day}
    charges = _charges_of_days(db, [states[d] for d in days if d in states], same, billing)
    costs = _costs_of_days(db, days, same)
    accounts: dict[date, set[tuple[str, str]]] = defaultdict(set)
    for day, provider, organization in [*charges, *costs]:
        accounts[day].add((provider, organization))
    both = []
    for day in days:
        fetched = {(f.provider, f.organization_id): f for f in fetches.get(day, ())}
        for provider, organization in sorted(accounts[day], key=lambda a: (a[1], a[0])):
            fetch = fetched.get((provider, organization))
            key = (day, provider, organization)
            both.append(
                Day(
                    usage_date=day,
                    organization_id=organization,
                    provider=provider,
                    charges=tuple(charges.get(key, ())),
                    costs=tuple(costs.get(key, ())),
                    is_covered=fetch is not None or bool(costs.get(key)),
                    is_open=is_open(day, fetch),
                    fetched_at=None if fetch is None else fetch.fetched_at,
                )
            )
    return both


def _charges_of_days(
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
        f"cost_usd, pricing_status FROM {charge_relation(s.rated_path for s in states)}"
    )
    rows = db.rows(sql("charges/reconciliation/charges_of_days"), {"providers": sorted(billing)})
    db.con.execute("DROP VIEW day_charges")
    for day, provider, organization, *charged in rows:
        project, model, meter, item, quantity, usd, unpriced, price = charged
        found[day, provider, same.get((provider, organization), organization)].append(
            Charged(
                project,
                model,
                meter,
                quantity,
                usd,
                unpriced,
                price,
                item,
                origins=((project, model, meter),),
            )
        )
    return found


def _costs_of_days(
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
