"""Answers of the costs endpoint: billed lines, summed by UTC day and by what is asked for.

Amounts are strings of any precision, as the live server sends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pipeline.demo.fake_api.faults import Faults, share
from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.usage.bill import Line
from pipeline.demo.fake_api.usage.buckets import Json, Span, asked, page_of
from pipeline.demo.fake_api.usage.days import Days
from pipeline.demo.fake_api.usage.endpoints import COSTS_DIMENSIONS, COSTS_LIMITS
from pipeline.demo.fake_api.usage.usage_page import grouped, shuffled
from pipeline.money import EXACT

_FILTERS = {"project_id": "project_ids", "api_key_id": "api_key_ids"}
_ZERO = "0E-6176"
_PADDING = (0, 0, 4, 24)  # zeros at the end, by style


@dataclass(frozen=True, slots=True)
class Names:
    """What the undocumented fields of a row say."""

    organization_id: str
    organization_name: str
    projects: dict[str, str]
    emails: dict[str, str]


@dataclass(slots=True)
class _Sum:
    amount_usd: Decimal
    quantity: Decimal
    units: set[str | None]


def costs_page(
    parameters: Parameters, days: Days, faults: Faults, names: Names, now: datetime
) -> Json:
    """One page of the costs endpoint. Fails: RefusedError, 400."""
    parameters.choice("bucket_width", ("1d",))
    query = asked(parameters, now, width_seconds=86_400, limits=COSTS_LIMITS, is_aligned=True)
    group_by = grouped(parameters, COSTS_DIMENSIONS, "costs", faults)
    filters = {
        name: values
        for name, parameter in _FILTERS.items()
        if (values := parameters.many(parameter)) is not None
    }
    line_items = parameters.many("line_items", split=False)  # they have commas themselves
    if line_items is not None:
        filters["line_item"] = line_items
    shown_until = query.instant - timedelta(minutes=faults.costs_lag_minutes)

    def results(span: Span) -> list[Json]:
        day = datetime.fromtimestamp(span.start, UTC).date()
        lines = [
            line
            for line in days.day(day, query.instant).lines
            if line.at < shown_until
            and all(getattr(line, name) in values for name, values in filters.items())
        ]
        return shuffled(_rows(lines, group_by, names), "costs", span.start)

    return page_of(query, results)


def amount_text(amount: Decimal) -> str:
    """An amount as the live server writes it: now and then with zeros, or with an exponent."""
    if not amount:
        return _ZERO
    style = share(amount, of=4)
    if style == 0:
        return format(amount.normalize(), "E")
    digits = max(0, -int(amount.as_tuple().exponent))
    decimals = digits + _PADDING[style]
    return format(amount.quantize(Decimal(1).scaleb(-decimals), context=EXACT), "f")


def _rows(lines: list[Line], group_by: tuple[str, ...], names: Names) -> list[Json]:
    # Not what one would expect, and what the live server does: by line item means by project too.
    keys = group_by
    if "line_item" in group_by and "project_id" not in group_by:
        keys = (*group_by, "project_id")
    sums: dict[tuple[str | None, ...], _Sum] = {}
    for line in lines:
        key = tuple(getattr(line, name) for name in keys)
        found = sums.get(key)
        if found is None:
            sums[key] = _Sum(line.amount_usd, line.quantity, {line.unit})
        else:
            found.amount_usd += line.amount_usd
            found.quantity += line.quantity
            found.units.add(line.unit)
    return [_row(dict(zip(keys, key, strict=True)), summed, names) for key, summed in sums.items()]


def _row(key: dict[str, str | None], summed: _Sum, names: Names) -> Json:
    is_itemized = "line_item" in key
    project_id, user_id = key.get("project_id"), key.get("user_id")
    return {
        "object": "organization.costs.result",
        "amount": {"value": amount_text(summed.amount_usd), "currency": "usd"},
        "quantity": float(summed.quantity) if is_itemized else None,
        "quantity_unit": (
            next(iter(summed.units)) if is_itemized and len(summed.units) == 1 else None
        ),
        **dict.fromkeys(COSTS_DIMENSIONS),
        **key,
        "organization_id": names.organization_id,
        "organization_name": names.organization_name,
        "project_name": names.projects.get(project_id) if project_id else None,
        "user_email": names.emails.get(user_id) if user_id else None,
    }
