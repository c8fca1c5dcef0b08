"""Reads the usage of some days: sums where they decide, rows elsewhere, excluded rows apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import polars as pl

from pipeline.ledger.files import PART_SCHEMA, LedgerFile
from pipeline.ledger.sums.categories import CODED
from pipeline.ledger.sums.usage_sums import IS_SUMMED, SUMMED_UP_TO, SUMS_SCHEMA
from pipeline.meters import METER_NAMES
from pipeline.schemas import USAGE_DIMENSIONS
from pipeline.storage.object_store.store import scan

TIMES = ("started_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Usage:
    """Usage of some days with USAGE_DIMENSIONS, TIMES, IS_SUMMED, `requests` and meters."""

    counted: pl.DataFrame
    taken_out: pl.DataFrame  # rows that are in the sums of `counted`, and do not count


def read_usage(
    files: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    days: Collection[date],
    meters: Sequence[str],
    *,
    lowest_threshold: int | None,
) -> Usage:
    """The usage of these UTC days.

    Takes rows that do not count (ledger_id, row_number), and the lowest number of input tokens
    above which a request may be long.
    """
    ids = [f.ledger_id for f in files]
    excluded = excluded.filter(pl.col("ledger_id").is_in(ids)).cast(pl.Schema(PART_SCHEMA))
    summed = [f for f in files if _decides(f, lowest_threshold)]
    rest = [f for f in files if not _decides(f, lowest_threshold)]
    wanted = pl.col("usage_date").is_in(sorted(days))
    counted = [
        _columns(f.sums_path, meters, wanted, is_summed=pl.col(IS_SUMMED))
        for f in summed
        if f.sums_path is not None
    ]
    counted += _rows(rest, excluded, meters, wanted, are_excluded=False)
    taken_out = _rows(summed, excluded, meters, wanted, are_excluded=True)
    return Usage(_together(counted, meters), _together(taken_out, meters))


def _decides(file: LedgerFile, lowest_threshold: int | None) -> bool:
    """Whether a file has sums, none of which mixes long requests with others."""
    if file.sums_path is None:
        return False
    most_summed = min(file.most_input_tokens, SUMMED_UP_TO)
    return lowest_threshold is None or most_summed <= lowest_threshold


def _rows(
    files: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    meters: Sequence[str],
    wanted: pl.Expr,
    *,
    are_excluded: bool,
) -> list[pl.LazyFrame]:
    """The rows of ledger files that are excluded, or those that are not."""
    touched = set(excluded["ledger_id"])
    if are_excluded:
        files = [f for f in files if f.ledger_id in touched]
    found = []
    for path, group in groupby(sorted(files, key=_path), key=_path):
        here = list(group)
        ids = [f.ledger_id for f in here]
        rows = scan(path)
        condition = wanted
        if here[0].is_part:
            condition = wanted & pl.col("ledger_id").is_in(ids)
        if touched.isdisjoint(ids):
            found.append(_columns(path, meters, condition, is_summed=pl.lit(False)))
            continue
        if not here[0].is_part:
            rows = rows.with_row_index("row_number").with_columns(
                pl.col("row_number").cast(pl.Int64), ledger_id=pl.lit(ids[0], dtype=pl.Int64)
            )
        on = list(PART_SCHEMA)
        if are_excluded:
            rows = rows.join(excluded.lazy(), on=on, how="semi")
        else:
            rows = rows.join(excluded.lazy(), on=on, how="anti")
        found.append(_columns(path, meters, condition, is_summed=pl.lit(False), rows=rows))
    return found


def _path(file: LedgerFile) -> str:
    return file.path


def _columns(
    path: str,
    meters: Sequence[str],
    wanted: pl.Expr,
    *,
    is_summed: pl.Expr,
    rows: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """The wanted rows of one file with the columns of `Usage`; one that it lacks is empty."""
    rows = scan(path) if rows is None else rows
    there = rows.collect_schema()
    columns = []
    for name, dtype in _schema(meters).items():
        if name == IS_SUMMED:
            column = is_summed
        elif name in there:
            column = pl.col(name).cast(dtype)
        else:
            column = pl.lit(0 if name in METER_NAMES else None).cast(dtype)
        columns.append(column.alias(name))
    return rows.filter(wanted).select(columns)


def _schema(meters: Sequence[str]) -> dict[str, pl.DataType]:
    return {
        **{name: CODED[name] for name in (*USAGE_DIMENSIONS, *TIMES)},
        IS_SUMMED: pl.Boolean(),
        "requests": pl.Int64(),
        **{name: SUMS_SCHEMA[name] for name in meters},
    }


def _together(parts: Iterable[pl.LazyFrame], meters: Sequence[str]) -> pl.DataFrame:
    frames = pl.collect_all(list(parts))
    return pl.concat(frames) if frames else pl.DataFrame(schema=_schema(meters))
