"""The small sums of days: requests, tokens and cost by day, project, model and scope."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline.charges.model import DAILY_SCHEMA
from pipeline.charges.rating.fast.lines import Lines, sum_or_null
from pipeline.ledger.sums.categories import coded
from pipeline.ledger.sums.packed_key import number_rows
from pipeline.meters import INPUT_METERS, OUTPUT_METERS

_PLACE = ("usage_date", "charge_date", "project_id", "model", "scope")
_KEY = "key"
_FIRST = "first"
_CODED = coded(DAILY_SCHEMA)


def daily_sums(
    quantities: pl.DataFrame,
    lines: Lines,
    others: pl.DataFrame,
    doubts: pl.DataFrame,
    meters: Sequence[str],
) -> pl.DataFrame:
    """The small sums, in order of days. `cost_usd` is NULL, not 0, where nothing is priced.

    Takes charges of no quantities (`others`), and what doubtful long context may cost more.
    Fails: polars' ComputeError where a sum does not fit its type.
    """
    held = [m for m in meters if m in INPUT_METERS]
    made = [m for m in meters if m in OUTPUT_METERS]
    key = number_rows(quantities, _PLACE).to_numpy()
    used = _by_key(
        quantities.select(
            pl.Series(_KEY, key),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(_FIRST),
            "requests",
            _total(held).alias("input_tokens"),
            _total(made).alias("output_tokens"),
        ),
        pl.col(_FIRST).first(),
        pl.col("requests", "input_tokens", "output_tokens").sum(),
    )
    cost = _by_key(lines.frame.select(pl.Series(_KEY, key[lines.rows]), *_COSTS), *_SUMS_OF_COST)
    found = used.join(cost, on=_KEY, how="left", maintain_order="left")
    places = quantities.select(pl.col(_PLACE).gather(found[_FIRST]))
    sums = places.hstack(found.drop(_KEY, _FIRST)).with_columns(
        pl.lit(0).alias("long_context_doubt_usd")
    )
    sums = _complete(sums)
    if not others.height and not doubts.height:
        return sums.sort("usage_date")
    more = [
        sums,
        _complete(others.select(*_PLACE, *_COSTS).group_by(_PLACE).agg(_SUMS_OF_COST)),
        _complete(doubts),
    ]
    parts = pl.concat([part.select(list(_CODED)) for part in more])
    counted = [c for c in DAILY_SCHEMA if c not in {*_PLACE, "cost_usd"}]
    return _complete(
        parts.group_by(_PLACE)
        .agg(pl.col(counted).sum(), sum_or_null("cost_usd"))
        .sort("usage_date")
    )


_COSTS = (
    pl.col("cost_usd"),
    pl.when(pl.col("pricing_status") == "unpriced")
    .then(pl.col("quantity"))
    .alias("unpriced_quantity"),
)
_SUMS_OF_COST = (sum_or_null("cost_usd"), pl.col("unpriced_quantity").sum())


def _by_key(frame: pl.DataFrame, *sums: pl.Expr) -> pl.DataFrame:
    return frame.group_by(_KEY).agg(sums)


def _total(meters: Sequence[str]) -> pl.Expr:
    return pl.sum_horizontal(meters) if meters else pl.lit(0, dtype=pl.Int64)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns of DAILY_SCHEMA: counts that are not there are 0, a cost is NULL."""
    empty = {c: None if c in {*_PLACE, "cost_usd"} else 0 for c in _CODED}
    return frame.select(
        (
            pl.col(c).fill_null(0)
            if c in frame.columns and empty[c] == 0
            else pl.col(c)
            if c in frame.columns
            else pl.lit(empty[c])
        )
        .cast(dtype)
        .alias(c)
        for c, dtype in _CODED.items()
    )
