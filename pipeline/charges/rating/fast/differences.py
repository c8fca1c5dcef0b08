"""The differences between charges and what is posted, as charges/rating/differences has them.

Lines meet only where all of their key is the same. Where a price is on one side alone, its lines
meet none, so they are passed on; the others are summed by one number for their key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipeline.charges.rating.fast.lines import CODED_CHARGE, sum_or_null
from pipeline.ledger.sums.packed_key import number_rows, packed_key
from pipeline.schemas import (
    CHARGE_DIMENSIONS,
    CHARGE_KEY,
    CHARGE_SCHEMA,
    CHARGE_SUMS,
    USAGE_DIMENSIONS,
)

_PRICE = tuple(c for c in CHARGE_KEY if c not in CHARGE_DIMENSIONS)
_PRICE_AMOUNTS = tuple(c for c in _PRICE if isinstance(CHARGE_SCHEMA[c], pl.Decimal))
_PRICE_TEXTS = tuple(c for c in _PRICE if c not in _PRICE_AMOUNTS)
_PRICE_NUMBER = "price_number"
_IS_NEW = "is_new"
_KEY = "key"
_PLACE = "place"
_NET = "net_quantity"


def differences_of(
    charges: Iterable[pl.DataFrame], posted: Iterable[Path], reasons: Mapping[date, str]
) -> Iterator[tuple[date, str, pl.DataFrame]]:
    """UTC day, reason, and lines in CODED_CHARGE; a day that does not differ gives nothing.

    Takes the charges of some days in CODED_CHARGE, the files of what is posted for them, and why
    each of the days may have changed.
    """
    sides = [*_signed(charges, is_new=True), *_signed(map(_read, posted), is_new=False)]
    lines = pl.concat(sides) if sides else pl.DataFrame(schema=CODED_CHARGE)
    lines = _only(lines, lines.select(_is_any(CHARGE_SUMS)).to_series())
    if not lines.height:
        return
    moved, prices = lines, _prices(lines)
    if prices is not None:
        numbers, meets = prices
        is_met = meets.gather(numbers)
        moved = _only(lines, ~is_met)
        met = _summed(lines.filter(is_met), numbers.filter(is_met))
        moved = pl.concat([moved, met]) if moved.height else met
    moved = moved.drop(_IS_NEW)
    if len(reasons) == 1 and set(reasons.values()) == {"rerate"}:
        if moved.height:
            yield next(iter(reasons)), "rerate", moved
        return
    moved = moved.with_columns(
        reason=pl.col("usage_date").replace_strict(dict(reasons), return_dtype=pl.String)
    )
    if set(reasons.values()) != {"rerate"}:
        is_same = pl.Series(_NET, _nets_to_zero(moved)) & (pl.col("pricing_status") != "billed")
        moved = moved.with_columns(
            pl.when(is_same).then(pl.lit("rerate")).otherwise("reason").alias("reason")
        )
    parts = moved.partition_by("usage_date", "reason", maintain_order=True, as_dict=True)
    for (day, reason), part in parts.items():
        yield day, str(reason), part.drop("reason")


def _is_any(sums: Iterable[str]) -> pl.Expr:
    """Whether any of these is there and not zero."""
    return pl.any_horizontal(pl.col(c).fill_null(0) != 0 for c in sums)


def _only(lines: pl.DataFrame, wanted: pl.Series) -> pl.DataFrame:
    return lines if wanted.all() else lines.filter(wanted)


def _read(path: Path) -> pl.DataFrame:
    """A file of charges in CODED_CHARGE, also one of an earlier version."""
    rows = pl.scan_parquet(path, hive_partitioning=False)
    there = rows.collect_schema()
    return rows.select(
        (pl.col(c) if c in there else pl.lit(None)).cast(dtype).alias(c)
        for c, dtype in CODED_CHARGE.items()
    ).collect()


def _signed(charges: Iterable[pl.DataFrame], *, is_new: bool) -> Iterator[pl.DataFrame]:
    """The lines with what is posted of them: the other side's are taken away."""
    sums = pl.col(CHARGE_SUMS)
    for lines in charges:
        yield lines.with_columns(
            sums if is_new else -sums,
            pl.lit(None, dtype=pl.Int64).alias("requests"),
            pl.lit(is_new).alias(_IS_NEW),
        )


