"""The rows of a published view by UTC day, and a mark of each day that tells whether it changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from itertools import groupby

import duckdb
import pyarrow as pa
import xxhash

from pipeline.dates import Days, first_of, whole_month
from pipeline.published.dictionary import dictionary
from pipeline.published.lake.model import DAY
from pipeline.published.snapshot.day_files import has_day_files, narrow


def marks_of(con: duckdb.DuckDBPyConnection, view: str) -> dict[date, int]:
    """A hash of the rows and columns of each day of a view; a month of it is read at a time.

    Another version of DuckDB may hash otherwise: then every day counts as changed.
    """
    columns = repr(_columns(con, view))
    found = {}
    for month in _months(con, view):
        rows = con.execute(
            f"SELECT {DAY}, count(*), sum(CAST(hash(t) AS HUGEINT)) FROM {view} AS t "
            f"WHERE {DAY} >= $since AND {DAY} < $until GROUP BY {DAY}",
            {"since": month.since, "until": month.until},
        ).fetchall()
        for day, count, total in rows:
            mark = xxhash.xxh3_64_intdigest(f"{columns} {count} {total}".encode())
            found[day] = mark >> 1  # a table's mark is a signed number of 64 bits
    return found


def rows_of(
    con: duckdb.DuckDBPyConnection, view: str, schema: pa.Schema, days: Collection[date]
) -> Iterator[pa.Table]:
    """The rows of some days in the order of the days, a table a month."""
    for first, theirs in groupby(sorted(days), first_of):
        _narrow(con, whole_month(first))
        rows = con.sql(
            f"SELECT * FROM {view} WHERE {DAY} IN (SELECT unnest($days)) ORDER BY {DAY}",
            params={"days": list(theirs)},
        )
        yield rows.to_arrow_table().cast(schema)


def schema_of(con: duckdb.DuckDBPyConnection, view: str) -> pa.Schema:
    """The columns of a view: instants are of UTC, and each has its comment."""
    plain = con.sql(f"FROM {view} LIMIT 0").to_arrow_table().schema
    fields = []
    for field in plain:
        kind = pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(field.type) else field.type
        comment = dictionary()[view][field.name][1]
        fields.append(pa.field(field.name, kind, metadata={"comment": comment, "doc": comment}))
    return pa.schema(fields)


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> list[tuple[str, str]]:
    relation = con.sql(f"FROM {view}")
    return [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]


def _months(con: duckdb.DuckDBPyConnection, view: str) -> Iterator[Days]:
    """The months that a view has rows in, each with its view narrowed to its files."""
    firsts = con.execute(
        f"SELECT DISTINCT CAST(date_trunc('month', {DAY}) AS DATE) FROM tollbook.main.{view} "
        "ORDER BY 1"
    ).fetchall()
    for (first,) in firsts:
        month = whole_month(first)
        _narrow(con, month)
        yield month


def _narrow(con: duckdb.DuckDBPyConnection, days: Days) -> None:
    if has_day_files(con):
        narrow(con, days)
