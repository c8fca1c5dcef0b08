"""The facts of an explanation: exact numbers and places, no words and no layout."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pipeline.meters import METER_NAMES
from pipeline.money import EXACT
from pipeline.reporting.explain.billed import BillLine


@dataclass(frozen=True, slots=True)
class Cell:
    """A choice of charges: days and further conditions; None: any."""

    since_date: date
    until_date: date  # not counted
    is_utc: bool = False  # days of usage_date instead of charge_date
    project_id: str | None = None
    project_name: str | None = None
    is_without_project: bool = False
    model: str | None = None
    is_without_model: bool = False
    scope: str | None = None
    api_key_id: str | None = None
    user_id: str | None = None
    meter: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The cell as parameters of statements."""
        return {**asdict(self), "meters": list(METER_NAMES)}


@dataclass(frozen=True, slots=True)
class BookRow:
    """A row of the current price book."""

    price_id: str
    provider: str
    model: str
    layer: str
    price_usd: Decimal
    per: int
    unit: str
    unit_price_usd: Decimal
    long_above_tokens: int | None
    valid_from_at: datetime | None
    valid_to_at: datetime | None
    source: str
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class PriceUsed:
    """The price behind a price id; `row` is None where the current book no longer has it."""

    price_id: str
    row: BookRow | None
    list_row: BookRow | None  # beside a contracted one
    discount: str | None  # such as `less 7.5% project=proj_x`


