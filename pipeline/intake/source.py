"""What a source must know beside the raw file, and what a request-level source gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from pipeline.schemas import Basis

REJECT_SCHEMA: dict[str, pl.DataType] = {
    "input_line": pl.Int64(),
    "rule": pl.String(),
    "detail": pl.String(),
    "raw": pl.String(),
    "tokens_held_back": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Context:
    """The facts that every record of one file shares. Times are naive UTC."""

    organization_id: str  # of rows that name none
    source: str  # the source's name in the configuration
    provider: str
    basis: Basis
    zone: ZoneInfo  # the organization's, for `charge_date`
    recorded_at: datetime  # when this run took the rows in
    now: datetime  # nothing later than a day from it is plausible
    input_file: str  # as shown to people; the path that is read may be a decompressed copy
    organizations: frozenset[str] | None = None  # those that rows may name; None: any


class Normalized(NamedTuple):
    """Canonical records (`schemas.LEDGER_SCHEMA`) and what was rejected (REJECT_SCHEMA)."""

    records: pl.DataFrame
    rejects: pl.DataFrame
    rows_read: int  # records and rejects; lines that are not usage do not count
    not_usage: int
