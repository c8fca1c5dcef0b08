"""A statement over tables, some of which are rows of Parquet files, for whichever engine answers.

The statement is one that is marked `-- engine: any`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from pipeline.storage.parquet import relation

# What a row of a file has beside the columns that are asked for.
PLACE_SCHEMA: dict[str, pl.DataType] = {"ledger_id": pl.Int64(), "row_number": pl.Int64()}


@dataclass(frozen=True, slots=True)
class FileRows:
    """A table of the rows of Parquet files, with PLACE_SCHEMA: the id of the file, the row's place.

    `parts` are files in which rows of several others were merged; they have these two themselves,
    and only rows of the ids that are named here count.
    """

    columns: Sequence[str]  # may be expressions of them, where DuckDB answers
    schema: Mapping[str, pl.DataType]  # of all columns of the files
    defaults: Mapping[str, str]  # of columns that files of earlier versions lack
    files: Sequence[tuple[str, int]]  # addresses and ids
    parts: Sequence[tuple[str, int]] = ()
    rows: int = 0  # about how many there are in all

    @property
    def part_paths(self) -> list[str]:
        """The addresses of the merged files, each once."""
        return list(dict.fromkeys(path for path, _ in self.parts))

    def show(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        """Make a view of this name on a connection to DuckDB."""
        con.register(
            f"{view}_files",
            pl.DataFrame(
                list(self.files),
                schema={"filename": pl.String, "ledger_id": pl.Int64},
                orient="row",
            ),
        )
        columns = ", ".join(self.columns)
        whole = relation(
            [path for path, _ in self.files],
            self.schema,
            defaults=self.defaults,
            with_row_numbers=True,
        )
        more = ""
        if self.parts:
            more = f" UNION ALL SELECT ledger_id, row_number, {columns} FROM {self.merged()}"
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT n.ledger_id, "
            f"CAST(f.file_row_number AS BIGINT) AS row_number, {columns} "
            f"FROM {whole} AS f INNER JOIN {view}_files AS n USING (filename){more}"
        )

    def merged(self) -> str:
        """A FROM item over the rows of the parts, for DuckDB."""
        ids = ", ".join(str(number) for _, number in self.parts)
        schema = {**self.schema, **PLACE_SCHEMA}
        merged = relation(self.part_paths, schema, defaults=self.defaults)
        return f"(SELECT * FROM {merged} WHERE ledger_id IN ({ids}))"


@dataclass(frozen=True, slots=True)
class Question:
    """A statement, and the tables and views that it reads.

    `part_of` names a table of which some rows may be given at a time: what is asked of each part
    does not depend on the others.
    """

    statement: str
    tables: Mapping[str, pl.DataFrame | FileRows]
    views: Mapping[str, str] | None = None
    part_of: str | None = None
    rows_a_part: int = 0

    @property
    def rows(self) -> int:
        """About how many rows of files are read."""
        return sum(t.rows for t in self.tables.values() if isinstance(t, FileRows))
