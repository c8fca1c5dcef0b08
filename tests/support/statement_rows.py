"""Made-up rows for the statements that run on any engine, dense enough that each part matters.

A table has the columns that its readers name, a column has few values, so that rows meet in joins
and fall into common groups; keys that a total order needs are unique.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipeline import resources
from pipeline.budgets.store import SPEND_COLUMNS as SUBJECTS
from pipeline.budgets.subject import FINE
from pipeline.ledger.bill import ITEM_TYPE
from pipeline.meters import INPUT_METERS, METER_NAMES, METER_UNITS, METERS, OUTPUT_METERS
from pipeline.schemas import (
    ASKER_COLUMNS,
    CHARGE_DIMENSIONS,
    CHARGE_SCHEMA,
    LEDGER_SCHEMA,
    USAGE_SCHEMA,
)

DAY = date(2026, 11, 3)
_START = datetime(2026, 11, 3)
_HOURS = (1, 1, 13, 14, 30)
# All are given to the statements that take any of them.
PARAMETERS: Mapping[str, Any] = {
    "source": "gateway",
    "input_file": "a.jsonl",
    "file_id": 1,
    "run_id": "20261101",
    "operations": ["completions", "videos"],
    "kinds": ["training", "unknown"],
}
SHOWN_METERS = ("text_input_tokens", "cached_text_input_tokens", "text_output_tokens", "images")
FLAGS = ("has_thresholds", "has_segments", "has_allowances", "has_billed", "by_project")

_TEXT, _COUNT, _TIME = pl.String(), pl.Int64(), pl.Datetime("us")
_QUANTITY, _MONEY, _PRICE = pl.Decimal(22, 6), pl.Decimal(38, 24), pl.Decimal(22, 18)
Values = Sequence[Any]


def _decimals(*texts: str | None) -> Values:
    return [None if text is None else Decimal(text) for text in texts]


# The values of a column, whichever table it is in.
_VALUES: Mapping[str, tuple[pl.DataType, Values]] = {
    "record_id": (_TEXT, ["r1", "r2", "b1|x", "b1|y", "b2|x"]),
    "source": (_TEXT, ["gateway", "other", "third"]),
    "basis": (_TEXT, ["charge", "charge", "detail"]),
    "provider": (_TEXT, ["openai", "openai", "globex"]),
    "started_at": (
        _TIME,
        [_START + timedelta(hours=h, microseconds=h) for h in (1, 1, 13, 14, 30)],
    ),
    "ended_at": (_TIME, [None, None, _START + timedelta(days=1)]),
    "usage_date": (pl.Date(), [DAY, DAY, DAY + timedelta(days=1)]),
    "charge_date": (pl.Date(), [DAY, DAY + timedelta(days=1)]),
    "organization_id": (_TEXT, ["org", "org", "sub"]),
    **dict.fromkeys((*SUBJECTS, *ASKER_COLUMNS), (_TEXT, [None, "one", "one", "two"])),
    "project_id": (_TEXT, [None, "one", "two"]),
    "model": (_TEXT, [None, "alpha", "alpha", "beta"]),
    "scope": (_TEXT, ["models", "models", "tools"]),
    "operation": (_TEXT, ["completions", "completions", "videos", "embeddings"]),
    "variant": (_TEXT, [None, None, "hd"]),
    "service_tier": (_TEXT, ["default", "batch"]),
    "is_batch": (pl.Boolean(), [False, False, True]),
    "requests": (_COUNT, [0, 1, 1, 3]),
    "recorded_at": (_TIME, [_START]),
    "input_file": (_TEXT, ["a.jsonl", "b.jsonl"]),
    "input_line": (_COUNT, [1, 2, 3]),
    "identity_hash": (pl.UInt64(), [1, 2, 2**63 + 5, 2**64 - 1]),
    "is_partial": (pl.Boolean(), [False, False, True]),
    "is_summed": (pl.Boolean(), [False, False, True]),
    "context_class": (_TEXT, ["base", "base", "long"]),
    "priced_at": (_TIME, [_START, _START + timedelta(hours=12), _START + timedelta(days=1)]),
    "starts_at": (_TIME, [_START - timedelta(days=1), _START, _START + timedelta(hours=12)]),
    "ends_at": (_TIME, [_START + timedelta(hours=12), _START + timedelta(days=9)]),
    "long_above_tokens": (_COUNT, [1, 4, 9]),
    "meter": (_TEXT, SHOWN_METERS),
    "unit": (_TEXT, ["tokens"]),
    "quantity": (_QUANTITY, _decimals("0", "0.5", "3", "7.000001", "-2")),
    "price_id": (_TEXT, [None, "p1", "p2"]),
    "list_unit_price_usd": (_PRICE, _decimals(None, "0.000002", "0.000000333333333333")),
    "contracted_unit_price_usd": (_PRICE, _decimals(None, "0.000001", "0.000000111111111111")),
    "list_cost_usd": (_MONEY, _decimals(None, "0", "0.000000000000000000000001", "-1.5")),
    "cost_usd": (_MONEY, _decimals(None, "0", "0.000000000000000000000001", "12.25", "-12.25")),
    "pricing_status": (_TEXT, ["priced", "priced", "unpriced", "billed"]),
    "bill_cause": (_TEXT, [None]),
    "changed_reason": (_TEXT, ["late", "price"]),
    "model_or_empty": (_TEXT, ["", "alpha", "beta"]),
    "variant_or_empty": (_TEXT, ["", "hd"]),
    "project_or_empty": (_TEXT, ["", "one", "two"]),
    "long_context_doubt_usd": (_MONEY, _decimals("0", "0.000000000000000000000002")),
    "unpriced_quantity": (pl.Decimal(38, 6), _decimals("0", "0", "4.5", "-1")),
    "line_item": (_TEXT, [None, "training", "other"]),
    "quantity_unit": (_TEXT, [None, "tokens"]),
    "amount": (pl.Decimal(38, 24), _decimals("0", "1.25", "-3", "0.000000000000000000000007")),
    "currency": (_TEXT, ["usd", "usd", "eur"]),
    "replaced_at": (_TIME, [None, None, _START]),
    "is_of_anybody": (pl.Boolean(), [False, False, True]),
    "budget_id": (_TEXT, ["b1", "b2", "b3"]),
    "period_start_date": (pl.Date(), [DAY]),
    "period_end_date": (pl.Date(), [DAY + timedelta(days=1), DAY + timedelta(days=2)]),
    "model_pattern": (_TEXT, [None, None, "al.*", "alp"]),
    "reason": (_TEXT, ["superseded", "forgotten", "rebased", "vanished", "restated"]),
    "run_id": (_TEXT, ["20261101", "20261102"]),
    "file_id": (_COUNT, [None, 1, 2, 3]),
    "source_rank": (_COUNT, [0, 1, 2]),
    "lines_read": (_COUNT, [2, 3]),
    "is_out": (pl.Boolean(), [False, False, True]),
    "is_going": (pl.Boolean(), [False, True]),
    "forgotten_by": (_TEXT, [None, "20261103"]),
    "original_id": (_COUNT, [1, 2]),
    "copy_id": (_COUNT, [3, 4]),
    "copied_lines": (_COUNT, [2, 3]),
    "bucket_key": (_TEXT, ["b1", "b2"]),
    "replaced_by_file": (_TEXT, ["b.jsonl"]),
    "replaced_by_line": (_COUNT, [1, 2]),
    "version_id": (_COUNT, [1, 2, 3]),
    "is_bucket": (pl.Boolean(), [False, True]),
    "ledger_id": (_COUNT, [1, 2, 3]),
    "row_number": (_COUNT, list(range(40))),
    "first_ledger_id": (_COUNT, [1, 2, 3]),
    "first_row_number": (_COUNT, list(range(40))),
}
_COUNTS = (0, 0, 0, 1, 2, 5, 8)
_PLACE = ("ledger_id", "row_number")
# How many rows are as another one but for these, so that some fall into one group.
_SAME, _OTHERS = 0.4, ("priced_at",)


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, how many rows it has at most, and which columns name one of them."""

    columns: Sequence[str]
    rows: int
    key: Sequence[str] = ()


