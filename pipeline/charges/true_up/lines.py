"""The charge lines that make one account's day equal to its bill.

Pure: takes both sides of the day and its rated charges without a price; gives lines to add, and
which rated lines they take the place of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from pipeline.charges.provider_billed import OTHER
from pipeline.charges.reconciliation.causes import billed_parts
from pipeline.charges.reconciliation.model import ZERO, Charged, Day, Pair
from pipeline.charges.reconciliation.pair import STORAGE, spread_allowance
from pipeline.meters import METER_UNITS, METERS
from pipeline.money import EXACT, MONEY_STEP

Mode = Literal["all", "unpriced", "none"]
Row = dict[str, Any]  # a charge by column, as in CHARGE_SCHEMA
ALLOWANCE = "allowance"  # the organization's free quantity, on the projects that used it
UNPRICED = "unpriced"

_SCOPES = {
    STORAGE: "storage",
    "training_tokens": "fine_tuning",
    **{m.name: "tools" for m in METERS if m.name.endswith(("_calls", "_sessions"))},
}


@dataclass(slots=True)
class BillLines:
    """What a day's bill adds to its rated charges."""

    added: list[Row] = field(default_factory=list)
    # rated lines that `added` has instead, by their place among the day's rated lines
    replaced: dict[int, Row] = field(default_factory=dict)


def bill_lines(
    found: BillLines,
    day: Day,
    pairs: Iterable[Pair],
    unpriced: Mapping[int, Row],
    places: Places,
    mode: Mode,
) -> None:
    """Add the lines of one account's day to what was found.

    Takes the pairs of its charges and costs, its rated lines without a price by their place, and
    where its rated charges belong.
    """
    for pair in pairs:
        parts = dict(billed_parts(pair))
        origins = {o for c in pair.charges for o in c.origins}
        lines = {
            place: line
            for place, line in unpriced.items()
            if (line["project_id"], line["model"], line["meter"]) in origins
        }
        if lines and pair.costs and all(c.currency == "usd" for c in pair.costs):
            _take_amount(found, lines, parts)
        found.added += [
            _line(day, pair, cause, usd, places)
            for cause, usd in parts.items()
            if mode == "all" or cause == UNPRICED
        ]
    if mode == "all":
        found.added += _spread(day)


def _take_amount(found: BillLines, replaced: Mapping[int, Row], parts: dict[Any, Decimal]) -> None:
    """Give usage without a price the bill's amount, in proportion to its quantity."""
    lines = list(replaced.values())
    # tokens and calls have no proportion: there a line of the bill has the amount
    amount = parts.pop(UNPRICED, ZERO) if len({u["unit"] for u in lines}) == 1 else ZERO
    whole = sum((u["quantity"] for u in lines), ZERO)
    left = amount
    for line in lines[:-1]:
        share = EXACT.divide(EXACT.multiply(amount, line["quantity"]), whole) if whole else ZERO
        share = share.quantize(MONEY_STEP, context=EXACT)
        left = EXACT.subtract(left, share)
        found.added.append(_billed(line, share))
    found.added.append(_billed(lines[-1], left))
    found.replaced |= replaced


def _billed(line: Row, usd: Decimal) -> Row:
    """A line without a price, at the bill's amount."""
    return line | {"cost_usd": usd, "pricing_status": "billed", "bill_cause": UNPRICED}


def _line(day: Day, pair: Pair, cause: str, usd: Decimal, places: Places) -> Row:
    """The difference of one cause, with what the line item names; it has no key and no user."""
    charged = {c.model for c in pair.charges}
    named = {c.item.model for c in pair.costs}
    models = charged if len(charged) == 1 else named
    model = next(iter(models)) if len(models) == 1 else None
    meters = [pair.meter, *{c.meter for c in pair.charges}, *{c.item.meter for c in pair.costs}]
    known = list(dict.fromkeys(m for m in meters if m is not None))
    meter = known[0] if len(known) == 1 or pair.meter is not None else OTHER
    scope, operation = places.of(pair.charges)
    items = sorted({c.line_item for c in pair.costs if c.line_item is not None})
    scopes = {c.item.scope for c in pair.costs if c.item.scope is not None}
    return _row(
        day,
        cause,
        usd,
        project_id=pair.project_id,
        model=model,
        scope=scope or (scopes.pop() if len(scopes) == 1 else _SCOPES.get(meter, "models")),
        operation=operation or "costs",
        variant=" + ".join(items) or None,
        meter=meter,
    )


def _row(
    day: Day,
    cause: str,
    usd: Decimal,
    *,
    project_id: str | None,
    model: str | None,
    scope: str,
    operation: str,
    variant: str | None,
    meter: str,
) -> Row:
    return {
        "usage_date": day.usage_date,
        "charge_date": day.usage_date,  # the bill has whole UTC days only
        "organization_id": day.organization_id,
        "project_id": project_id,
        "api_key_id": None,
        "user_id": None,
        "provider": day.provider,
        "model": model,
        "scope": scope,
        "operation": operation,
        "variant": variant,
        "service_tier": "default",
        "is_batch": False,
        "context_class": "base",
        "meter": meter,
        "quantity": ZERO,
        "unit": METER_UNITS.get(meter, "line_items"),
        "price_id": None,
        "list_unit_price_usd": None,
        "contracted_unit_price_usd": None,
        "list_cost_usd": ZERO,
        "cost_usd": usd,
        "pricing_status": "billed",
        "bill_cause": cause,
        "requests": 0,
    }


def _spread(day: Day) -> list[Row]:
    """The organization's free storage, moved to the projects as the bill has it."""
    if all(c.project_id is None for c in day.costs):
        return []
    moved: dict[str | None, Decimal] = {}
    for charge in day.charges:
        if charge.meter == STORAGE:
            before = moved.get(charge.project_id, ZERO)
            moved[charge.project_id] = EXACT.subtract(before, charge.cost_usd)
    for charge in spread_allowance(day.charges, day.costs):
        if charge.meter == STORAGE:
            before = moved.get(charge.project_id, ZERO)
            moved[charge.project_id] = EXACT.add(before, charge.cost_usd)
    return [
        _row(
            day,
            ALLOWANCE,
            usd,
            project_id=project,
            model=None,
            scope="storage",
            operation="vector_stores",
            variant=None,
            meter=STORAGE,
        )
        for project, usd in moved.items()
        if usd
    ]


class Places:
    """Scope and operation of rated charges, by project, model and meter."""

    def __init__(self, rows: Iterable[tuple[str | None, str | None, str, str, str]]) -> None:
        self._known: dict[tuple[str | None, str | None, str], set[tuple[str, str]]] = {}
        for project, model, meter, scope, operation in rows:
            self._known.setdefault((project, model, meter), set()).add((scope, operation))

    def of(self, charges: Iterable[Charged]) -> tuple[str | None, str | None]:
        """The one scope and the one operation of these charges, where there is one."""
        found = {p for c in charges for o in c.origins for p in self._known.get(o, ())}
        scopes, operations = {s for s, _ in found}, {o for _, o in found}
        return (
            scopes.pop() if len(scopes) == 1 else None,
            operations.pop() if len(operations) == 1 else None,
        )
