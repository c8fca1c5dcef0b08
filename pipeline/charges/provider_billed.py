"""Charges with the provider's amount for what only its costs show: training, video, voice
sessions, containers, and unknown line items.

Takes the current costs; gives lines in CHARGE_SCHEMA and the days they changed. What a project's
own records charge already is not charged again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import xxhash

from pipeline.ledger.bill import LineItem
from pipeline.ledger.files import LedgerFile, view_rows
from pipeline.meters import METER_UNITS
from pipeline.money import display_usd, round_quantity
from pipeline.resources import sql
from pipeline.schemas import CHARGE_SCHEMA
from pipeline.storage.database import Database

OTHER = "other"  # the meter of what is in none of ours
# kind of line item -> operation, scope
_PLACES = {
    "training": ("fine_tuning", "fine_tuning"),
    "video": ("videos", "models"),
    "realtime_session": ("realtime", "models"),
    "container": ("containers", "tools"),
    "unknown": ("costs", "models"),
}
_LOGGED_OPERATIONS = (
    "SELECT provider, organization_id, project_id, operation FROM logged_operations"
)
_LOGGED = ("fine_tuning", "videos", "realtime")  # a gateway or an export may record these itself


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """A line item that is charged although nobody knows what it is."""

    line_item: str
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class BilledLines:
    """The charges of all days that only costs show, and a hash of each day's."""

    lines: pl.DataFrame  # CHARGE_SCHEMA
    hashes: dict[date, str]
    unknown: tuple[UnknownItem, ...]  # largest first


def gather(db: Database) -> BilledLines:
    """The charges to post, from the current provider costs."""
    costs = db.records(sql("charges/costs_of_line_items"), {"kinds": sorted(_PLACES)})
    if not costs:
        return BilledLines(pl.DataFrame(schema=CHARGE_SCHEMA), {}, ())
    logged = set(db.rows(_LOGGED_OPERATIONS))
    rows = []
    unknown: dict[str, Decimal] = {}
    for cost in costs:
        item = LineItem(**cost["item"])
        operation, _ = _PLACES[item.kind]
        project = cost["project_id"] or ""
        if (cost["provider"], cost["organization_id"], project, operation) in logged:
            continue
        if item.kind == "unknown":
            text = cost["line_item"]
            unknown[text] = unknown.get(text, Decimal(0)) + cost["amount"]
        rows.append(_line(cost, item))
    lines = pl.DataFrame(rows, schema=CHARGE_SCHEMA, orient="row")
    lines = lines.sort(pl.all(), nulls_last=True)
    hashes = {
        part["usage_date"][0]: xxhash.xxh3_128_hexdigest(
            repr(part.drop("requests").rows()).encode()
        )
        for part in lines.partition_by("usage_date")
    }
    listed = sorted(unknown.items(), key=lambda u: (-abs(u[1]), u[0]))
    return BilledLines(lines, hashes, tuple(UnknownItem(*u) for u in listed))


def _line(cost: dict[str, Any], item: LineItem) -> dict[str, Any]:
    operation, scope = _PLACES[item.kind]
    meter, quantity, unit = _measured(item, cost["quantity"], cost["quantity_unit"])
    return {
        "usage_date": cost["usage_date"],
        "charge_date": cost["usage_date"],  # the endpoint knows whole UTC days only
        "organization_id": cost["organization_id"],
        "project_id": cost["project_id"],
        "api_key_id": cost["api_key_id"],
        "user_id": cost["user_id"],
        "provider": cost["provider"],
        "model": item.model,
        "scope": item.scope or scope,
        "operation": operation,
        "variant": cost["line_item"],
        "service_tier": "default",
        "is_batch": False,
        "context_class": "base",
        "meter": meter,
        "quantity": quantity,
        "unit": unit,
        "price_id": None,
        "list_unit_price_usd": None,
        "contracted_unit_price_usd": None,
        "list_cost_usd": cost["amount"],
        "cost_usd": cost["amount"],
        "pricing_status": "billed",
        "requests": 0,
    }


def _measured(
    item: LineItem, quantity: Decimal | None, sent_unit: str | None
) -> tuple[str, Decimal, str]:
    """Meter, quantity and unit of a line; what has no quantity counts as one line item."""
    if quantity is None:
        return OTHER, Decimal(1), "line_items"
    own = item.in_unit_of_meter(quantity)
    if item.meter is None or own is None:
        return OTHER, round_quantity(quantity), sent_unit or "units"
    return item.meter, own, METER_UNITS[item.meter]


def changed_days(db: Database, billed: BilledLines) -> set[date]:
    """Days whose lines differ from those that are posted."""
    posted: dict[date, str] = dict(db.rows("SELECT usage_date, content_hash FROM billed_days"))
    return {d for d in posted.keys() | billed.hashes if posted.get(d) != billed.hashes.get(d)}


def save(db: Database, billed: BilledLines, days: set[date]) -> None:
    """Record what is posted now for days that changed."""
    db.con.execute(
        "DELETE FROM billed_days WHERE list_contains(CAST($days AS DATE[]), usage_date)",
        {"days": sorted(days)},
    )
    kept = [(day, billed.hashes[day]) for day in sorted(days) if day in billed.hashes]
    db.insert("billed_days", ("usage_date", "content_hash"), kept)


def note_logged_operations(
    db: Database,
    con: duckdb.DuckDBPyConnection,
    files: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    *,
    again: bool,
) -> None:
    """Record which projects' own records show what costs show as well.

    Takes the new ledger files, or, with `again`, all of them.
    """
    charging = [f for f in files if f.basis == "charge" and not f.is_bucket and f.rows]
    if again:
        db.con.execute("DELETE FROM logged_operations")
    if not charging:
        return
    touched = set(excluded["ledger_id"])
    found: set[tuple[str, str, str, str]] = set()
    unknown = []
    for file in charging:
        if file.facts is None or file.ledger_id in touched:
            unknown.append(file)
        else:
            found |= {(p, o, project or "", op) for p, o, project, op in file.facts.operations}
    found = {row for row in found if row[-1] in _LOGGED}
    if unknown:
        view_rows(con, "ledger_rows", unknown, "provider, organization_id, project_id, operation")
        con.register("excluded_rows", excluded.select("ledger_id", "row_number"))
        statement, values = sql("ledger/logged_operations"), {"operations": list(_LOGGED)}
        found.update(con.execute(statement, values).fetchall())
    known = set(db.rows(_LOGGED_OPERATIONS))
    columns = ("provider", "organization_id", "project_id", "operation")
    db.insert("logged_operations", columns, sorted(found - known))


def notes(billed: BilledLines, days: set[date]) -> list[str]:
    """A note on the unknown line items that a run charged."""
    if not billed.unknown or not days:
        return []
    named = ", ".join(
        f"{u.line_item!r} ({display_usd(u.amount_usd)})" for u in billed.unknown[:5]
    ) + (", …" if len(billed.unknown) > 5 else "")
    text = (
        "Unknown line items of the costs endpoint are charged as the provider bills them: "
        f"{named}. See: tollbook query billed_line_items"
    )
    return [text]