_USAGE = (*_PLACE, *LEDGER_SCHEMA)
_QUANTITIES = (*CHARGE_DIMENSIONS, "priced_at", *METER_NAMES, "requests")
_CHARGES = Table(tuple(CHARGE_SCHEMA), 60)
TABLES: Mapping[str, Table] = {
    **dict.fromkeys(
        ("new_rows", "known_rows", "ledger_rows", "new_charges", "known_charges"),
        Table(_USAGE, 90, _PLACE),
    ),
    "usage_rows": Table((*USAGE_SCHEMA, "is_summed"), 400),
    "long_thresholds": Table(
        ("provider", "model", "starts_at", "ends_at", "long_above_tokens"),
        20,
        ("provider", "model"),
    ),
    "price_segments": Table(("starts_at", "ends_at"), 3, ("starts_at",)),
    "quantities": Table(_QUANTITIES, 200),
    "allowances": Table(
        ("provider", "meter", "quantity", "starts_at", "ends_at"), 9, ("provider", "meter")
    ),
    "allowance_quantities": Table(
        (*CHARGE_DIMENSIONS, "priced_at", "meter", "unit", "quantity"), 40
    ),
    "resolved_prices": Table(
        (
            *("meter", "model_or_empty", "priced_at", "provider", "service_tier", "context_class"),
            *("variant_or_empty", "project_or_empty", "price_id", "list_unit_price_usd"),
            *("contracted_unit_price_usd", "pricing_status"),
        ),
        400,
        (
            *("meter", "model_or_empty", "priced_at", "provider", "service_tier", "context_class"),
            *("variant_or_empty", "project_or_empty"),
        ),
    ),
    **dict.fromkeys(
        ("charge_lines", "posted_charges", "requests_only_lines", "billed_lines"), _CHARGES
    ),
    "compared_days": Table(("usage_date", "changed_reason"), 1, ("usage_date",)),
    "context_doubts": Table(
        (
            *("usage_date", "charge_date", "project_id", "model", "scope"),
            "long_context_doubt_usd",
        ),
        20,
    ),
    "provider_costs": Table(
        (
            *("usage_date", "provider", "organization_id", "project_id", "api_key_id", "user_id"),
            *("line_item", "item", "quantity_unit", "quantity", "amount", "currency"),
            "replaced_at",
        ),
        200,
    ),
    "projects": Table(("project_id",), 3),
    "daily_costs": Table(("project_id",), 3),
    "spend_by_day": Table(
        (
            *("charge_date", *SUBJECTS, "is_of_anybody", "cost_usd", "unpriced_quantity"),
            "long_context_doubt_usd",
        ),
        150,
    ),
    "budget_plan": Table(
        ("budget_id", "period_start_date", "period_end_date", "model_pattern", *SUBJECTS),
        6,
        ("budget_id", "period_end_date"),
    ),
    "excluded_rows": Table((*_PLACE, "reason", "replaced_at"), 30, _PLACE),
    "forgotten_files": Table(("source", "input_file"), 2, ("source", "input_file")),
    **dict.fromkeys(
        ("dropped_identities", "repeated_identities", "affected_identities"),
        Table(("identity_hash",), 3, ("identity_hash",)),
    ),
    "ledger_runs": Table(("ledger_id", "run_id", "file_id"), 3, ("ledger_id",)),
    "dropped_rows": Table(
        (*_PLACE, "file_id", "run_id", "input_line", *ASKER_COLUMNS), 30, (*_PLACE, "file_id")
    ),
    "source_ranks": Table(("source", "source_rank"), 2, ("source",)),
    "file_versions": Table(
        (
            *("file_id", "source", "input_file", "run_id", "lines_read", "basis", "is_out"),
            *("forgotten_by", "is_going"),
        ),
        4,
        ("file_id",),
    ),
    "file_copies": Table(("original_id", "copy_id", "copied_lines"), 2, ("original_id", "copy_id")),
    "first_rows": Table((*_PLACE, "first_ledger_id", "first_row_number"), 30, _PLACE),
    "replaced_buckets": Table(
        (
            *("provider", "basis", "bucket_key", "identity_hash", "replaced_by_file"),
            "replaced_by_line",
        ),
        12,
        ("provider", "basis", "bucket_key", "identity_hash"),
    ),
    "bucket_versions": Table(
        (
            *("version_id", "provider", "basis", "bucket_key", "identity_hash", "input_file"),
            "run_id",
        ),
        60,
    ),
    "new_files_kinds": Table(("ledger_id", "is_bucket"), 3, ("ledger_id",)),
    "known_files_kinds": Table(("ledger_id", "is_bucket"), 3, ("ledger_id",)),
    "configured_sources": Table(("source",), 1, ("source",)),
}


