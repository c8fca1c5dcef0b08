"""Minute buckets → day files (Parquet, written once): a later fetch of a minute replaces it whole.

Takes minute rows as the usage source gives them, and what is known of the days they touch; gives
new day files, which nobody sees until the database names them, and which minutes are covered. A
covered minute without rows is zero use. Never charged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.ledger.bucket import Bucket
from pipeline.meters import INPUT_METERS, OUTPUT_METERS
from pipeline.storage.parquet import write

# The columns of a minute's row as published, in order.
MINUTE_SCHEMA: dict[str, pl.DataType] = {
    "started_at": pl.Datetime("us"),
    "usage_date": pl.Date(),  # UTC
    "organization_id": pl.String(),
    "project_id": pl.String(),
    "api_key_id": pl.String(),
    "user_id": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "operation": pl.String(),
    "service_tier": pl.String(),
    "is_batch": pl.Boolean(),
    "requests": pl.Int64(),
    "input_tokens": pl.Int64(),  # all of them, cached included
    "output_tokens": pl.Int64(),
    "images": pl.Int64(),
    "characters": pl.Int64(),
    "audio_seconds": pl.Decimal(22, 6),
    "source": pl.String(),
    "input_file": pl.String(),
    "input_line": pl.Int64(),
    "fetched_at": pl.Datetime("us"),
    "provider": pl.String(),
}
# What a column is in files written before it was there.
DEFAULTS_OF_OLDER_MINUTES = {"provider": DEFAULT_PROVIDER}
# Consecutive minutes of one day and endpoint from one fetch.
COVERAGE_SCHEMA: dict[str, pl.DataType] = {
    "usage_date": pl.Date(),
    "organization_id": pl.String(),
    "endpoint": pl.String(),
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),
    "fetched_at": pl.Datetime("us"),
    "is_late": pl.Boolean(),
    "source": pl.String(),
    "input_file": pl.String(),
    "provider": pl.String(),
}
_VERSION_SCHEMA: dict[str, pl.DataType] = {
    "version": pl.Int64(),  # in the order in which they apply; -1: known before
    "provider": pl.String(),
    "organization_id": pl.String(),
    "endpoint": pl.String(),
    "started_at": pl.Datetime("us"),
    "fetched_at": pl.Datetime("us"),
    "is_late": pl.Boolean(),
    "source": pl.String(),
    "input_file": pl.String(),
    "bucket_position": pl.Int64(),
}
_MINUTE = timedelta(minutes=1)
_KEY = ("provider", "organization_id", "endpoint", "started_at")
_FETCH = (
    *("provider", "organization_id", "endpoint", "source", "input_file", "fetched_at"),
    "is_late",
)
_KNOWN_BEFORE = -1


@dataclass(frozen=True, slots=True)
class MinuteDay:
    """One UTC day as it is from now on; without a path no minute of it was used."""

    usage_date: date
    path: Path | None
    rows: int
    covered: pl.DataFrame  # COVERAGE_SCHEMA


@dataclass(frozen=True, slots=True)
class _Spilled:
    """The rows of one input file, out of memory until their day is written."""

    input_file: str
    path: Path
    first: date
    last: date


@dataclass(slots=True)
class FetchedMinutes:
    """The minute buckets that a run has met, in the order in which they apply."""

    _versions: list[pl.DataFrame] = field(default_factory=list)
    _spilled: list[_Spilled] = field(default_factory=list)
    _count: int = 0

    def spill(self, records: pl.DataFrame, input_file: str, folder: Path) -> None:
        """Put the rows of one file, as the usage source gives them, into a temporary folder.

        Months of minutes are millions of rows; only a day of them is in memory at a time.
        """
        if not records.height:
            return
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"minutes-{len(self._spilled)}.parquet"
        write(records.select("bucket_position", *_columns()), path)
        first, last = records.select(
            pl.col("usage_date").min().alias("first"), pl.col("usage_date").max().alias("last")
        ).row(0)
        self._spilled.append(_Spilled(input_file, path, first, last))

    def take(self, buckets: Sequence[Bucket], source: str) -> None:
        """Take one source's buckets, ordered; their rows were spilled before."""
        minutes = [b for b in buckets if b.width == "1m"]
        if not minutes:
            return
        first, self._count = self._count, self._count + len(minutes)
        self._versions.append(
            pl.DataFrame(
                [
                    (
                        number, b.provider, b.organization_id, b.endpoint, b.started_at,
                        b.fetched_at, b.late_seconds > 0, source, b.input_file, b.position,
                    )
                    for number, b in enumerate(minutes, first)
                ],
                schema=_VERSION_SCHEMA,
                orient="row",
            )
        )  # fmt: skip

    def dates(self) -> list[date]:
        """The UTC days that are touched, ascending."""
        if not self._versions:
            return []
        return self._all_versions()["started_at"].dt.date().unique().sort().to_list()

    def of_day(self, day: date) -> pl.DataFrame:
        """The versions of one day's minutes, in the order in which they apply."""
        return self._all_versions().filter(pl.col("started_at").dt.date() == day)

    def rows_of(self, versions: pl.DataFrame, day: date) -> pl.DataFrame:
        """The rows of some versions of one day's minutes, in MINUTE_SCHEMA."""
        known = versions.select(
            "source", "input_file", "bucket_position", "fetched_at", "organization_id"
        )
        found = [
            pl.scan_parquet(part.path, hive_partitioning=False)
            .filter(pl.col("usage_date") == day)
            .collect()
            .drop("fetched_at", "organization_id")
            .join(known, on=["source", "input_file", "bucket_position"], how="inner")
            .select(*MINUTE_SCHEMA)
            for part in self._spilled
            if part.first <= day <= part.last
        ]
        return pl.concat([pl.DataFrame(schema=MINUTE_SCHEMA), *found])

    def _all_versions(self) -> pl.DataFrame:
        if len(self._versions) > 1:
            self._versions = [pl.concat(self._versions)]
        return self._versions[0]


