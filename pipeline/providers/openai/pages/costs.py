"""Saved pages of the costs endpoint → rows of `provider_costs`, one per result, amounts exact.

A bucket is a UTC day of an organization and is replaced whole; rows that repeat inside it are kept
apart, to be summed by readers. Makes no charge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.intake.rejects import RowError, reject_frame
from pipeline.intake.source import Context
from pipeline.ledger.bill import item_values
from pipeline.ledger.bucket import Bucket, HasBuckets, OpenPage, order, versions
from pipeline.ledger.cost_store import COSTS_SCHEMA
from pipeline.money import parse_decimal, provider_amount, round_quantity
from pipeline.providers.openai import line_items
from pipeline.providers.openai.pages.buckets import (
    RawBucket,
    Reading,
    Report,
    organization_of,
    raw_buckets,
    text,
)
from pipeline.providers.openai.pages.saved_file import read

__all__ = ["Bucket", "HasBuckets", "ParsedCosts", "order", "parse", "versions"]

_DIMENSIONS = ("project_id", "api_key_id", "user_id", "line_item", "api_source")
_KNOWN = frozenset(
    {
        *_DIMENSIONS, "object", "amount", "quantity", "quantity_unit", "organization_id",
        "organization_name", "project_name", "user_email", "api_key_name",
    }
)  # fmt: skip
_OBJECT = "organization.costs.result"
# Sums must stay inside their types: an amount has 14 whole digits there, a quantity 32.
_WHOLE_DIGITS_OF_AMOUNT = 10
_WHOLE_DIGITS_OF_QUANTITY = 24


class ParsedCosts(NamedTuple):
    """One file of costs pages. `records` and `rejects` add up to `rows_read`."""

    records: pl.DataFrame  # COSTS_SCHEMA, in the file's order
    buckets: tuple[Bucket, ...]  # every day that the pages cover; also empty ones
    rejects: pl.DataFrame  # REJECT_SCHEMA
    notes: tuple[str, ...]
    rows_read: int  # result rows
    open_pages: tuple[OpenPage, ...]
    minute_records: None = None


def parse(path: Path, context: Context) -> ParsedCosts:
    """Read one file of saved costs pages.

    **Fails** with SourceError (file, line, hint) where the file cannot be read as such pages.
    """
    pages, unreadable = read(path, context.input_file)
    report = Report(list(unreadable), [], rows_read=len(unreadable))
    reading = Reading(_endpoint_of, lambda _: _DIMENSIONS, "openai_costs", lambda _: 0)
    buckets: list[Bucket] = []
    rows: list[dict[str, Any]] = []
    new_fields: Counter[str] = Counter()
    for raw in raw_buckets(pages, reading, report, context.now, context.input_file):
        if raw.width != "1d":
            for part in raw.rows:
                report.refuse(part, "bad_bucket", "costs come by UTC day; this bucket is not one")
            continue
        found = _bucket_rows(raw, context, report, new_fields)
        bucket = raw.bucket(context, len(buckets), len(found))
        buckets.append(bucket)
        place = {"bucket_key": bucket.bucket_key, "bucket_position": bucket.position}
        rows += ({**row, **place} for row in found)
    report.notes += (
        f"{context.input_file}: the new field {name!r} was not used ({n} rows)"
        for name, n in sorted(new_fields.items())
    )
    records = pl.DataFrame(
        {name: [row[name] for row in rows] for name in COSTS_SCHEMA}, schema=COSTS_SCHEMA
    )
    return ParsedCosts(
        records,
        tuple(buckets),
        reject_frame(report.rejects),
        tuple(report.notes),
        report.rows_read,
        tuple(report.open_pages),
    )


def _endpoint_of(name: str) -> str | None:
    return "costs" if name in {"costs", _OBJECT} else None


def _bucket_rows(
    raw: RawBucket, context: Context, report: Report, new_fields: Counter[str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for part in raw.rows:
        try:
            row = _row(part.value, raw, context)
        except RowError as error:
            report.refuse(part, error.rule, error.detail)
            continue
        report.rows_read += 1
        new_fields.update(part.value.keys() - _KNOWN)
        rows.append({**row, "input_line": part.line})
    return rows


def _row(value: Any, raw: RawBucket, context: Context) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RowError("not_a_row", "a result is an object")
    if value.get("object", _OBJECT) != _OBJECT:
        raise RowError("wrong_object", f"object {value['object']!r} stands among results of costs")
    amount = value.get("amount")
    if not isinstance(amount, dict) or amount.get("value") is None:
        raise RowError("not_an_amount", "amount.value is missing")
    quantity, line_item = value.get("quantity"), text(value, "line_item")
    quantity_unit = text(value, "quantity_unit")
    return {
        "provider": context.provider,
        "usage_date": raw.started_at.date(),
        "organization_id": organization_of(value, context),
        "project_id": text(value, "project_id"),
        "api_key_id": text(value, "api_key_id"),
        "user_id": text(value, "user_id"),
        "line_item": line_item,
        "item": item_values(line_items.parse(line_item, quantity_unit)),
        "amount": _decimal(
            amount["value"], "amount.value", provider_amount, _WHOLE_DIGITS_OF_AMOUNT
        ),
        "currency": (text(amount, "currency") or "usd").lower(),  # the endpoint's only one
        "quantity": None
        if quantity is None
        else _decimal(quantity, "quantity", _quantity, _WHOLE_DIGITS_OF_QUANTITY),
        "quantity_unit": quantity_unit,
        "fetched_at": raw.fetched_at,
        "input_file": context.input_file,
    }


def _decimal(
    value: Any, field: str, convert: Callable[[str], Decimal], whole_digits: int
) -> Decimal:
    """A number or a decimal text, exactly. Fails: RowError `not_an_amount`."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise RowError("not_an_amount", f"{field} is {value!r}, not a number")
    number_text = str(value).strip()
    shown = number_text if len(number_text) <= 60 else f"{number_text[:57]}…"
    try:
        number = parse_decimal(number_text)
        if number and number.adjusted() >= whole_digits:
            raise RowError(
                "implausible_quantity",
                f"{field} is {shown}, more than {whole_digits} digits before the point",
            )
        return convert(number_text)
    except (ValueError, ArithmeticError):
        raise RowError("not_an_amount", f"{field} is {shown}, not a number") from None


def _quantity(text: str) -> Decimal:
    return round_quantity(parse_decimal(text))
