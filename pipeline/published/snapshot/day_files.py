"""Which files of a snapshot are about which days, and views of the published names over some days.

A view over all files opens every one of them, also those that it takes no row from. A reader that
asks about some days lays views over the published ones that name the files of these days alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.charge_sums import CODED_SUMS
from pipeline.dates import ONE_DAY, Days
from pipeline.published.snapshot.file_kinds import (
    CHARGE_SUMS,
    FILE_KINDS,
    GONE_ROWS,
    SnapshotFile,
    source,
)
from pipeline.published.snapshot.template import DAY_FILES, rendered
from pipeline.storage.object_store.addresses import is_remote
from pipeline.storage.parquet import relation

# The published views whose rows are each of one day, and that read nothing but these files.
_VIEWS = ("charges", "charge_postings", "daily_costs", "policy_findings", "usage")
_KINDS = {kind.macro: kind for kind in FILE_KINDS}
_BY_DAY = ("charge_files", "daily_files", "posting_files", "usage_files")


def has_day_files(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a snapshot says which files are about which days; earlier versions did not."""
    [(found,)] = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'stored' AND table_name = $1",
        [DAY_FILES],
    ).fetchall()
    return bool(found)


def narrow(con: duckdb.DuckDBPyConnection, days: Days) -> None:
    """Make the views of this connection those of some days (the organization's).

    Takes a snapshot that has day files. All rows of these days are there, and some of others.
    """
    files = _files_by_kind(con, days)
    usage = files.get("usage_files", [])
    is_any_remote = any(is_remote(file.address) for file in usage)
    gone = _names_with_gone_rows(con) if is_any_remote else ()
    sources = {
        macro: source(_KINDS[macro], files.get(macro, []), gone if macro == "usage_files" else ())
        for macro in _BY_DAY
    }
    for view in _VIEWS:
        body = rendered(f"published/{view}", sources)
        con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {body}")


def charge_sums(con: duckdb.DuckDBPyConnection, days: Days) -> pl.DataFrame | None:
    """The sums of the charges of some days, and maybe others, over all keys and users.

    In CODED_SUMS, with `project_name` and `is_provisional` as the view of charges has them. None
    where a snapshot has none that can be read, as those of earlier versions.
    """
    files = _files_by_kind(con, days) if has_day_files(con) else {}
    paths = [file.address for file in files.get(CHARGE_SUMS.macro, [])]
    if not paths or len(paths) != len(files["charge_files"]):
        return None
    try:
        sums = pl.scan_parquet(paths, schema=CODED_SUMS, hive_partitioning=False).collect()
    except (pl.exceptions.PolarsError, FileNotFoundError):  # of another version, or damaged
        return None
    projects = con.execute("SELECT project_id, project_name FROM stored.projects").fetchall()
    followed = con.execute(
        "SELECT provider, usage_date, is_settled FROM stored.followed_days "
        "WHERE usage_date >= $since AND usage_date <= $until",
        {"since": sums["usage_date"].min(), "until": sums["usage_date"].max()},
    ).fetchall()
    [(provisional_from,)] = con.execute(
        "SELECT provisional_from_date FROM stored.snapshot"
    ).fetchall()
    named = {"project_id": CODED_SUMS["project_id"], "project_name": pl.String()}
    of_days = {c: CODED_SUMS[c] for c in ("provider", "usage_date")} | {"is_settled": pl.Boolean()}
    is_late = pl.col("usage_date") >= provisional_from
    return (
        sums.join(pl.DataFrame(projects, schema=named, orient="row"), on="project_id", how="left")
        .join(
            pl.DataFrame(followed, schema=of_days, orient="row"),
            on=["provider", "usage_date"],
            how="left",
        )
        .with_columns(pl.coalesce(~pl.col("is_settled"), is_late, False).alias("is_provisional"))
        .drop("is_settled")
    )


def charge_dates(con: duckdb.DuckDBPyConnection, days: Days) -> list[date]:
    """The days (the organization's) among these that have charges, in order.

    With them the first and the last of all that have some before the end of these.
    """
    every = con.execute(
        f"SELECT first_usage_date, path FROM stored.{DAY_FILES} "
        "WHERE macro = 'daily_files' ORDER BY ALL"
    ).fetchall()
    within = _within(days)
    earlier = [path for day, path in every if day < within.since]
    inside = [path for day, path in every if within.since <= day < within.until]
    paths = [path for _, path in every]
    return sorted(
        {
            *_dates_in(con, inside),
            *_first_dates(con, paths),
            *_first_dates(con, earlier[::-1]),
        }
    )


def _first_dates(con: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> set[date]:
    """The dates of the first files that have any: a day may have charges no more."""
    start, size = 0, 2  # two: the organization's day may begin in one file and end in the next
    while start < len(paths):
        found = _dates_in(con, paths[start : start + size])
        if found:
            return found | _dates_in(con, paths[start + size : start + size + 1])
        start, size = start + size, size * 2
    return set()


def _dates_in(con: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> set[date]:
    if not paths:
        return set()
    files = relation(map(Path, paths), {"charge_date": pl.Date()})
    return {day for (day,) in con.execute(f"SELECT DISTINCT charge_date FROM {files}").fetchall()}


def _names_with_gone_rows(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute(f"SELECT DISTINCT name FROM stored.{GONE_ROWS}").fetchall()
    return {name for (name,) in rows}


def _files_by_kind(con: duckdb.DuckDBPyConnection, days: Days) -> Mapping[str, list[SnapshotFile]]:
    within = _within(days)
    result = con.execute(
        f"SELECT * FROM stored.{DAY_FILES} "
        "WHERE first_usage_date < $until AND last_usage_date >= $since ORDER BY macro, path",
        {"since": within.since, "until": within.until},
    )
    names = [name for name, *_ in result.description or ()]
    found: dict[str, list[SnapshotFile]] = {}
    for row in result.fetchall():
        fields = dict(zip(names, row, strict=True))
        number = fields.get("columns_number")  # earlier versions did not say
        columns = None if number is None else (str(number),)  # which they are does not matter
        found.setdefault(fields["macro"], []).append(SnapshotFile(fields["path"], columns))
    return found


def _within(days: Days) -> Days:
    """The UTC days that may have usage of the organization's: no zone is further than a day."""
    return Days(days.since - ONE_DAY, days.until + ONE_DAY)