def replace_minutes(
    fetched: FetchedMinutes,
    known: Mapping[date, Path],
    covered: Mapping[date, pl.DataFrame],
    folder: Path,
    run_id: str,
) -> list[MinuteDay]:
    """The days that a run's minute buckets change, each written anew.

    Takes: the file of each day, and its coverage (COVERAGE_SCHEMA), as they are known.
    Of the versions of one minute the last fetch holds; one whose fetch began inside the minute
    gives way to any that covers it.
    """
    days = []
    for day in fetched.dates():
        versions = fetched.of_day(day)
        before = _minute_by_minute(covered.get(day, pl.DataFrame(schema=COVERAGE_SCHEMA)))
        holding = (
            pl.concat([before, versions])
            .sort(pl.col("is_late").not_(), "fetched_at", "version", nulls_last=False)
            .unique(list(_KEY), keep="last", maintain_order=True)
        )
        new = holding.filter(pl.col("version") != _KNOWN_BEFORE)
        if new.height:
            kept = _without(known.get(day), new)
            fresh = fetched.rows_of(new, day)
            days.append(_written(day, pl.concat([kept, fresh]), holding, folder, run_id))
    return days


def without_files(
    names: Iterable[str],
    known: Mapping[date, Path],
    covered: Mapping[date, pl.DataFrame],
    folder: Path,
    run_id: str,
) -> list[MinuteDay]:
    """The days of forgotten files, without the minutes that came from these last.

    An earlier fetch of such a minute was replaced for good: it is not covered until
    it is fetched again.
    """
    gone = pl.col("input_file").is_in(list(names))
    days = []
    for day, coverage in covered.items():
        if coverage.filter(gone).height:
            kept = _rows_of(known.get(day)).filter(~gone)
            holding = _minute_by_minute(coverage.filter(~gone))
            days.append(_written(day, kept, holding, folder, run_id))
    return days


def _written(
    day: date, rows: pl.DataFrame, holding: pl.DataFrame, folder: Path, run_id: str
) -> MinuteDay:
    path = folder / f"{day}-{run_id}.parquet"
    if rows.height:
        folder.mkdir(parents=True, exist_ok=True)
        write(rows.sort("started_at", "input_file", "input_line"), path)
    return MinuteDay(day, path if rows.height else None, rows.height, _ranges(day, holding))


def _columns() -> list[pl.Expr]:
    """The columns of MINUTE_SCHEMA from those of the usage source."""
    sums = {"input_tokens": INPUT_METERS, "output_tokens": OUTPUT_METERS}
    return [
        pl.sum_horizontal(sums[name]).cast(dtype).alias(name)
        if name in sums
        else pl.lit(None, dtype=dtype).alias(name)
        if name == "fetched_at"  # the bucket's, not the row's
        else pl.col(name).cast(dtype)
        for name, dtype in MINUTE_SCHEMA.items()
    ]


def _rows_of(path: Path | None) -> pl.DataFrame:
    if path is None:
        return pl.DataFrame(schema=MINUTE_SCHEMA)
    found = pl.read_parquet(path, hive_partitioning=False)
    missing = DEFAULTS_OF_OLDER_MINUTES.keys() - set(found.columns)
    return found.with_columns(
        pl.lit(DEFAULTS_OF_OLDER_MINUTES[name]).alias(name) for name in missing
    ).select(*MINUTE_SCHEMA)


def _without(path: Path | None, new: pl.DataFrame) -> pl.DataFrame:
    """The rows of a day but those of minutes that are read anew."""
    replaced = new.select(*_KEY)
    return _rows_of(path).join(
        replaced,
        left_on=["provider", "organization_id", "operation", "started_at"],
        right_on=list(_KEY),
        how="anti",
    )


def _minute_by_minute(covered: pl.DataFrame) -> pl.DataFrame:
    """Coverage as one row a minute, in _VERSION_SCHEMA."""
    return (
        covered.with_columns(
            pl.datetime_ranges("started_at", pl.col("ended_at") - _MINUTE, "1m").alias("started_at")
        )
        .explode("started_at", empty_as_null=True, keep_nulls=True)
        .with_columns(
            pl.lit(_KNOWN_BEFORE, dtype=pl.Int64).alias("version"),
            pl.lit(None, dtype=pl.Int64).alias("bucket_position"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in _VERSION_SCHEMA.items())
    )


def _ranges(day: date, holding: pl.DataFrame) -> pl.DataFrame:
    """Minutes, one a row, as the longest runs of one fetch."""
    is_next = pl.col("started_at") - pl.col("started_at").shift(1) == _MINUTE
    is_same = pl.all_horizontal(pl.col(c).eq_missing(pl.col(c).shift(1)) for c in _FETCH)
    return (
        holding.sort(*_FETCH, "started_at")
        .with_columns((is_next & is_same).fill_null(value=False).not_().cum_sum().alias("run"))
        .group_by("run", *_FETCH, maintain_order=True)
        .agg(
            pl.col("started_at").min(),
            (pl.col("started_at").max() + _MINUTE).alias("ended_at"),
        )
        .with_columns(pl.lit(day).alias("usage_date"))
        .select(pl.col(name).cast(dtype) for name, dtype in COVERAGE_SCHEMA.items())
    )
