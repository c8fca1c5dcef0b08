"""Parquet files of ours: how they are written, and how SQL reads several of them as one table.

Files are written once and read by name, so files of earlier versions can lack columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.schemas import sql_type


def write(frame: pl.DataFrame, path: Path, *, statistics: bool = False) -> None:
    """Write Parquet as the measured fast way has it: lz4, without statistics unless asked for."""
    frame.write_parquet(path, compression="lz4", statistics=statistics, row_group_size=122_880)


class Part(NamedTuple):
    """Some files that are read in one way."""

    paths: Sequence[Path | str]
    are_alike: bool = False  # all have the same columns, so that one is opened to see them
    where: str = ""  # what is true of all their rows: who asks for others passes them over


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
    part = Part(list(paths))
    if columns is None:
        return _read(part, with_row_numbers=with_row_numbers)
    parts = [part] if part.paths else []
    return relation_of(parts, columns, defaults=defaults, with_row_numbers=with_row_numbers)


def relation_of(
    parts: Sequence[Part],
    columns: Mapping[str, pl.DataType],
    *,
    defaults: Mapping[str, str] | None = None,
    with_row_numbers: bool = False,
) -> str:
    """A FROM item over several parts, none of them without files; else as `relation`."""
    typed = dict(columns)
    if with_row_numbers:
        typed |= {"filename": pl.String(), "file_row_number": pl.Int64()}
    nothing = ", ".join(f"CAST(NULL AS {sql_type(t)}) AS {c}" for c, t in typed.items())
    empty = f"SELECT {nothing} WHERE false"
    if not parts:
        return f"({empty})"
    reads = [
        f"FROM {_read(part, with_row_numbers=with_row_numbers)}"
        + (f" WHERE {part.where}" if part.where else "")
        for part in parts
    ]
    whole = " UNION ALL BY NAME ".join((*reads, empty))
    filled = ", ".join(
        f"coalesce({c}, {quote(value)}) AS {c}"
        for c, value in (defaults or {}).items()
        if c in typed
    )
    return f"(SELECT * REPLACE ({filled}) FROM ({whole}))" if filled else f"({whole})"


def _read(part: Part, *, with_row_numbers: bool) -> str:
    names = ", ".join(quote(str(path)) for path in part.paths)
    how = "" if part.are_alike else ", union_by_name = true"
    more = ", filename = true, file_row_number = true" if with_row_numbers else ""
    return f"read_parquet([{names}]{how}, hive_partitioning = false{more})"


def quote(text: str) -> str:
    """A text of our own, such as a path, as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
