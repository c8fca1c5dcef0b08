"""Values that several sections of tollbook.toml take: amounts, days, names. A validator fails with
ValueError and a sentence; `pipeline.config.load` adds file, line and key.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.money import parse_decimal


def _decimal_from_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError('write the amount as a string, such as "2000.00", so that it stays exact')  # noqa: TRY004  pydantic reports ValueError only
    return parse_decimal(value)


def _date_or_midnight(value: Any) -> Any:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        raise ValueError("write a date, such as 2026-07-01")  # noqa: TRY004  as above
    return value


Amount = Annotated[Decimal, BeforeValidator(_decimal_from_text)]
# DECIMAL(38,24) holds it exactly, with room for what is spent beyond it
PlannedAmount = Annotated[Amount, Field(gt=0, lt=Decimal(10**12), decimal_places=24)]
Day = Annotated[date, BeforeValidator(_date_or_midnight)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class SectionModel(BaseModel):
    """A table of the file: unknown keys are errors, and nothing changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