@dataclass(frozen=True, slots=True)
class PricedSum:
    """The charge lines of a cell at one price; `product_usd` is calculated again."""

    provider: str
    model: str | None
    scope: str
    operation: str
    variant: str | None
    service_tier: str
    is_batch: bool | None
    context_class: str
    meter: str
    unit: str
    pricing_status: str
    price_id: str | None
    list_unit_price_usd: Decimal | None
    contracted_unit_price_usd: Decimal | None
    is_allowance: bool
    lines: int
    quantity: Decimal
    list_cost_usd: Decimal | None
    cost_usd: Decimal | None
    product_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge line as published."""

    usage_date: date
    charge_date: date
    project_id: str | None
    api_key_id: str | None
    user_id: str | None
    model: str | None
    operation: str
    variant: str | None
    service_tier: str
    context_class: str
    meter: str
    unit: str
    quantity: Decimal
    price_id: str | None
    list_unit_price_usd: Decimal | None
    contracted_unit_price_usd: Decimal | None
    list_cost_usd: Decimal | None
    cost_usd: Decimal | None
    pricing_status: str


@dataclass(frozen=True, slots=True)
class Total:
    """One sum found in several ways, which must all agree; None where nothing is priced."""

    lines: int
    arithmetic_usd: Decimal | None  # quantities times prices, multiplied and added here
    charges_usd: Decimal | None
    postings_usd: Decimal | None
    daily_costs_usd: Decimal | None  # what reports add up
    has_daily_costs: bool  # whether daily_costs knows such cells
    list_usd: Decimal | None
    unpriced_quantity: Decimal
    misfits: int  # lines whose cost is not quantity times price
    is_provisional: bool
    first_usage_date: date | None
    last_usage_date: date | None

    @property
    def agrees(self) -> bool:
        """Whether all sums are equal, to the last digit."""
        found = {self.arithmetic_usd, self.charges_usd}
        # what was reversed to nothing is a sum of 0 in postings and no line in charges
        posted = self.postings_usd or None
        found_posted = {self.charges_usd or None, posted}
        if self.has_daily_costs:
            found.add(self.daily_costs_usd)
        return len(found) == 1 and len(found_posted) == 1 and not self.misfits


@dataclass(frozen=True, slots=True)
class PostedPart:
    """The change of one meter at one price by one posting."""

    model: str | None
    meter: str
    unit: str
    price_id: str | None
    contracted_unit_price_usd: Decimal | None
    pricing_status: str
    lines: int
    quantity: Decimal
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Posting:
    """The postings of one run for one reason."""

    posted_at: datetime
    run_id: str
    reason: str
    cost_usd: Decimal | None
    parts: tuple[PostedPart, ...]


@dataclass(frozen=True, slots=True)
class MeterTie:
    """Used and charged quantity of one meter; an allowance is negative."""

    meter: str
    unit: str
    used: Decimal
    charged: Decimal
    allowance: Decimal
    billed: Decimal  # what only the provider's costs show; no usage lies behind it

    @property
    def difference(self) -> Decimal:
        """Used less charged."""
        return EXACT.subtract(self.used, self.charged)


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage records behind a cell."""

    records: int
    requests: int
    detail_records: int
    first_at: datetime | None
    last_at: datetime | None
    meters: tuple[MeterTie, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One meter of one record at its price. `candidates` > 1: which price is not known any more."""

    meter: str
    unit: str
    quantity: Decimal
    context_class: str | None
    price_id: str | None
    list_unit_price_usd: Decimal | None
    contracted_unit_price_usd: Decimal | None
    cost_usd: Decimal | None
    pricing_status: str | None  # None: no charge line, or more than one candidate
    line_quantity: Decimal | None  # of the charge line that it is part of
    candidates: int


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one usage record, its place, and its share of the charges."""

    record_id: str
    source: str
    basis: str
    provider: str
    started_at: datetime
    ended_at: datetime | None
    usage_date: date
    charge_date: date
    organization_id: str
    project_id: str | None
    api_key_id: str | None
    user_id: str | None
    service_account_id: str | None
    model: str | None
    scope: str
    operation: str
    variant: str | None
    service_tier: str
    is_batch: bool | None
    quantities: dict[str, Decimal]  # meters that are not 0
    requests: int
    recorded_at: datetime
    input_file: str
    input_line: int
    replaced_at: datetime | None = None
    replaced_by_file: str | None = None
    replaced_by_line: int | None = None
    replaced_reason: str | None = None
    shares: tuple[Share, ...] = ()
    cost_usd: Decimal | None = None  # of its priced shares


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One version of an input file, as read."""

    input_file: str
    content_hash: str
    source: str
    kind: str
    basis: str
    state: str
    rows_read: int
    accepted: int
    duplicate: int
    superseded: int
    quarantined: int
    not_usage: int
    waiting_bytes: int
    size_bytes: int
    first_record_at: datetime | None
    last_record_at: datetime | None
    ingested_at: datetime
    run_id: str
    message: str | None
    is_there: bool | None  # at its path now; None where nobody can look


@dataclass(frozen=True, slots=True)
class FileState:
    """An input file with records in what is explained."""

    input_file: str
    source: str
    records: int
    first_line: int
    last_line: int
    versions: tuple[FileVersion, ...]
    copies: tuple[FileVersion, ...]  # other files with the same content


@dataclass(frozen=True, slots=True)
class Replaced:
    """Versions of usage records that no longer count, for one reason."""

    reason: str
    versions: int
    first_replaced_at: datetime
    last_replaced_at: datetime


@dataclass(frozen=True, slots=True)
class CellExplained:
    """A cell down to example records."""

    run_id: str
    cell: Cell
    total: Total
    sums: tuple[PricedSum, ...]
    prices: tuple[PriceUsed, ...]
    lines: tuple[ChargeLine, ...]  # the dearest
    postings: tuple[Posting, ...]  # the newest
    postings_in_all: int
    usage: Usage
    examples: tuple[Record, ...]
    files: tuple[FileState, ...]  # those with the most records
    files_in_all: int
    replaced: tuple[Replaced, ...]
    replaced_records: tuple[Record, ...]
    bill: tuple[BillLine, ...]  # the dearest


@dataclass(frozen=True, slots=True)
class RecordExplained:
    """A record: its versions, and the arithmetic of its share."""

    run_id: str
    record_id: str
    versions: tuple[Record, ...]
    prices: tuple[PriceUsed, ...]
    files: tuple[FileState, ...]


@dataclass(frozen=True, slots=True)
class FileCell:
    """Records of a file in one day, project and model."""

    charge_date: date
    project_id: str | None
    model: str | None
    basis: str
    records: int
    requests: int
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class FileRejects:
    """Rows of a file that one rule rejected."""

    rule: str
    rows: int
    first_line: int
    detail: str


@dataclass(frozen=True, slots=True)
class FileExplained:
    """A file: its versions and fates, and where its rows went."""

    run_id: str
    input_file: str
    versions: tuple[FileVersion, ...]
    copies: tuple[FileVersion, ...]
    cells: tuple[FileCell, ...]
    cells_in_all: int
    rejects: tuple[FileRejects, ...]


@dataclass(frozen=True, slots=True)
class LineReject:
    """One time that a line was held back; `replayed_at` once it was taken after all."""

    rule: str
    detail: str
    quarantined_at: datetime
    replayed_at: datetime | None


# What became of a line. `uncounted`: a duplicate or no usage, which is no longer known.
WithoutRecord = Literal["not_usage", "blank", "header", "not_read", "uncounted", "quarantined"]
LineFate = Literal["accepted", "duplicate", "superseded", "restated", "forgotten"] | WithoutRecord


@dataclass(frozen=True, slots=True)
class LineExplained:
    """A line of an input file: what became of it, and the records that it brought or repeats."""

    run_id: str
    input_file: str
    input_line: int
    fate: LineFate
    rejects: tuple[LineReject, ...]
    records: tuple[RecordExplained, ...]


Explained = CellExplained | RecordExplained | FileExplained | LineExplained
