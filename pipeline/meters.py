"""The meters: what is counted, each token, second and call in exactly one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

QUANTITY = pl.Decimal(22, 6)

# The most that one row may count of anything. It keeps every sum inside its type: a charge's
# quantity has 16 whole digits, so a charge line takes 10,000 rows of the largest kind; its cost has
# 14, so even at 100 dollars a unit one row fits; BIGINT sums have room for nine million rows.
LARGEST_QUANTITY = 10**12


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
