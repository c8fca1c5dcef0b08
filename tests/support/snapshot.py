"""Questions to a published database, over one connection that attaches what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.charges.charge_sums import sums_of_file
from pipeline.storage.parquet import quote


def answers(storage: Path, queries: Mapping[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each query, asked of what is published in a storage."""
    path = (storage / "published" / "tollbook.duckdb").resolve()
    con = _connection()
    con.execute(f"ATTACH {quote(str(path))} AS tollbook (READ_ONLY)")
    try:
        con.execute("USE tollbook")
        return {name: con.execute(query).fetchall() for name, query in queries.items()}
    finally:
        con.execute("USE memory")
        con.execute("DETACH tollbook")


def days_with_other_sums(storage: Path) -> list[str]:
    """The days whose published sums of charges are not those of their published charges."""
    folder = (storage / "published").resolve()
    days = {
        kind: {path.name: path for path in (folder / kind).rglob("*.parquet")}
        for kind in ("charges", "sums")
    }
    both = days["charges"].keys() & days["sums"].keys()
    return sorted(
        (days["charges"].keys() | days["sums"].keys()) - both
        | {
            name
            for name in both
            if _texts(pl.read_parquet(days["sums"][name], hive_partitioning=False))
            != _texts(sums_of_file(days["charges"][name]))
        }
    )


def _texts(sums: pl.DataFrame) -> list[str]:
    return sorted(map(repr, sums.rows()))


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """Kept: opening a file of its own takes three times as long as attaching it."""
    con = duckdb.connect()
    con.execute("SET threads = 1")
    return con