def tables() -> dict[str, pl.DataFrame]:
    """The rows of all tables; the same whenever they are made."""
    return {name: _frame(name, table) for name, table in TABLES.items()}


def _frame(name: str, table: Table) -> pl.DataFrame:
    chance = random.Random(name)
    types = {c: _type(c) for c in table.columns}
    rows: dict[Any, dict[str, Any]] = {}
    for n in range(table.rows):
        row = {c: chance.choice(_values_of(name, c)) for c in table.columns}
        if rows and not table.key and chance.random() < _SAME:
            row = chance.choice(list(rows.values())) | {c: row[c] for c in _OTHERS if c in row}
        if "unit" in row and row["meter"] == "images":
            row["unit"] = "images"
        rows.setdefault(tuple(row[c] for c in table.key) if table.key else n, row)
    return pl.DataFrame(list(rows.values()), schema=types)


def _type(column: str) -> pl.DataType:
    if column == "item":
        return ITEM_TYPE
    return USAGE_SCHEMA[column] if column in METER_NAMES else _VALUES[column][0]


def _values_of(table: str, column: str) -> Values:
    if column in METER_NAMES:
        return [0] if column not in SHOWN_METERS else _COUNTS
    if column == "item":
        kinds = ("training", "unknown", "usage")
        return [dict.fromkeys(f.name for f in ITEM_TYPE.fields) | {"kind": k} for k in kinds]
    if column == "file_id" and table in {"file_versions", "dropped_rows"}:
        return [1, 2, 3, 4]
    if column == "unit":
        return ["tokens"]
    values = _VALUES[column][1]
    # what a table of the ledger requires
    return [v for v in values if v is not None] if table == "source_ranks" else values


Form = tuple[str, Mapping[str, bool]]


def forms(name: str) -> Iterator[Form]:
    """The texts that a statement can become, with the flags that it has; all meters or four."""
    text = resources.sql(name)
    used = [flag for flag in FLAGS if flag in text]
    for values in itertools.product([False, True], repeat=len(used)):
        flags = dict(zip(used, values, strict=True))
        yield render(name, SHOWN_METERS, flags), flags
    if "meters" in text:
        yield render(name, METER_NAMES, dict.fromkeys(used, True)), {}


def render(name: str, meters: Sequence[str], flags: Mapping[str, bool]) -> str:
    """A statement for these meters."""
    return resources.render_sql(
        name,
        meters=meters,
        input_meters=[m for m in meters if m in INPUT_METERS],
        output_meters=[m for m in meters if m in OUTPUT_METERS],
        askers=list(ASKER_COLUMNS),
        units=METER_UNITS,
        types={m.name: "DECIMAL(22, 6)" if m.is_fraction else "BIGINT" for m in METERS},
        columns=SUBJECTS,
        fine=FINE,
        **flags,
    )
