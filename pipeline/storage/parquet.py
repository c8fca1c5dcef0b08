"""Parquet files of ours: how they are written, and how SQL reads several of them as one table.

Files are written once and read by name, so files of earlier versions can lack columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from pipeline.schemas import sql_type


def write(frame: pl.DataFrame, path: Path, *, statistics: bool = False) -> None:
    """Write Parquet as the measured fast way has it: lz4, without statistics unless asked for."""
    frame.write_parquet(path, compression="lz4", statistics=statistics, row_group_size=122_880)


def relation(
    paths: Iterable[Path | str],
    columns: Mapping[str, pl.DataType] | None = None,
    *,
    defaults: Mapping[str, str] | None = None,
    with_row_numbers: bool = False,
) -> str:
    """A FROM item over Parquet files, read by column name.

    Takes `columns` (name to type) that are there even if no file has them, NULL or as `defaults`
    says in the files that lack them, and always where there are no files. With `with_row_numbers`
    each row has `filename` and `file_row_number`, too.
    """
    names = ", ".join(quote(str(path)) for path in paths)
    more = ", filename = true, file_row_number = true" if with_row_numbers else ""
    read = f"read_parquet([{names}], union_by_name = true, hive_partitioning = false{more})"
    if columns is None:
        return read
    typed = dict(columns)
    if with_row_numbers:
        typed |= {"filename": pl.String(), "file_row_number": pl.Int64()}
    nothing = ", ".join(f"CAST(NULL AS {sql_type(t)}) AS {c}" for c, t in typed.items())
    empty = f"SELECT {nothing} WHERE false"
    if not names:
        return f"({empty})"
    whole = f"FROM {read} UNION ALL BY NAME {empty}"
    filled = ", ".join(
        f"coalesce({c}, {quote(value)}) AS {c}"
        for c, value in (defaults or {}).items()
        if c in typed
    )
    return f"(SELECT * REPLACE ({filled}) FROM ({whole}))" if filled else f"({whole})"


def quote(text: str) -> str:
    """A text of our own, such as a path, as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
