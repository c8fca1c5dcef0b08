"""What the fake bills: list prices that agree with its usage, save where a switch says otherwise.

Gives billed lines of calls and of days. Never reads a price book: the amounts are a second opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo import differences
from pipeline.demo.billing import Terms, billed
from pipeline.demo.cast import Call, Organization
from pipeline.demo.differences import as_billed_otherwise
from pipeline.demo.fake_api.usage.hosted import BilledTool
from pipeline.demo.fake_api.usage.metering import Value, api_key_id, api_source
from pipeline.demo.saved import UNEXPLAINED
from pipeline.demo.workloads import UNPRICED_MODEL

_NOON = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """How the bill differs from usage at list prices; as it stands, in nothing.

    Nothing but this: a day's storage is billed when the day is over. Beside these, a model may go
    by another name here and there, as with the provider: `gpt-image-2` is `gpt-image-2-2026-04-21`,
    and `ft:BASE:…` is `ft-BASE`.
    """

    long_context: bool = False  # long requests cost more, which no bucket shows
    unpriced_model: bool = False  # calls of a model that no price list knows are made and billed
    unexplained: bool = False  # the sample's lines that no usage row explains
    spreads_free_storage: bool = False  # the free GB is taken off the projects, not on its own line
    sessions: bool = False  # of the code interpreter: what they cost is on the bill only
    differences: bool = False  # every month, a line of each other kind that bills differ by

    @property
    def terms(self) -> Terms:
        """For `billed`."""
        return Terms(contract=False, discount=False, long_context=self.long_context)


class Line(NamedTuple):
    """One amount and what it is for."""

    at: datetime
    mark: int
    project_id: str | None
    user_id: str | None
    api_key_id: str | None
    api_source: str
    line_item: str
    quantity: Decimal
    unit: str | None
    amount_usd: Decimal


def made(calls: Iterable[Call], bill: Bill) -> Iterator[Call]:
    """The calls that this organization makes."""
    return (call for call in calls if bill.unpriced_model or call.model != UNPRICED_MODEL)


def lines_of_call(call: Call, bill: Bill) -> Iterator[Line]:
    """The billed lines of one call."""
    has_cached = False
    last: Line | None = None
    items = billed(call, bill.terms)
    for item in as_billed_otherwise(call, items) if bill.differences else items:
        has_cached = has_cached or ", cached" in item.line_item
        last = Line(
            call.at,
            call.mark,
            call.project.id,
            call.api_key.user_id,
            api_key_id(call),
            api_source(call),
            item.line_item,
            Decimal(item.quantity),
            item.unit,
            item.amount_usd,
        )
        yield last
    if last and not has_cached and last.line_item.endswith(", output"):
        kind = last.line_item.removesuffix(", output")
        # a quantity of 0 for cached tokens that were not used, as the provider bills it
        yield last._replace(
            line_item=f"{kind}, cached input", quantity=Decimal(0), amount_usd=Decimal(0)
        )


def line_of_tool(tool: BilledTool) -> Line:
    """The billed line of a tool or of storage."""
    return Line(
        tool.at,
        tool.mark,
        _text(tool.dimensions.get("project_id")),
        _text(tool.dimensions.get("user_id")),
        _text(tool.dimensions.get("api_key_id")),
        "unlabeled",
        tool.line_item,
        tool.quantity,
        tool.unit,
        tool.amount_usd,
    )


def lines_of_day(organization: Organization, day: date, bill: Bill) -> Iterator[Line]:
    """What the bill of a UTC day has beside calls, tools and storage."""
    at = datetime.combine(day, _NOON)
    empty = Line(at, 0, None, None, None, "unlabeled", "", Decimal(0), None, Decimal(0))
    unexplained = [u[1:] for u in UNEXPLAINED if bill.unexplained and u[0] == day]
    more = [d[1:] for d in differences.LINES if bill.differences and d[0] == day.day]
    for slug, line_item, quantity, unit, amount_usd in [*unexplained, *more]:
        yield empty._replace(
            project_id=organization.project(slug).id,
            line_item=line_item,
            quantity=Decimal(quantity),
            unit=unit,
            amount_usd=Decimal(amount_usd),
        )


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
