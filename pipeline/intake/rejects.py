"""Rows that a source module refuses: where they stand, which rule they break, their raw text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

REJECT_SCHEMA: dict[str, pl.DataType] = {
    "input_line": pl.Int64(),
    "rule": pl.String(),
    "detail": pl.String(),
    "raw": pl.String(),
    "tokens_held_back": pl.Int64(),  # input and output tokens that the row names; 0: none readable
}


class Reject(NamedTuple):
    """One refused row."""

    input_line: int
    rule: str
    detail: str
    raw: str
    tokens_held_back: int = 0


class RowError(Exception):
    """A row breaks a rule; caught by the module that reads the row, never shown as it is."""

    def __init__(self, rule: str, detail: str) -> None:
        self.rule = rule
        self.detail = detail
        super().__init__(f"{rule}: {detail}")


def reject_frame(rejects: Sequence[Reject]) -> pl.DataFrame:
    """The refused rows as a frame of ``REJECT_SCHEMA``, in the order given."""
    return pl.DataFrame(rejects, schema=REJECT_SCHEMA, orient="row")
