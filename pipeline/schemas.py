"""The vocabulary: the columns of a usage record and of a charge, scopes, operations and tiers.

Every source turns its raw shape into these columns; everything later reads only these.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from pipeline.meters import METERS, QUANTITY

Basis = Literal["charge", "detail"]

SCOPES = ("models", "fine_tuning", "storage", "tools")
SERVICE_TIERS = ("default", "flex", "priority", "batch", "scale")
CONTEXT_CLASSES = ("base", "long")

# operation -> scope
OPERATIONS = {
    "completions": "models",
    "decisions": "models",
    "embeddings": "models",
    "moderations": "models",
    "images": "models",
    "audio_speeches": "models",
    "audio_transcriptions": "models",
    "videos": "models",
    "realtime": "models",
    "fine_tuning": "fine_tuning",
    "vector_stores": "storage",
    "code_interpreter_sessions": "tools",
    "file_search_calls": "tools",
    "web_search_calls": "tools",
}

# What a column of `usage` or `charges` is in files written before it was there; NULL otherwise.
DEFAULTS_OF_OLDER_FILES: dict[str, str] = {}

# The columns of a usage record as published, in order. Times are UTC without zone.
USAGE_SCHEMA: dict[str, pl.DataType] = {
    "record_id": pl.String(),
    "source": pl.String(),
    "basis": pl.String(),
    "provider": pl.String(),
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),  # NULL for one request; the bucket's end for a bucket
    "usage_date": pl.Date(),
    "charge_date": pl.Date(),
    "organization_id": pl.String(),
    "project_id": pl.String(),
    "api_key_id": pl.String(),
    "user_id": pl.String(),
    "service_account_id": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "operation": pl.String(),
    "variant": pl.String(),
    "service_tier": pl.String(),
    "is_batch": pl.Boolean(),
    **{m.name: m.dtype for m in METERS},
    "requests": pl.Int64(),
    "recorded_at": pl.Datetime("us"),
    "input_file": pl.String(),
    "input_line": pl.Int64(),
}

# A ledger file holds these, the hash of the identity, and whether the record is of one line of a
# stream, of which there may be several: the one with the largest output counts.
IDENTITY_HASH = "identity_hash"
IS_PARTIAL = "is_partial"
LEDGER_SCHEMA: dict[str, pl.DataType] = {
    **USAGE_SCHEMA,
    IDENTITY_HASH: pl.UInt64(),
    IS_PARTIAL: pl.Boolean(),
}

# Columns that are never NULL; any other may be, as in files written before it was there.
REQUIRED_COLUMNS = frozenset(
    {
        "record_id",
        "source",
        "basis",
        "provider",
        "started_at",
        "usage_date",
        "charge_date",
        "organization_id",
        "scope",
        "operation",
        "service_tier",
        "is_batch",
        *(m.name for m in METERS),
        "requests",
        "recorded_at",
        "input_file",
        "input_line",
        IDENTITY_HASH,
        IS_PARTIAL,
    }
)

# What makes two records with one identity the same record (not when or where we met them).
CONTENT_COLUMNS = tuple(
    c for c in USAGE_SCHEMA if c not in {"source", "recorded_at", "input_file", "input_line"}
)
# Who asked: what another reading of the same response may name or leave out.
ASKER_COLUMNS = ("project_id", "api_key_id", "user_id", "service_account_id")

# Who asked, as a gateway notes it beside or in a response body.
ATTRIBUTION_COLUMNS = ("organization_id", *ASKER_COLUMNS)

# What a charge is about: quantities are summed by these. All but the last are of the usage record.
CHARGE_DIMENSIONS: dict[str, pl.DataType] = {
    "usage_date": pl.Date(),  # UTC
    "charge_date": pl.Date(),  # the organization's day
    "organization_id": pl.String(),
    "project_id": pl.String(),
    "api_key_id": pl.String(),
    "user_id": pl.String(),
    "provider": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "operation": pl.String(),
    "variant": pl.String(),
    "service_tier": pl.String(),
    "is_batch": pl.Boolean(),
    "context_class": pl.String(),
}
USAGE_DIMENSIONS = tuple(c for c in CHARGE_DIMENSIONS if c in USAGE_SCHEMA)

# The columns of a charge as published, in order.
CHARGE_SCHEMA: dict[str, pl.DataType] = {
    **CHARGE_DIMENSIONS,
    "meter": pl.String(),
    "quantity": QUANTITY,
    "unit": pl.String(),
    "price_id": pl.String(),  # NULL where unpriced
    "list_unit_price_usd": pl.Decimal(22, 18),
    "contracted_unit_price_usd": pl.Decimal(22, 18),
    "list_cost_usd": pl.Decimal(38, 24),  # NULL, not 0, where unpriced
    "cost_usd": pl.Decimal(38, 24),
    "pricing_status": pl.String(),
    "bill_cause": pl.String(),  # why the provider billed something else; NULL where usage says it
    # those of the dimensions, on their first line and 0 on the others; NULL in postings
    "requests": pl.Int64(),
}
# What is posted and added up; the other columns say of what. Requests are counted, not posted.
CHARGE_SUMS = ("quantity", "list_cost_usd", "cost_usd")
CHARGE_KEY = tuple(c for c in CHARGE_SCHEMA if c not in {*CHARGE_SUMS, "requests"})
# What a price says. A charge that is rated from usage has these, its dimensions and its sums.
PRICE_COLUMNS = (
    "meter",
    "unit",
    "price_id",
    "list_unit_price_usd",
    "contracted_unit_price_usd",
    "pricing_status",
)
UNRATED_COLUMNS = {
    column: dtype
    for column, dtype in CHARGE_SCHEMA.items()
    if column not in {*CHARGE_DIMENSIONS, *PRICE_COLUMNS, *CHARGE_SUMS, "requests"}
}


def normalize_tier(tier: str | None, *, is_batch: bool = False) -> str:
    """The canonical service tier; one that nobody knows is kept as recorded and stays unpriced."""
    if is_batch:
        return "batch"
    if tier is None or tier in {"", "auto", "standard"}:
        return "default"
    return "priority" if tier == "fast" else tier


def sql_type(dtype: pl.DataType) -> str:
    """DuckDB's name of the type of a stored column."""
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    return _SQL_TYPES[type(dtype)]


_SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.UInt64: "UBIGINT",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP",
}
