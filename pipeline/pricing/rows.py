"""A price file's rows: from CSV to facts with exact unit prices and half-open validity.

What cannot be read exactly is a finding naming file, line, column and what to write; it is never
rounded, guessed or skipped silently.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pipeline.csv_table import CellError, CsvTable, OneOf, RowParser, read_table, required
from pipeline.dates import parse_instant
from pipeline.meters import METER_NAMES, METER_UNITS
from pipeline.money import parse_decimal, plain, unit_price
from pipeline.schemas import CONTEXT_CLASSES, SERVICE_TIERS

Layer = Literal["list", "contracted"]

COLUMNS = (
    "provider",
    "model",
    "meter",
    "service_tier",
    "context_class",
    "price_usd",
    "per",
    "unit",
    "valid_from",
    "valid_to",
    "source",
    "recorded_at",
)
OPTIONAL_COLUMNS = ("variant", "long_above_tokens")

# A unit price is DECIMAL(22,18): four digits before the point.
TOO_HIGH = Decimal(10_000)
_TIER_NAMES = {"standard": "default", "auto": "default", "": "default", "fast": "priority"}
_METER = OneOf("meter", METER_NAMES)
_CONTEXT_CLASS = OneOf("context class", CONTEXT_CLASSES)
_SERVICE_TIER = OneOf("service tier", SERVICE_TIERS, _TIER_NAMES)
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?:Z|\+00:00)?)?"
)


@dataclass(frozen=True)  # without slots, for what is computed once
class PriceRow:
    """One price: what it is for, its validity, its place in a file.

    `valid_from` is in, `valid_to` is out; None is open at that end. Times are naive UTC.
    `variant` None means any variant.
    """

    provider: str
    model: str
    meter: str
    service_tier: str
    context_class: str
    variant: str | None
    price_usd: Decimal
    per: Decimal
    unit: str
    valid_from: datetime | None
    valid_to: datetime | None
    long_above_tokens: int | None
    source: str
    recorded_at: datetime | None
    layer: Layer
    file: str
    line: int

    @cached_property
    def unit_price_usd(self) -> Decimal:
        """The price of one unit, with 18 decimals; exact, since the reader refused all others."""
        return unit_price(self.price_usd, self.per)

    @property
    def key(self) -> tuple[str, str, str, str, str, str | None]:
        """The attributes that may have only one price at a time inside one file."""
        return (
            self.provider,
            self.model,
            self.meter,
            self.service_tier,
            self.context_class,
            self.variant,
        )

    @cached_property
    def price_id(self) -> str:
        """A name people can read, and a short hash: another price is another id.

        The end of validity, the source and the place are not in it, so that closing a row when
        its successor is added does not rename the past.
        """
        return f"{self._name}#{self.price_hash}"

    @cached_property
    def price_hash(self) -> str:
        """Eight hexadecimal digits that tell this price from others of the same name."""
        content = f"{self.layer}|{self._name}|{plain(self.unit_price_usd)}|{self.unit}"
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The values that can change a price, as text; not its place and source."""
        return (
            *(part or "" for part in self.key),
            plain(self.unit_price_usd),
            "" if self.valid_from is None else self.valid_from.isoformat(),
            "" if self.valid_to is None else self.valid_to.isoformat(),
            str(self.long_above_tokens or ""),
            self.layer,
        )

    @cached_property
    def values(self) -> tuple[object, ...]:
        """All fields in their order, decimals and instants as text."""
        return tuple(_plain_value(getattr(self, name)) for name in ROW_COLUMNS)

    @cached_property
    def _name(self) -> str:
        name = "/".join(part for part in self.key if part is not None)
        return f"{name}@{written(self.valid_from)}" if self.valid_from else name


ROW_COLUMNS = tuple(field.name for field in fields(PriceRow))


