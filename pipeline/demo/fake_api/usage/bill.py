"""What the fake bills: list prices that agree with its usage, save where a switch says otherwise.

Gives billed lines of calls and of days. Never reads a price book: the amounts are a second opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal, NamedTuple, Self

from pipeline.demo.billing import Terms, billed
from pipeline.demo.cast import Call, Organization
from pipeline.demo.fake_api.faults import share
from pipeline.demo.fake_api.usage.hosted import BilledTool
from pipeline.demo.fake_api.usage.metering import Value, api_key_id, api_source
from pipeline.demo.saved import UNEXPLAINED
from pipeline.demo.workloads import UNPRICED_MODEL

DEARER_MODEL = "gpt-4.1-2025-04-14"
COUNTED_HIGHER_MODEL = "gpt-4o-2024-08-06"
RENAMED_MODEL = "gpt-5.4-mini-2026-03-17"
FREE_MODEL = "gpt-4o-mini-2024-07-18"
_RENAMED_TO = "gpt-5.4-mini"
_NOON = time(12)


# The organization's free GB of storage: taken off on a line of no project, spread over the
# projects (their sum is the same), or billed like the rest.
FreeStorage = Literal["own_line", "spread", "billed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """How the bill differs from usage at list prices; as it stands, in nothing.

    Nothing but this: a day's storage is billed when the day is over.
    Beside these, a model may go by another name here and there, as with the provider:
    `gpt-image-2` is `gpt-image-2-2026-04-21`, and `ft:BASE:…` is `ft-BASE`.
    """

    contract: bool = False  # one model at a contracted price
    discount: bool = False  # one project with some percent off
    long_context: bool = False  # long requests cost more, which no bucket shows
    unpriced_model: bool = False  # calls of a model that no price list knows are made and billed
    unexplained: bool = False  # the sample's lines that no usage row explains
    price_differs: bool = False  # one model is ten percent dearer than the list
    quantity_differs: bool = False  # one model is billed for five percent more than was counted
    unknown_line_items: bool = False  # every Monday a line of a new kind, of no project
    renamed_model: bool = False  # one more model goes without its date
    free_tokens: bool = False  # one project's tokens of one model: a quantity, and no amount
    free_storage: FreeStorage = "own_line"
    sessions: bool = False  # of the code interpreter: what they cost is on the bill only
    cost_without_usage: bool = False  # about one day in five, tokens that usage does not show
    credits: bool = False  # a negative amount on the first of each month, of no project
    zero_rows: bool = True  # quantity 0 for cached tokens that were not used

    @classmethod
    def of_the_sample(cls) -> Self:
        """As the sample's organization is billed."""
        return cls(
            contract=True,
            discount=True,
            long_context=True,
            unpriced_model=True,
            unexplained=True,
            free_storage="spread",
            sessions=True,
        )

    @property
    def changes_lines(self) -> bool:
        """Whether any line of a call is not as the price list has it."""
        return self.price_differs or self.quantity_differs or self.free_tokens or self.renamed_model

    @property
    def terms(self) -> Terms:
        """For `billed`."""
        return Terms(self.contract, self.discount, self.long_context)


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
    for item in billed(call, bill.terms):
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
        yield _changed(last, call, bill)
    if last and bill.zero_rows and not has_cached and last.line_item.endswith(", output"):
        kind = last.line_item.removesuffix(", output")
        cached = _changed(last, call, bill)._replace(
            line_item=_renamed(f"{kind}, cached input", bill), quantity=Decimal(0),
            amount_usd=Decimal(0),
        )  # fmt: skip
        yield cached


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
    if bill.unexplained:
        for of_day, slug, line_item, quantity, unit, amount_usd in UNEXPLAINED:
            if of_day == day:
                yield empty._replace(
                    project_id=organization.project(slug).id,
                    line_item=line_item,
                    quantity=Decimal(quantity),
                    unit=unit,
                    amount_usd=Decimal(amount_usd),
                )
    if bill.unknown_line_items and day.weekday() == 0:
        yield empty._replace(
            line_item="reserved throughput | weekly bundle",
            quantity=Decimal(1),
            amount_usd=Decimal(12),
        )
    if bill.cost_without_usage and share(organization.seed, "unseen", day, of=5) == 0:
        tokens = 100_000 + share(organization.seed, "unseen tokens", day, of=900_000)
        yield empty._replace(
            project_id=organization.project("marketing").id,
            line_item=f"{COUNTED_HIGHER_MODEL}, input",
            quantity=Decimal(tokens),
            unit="tokens",
            amount_usd=tokens * Decimal("0.0000025"),
        )
    if bill.credits and day.day == 1:
        yield empty._replace(line_item="service credit", amount_usd=Decimal("-5.00"))


def _changed(line: Line, call: Call, bill: Bill) -> Line:
    """The line, where a switch makes it differ from list price times usage."""
    if not bill.changes_lines:
        return line
    if bill.price_differs and call.model == DEARER_MODEL:
        line = line._replace(amount_usd=line.amount_usd * Decimal("1.1"))
    if bill.quantity_differs and call.model == COUNTED_HIGHER_MODEL and line.quantity:
        more = line.quantity + line.quantity // 20 + 1
        line = line._replace(quantity=more, amount_usd=line.amount_usd / line.quantity * more)
    if bill.free_tokens and call.model == FREE_MODEL and call.project.slug == "default":
        line = line._replace(amount_usd=Decimal(0))
    return line._replace(line_item=_renamed(line.line_item, bill))


def _renamed(line_item: str, bill: Bill) -> str:
    return line_item.replace(RENAMED_MODEL, _RENAMED_TO) if bill.renamed_model else line_item


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
