"""A cell of a report down to example records: its sums in several ways, prices, postings, usage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb

from pipeline.meters import METER_NAMES, METER_UNITS
from pipeline.published.queries import NamedRow, named_rows
from pipeline.reporting.explain.billed import BillLine
from pipeline.reporting.explain.files import FileExists, input_files
from pipeline.reporting.explain.model.charges import (
    Cell,
    ChargeLine,
    PostedPart,
    Posting,
    PricedSum,
    Total,
)
from pipeline.reporting.explain.model.explained import CellExplained
from pipeline.reporting.explain.model.usage import MeterTie, Record, Replaced, Usage
from pipeline.reporting.explain.prices import prices_used
from pipeline.reporting.explain.records import COLUMNS, added, product, record_of, with_shares

POSTINGS = 20  # of so many runs, the newest
FILES = 20  # with the most records


def explain_cell(
    con: duckdb.DuckDBPyConnection,
    cell: Cell,
    *,
    run_id: str,
    examples: int,
    lines: int,
    exists: FileExists,
) -> CellExplained:
    """The arithmetic of a cell.

    Takes: how many example records and charge lines to show at most, and who can look for files.
    Gives: sums at each price, worked out here and as stored; what was posted when; the usage
    records behind it, their files, and what they replaced. Cells of any size: what is large is
    added up in the engine.
    """
    known = {**cell.parameters(), "lines": lines, "examples": examples, "postings": POSTINGS}
    known["files"] = FILES
    sums = tuple(
        _priced_sum(row) for row in named_rows(con, "reporting/explain/priced_sums", known)
    )
    [posted] = named_rows(con, "reporting/explain/posted_total", known)
    records, more_prices = with_shares(con, _examples(con, known, sums, examples))
    prices = prices_used(con, [s.price_id for s in sums])
    files = named_rows(con, "reporting/explain/files", known, meter=cell.meter)
    replaced = named_rows(con, "reporting/explain/replaced", known, meter=cell.meter)
    return CellExplained(
        run_id=run_id,
        cell=cell,
        total=_total(con, known, sums, posted["cost_usd"]),
        sums=sums,
        prices=prices + tuple(p for p in more_prices if p not in prices),
        lines=tuple(
            ChargeLine(**row) for row in named_rows(con, "reporting/explain/charge_lines", known)
        ),
        postings=_postings(named_rows(con, "reporting/explain/postings", known)),
        postings_in_all=posted["postings"],
        usage=_usage(con, known, sums, cell),
        examples=records,
        files=input_files(
            con,
            [
                (f["source"], f["input_file"], f["records"], f["first_line"], f["last_line"])
                for f in files
            ],
            exists,
        ),
        files_in_all=files[0]["files"] if files else 0,
        replaced=tuple(
            Replaced(
                row["replaced_reason"],
                row["versions"],
                row["first_replaced_at"],
                row["last_replaced_at"],
            )
            for row in replaced
        ),
        replaced_records=tuple(
            record_of(row)
            for row in named_rows(
                con, "reporting/explain/replaced_records", known, columns=COLUMNS, meter=cell.meter
            )
        ),
        bill=tuple(
            BillLine(**row) for row in named_rows(con, "reporting/explain/bill_lines", known)
        ),
    )


def is_empty(explained: CellExplained) -> bool:
    """Whether nothing at all is known of the cell: no charge, posting, record or version."""
    return not (
        explained.total.lines
        or explained.postings
        or explained.usage.records
        or explained.usage.detail_records
        or explained.replaced
    )


def _priced_sum(row: NamedRow) -> PricedSum:
    """A sum with its arithmetic done again; what the provider billed has none, and is itself."""
    price = row["contracted_unit_price_usd"]
    worked_out = row["cost_usd"] if price is None else product(row["quantity"], price)
    return PricedSum(**row, product_usd=worked_out)


def _total(
    con: duckdb.DuckDBPyConnection,
    known: Mapping[str, Any],
    sums: Sequence[PricedSum],
    posted_usd: Decimal | None,
) -> Total:
    [row] = named_rows(con, "reporting/explain/cell_total", known)
    narrower = ("api_key_id", "user_id", "meter")
    provider_usd, estimated_days = _provider_total(con, known)
    has_daily_costs = not known["is_utc"] and all(known[name] is None for name in narrower)
    daily_usd = (
        named_rows(con, "reporting/explain/daily_total", known)[0]["cost_usd"]
        if has_daily_costs
        else None
    )
    return Total(
        lines=row["lines"],
        arithmetic_usd=_added_known(s.product_usd for s in sums),
        charges_usd=row["cost_usd"],
        postings_usd=posted_usd,
        daily_costs_usd=daily_usd,
        has_daily_costs=has_daily_costs,
        list_usd=row["list_cost_usd"],
        unpriced_quantity=row["unpriced_quantity"],
        misfits=row["misfits"],
        is_provisional=row["is_provisional"],
        first_usage_date=row["first_usage_date"],
        last_usage_date=row["last_usage_date"],
        rated_usd=_added_known(s.product_usd for s in sums if s.bill_cause is None),
        bill_usd=_added_known(s.product_usd for s in sums if s.bill_cause is not None),
        provider_usd=provider_usd,
        estimated_days=estimated_days,
    )


def _provider_total(
    con: duckdb.DuckDBPyConnection, known: Mapping[str, Any]
) -> tuple[Decimal | None, int]:
    """What the provider bills for the cell's UTC days; None for a part that no bill knows."""
    if any(known[name] is not None for name in ("api_key_id", "user_id", "meter", "scope")):
        return None, 0
    [row] = named_rows(con, "reporting/explain/provider_total", known)
    return row["provider_usd"], row["estimated_days"]


