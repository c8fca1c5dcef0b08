"""Sums the rows of a ledger file by all dimensions of a charge.

Whether a request is long depends on a threshold that a later price book may move, so a request with
many input tokens stays a row of its own: any threshold from `SUMMED_UP_TO` on can be decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from pipeline.ledger.sums.packed_key import packed_key
from pipeline.meters import INPUT_METERS, METER_NAMES, QUANTITY
from pipeline.schemas import USAGE_DIMENSIONS, USAGE_SCHEMA
from pipeline.storage.parquet import relation
from pipeline.storage.parquet import write as write_parquet

# Input tokens of one record up to which it is summed with others. Below all thresholds that are
# known; a book with a lower one is applied to the rows of files that have more.
SUMMED_UP_TO = 100_000
# Sums are not kept of a few rows, or where they are hardly fewer than the rows.
FEWEST_ROWS = 2_000
WORTH_KEEPING = 0.7

IS_SUMMED = "is_summed"
_PLACE = "place"
_KEY = "key"

# What a sum has of a usage record; the start of its UTC day stands for the time of its rows.
SUMS_SCHEMA: dict[str, pl.DataType] = {
    **{name: USAGE_SCHEMA[name] for name in (*USAGE_DIMENSIONS, "started_at", "ended_at")},
    "requests": pl.Int64(),
    **{
        # a sum may be more than one record can have; it is refused where it is charged
        name: pl.Decimal(38, 6) if USAGE_SCHEMA[name] == QUANTITY else pl.Int64()
        for name in METER_NAMES
    },
    IS_SUMMED: pl.Boolean(),
}


def sums_of(records: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    """The sums of records by their dimensions, and each record with many input tokens.

    Takes records in LEDGER_SCHEMA, texts also as Enum or Categorical, and the meters that occur in
    them. Gives those columns of SUMS_SCHEMA: a meter that is not there is 0.
    """
    columns = [c for c in SUMS_SCHEMA if c not in METER_NAMES or c in meters]
    held = [m for m in INPUT_METERS if m in meters]
    large = records.clear()
    if held:
        is_large = pl.sum_horizontal(held) > SUMMED_UP_TO
        large = records.filter(is_large)
        if large.height:
            records = records.filter(~is_large)
    parts = [
        _summed(records, meters).select(columns),
        large.with_columns(pl.lit(False).alias(IS_SUMMED)).select(columns),
    ]
    schema = {c: SUMS_SCHEMA[c] for c in columns}
    wanted = [p for p in parts if p.height] or parts[:1]
    if len(wanted) == 1:
        # texts stay as they are: those of one value are written faster
        texts = {c for c, dtype in schema.items() if dtype == pl.String}
        wanted[0] = wanted[0].cast({c: t for c, t in schema.items() if c not in texts})
        return wanted[0].sort("usage_date")
    return pl.concat([p.cast(pl.Schema(schema)) for p in wanted]).sort("usage_date")


def sums_to_keep(rows: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame | None:
    """The sums of a ledger file's rows, where rating from them spares more than they cost."""
    if rows.height < FEWEST_ROWS:
        return None
    sums = sums_of(rows, meters)
    return sums if sums.height <= rows.height * WORTH_KEEPING else None


def write_sums(sums: pl.DataFrame, path: Path) -> None:
    """Write sums as Parquet; who asks for some days passes over the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(sums, path, statistics=True)


def sums_relation(paths: Iterable[str]) -> str:
    """A FROM item over files of sums, with all columns of SUMS_SCHEMA."""
    return relation(paths, SUMS_SCHEMA, defaults=dict.fromkeys(METER_NAMES, "0"))


def _summed(records: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    sums = ["requests", *meters]
    key = packed_key(records, USAGE_DIMENSIONS)
    if key is None:
        grouped = records.group_by(USAGE_DIMENSIONS).agg(pl.col(sums).sum())
    else:
        place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE)
        places = records.select(pl.lit(key).alias(_KEY), *sums, place)
        found = places.group_by(_KEY).agg(pl.col(_PLACE).first(), pl.col(sums).sum())
        dimensions = records.select(pl.col(USAGE_DIMENSIONS).gather(found[_PLACE]))
        grouped = dimensions.hstack(found.select(sums))
    return grouped.with_columns(
        pl.col("usage_date").cast(pl.Datetime("us")).alias("started_at"),
        pl.lit(None, dtype=pl.Datetime("us")).alias("ended_at"),
        pl.lit(True).alias(IS_SUMMED),
    )
