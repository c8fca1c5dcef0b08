"""Input rows that a rule rejected and nobody has replayed, by rule and source."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """Input rows that one rule rejected and nobody has replayed."""

    rule: str
    source: str
    dated_rows: int
    undated_rows: int
    tokens: int
    rows_of_unknown_size: int
    example: str
    detail: str

    @property
    def rows(self) -> int:
        """The number of rows, dated and undated."""
        return self.dated_rows + self.undated_rows


def read(month: MonthReader) -> tuple[RejectedRows, ...]:
    """The rows of the month, and those of no known day."""
    return tuple(
        RejectedRows(
            rule, source, dated, undated, tokens, unknown, f"{file}:{line}", detail or ""
        )
        for rule, source, dated, undated, tokens, unknown, file, line, detail in month.rows(
            "quarantine"
        )
    )  # fmt: skip