def _added_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None, not 0, where nothing is."""
    found = [amount for amount in amounts if amount is not None]
    return added(found) if found else None


def _postings(rows: Sequence[NamedRow]) -> tuple[Posting, ...]:
    parts: dict[tuple[Any, str, str], list[PostedPart]] = defaultdict(list)
    for row in rows:
        key = (row.pop("posted_at"), row.pop("run_id"), row.pop("reason"))
        parts[key].append(PostedPart(**row))
    return tuple(
        Posting(posted_at, run_id, reason, _added_known(p.cost_usd for p in found), tuple(found))
        for (posted_at, run_id, reason), found in parts.items()
    )


def _usage(
    con: duckdb.DuckDBPyConnection,
    known: Mapping[str, Any],
    sums: Sequence[PricedSum],
    cell: Cell,
) -> Usage:
    meters = (cell.meter,) if cell.meter else METER_NAMES
    by_basis = {
        row["basis"]: row
        for row in named_rows(con, "reporting/explain/used", known, meters=meters, meter=cell.meter)
    }
    row = by_basis.get("charge", {})
    ties = []
    for meter in meters:  # what is in none of them has no usage to tie to
        of_meter = [s for s in sums if s.meter == meter]
        used = Decimal(row.get(meter) or 0)
        if not used and not of_meter:
            continue
        # usage without a price keeps its quantity when it takes the bill's amount
        billed = [s for s in of_meter if s.pricing_status == "billed" and s.bill_cause is None]
        metered = [s for s in of_meter if s.pricing_status != "billed" or s.bill_cause is not None]
        ties.append(
            MeterTie(
                meter=meter,
                unit=METER_UNITS[meter],
                used=used,
                charged=added(s.quantity for s in metered if not s.is_allowance),
                allowance=added(s.quantity for s in metered if s.is_allowance),
                billed=added(s.quantity for s in billed),
            )
        )
    return Usage(
        records=row.get("records", 0),
        requests=int(row.get("requests") or 0),
        detail_records=by_basis.get("detail", {}).get("records", 0),
        first_at=row.get("first_at"),
        last_at=row.get("last_at"),
        meters=tuple(ties),
    )


def _examples(
    con: duckdb.DuckDBPyConnection,
    known: Mapping[str, Any],
    sums: Sequence[PricedSum],
    examples: int,
) -> list[Record]:
    """The first record and the dearest ones, each once."""
    charged = [m for m in METER_NAMES if any(s.meter == m for s in sums)]
    rows = named_rows(
        con,
        "reporting/explain/largest_records",
        known,
        columns=COLUMNS,
        charged=charged,
        meter=known["meter"],
    )
    if examples > 1:
        first = named_rows(
            con, "reporting/explain/first_record", known, columns=COLUMNS, meter=known["meter"]
        )
        if first and first[0] not in rows:
            rows = [*first, *rows[: examples - 1]]
    return [record_of(row) for row in rows]
