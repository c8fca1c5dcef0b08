"""[[budgets]], [[amendments]], [budgets] and [actions]: budgets as dated plans.

Validators fail with ValueError and a sentence; `pipeline.config.load` adds file, line and key.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.values import Day, Name, PlannedAmount, SectionModel
from pipeline.schemas import SCOPES

Rollover = Literal["none", "unused", "overspend", "both"]
BudgetAction = Literal["spend_limit", "rate_limits"]
USD = "USD"
CALENDARS = ("daily", "weekly", "monthly", "quarterly", "yearly")
_PART_OF_A_PROJECT = (
    *("team", "cost_center", "model", "model_family", "scope"),
    *("api_key", "user", "service_account"),
)
_RANGE = re.compile(r"(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)")
_CURRENCY = re.compile(r"[A-Z]{3}")


class DatedAmount(SectionModel):
    """Another amount for each period, from a day on."""

    valid_from: Day
    amount_usd: PlannedAmount | None = None
    amount: PlannedAmount | None = None  # in the budget's currency

    @model_validator(mode="after")
    def _has_one_amount(self) -> DatedAmount:
        check_one_amount(self.amount_usd, self.amount)
        return self


class Budget(SectionModel):
    """A budget: what it covers, how much for each period, and when to alert. Without any of
    provider to service_account it is the whole organization's; with several, what all of them
    cover.
    """

    id: Name
    owner: str | None = None
    provider: str | None = None
    project: str | None = None
    team: str | None = None
    cost_center: str | None = None
    model: str | None = None
    model_family: str | None = None
    scope: str | None = None
    api_key: str | None = None
    user: str | None = None
    service_account: str | None = None
    calendar: str = "monthly"
    amount_usd: PlannedAmount | None = None
    amount: PlannedAmount | None = None
    currency: str = USD
    amounts: tuple[DatedAmount, ...] = ()
    rollover: Rollover = "none"
    rollover_cap: PlannedAmount | None = None
    thresholds: tuple[Annotated[int, Field(gt=0, le=1000)], ...] = (50, 80, 100)
    thresholds_usd: tuple[PlannedAmount, ...] = ()
    forecast_thresholds: tuple[Annotated[int, Field(gt=0, le=1000)], ...] = ()
    hard: bool = False
    action: BudgetAction | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None  # exclusive

    @field_validator("thresholds")
    @classmethod
    def _not_empty(cls, thresholds: tuple[int, ...]) -> tuple[int, ...]:
        if not thresholds:
            raise ValueError("name at least one percentage, such as [50, 80, 100]")
        return tuple(sorted(set(thresholds)))

    @field_validator("thresholds_usd", "forecast_thresholds")
    @classmethod
    def _ascending(cls, thresholds: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(sorted(set(thresholds)))

    @field_validator("scope")
    @classmethod
    def _known_scope(cls, scope: str | None) -> str | None:
        if scope is not None and scope not in SCOPES:
            raise ValueError(f"{scope!r} is not one of {', '.join(SCOPES)}")
        return scope

    @field_validator("calendar")
    @classmethod
    def _known_calendar(cls, calendar: str) -> str:
        if calendar not in CALENDARS:
            range_of(calendar)
        return calendar

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, currency: str) -> str:
        if not _CURRENCY.fullmatch(currency):
            raise ValueError(f"{currency!r} is not a currency; write three capitals, such as EUR")
        return currency

    @model_validator(mode="after")
    def _fits_together(self) -> Budget:
        if self.amount_usd is None and self.amount is None and not self.amounts:
            raise ValueError('amount_usd is missing; write it, such as "2000.00"')
        if self.amount_usd is not None or self.amount is not None:
            check_one_amount(self.amount_usd, self.amount)
        usd = [self.amount_usd, *(a.amount_usd for a in self.amounts)]
        own = [self.amount, *(a.amount for a in self.amounts)]
        if self.currency != USD and any(a is not None for a in usd):
            raise ValueError(f"is in {self.currency}: write amount, not amount_usd")
        if self.currency == USD and any(a is not None for a in own):
            raise ValueError('write amount_usd, or the currency of amount, such as "EUR"')
        if self.rollover != "none" and self.valid_from is None:
            raise ValueError("rollover needs valid_from: the day from which amounts are carried on")
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        if self.model is not None and self.model_family is not None:
            raise ValueError("write model or model_family, not both")
        self._check_action()
        days = [a.valid_from for a in self.amounts]
        if len(set(days)) < len(days):
            raise ValueError("amounts: two of them begin on the same day")
        return self

    def _check_action(self) -> None:
        """A limit of the provider is one of a whole project."""
        if self.action is None:
            return
        if not self.hard:
            raise ValueError("action needs hard = true")
        if self.project is None:
            raise ValueError("action needs project: the limits that it sets are those of a project")
        narrower = [name for name in _PART_OF_A_PROJECT if getattr(self, name) is not None]
        if narrower:
            raise ValueError(
                f"action sets limits of the whole project; take out {' and '.join(narrower)}"
            )


class Amendment(SectionModel):
    """A later change of a budget's amount; `tollbook budgets set` adds one at the end of the
    file.
    """

    budget: Name
    valid_from: Day
    amount_usd: PlannedAmount | None = None
    amount: PlannedAmount | None = None
    reason: Annotated[str, Field(min_length=1)]
    by: str | None = None

    @model_validator(mode="after")
    def _has_one_amount(self) -> Amendment:
        check_one_amount(self.amount_usd, self.amount)
        return self


class Actions(SectionModel):
    """What is done at the provider when a hard budget with an `action` is over."""

    mode: Literal["off", "dry-run", "on"] = "off"
    approval: bool = True
    source: Name | None = None


class BudgetFile(SectionModel):
    """A TOML file of `[budgets] files`."""

    budgets: tuple[Budget, ...] = ()
    amendments: tuple[Amendment, ...] = ()


class BudgetSettings(SectionModel):
    """[budgets] in place of [[budgets]]: budgets in files of their own."""

    files: tuple[Path, ...] = ()
    allow_over_allocation: bool = False
    from_provider: bool = False


def check_one_amount(amount_usd: Decimal | None, amount: Decimal | None) -> None:
    """Whether exactly one of both is given. Fails: ValueError."""
    if amount_usd is None and amount is None:
        raise ValueError('amount_usd is missing; write it, such as "2000.00"')
    if amount_usd is not None and amount is not None:
        raise ValueError("write amount_usd, or amount with a currency, not both")


def range_of(calendar: str) -> tuple[date, date]:
    """First and last day of `2026-03-01 to 2026-05-15`. Fails: ValueError."""
    found = _RANGE.fullmatch(calendar)
    try:
        first, last = (date.fromisoformat(day) for day in found.groups()) if found else (None, None)
    except ValueError:
        first, last = None, None
    if first is None or last is None:
        raise ValueError(
            f'{calendar!r} is not one of {", ".join(CALENDARS)}, or a range such as "2026-03-01 to '
            '2026-05-15"'
        )
    if last < first:
        raise ValueError(f"{calendar!r} ends before it begins")
    return first, last
