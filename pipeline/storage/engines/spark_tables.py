"""The tables and views of a statement on Spark, and its answer.

What is asked is in DuckDB's dialect and transpiled. Frames go to the cluster as files, and the
answer comes back as files that are read when all of it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import ConfigError
from pipeline.storage.engines.question import PLACE_SCHEMA, FileRows, Question
from pipeline.storage.parquet import quote

# A session and a frame of pyspark, which only the engine imports.
SparkSession = Any
DataFrame = Any

PACKAGES = ("pyspark", "sqlglot")  # of the extra
_UNSIGNED = "DECIMAL(20, 0)"  # 64 bits without a sign have no other type there
_TYPES: Mapping[type[pl.DataType], str] = {
    pl.String: "STRING",
    pl.Boolean: "BOOLEAN",
    pl.Int32: "INT",
    pl.Int64: "BIGINT",
    pl.UInt64: _UNSIGNED,
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP_NTZ",
}


class Tables:
    """Tables of a session, and a folder for files that the whole cluster sees."""

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self._session, self._folder = session, folder

    def answer(self, question: Question) -> Iterator[pl.DataFrame]:
        """The answer to a statement, a frame for each file of it. Fails: what Spark fails with."""
        for name, table in question.tables.items():
            frame = (
                self._rows(name, table) if isinstance(table, FileRows) else self._file(name, table)
            )
            frame.createOrReplaceTempView(name)
        for name, text in (question.views or {}).items():
            self._session.sql(transpiled(text)).createOrReplaceTempView(name)
        found = self._session.sql(transpiled(question.statement))
        answer = self._folder / "answer"
        found.write.parquet(str(answer))
        return _frames(sorted(answer.glob("*.parquet")))

    def _file(self, name: str, frame: pl.DataFrame) -> DataFrame:
        path = self._folder / f"{name}.parquet"
        frame.write_parquet(path)
        return self._session.read.parquet(str(path))

    def _rows(self, name: str, table: FileRows) -> DataFrame:
        columns = list(table.columns)
        found = self._empty({**PLACE_SCHEMA, **{c: table.schema[c] for c in columns}})
        if table.files:
            ids = pl.DataFrame(
                [(path.rpartition("/")[2], number) for path, number in table.files],
                schema={"file_name": pl.String, "ledger_id": pl.Int64},
                orient="row",
            )
            rows = self._read(
                [path for path, _ in table.files],
                table,
                columns,
                "_metadata.file_name AS file_name",
                "CAST(_metadata.row_index AS BIGINT) AS row_number",
            )
            known = self._file(f"{name}_files", ids)
            rows = rows.join(known.hint("broadcast"), "file_name")
            found = found.unionByName(rows.select("ledger_id", "row_number", *columns))
        if table.parts:
            ids = pl.DataFrame(
                {"ledger_id": [number for _, number in table.parts]},
                schema={"ledger_id": pl.Int64},
            )
            place = list(PLACE_SCHEMA)
            rows = self._read(table.part_paths, table, [*place, *columns])
            known = self._file(f"{name}_parts", ids)
            found = found.unionByName(rows.join(known.hint("broadcast"), "ledger_id"))
        return found

    def _read(
        self, paths: Sequence[str], table: FileRows, columns: Sequence[str], *more: str
    ) -> DataFrame:
        """Some columns of files, and more of these; those of earlier versions lack some."""
        schema = {**table.schema, **PLACE_SCHEMA}
        types = ", ".join(f"{c} {spark_type(schema[c])}" for c in columns)
        filled = [
            f"coalesce({c}, {quote(table.defaults[c])}) AS {c}" if c in table.defaults else c
            for c in columns
        ]
        return self._session.read.schema(types).parquet(*paths).selectExpr(*filled, *more)

    def _empty(self, schema: Mapping[str, pl.DataType]) -> DataFrame:
        # by a statement: an empty frame has no types over Connect
        nothing = ", ".join(f"CAST(NULL AS {spark_type(t)}) AS {c}" for c, t in schema.items())
        return self._session.sql(f"SELECT {nothing} WHERE false")


def transpiled(text: str) -> str:
    """A statement of DuckDB in the dialect of Spark. Fails: ConfigError without sqlglot."""
    try:
        import sqlglot
        from sqlglot.errors import ErrorLevel
    except ImportError:
        raise package_missing() from None
    [found] = sqlglot.transpile(
        text, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE
    )
    return str(found)


def package_missing() -> ConfigError:
    """The error where a package of the extra is not installed."""
    return ConfigError(
        'kind = "spark" needs another package',
        key="engine.kind",
        hint="Install it: pip install 'tollbook[spark]'.",
    )


def spark_type(dtype: pl.DataType) -> str:
    """Spark's name of the type of a stored column."""
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    return _TYPES[type(dtype)]


def _frames(paths: Sequence[Path]) -> Iterator[pl.DataFrame]:
    """The rows of an answer, in the types that DuckDB gives."""
    for path in paths:
        frame = pl.read_parquet(path)
        path.unlink()
        unsigned = [c for c, t in frame.schema.items() if t == pl.Decimal(20, 0)]
        yield frame.with_columns(pl.col(c).cast(pl.UInt64) for c in unsigned)
