"""Usage records and their share of the charges: which charge line each meter is part of, and why.

A record does not carry its price: it is found by the line's dimensions, and where more than one
line has these, by the record's size (base or long) and its time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

import duckdb
import polars as pl

from pipeline.meters import INPUT_METERS, METER_NAMES, METER_UNITS
from pipeline.money import EXACT, MONEY_STEP
from pipeline.published.queries import NamedRow, named_rows
from pipeline.reporting.explain.model.charges import BookRow, PriceUsed
from pipeline.reporting.explain.model.usage import Record, Share
from pipeline.reporting.explain.prices import prices_used
from pipeline.schemas import USAGE_SCHEMA

COLUMNS = tuple(USAGE_SCHEMA)
_KEYS = (
    "usage_date",
    "charge_date",
    "organization_id",
    "project_id",
    "api_key_id",
    "user_id",
    "provider",
    "model",
    "scope",
    "operation",
    "variant",
    "service_tier",
    "is_batch",
)
_FIELDS = frozenset(f.name for f in fields(Record))


@dataclass(frozen=True, slots=True)
class _Threshold:
    long_above_tokens: int
    valid_from_at: datetime | None
    valid_to_at: datetime | None


_Thresholds = Mapping[tuple[str, str], Sequence[_Threshold]]  # by provider and model


def record_of(row: NamedRow) -> Record:
    """A row of `usage` or `usage_versions` as a fact, without shares."""
    quantities = {name: Decimal(row[name]) for name in METER_NAMES if row[name]}
    return Record(
        quantities=quantities, **{name: value for name, value in row.items() if name in _FIELDS}
    )


def with_shares(
    con: duckdb.DuckDBPyConnection, records: Sequence[Record]
) -> tuple[tuple[Record, ...], tuple[PriceUsed, ...]]:
    """The records with the arithmetic of each meter, and the prices that it names.

    A version that no longer counts, and a record of a detail source, have no share.
    """
    counted = [n for n, r in enumerate(records) if r.basis == "charge" and r.replaced_at is None]
    lines = _lines(con, records, counted)
    prices = prices_used(con, [row["price_id"] for found in lines.values() for row in found])
    by_id = {price.price_id: price for price in prices}
    thresholds = _thresholds(con, prices)
    shared = list(records)
    for n in counted:
        record = records[n]
        shares = tuple(
            _share(record, meter, quantity, lines[n], by_id, thresholds)
            for meter, quantity in record.quantities.items()
        )
        costs = [share.cost_usd for share in shares if share.cost_usd is not None]
        cost = added(costs) if costs else None
        shared[n] = replace(record, shares=shares, cost_usd=cost)
    named = {share.price_id for record in shared for share in record.shares}
    return tuple(shared), tuple(price for price in prices if price.price_id in named)


def _lines(
    con: duckdb.DuckDBPyConnection, records: Sequence[Record], counted: Sequence[int]
) -> Mapping[int, list[NamedRow]]:
    found: dict[int, list[NamedRow]] = defaultdict(list)
    if counted:
        keys = pl.DataFrame(
            [(n, *(getattr(records[n], key) for key in _KEYS)) for n in counted],
            schema={"number": pl.Int64, **{key: USAGE_SCHEMA[key] for key in _KEYS}},
            orient="row",
        )
        con.register("asked_records", keys)
        for row in named_rows(con, "reporting/explain/lines_of_records", {}):
            found[row["number"]].append(row)
        con.unregister("asked_records")
    return found


def _share(
    record: Record,
    meter: str,
    quantity: Decimal,
    lines: Sequence[NamedRow],
    prices: Mapping[str, PriceUsed],
    thresholds: _Thresholds,
) -> Share:
    found = [line for line in lines if line["meter"] == meter]
    if len(found) > 1:
        found = _of_class(record, found, prices, thresholds)
    if len(found) > 1:
        found = _of_time(record, found, prices)
    is_known = len(found) == 1
    line: Mapping[str, Any] = found[0] if is_known else {}
    price = line.get("contracted_unit_price_usd")
    return Share(
        meter=meter,
        unit=METER_UNITS[meter],
        quantity=quantity,
        context_class=line.get("context_class"),
        price_id=line.get("price_id"),
        list_unit_price_usd=line.get("list_unit_price_usd"),
        contracted_unit_price_usd=price,
        cost_usd=None if price is None else product(quantity, price),
        pricing_status=line.get("pricing_status"),
        line_quantity=line.get("quantity"),
        candidates=len(found),
    )


def product(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Quantity times price, exactly, with the decimals of money."""
    return EXACT.multiply(quantity, unit_price).quantize(MONEY_STEP, context=EXACT)


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; Python's own adds with 28 digits, and money here may have 38."""
    return reduce(EXACT.add, amounts, Decimal(0))


def _of_class(
    record: Record,
    lines: Sequence[NamedRow],
    prices: Mapping[str, PriceUsed],
    thresholds: _Thresholds,
) -> list[NamedRow]:
    """The lines of the record's context class; all of them where only one class occurs."""
    classes = {line["context_class"] for line in lines}
    if len(classes) == 1:
        return list(lines)
    rows = [prices[line["price_id"]].row for line in lines if line["price_id"] is not None]
    limits = [
        threshold.long_above_tokens
        for model in {row.model for row in rows if row is not None}
        for threshold in thresholds.get((record.provider, model), ())
        if _holds(threshold, record.started_at)
    ]
    if not limits:
        return list(lines)
    tokens = sum(record.quantities.get(meter, Decimal(0)) for meter in INPUT_METERS)
    is_counted = record.requests > 0 or record.ended_at is None
    is_long = is_counted and tokens > min(limits) * max(record.requests, 1)
    wanted = "long" if is_long else "base"
    return [line for line in lines if line["context_class"] == wanted]


def _of_time(
    record: Record, lines: Sequence[NamedRow], prices: Mapping[str, PriceUsed]
) -> list[NamedRow]:
    """The line whose price held when the record started; all of them where that is not known."""
    priced = [line for line in lines if line["price_id"] is not None]
    rows = [prices[line["price_id"]].row for line in priced]
    if any(row is None for row in rows):
        return list(lines)
    holding = [
        line
        for line, row in zip(priced, rows, strict=True)
        if row is not None and _holds(row, record.started_at)
    ]
    unpriced = [line for line in lines if line["price_id"] is None]
    return holding or unpriced or list(lines)


def _holds(dated: _Threshold | BookRow, at: datetime) -> bool:
    since, until = dated.valid_from_at, dated.valid_to_at
    return (since is None or since <= at) and (until is None or at < until)


def _thresholds(con: duckdb.DuckDBPyConnection, prices: Sequence[PriceUsed]) -> _Thresholds:
    models = sorted({price.row.model for price in prices if price.row is not None})
    found: dict[tuple[str, str], list[_Threshold]] = defaultdict(list)
    if models:
        for row in named_rows(con, "reporting/explain/long_thresholds", {"models": models}):
            found[row.pop("provider"), row.pop("model")].append(_Threshold(**row))
    return found
