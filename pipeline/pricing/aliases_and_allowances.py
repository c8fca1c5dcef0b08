"""The two small tables beside the prices: model aliases and allowances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

from pipeline.csv_table import CsvTable, OneOf, RowParser, read_table, required
from pipeline.meters import METER_NAMES
from pipeline.pricing.rows import parse_amount, validity
from pipeline.pricing.validity import meet

Per = Literal["organization_day"]

ALIAS_COLUMNS = ("alias", "model", "valid_from", "valid_to")
PROVIDER_COLUMN = ("provider",)  # optional in both tables
ALLOWANCE_COLUMNS = ("meter", "quantity", "per", "valid_from", "valid_to", "source")
ALLOWANCE_PERIODS: tuple[Per, ...] = ("organization_day",)


@dataclass(frozen=True, slots=True, order=True)
class Alias:
    """Another id of a model, from `valid_from` (in) to `valid_to` (out); both are exact ids."""

    alias: str
    model: str
    valid_from: datetime | None
    valid_to: datetime | None
    provider: str | None = None  # None: at every provider

    def is_of(self, provider: str | None) -> bool:
        """Whether the alias is valid at a provider; an alias without a provider is valid at all."""
        return provider is None or self.provider in (None, provider)


@dataclass(frozen=True, slots=True)
class Allowance:
    """A quantity of a meter that costs nothing, for each organization and UTC day."""

    meter: str
    quantity: Decimal
    per: Per
    valid_from: datetime | None
    valid_to: datetime | None
    source: str
    provider: str | None = None  # None: at every provider


def read_aliases(
    path: Path, shown: str, provider: str | None = None
) -> tuple[tuple[Alias, ...], CsvTable]:
    """The alias table. An alias of an alias, or one with two models at a time, is an error.

    **Takes** the provider of the rows of a table without the column `provider`, or that leave it
    empty.
    """
    table = read_table(path, shown, ALIAS_COLUMNS, PROVIDER_COLUMN)
    aliases: list[Alias] = []
    for row in table.rows:
        fields = RowParser(table, row)
        start, end = validity(fields)
        alias = Alias(
            fields.parse("alias", required, otherwise=""),
            fields.parse("model", required, otherwise=""),
            start,
            end,
            fields.text("provider") or provider,
        )
        if any(_is_same(alias, other) and meet(alias, other) for other in aliases):
            fields.fail("alias", f"{alias.alias!r} already means a model at that time")
        if alias.alias == alias.model:
            fields.fail("model", "is the alias itself", "Remove the row.")
        if not fields.failed:
            aliases.append(alias)
    chained = {(alias.provider, alias.alias) for alias in aliases}
    for row in table.rows:
        if (row.text("provider") or provider, row.text("model")) in chained:
            table.error(
                f"{row.text('model')!r} is an alias itself",
                line=row.line,
                key="model",
                hint="Write the model that it means.",
            )
    return tuple(aliases), table


def _is_same(one: Alias, other: Alias) -> bool:
    return one.alias == other.alias and one.is_of(other.provider)


def read_allowances(
    path: Path, shown: str, provider: str | None = None
) -> tuple[tuple[Allowance, ...], CsvTable]:
    """The allowances: meter, quantity, per what; `provider` as in `read_aliases`."""
    table = read_table(path, shown, ALLOWANCE_COLUMNS, PROVIDER_COLUMN)
    allowances: list[Allowance] = []
    for row in table.rows:
        fields = RowParser(table, row)
        start, end = validity(fields)
        allowance = Allowance(
            meter=fields.parse("meter", OneOf("meter", METER_NAMES), otherwise=""),
            quantity=fields.parse("quantity", parse_amount, otherwise=Decimal(0)),
            per=cast(
                "Per",
                fields.parse("per", OneOf("allowance period", ALLOWANCE_PERIODS), otherwise=""),
            ),
            valid_from=start,
            valid_to=end,
            source=fields.text("source"),
            provider=fields.text("provider") or provider,
        )
        if not fields.failed:
            allowances.append(allowance)
    return tuple(allowances), table