def _prices(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series] | None:
    """A number for what the price of each line says, and whether lines of a number may meet.

    None where none may. They may where both sides have the price, and where one side may have
    several lines of one key: an allowance beside the usage that it is of, and what only the bill
    shows.
    """
    is_odd = pl.when(_IS_NEW).then(pl.col("quantity") <= 0).otherwise(pl.col("quantity") >= 0)
    is_odd |= pl.col("pricing_status").fill_null("billed") == "billed"
    # a side has one amount for most prices: then the few distinct texts say which it is
    key = number_rows(lines, [*_PRICE_TEXTS, _IS_NEW])
    found = (
        lines.select(
            pl.Series(_KEY, key),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE),
            is_odd.alias("is_odd"),
            *_PRICE_AMOUNTS,
        )
        .group_by(_KEY)
        .agg(
            pl.col(_PLACE).first(),
            pl.col("is_odd").any(),
            pl.len(),
            *(pl.col(c).min().alias(f"least_{c}") for c in _PRICE_AMOUNTS),
            *(pl.col(c).max().alias(f"most_{c}") for c in _PRICE_AMOUNTS),
            *(pl.col(c).count().alias(f"given_{c}") for c in _PRICE_AMOUNTS),
        )
        .sort(_KEY)
    )
    is_one = pl.all_horizontal(
        pl.col(f"least_{c}").eq_missing(pl.col(f"most_{c}"))
        & ((pl.col(f"given_{c}") == 0) | (pl.col(f"given_{c}") == pl.col("len")))
        for c in _PRICE_AMOUNTS
    )
    if not found.select(is_one.all()).item():
        found = lines.select(pl.Series(_KEY, _numbers(lines)), is_odd.alias("is_odd"), _IS_NEW)
        numbers, meets = _numbered(found[_KEY], found)
        return (numbers, meets) if meets.any() else None
    rows = lines.select(pl.col(*_PRICE, _IS_NEW).gather(found[_PLACE]))
    few = rows.select(pl.Series(_KEY, _numbers(rows)), found["is_odd"], _IS_NEW)
    numbers, meets = _numbered(few[_KEY], few)
    if not meets.any():
        return None
    return numbers.gather(found[_KEY].search_sorted(key)), meets


def _numbers(lines: pl.DataFrame) -> pl.Series:
    coded = pl.DataFrame({column: _code(lines[column]) for column in _PRICE})
    return number_rows(coded, coded.columns)


def _numbered(key: pl.Series, rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The place of each key among all of them, and which of these meet."""
    facts = (
        rows.group_by(_KEY)
        .agg(pl.col(_IS_NEW).n_unique().alias("sides"), pl.col("is_odd").any())
        .sort(_KEY)
    )
    meets = facts.select((pl.col("sides") > 1) | pl.col("is_odd")).to_series()
    return facts[_KEY].search_sorted(key), meets


def _code(column: pl.Series) -> pl.Series:
    """A column with numbers for the few prices that it has."""
    if not isinstance(column.dtype, pl.Decimal):
        return column
    distinct = column.drop_nulls().unique().sort()
    places = distinct.search_sorted(column)
    return pl.select(pl.when(column.is_not_null()).then(places)).to_series()


def _summed(lines: pl.DataFrame, prices: pl.Series) -> pl.DataFrame:
    """The lines of each key as one, where anything is left of them."""
    rows = lines.with_columns(prices.alias(_PRICE_NUMBER))
    by = [*CHARGE_DIMENSIONS, _PRICE_NUMBER]
    key = packed_key(rows, by)
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE)
    sums = (pl.col("quantity").sum(), *(sum_or_null(c) for c in ("list_cost_usd", "cost_usd")))
    asked = rows.select(*([] if key is None else [key.alias(_KEY)]), *by, place, *CHARGE_SUMS)
    found = (
        asked.group_by(by if key is None else _KEY)
        .agg(pl.col(_PLACE).first(), *sums)
        .filter(_is_any(CHARGE_SUMS))
    )
    rest = lines.select(pl.all().exclude(CHARGE_SUMS).gather(found[_PLACE]))
    whole = rest.hstack(found.select(CHARGE_SUMS))
    return whole.select(lines.columns).cast(lines.schema)


def _nets_to_zero(moved: pl.DataFrame) -> pl.Series:
    """Whether the same usage only moved to another price."""
    by = [*USAGE_DIMENSIONS, "meter"]
    key = packed_key(moved, by)
    over = by if key is None else [_KEY]
    rows = moved.select("quantity", *([pl.Series(_KEY, key)] if key is not None else by))
    return rows.select(pl.col("quantity").sum().over(over) == 0).to_series()
