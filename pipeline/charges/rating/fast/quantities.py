"""What was used: usage by the dimensions of a charge, and which of it is long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.charges.rating.context_class import thresholds_of
from pipeline.charges.rating.fast.usage import TIMES, Usage
from pipeline.charges.rating.usage_of_days import Summed
from pipeline.ledger.sums.categories import CODED, as_texts
from pipeline.ledger.sums.packed_key import packed_key
from pipeline.ledger.sums.usage_sums import IS_SUMMED, SUMS_SCHEMA
from pipeline.meters import INPUT_METERS
from pipeline.pricing.book import PriceBook
from pipeline.schemas import USAGE_DIMENSIONS

IS_LONG = "is_long"
_DOUBT = "is_doubtful"
_DIMENSIONS = (*USAGE_DIMENSIONS, IS_LONG)
_PLACE = "place"
_KEY = "key"
_LARGEST_SUM = 2.0**62  # in BIGINT; beyond it the portable statements decide


class TooLargeError(Exception):
    """A sum that may not fit its type."""


@dataclass(frozen=True, slots=True)
class Quantities:
    """Usage summed by USAGE_DIMENSIONS and IS_LONG, in order of its UTC days."""

    frame: pl.DataFrame  # with the meters and `requests`
    doubtful: pl.DataFrame  # as charges/rating/doubtful_quantities has it


def quantities_of(usage: Usage, book: PriceBook, meters: Sequence[str], most: int) -> Quantities:
    """The quantities of some usage, whose largest row has `most` input tokens.

    Fails: TooLargeError.
    """
    thresholds = None
    if book.lowest_threshold is not None and most > book.lowest_threshold:
        pairs = [as_texts(f.select("provider", "model").unique()) for f in _frames(usage)]
        models = {(p, m) for frame in pairs for p, m in frame.iter_rows() if m is not None}
        thresholds = thresholds_of(book, sorted(models))
    sums = ["requests", *meters]
    parts = [_classed(frame, thresholds, meters) for frame in _frames(usage)]
    if len(parts) > 1:
        parts[1] = parts[1].with_columns(-pl.col(sums))
    rows = pl.concat(parts)
    _check_room(rows, sums)
    found = _grouped(rows, sums)
    if len(parts) > 1:  # a record has a request or a quantity: what has neither is gone
        found = found.filter(pl.any_horizontal(pl.col(sums) != 0))
    return Quantities(found, _doubtful(rows, meters))


def quantities_from(summed: Summed, meters: Sequence[str]) -> Quantities:
    """The quantities that were summed elsewhere. Takes days within which no price changes."""
    frame = summed.quantities.select(
        *(pl.col(c).cast(CODED[c]) for c in USAGE_DIMENSIONS),
        (pl.col("context_class") == "long").alias(IS_LONG),
        *(pl.col(c).cast(SUMS_SCHEMA[c]) for c in ("requests", *meters)),
    )
    return Quantities(frame.sort("usage_date"), summed.doubtful)


def _frames(usage: Usage) -> list[pl.DataFrame]:
    return [usage.counted, usage.taken_out] if usage.taken_out.height else [usage.counted]


def _check_room(rows: pl.DataFrame, sums: Sequence[str]) -> None:
    whole = [c for c in sums if rows.schema[c] == pl.Int64]
    totals = rows.select(pl.col(whole).cast(pl.Float64).abs().sum()).row(0)
    if max(totals) >= _LARGEST_SUM:
        raise TooLargeError


def _classed(
    rows: pl.DataFrame, thresholds: pl.DataFrame | None, meters: Sequence[str]
) -> pl.DataFrame:
    """The rows with IS_LONG, and whether that is not known."""
    held = [m for m in meters if m in INPUT_METERS]
    nowhere = [pl.lit(False).alias(name) for name in (IS_LONG, _DOUBT)]
    if thresholds is None or not thresholds.height or not held or not rows.height:
        return rows.with_columns(nowhere)
    lowest = thresholds["long_above_tokens"].min()
    tokens = pl.sum_horizontal(held)
    is_above = rows.select(~pl.col(IS_SUMMED) & (tokens > lowest)).to_series()
    if not is_above.any():
        return rows.with_columns(nowhere)
    keys = {c: CODED[c] for c in ("provider", "model")}
    found = (
        rows.with_row_index(_PLACE)
        .filter(is_above)
        .select(_PLACE, *keys, *TIMES, "requests", tokens=tokens)
        .join(thresholds.cast(pl.Schema(keys)), on=list(keys))
        .filter(
            pl.col("started_at") >= pl.col("starts_at"),
            pl.col("started_at") < pl.col("ends_at"),
            pl.col("tokens") > pl.col("long_above_tokens"),
        )
    )
    each = pl.max_horizontal("requests", pl.lit(1, dtype=pl.Int64))
    is_unknown = (pl.col("requests") == 0) & pl.col("ended_at").is_not_null()
    is_mean_above = pl.col("tokens") > pl.col("long_above_tokens") * each
    found = found.select(
        _PLACE,
        (is_mean_above & ~is_unknown).alias(IS_LONG),
        (is_unknown | ~is_mean_above).alias(_DOUBT),
    )
    return rows.with_columns(
        _mask(rows.height, found.filter(name)[_PLACE]).alias(name) for name in (IS_LONG, _DOUBT)
    )


def _mask(height: int, places: pl.Series) -> pl.Series:
    no = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    return no.scatter(places, True) if len(places) else no


def _grouped(rows: pl.DataFrame, sums: Sequence[str]) -> pl.DataFrame:
    key = packed_key(rows, _DIMENSIONS)
    if key is None:
        return rows.group_by(_DIMENSIONS).agg(pl.col(sums).sum()).sort("usage_date")
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE)
    found = (
        rows.select(key.alias(_KEY), place, *sums)
        .group_by(_KEY)
        .agg(pl.col(_PLACE).first(), pl.col(sums).sum())
        .sort(_KEY)  # by UTC day, then by what is alike
    )
    dimensions = rows.select(pl.col(_DIMENSIONS).gather(found[_PLACE]))
    # a constant is not in the key, and a key of one day is in no order of days
    return dimensions.hstack(found.select(sums))


def _doubtful(rows: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    """The rows whose class is not known, summed."""
    names = [c for c in USAGE_DIMENSIONS if c not in {"organization_id", "api_key_id", "user_id"}]
    found = rows.filter(pl.col(_DOUBT)).group_by(names).agg(pl.col(meters).sum())
    return as_texts(found).with_columns(priced_at=pl.col("usage_date").cast(pl.Datetime("us")))
