"""Rating: from the ledger to charges, postings and the small sums of days."""

from __future__ import annotations

from pipeline.rating.rate import rate
from pipeline.rating.states import (
    DAILY_SCHEMA,
    DAY_PRICE_SCHEMA,
    DayState,
    DayToRate,
    PostingFile,
    Rated,
    is_final,
)

__all__ = [
    "DAILY_SCHEMA",
    "DAY_PRICE_SCHEMA",
    "DayState",
    "DayToRate",
    "PostingFile",
    "Rated",
    "is_final",
    "rate",
]
