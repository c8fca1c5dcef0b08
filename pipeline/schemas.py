"""The vocabulary: the canonical usage record, its meters, scopes, operations and tiers.

Every source turns its raw shape into these columns; everything later reads only these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Basis = Literal["charge", "detail"]
PricingStatus = Literal["priced", "unpriced", "free", "billed"]
PostingReason = Literal["usage", "restatement", "rerate", "correction"]

SCOPES = ("models", "fine_tuning", "storage", "tools")
SERVICE_TIERS = ("default", "flex", "priority", "batch", "scale")
CONTEXT_CLASSES = ("base", "long")

QUANTITY = pl.Decimal(22, 6)


@dataclass(frozen=True, slots=True)
class Meter:
    """One disjoint quantity of a usage record: a token, a second, a call is in exactly one."""

    name: str
    unit: str
    is_fraction: bool = False  # DECIMAL(22,6) instead of BIGINT
    direction: Literal["input", "output", "other"] = "other"

    @property
    def dtype(self) -> pl.DataType:
        """The ledger's type of the column."""
        return QUANTITY if self.is_fraction else pl.Int64()


METERS = (
    Meter("text_input_tokens", "tokens", direction="input"),
    Meter("cached_text_input_tokens", "tokens", direction="input"),
    Meter("cache_write_tokens", "tokens", direction="input"),
    Meter("cache_write_12h_tokens", "tokens", direction="input"),
    Meter("text_output_tokens", "tokens", direction="output"),
    Meter("audio_input_tokens", "tokens", direction="input"),
    Meter("cached_audio_input_tokens", "tokens", direction="input"),
    Meter("audio_output_tokens", "tokens", direction="output"),
    Meter("image_input_tokens", "tokens", direction="input"),
    Meter("cached_image_input_tokens", "tokens", direction="input"),
    Meter("image_output_tokens", "tokens", direction="output"),
    Meter("training_tokens", "tokens"),
    Meter("images", "images"),
    Meter("characters", "characters"),
    Meter("audio_seconds", "seconds", is_fraction=True),
    Meter("video_seconds", "seconds", is_fraction=True),
    Meter("vector_store_gb_days", "gb_days", is_fraction=True),
    Meter("code_interpreter_sessions", "sessions"),
    Meter("web_search_calls", "calls"),
    Meter("file_search_calls", "calls"),
)
METER_NAMES = tuple(m.name for m in METERS)
METER_UNITS = {m.name: m.unit for m in METERS}
INPUT_METERS = tuple(m.name for m in METERS if m.direction == "input")
OUTPUT_METERS = tuple(m.name for m in METERS if m.direction == "output")

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

# A ledger file holds these and the hash of the identity.
IDENTITY_HASH = "identity_hash"
LEDGER_SCHEMA: dict[str, pl.DataType] = {**USAGE_SCHEMA, IDENTITY_HASH: pl.UInt64()}

# What makes two records with one identity the same record (not when or where we met them).
CONTENT_COLUMNS = tuple(
    c for c in USAGE_SCHEMA if c not in {"source", "recorded_at", "input_file", "input_line"}
)

# The columns of a charge as published, in order. The first seventeen and `price_id` identify it.
CHARGE_SCHEMA: dict[str, pl.DataType] = {
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
    "meter": pl.String(),
    "quantity": pl.Decimal(22, 6),
    "unit": pl.String(),
    "price_id": pl.String(),  # NULL where unpriced
    "list_unit_price_usd": pl.Decimal(22, 18),
    "contracted_unit_price_usd": pl.Decimal(22, 18),
    "list_cost_usd": pl.Decimal(38, 24),  # NULL, not 0, where unpriced
    "cost_usd": pl.Decimal(38, 24),
    "pricing_status": pl.String(),
}


def normalize_tier(tier: str | None, *, is_batch: bool = False) -> str:
    """The canonical service tier; one that nobody knows is kept as recorded and stays unpriced."""
    if is_batch:
        return "batch"
    if tier is None or tier in {"", "auto", "standard"}:
        return "default"
    return "priority" if tier == "fast" else tier