def _plain_value(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def written(instant: datetime | None) -> str:
    """An instant as price files write it: midnight is a date, open is empty."""
    if instant is None:
        return ""
    if instant.time() == datetime.min.time():
        return instant.date().isoformat()
    return f"{instant.isoformat()}Z"


def read_prices(path: Path, shown: str, layer: Layer) -> tuple[tuple[PriceRow, ...], CsvTable]:
    """The rows of one price file, and its table with the errors that were found.

    **Takes** a path, the name that errors and the `prices` view show, and the layer.
    **Gives** the good rows in file order; a row with an error in any value is not among them.
    """
    table = read_table(path, shown, COLUMNS, OPTIONAL_COLUMNS)
    rows = (_row(RowParser(table, row), shown, row.line, layer) for row in table.rows)
    return tuple(row for row in rows if row is not None), table


def validity(fields: RowParser) -> tuple[datetime | None, datetime | None]:
    """`valid_from` and `valid_to` of a line; an empty or backward range is noted as an error."""
    start = fields.parse("valid_from", utc_time, otherwise=None)
    end = fields.parse("valid_to", utc_time, otherwise=None)
    if start is not None and end is not None and end <= start:
        fields.fail(
            "valid_to",
            f"{fields.text('valid_to')!r} is not after valid_from {fields.text('valid_from')!r}",
            "valid_to is exclusive: write the first instant at which the price no longer holds.",
        )
    return start, end


@lru_cache(maxsize=1024)  # the same few in most rows
def utc_time(text: str) -> datetime | None:
    """A UTC date or time as naive UTC, None where empty; other zones fail. Fails: CellError."""
    if not text:
        return None
    hint = "Write a date such as 2026-07-30, or a UTC time such as 2026-07-30T12:00:00Z."
    found = _TIME.fullmatch(text)
    if not found:
        raise CellError(f"{text!r} is not a UTC date or time", hint)
    try:
        return parse_instant(f"{found[1]}T{found[2] or '00:00'}")
    except ValueError:
        raise CellError(f"{text!r} is not a date of the calendar", hint) from None


@lru_cache(maxsize=1024)
def parse_amount(text: str) -> Decimal:
    """A decimal that is not negative. Fails: CellError saying what to write instead."""
    try:
        amount = parse_decimal(text)
    except ValueError:
        raise CellError(f"{text!r} is not a decimal", _decimal_hint(text)) from None
    if amount < 0:
        raise CellError(f"{text!r} is negative", "Write a price of 0 or more.")
    return amount.copy_abs()  # -0 is 0


def _decimal_hint(text: str) -> str:
    bare = text.strip("$€ ").removesuffix("USD").strip()
    if re.fullmatch(r"\d+,\d+", bare):
        return f"Write {bare.replace(',', '.')}."
    if bare != text and re.fullmatch(r"\d+(\.\d+)?", bare):
        return f"Write {bare}."
    return "Write a decimal such as 1.20."


@lru_cache(maxsize=64)
def _power_of_ten(text: str) -> Decimal:
    if not re.fullmatch(r"10*", text):
        raise CellError(
            f"{text!r} is not a power of ten", "Write 1, 10, 1000 or 1000000, and the price for it."
        )
    return Decimal(text)


def _row(fields: RowParser, shown: str, line: int, layer: Layer) -> PriceRow | None:
    meter = fields.parse("meter", _METER, otherwise="")
    context_class = fields.parse("context_class", _CONTEXT_CLASS, otherwise="")
    start, end = validity(fields)
    price, per = _price(fields)
    row = PriceRow(
        provider=fields.parse("provider", required, otherwise=""),
        model=fields.parse("model", required, otherwise=""),
        meter=meter,
        service_tier=fields.parse("service_tier", _SERVICE_TIER, otherwise=""),
        context_class=context_class,
        variant=fields.text("variant") or None,
        price_usd=price,
        per=per,
        unit=_unit(fields, meter),
        valid_from=start,
        valid_to=end,
        long_above_tokens=_long_above(fields, context_class),
        source=fields.text("source"),
        recorded_at=fields.parse("recorded_at", utc_time, otherwise=None),
        layer=layer,
        file=shown,
        line=line,
    )
    return None if fields.failed else row


def _price(fields: RowParser) -> tuple[Decimal, Decimal]:
    price = fields.parse("price_usd", parse_amount, otherwise=Decimal(0))
    per = fields.parse("per", _power_of_ten, otherwise=Decimal(1))
    try:
        too_high = unit_price(price, per) >= TOO_HIGH
    except ValueError:
        # Too many digits, or an exponent beyond all money.
        fields.fail(
            "price_usd",
            f"{fields.text('price_usd')} per {fields.text('per')} needs more than 18 decimals "
            "a unit, or more than 4 digits before the point",
            "Write a price that has at most 18 decimals when divided by `per`; "
            "prices are never rounded.",
        )
        return Decimal(0), Decimal(1)
    if too_high:
        fields.fail(
            "price_usd",
            f"{fields.text('price_usd')} per {fields.text('per')} is 10,000 USD a unit or more",
            "Check `per`: the number of units that the price is for.",
        )
    return price, per


def _unit(fields: RowParser, meter: str) -> str:
    unit = fields.text("unit")
    expected = METER_UNITS.get(meter, unit)
    if unit != expected:
        fields.fail("unit", f"{unit!r} is not the unit of {meter}", f"Write {expected}.")
    return unit


def _long_above(fields: RowParser, context_class: str) -> int | None:
    text = fields.text("long_above_tokens")
    if context_class == "long":
        if not re.fullmatch(r"[1-9]\d{0,17}", text):
            fields.fail(
                "long_above_tokens",
                f"{text!r} is not a count of tokens"
                if text
                else "is empty, but the row is of class long",
                "Write the number of input tokens above which a request costs the long price, "
                "such as 272000.",
            )
            return None
        return int(text)
    if text and context_class:
        fields.fail(
            "long_above_tokens",
            f"{text!r} is set, but the row is of class {context_class}",
            "Leave it empty, or write `long` as context_class.",
        )
    return None
