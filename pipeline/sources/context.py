"""What a source needs to know to make canonical records, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

REJECT_SCHEMA: dict[str, pl.DataType] = {
    "input_line": pl.Int64(),
    "rule": pl.String(),
    "detail": pl.String(),
    "raw": pl.String(),
    "tokens_held_back": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one input file. Times are naive UTC."""

    organization_id: str  # of rows that name none
    source: str
    basis: str
    zone: ZoneInfo
    recorded_at: datetime
    now: datetime  # the real clock: a plausible time lies between 2020-01-01 and a day from now
    input_file: str
    provider: str = "openai"


class Normalized(NamedTuple):
    """Canonical records (records.LEDGER_SCHEMA) and what was rejected (REJECT_SCHEMA)."""

    records: pl.DataFrame
    rejects: pl.DataFrame
    rows_read: int  # records and rejects; what is no usage is outside
    not_usage: int
