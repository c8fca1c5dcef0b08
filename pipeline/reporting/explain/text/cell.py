"""The explanation of a cell as text: arithmetic first, then records down to file and line."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.money import display_usd, plain
from pipeline.reporting.explain.billed import draw_bill
from pipeline.reporting.explain.find_cell import cell_text
from pipeline.reporting.explain.model.charges import ChargeLine, Posting, PricedSum, Total
from pipeline.reporting.explain.model.explained import (
    CellExplained,
    Explained,
    FileExplained,
    RecordExplained,
)
from pipeline.reporting.explain.model.usage import Record, Usage
from pipeline.reporting.explain.text.layout import (
    TIMES,
    TextColumn,
    TextPage,
    aligned,
    at,
    count,
    usd,
)
from pipeline.reporting.explain.text.phrases import Numbers, named, place, price_mark, share_line
from pipeline.reporting.explain.text.record_and_file import (
    draw_file,
    draw_files,
    draw_line,
    draw_old_version,
    draw_prices,
    draw_record,
)
from pipeline.reporting.explain.text.true_up import draw_true_up
from pipeline.text import counted

POSTING_PARTS = 8  # of one posting


def draw(explained: Explained, width: int | None) -> str:
    """The text of an explanation, for a terminal of so many columns (None: for no terminal)."""
    page = TextPage(width)
    if isinstance(explained, CellExplained):
        _cell(page, explained)
    elif isinstance(explained, RecordExplained):
        draw_record(page, explained)
    elif isinstance(explained, FileExplained):
        draw_file(page, explained)
    else:
        draw_line(page, explained)
    return page.text()


def _cell(page: TextPage, explained: CellExplained) -> None:
    numbers = {price.price_id: n for n, price in enumerate(explained.prices, 1)}
    total = explained.total
    page.heading(f"Cost: {cell_text(explained.cell)}")
    bound = "at least " if total.unpriced_quantity else ""
    if total.charges_usd is None:
        page.line("no price, so no amount" if total.lines else "no charge")
    else:
        page.line(
            f"{bound}{plain(total.charges_usd)} USD ({bound}{display_usd(total.charges_usd)}) in "
            f"{counted(total.lines, 'charge line')}"
        )
        if total.list_usd is not None and total.list_usd != total.charges_usd:
            page.line(f"{plain(total.list_usd)} USD at list prices")
    if total.unpriced_quantity:
        page.line(f"{count(total.unpriced_quantity)} units have no price and are not in the amount")
    if total.is_provisional:
        page.line("provisional: these days can change until they are final and billed")
    rated = [s for s in explained.sums if s.bill_cause is None]
    if rated:
        page.heading(f"Arithmetic: quantity {TIMES} unit price = cost")
        _sums(page, rated, numbers)
    draw_true_up(page, explained)
    draw_prices(page, explained.prices)
    if len(explained.lines) > 1 and total.lines > len(explained.sums):
        _lines(page, explained.lines, total.lines, numbers)
    _ways(page, explained)
    if explained.postings_in_all > 1:
        _postings(page, explained.postings, explained.postings_in_all, numbers)
    _usage(page, explained.usage)
    if explained.examples:
        page.heading(f"Example records ({len(explained.examples)} of {explained.usage.records:,})")
        for record in explained.examples:
            _example(page, record, numbers)
    draw_bill(page, explained.bill)
    draw_files(page, explained.files, explained.files_in_all)
    _replaced(page, explained)


def _sums(page: TextPage, sums: Sequence[PricedSum], numbers: Numbers) -> None:
    models = len({s.model for s in sums}) > 1
    has_list = any(s.list_unit_price_usd != s.contracted_unit_price_usd for s in sums)
    page.table(
        [
            TextColumn("model", [named(s.model) if models else "" for s in sums]),
            TextColumn("meter", [_meter(s) for s in sums]),
            TextColumn("terms", [_dimensions(s) for s in sums]),
            TextColumn("quantity", aligned([count(s.quantity) for s in sums]), is_number=True),
            TextColumn("unit", [s.unit for s in sums]),
            TextColumn(
                f"{TIMES} USD a unit", aligned([_unit_price(s) for s in sums]), is_number=True
            ),
            TextColumn("= USD", aligned([usd(s.product_usd) for s in sums]), is_number=True),
            TextColumn(
                "list USD a unit",
                aligned([usd(s.list_unit_price_usd) if has_list else "" for s in sums]),
                is_number=True,
            ),
            TextColumn("lines", [f"{s.lines:,}" for s in sums], is_number=True),
            TextColumn("price", [price_mark(s.price_id, numbers) for s in sums]),
        ]
    )


def _meter(priced: PricedSum) -> str:
    return f"{priced.meter} (allowance)" if priced.is_allowance else priced.meter


def _dimensions(priced: PricedSum) -> str:
    """The further attributes of a price: those that are not the default."""
    parts = [
        priced.operation if priced.operation != "completions" else "",
        f"tier {priced.service_tier}" if priced.service_tier != "default" else "",
        f"{priced.context_class} context" if priced.context_class != "base" else "",
        priced.variant or "",
    ]
    return ", ".join(part for part in parts if part)


def _unit_price(priced: PricedSum) -> str:
    return "billed" if priced.pricing_status == "billed" else usd(priced.contracted_unit_price_usd)


def _lines(page: TextPage, lines: Sequence[ChargeLine], in_all: int, numbers: Numbers) -> None:
    shown = f"the first {len(lines)} of {in_all:,}" if in_all > len(lines) else f"{in_all:,}"
    page.heading(f"Charge lines ({shown}; unpriced ones, then the dearest)")
    models = len({line.model for line in lines}) > 1
    projects = len({line.project_id for line in lines}) > 1
    days = len({(line.usage_date, line.charge_date) for line in lines}) > 1
    page.table(
        [
            TextColumn("day", [line.charge_date.isoformat() if days else "" for line in lines]),
            TextColumn("UTC day", [line.usage_date.isoformat() if days else "" for line in lines]),
            TextColumn("project", [(line.project_id or "") if projects else "" for line in lines]),
            TextColumn("model", [named(line.model) if models else "" for line in lines]),
            TextColumn("key", [line.api_key_id or "" for line in lines]),
            TextColumn("user", [line.user_id or "" for line in lines]),
            TextColumn("meter", [line.meter for line in lines]),
            TextColumn("quantity", aligned([count(ln.quantity) for ln in lines]), is_number=True),
            TextColumn("USD", aligned([usd(line.cost_usd) for line in lines]), is_number=True),
            TextColumn("price", [price_mark(line.price_id, numbers) for line in lines]),
        ]
    )


def _ways(page: TextPage, explained: CellExplained) -> None:
    total = explained.total
    page.heading("The sum in USD, found in several ways")
    ways = [
        (_own_way(total), usd(total.arithmetic_usd)),
        ("the view charges", usd(total.charges_usd)),
        ("the view charge_postings", usd(total.postings_usd)),
    ]
    if total.has_daily_costs:
        ways.append(("the view daily_costs, as in reports", usd(total.daily_costs_usd)))
    page.table(
        [
            TextColumn("way", [way for way, _ in ways]),
            TextColumn("USD", aligned([amount for _, amount in ways]), is_number=True),
        ]
    )
    if total.agrees:
        page.line("They agree to the last digit.")
    else:
        page.line("THEY DO NOT AGREE.")
        if total.misfits:
            page.line(
                f"{counted(total.misfits, 'line')} cost something else than quantity {TIMES} price."
            )


def _own_way(total: Total) -> str:
    bill = "" if total.bill_usd is None else " and the bill's lines"
    return f"quantities {TIMES} prices{bill}, multiplied and added here"


def _postings(page: TextPage, postings: Sequence[Posting], in_all: int, numbers: Numbers) -> None:
    older = in_all - len(postings)
    shown = f", the newest first, without {older:,} older ones" if older else ", the newest first"
    page.heading(f"Posted in {in_all:,} steps{shown}")
    for posting in postings:
        page.line(
            f"{at(posting.posted_at)} {posting.reason}, run {posting.run_id}: "
            f"{_signed(posting.cost_usd)}"
        )
        for part in posting.parts[:POSTING_PARTS]:
            price = part.contracted_unit_price_usd
            times = "" if price is None else f" {TIMES} {plain(price)}"
            mark = price_mark(part.price_id, numbers) or part.price_id or ""
            page.line(
                f"{part.meter} {count(part.quantity)}{times} = {_signed(part.cost_usd)} {mark}", 2
            )
        if len(posting.parts) > POSTING_PARTS:
            page.line(f"and {len(posting.parts) - POSTING_PARTS:,} more", 2)


def _signed(amount: Decimal | None) -> str:
    if amount is None:
        return usd(amount)
    return f"{'+' if amount > 0 else ''}{plain(amount)} USD"


def _usage(page: TextPage, usage: Usage) -> None:
    span = ""
    if usage.first_at is not None and usage.last_at is not None:
        span = f", started {at(usage.first_at)} to {at(usage.last_at)}"
    page.heading(
        f"Usage: {counted(usage.records, 'record')}, {counted(usage.requests, 'request')}{span}"
    )
    if usage.detail_records:
        page.line(
            f"{counted(usage.detail_records, 'record')} of detail sources beside them "
            "make no charges"
        )
    if not usage.meters:
        return
    page.table(
        [
            TextColumn("meter", [t.meter for t in usage.meters]),
            TextColumn("used", aligned([count(t.used) for t in usage.meters]), is_number=True),
            TextColumn(
                "charged", aligned([count(t.charged) for t in usage.meters]), is_number=True
            ),
            TextColumn(
                "allowance",
                aligned([count(t.allowance) if t.allowance else "" for t in usage.meters]),
                is_number=True,
            ),
            TextColumn(
                "billed by the provider alone",
                aligned([count(t.billed) if t.billed else "" for t in usage.meters]),
                is_number=True,
            ),
            TextColumn("unit", [t.unit for t in usage.meters]),
        ]
    )
    differing = [t for t in usage.meters if t.difference]
    if not differing:
        page.line("What was used is what was charged.")
    for tie in differing:
        page.line(
            f"{tie.meter}: {count(tie.difference)} more used than charged. A free allowance does "
            "that where it is inside the line of usage without project; otherwise it is an error."
        )


def _example(page: TextPage, record: Record, numbers: Numbers) -> None:
    page.line(place(record))
    until = f" to {at(record.ended_at)}" if record.ended_at else ""
    requests = "" if record.requests == 1 else f", {count(record.requests)} requests"
    page.line(
        f"{record.record_id}, {named(record.model)}, {at(record.started_at)}{until}{requests}", 2
    )
    for share in record.shares:
        page.line(share_line(share, numbers), 2)
    if len(record.shares) > 1:
        unit = "" if record.cost_usd is None else " USD"
        page.line(f"together {usd(record.cost_usd)}{unit}", 2)


def _replaced(page: TextPage, explained: CellExplained) -> None:
    if not explained.replaced:
        return
    page.heading("Versions of records that no longer count")
    for group in explained.replaced:
        page.line(
            f"{group.versions:,} {group.reason}, {at(group.first_replaced_at)} to "
            f"{at(group.last_replaced_at)}"
        )
    for record in explained.replaced_records:
        draw_old_version(page, record)
