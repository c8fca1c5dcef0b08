"""Statements for any engine are run on both, over rows for which each of their parts matters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest

from pipeline.storage.engines.spark_session import open_session
from pipeline.storage.engines.spark_tables import transpiled
from tests.support.spark_cluster import FOR_FEW_ROWS, FOR_SHORT_LIVES, end_java, missing
from tests.support.statement_rows import PARAMETERS, forms, tables
from tests.test_queries import PORTABLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# How Spark names the types that DuckDB gives; an unsigned one has no other name there.
SPARK_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "INTEGER": "int",
    "TIMESTAMP": "timestamp_ntz",
    "UBIGINT": "decimal(20,0)",
    "VARCHAR": "string",
}


@pytest.fixture(scope="module")
def rows() -> dict[str, pl.DataFrame]:
    """The rows of all tables."""
    return tables()


@pytest.fixture(scope="module")
def con(rows: dict[str, pl.DataFrame]) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the rows."""
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        for name, frame in rows.items():
            con.register("incoming", frame)
            con.execute(f"CREATE TABLE {name} AS FROM incoming")
        yield con


def _parameters(text: str) -> dict[str, Any]:
    """Those of the parameters that a statement takes."""
    return {name: value for name, value in PARAMETERS.items() if re.search(rf"\${name}\b", text)}


def _answer(con: duckdb.DuckDBPyConnection, text: str) -> Counter[str]:
    rows = con.execute(text, _parameters(text)).fetchall()
    return Counter(_shown(row) for row in rows)


def _shown(row: Any) -> str:
    """A row as text: the same on both engines where names and values are."""
    return repr(tuple(_plain(value) for value in row))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):  # 64 bits without a sign are a decimal in Spark
        return int(value) if value.as_tuple().exponent == 0 else value
    if hasattr(value, "asDict"):
        return value.asDict()
    return value


@pytest.mark.parametrize("name", PORTABLE)
def test_each_part_of_a_statement_matters(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Every form gives rows, and other ones with a flag than without: so a difference is seen."""
    answers = {_key(flags): _answer(con, text) for text, flags in forms(name)}
    assert all(answers.values())
    for flags, answer in answers.items():
        for flag, is_set in flags:
            other = (flags - {(flag, is_set)}) | {(flag, not is_set)}
            assert answer != answers[other], flag


def _key(flags: Mapping[str, bool]) -> frozenset[tuple[str, bool]]:
    return frozenset(flags.items())


@dataclass(frozen=True)
class Spark:
    """A session, and which of the tables it has so far: to show one takes a second."""

    session: SparkSession
    rows: Mapping[str, pl.DataFrame]
    folder: Path
    shown: set[str] = field(default_factory=set)

    def run(self, text: str) -> DataFrame:
        """The answer to a statement in DuckDB's words."""
        for name in set(re.findall(r"\w+", text)) & set(self.rows) - self.shown:
            path = self.folder / f"{name}.parquet"
            self.rows[name].write_parquet(path)
            self.session.read.parquet(str(path)).createOrReplaceTempView(name)
            self.shown.add(name)
        return self.session.sql(transpiled(text), args=_spark_parameters(text))


@pytest.fixture(scope="module")
def spark(
    rows: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spark]:
    """Spark in this process, with the same rows."""
    with pytest.MonkeyPatch.context() as here:
        here.setenv("JAVA_TOOL_OPTIONS", FOR_SHORT_LIVES)
        session = open_session("local[1]", None)
        for name, value in FOR_FEW_ROWS.items():
            session.conf.set(name, value)
        try:
            yield Spark(session, rows, tmp_path_factory.mktemp("rows"))
        finally:
            session.stop()
            end_java()


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.slow
@pytest.mark.timeout(900)  # some make plans of a hundred windows
@pytest.mark.filterwarnings("ignore")  # of pyspark, at newer packages than it knows
@pytest.mark.parametrize("name", PORTABLE)
def test_both_engines_give_the_same(
    con: duckdb.DuckDBPyConnection, spark: Spark, name: str
) -> None:
    """Names, types and every row, with no flag, each alone and all of them."""
    for text, flags in forms(name):
        if 1 < sum(flags.values()) < len(flags):
            continue
        frame = spark.run(text)
        found = con.sql(text, params=_parameters(text))
        assert frame.columns == found.columns
        types = [SPARK_TYPES.get(str(t), str(t).lower()) for t in found.types]
        assert [t for _, t in frame.dtypes if "struct" not in t] == [
            t for t in types if "struct" not in t
        ], flags
        assert Counter(_shown(row) for row in frame.collect()) == _answer(con, text), flags


def _spark_parameters(text: str) -> dict[str, Any]:
    from pyspark.sql import functions  # noqa: PLC0415  where it is installed

    return {
        name: functions.array(*(functions.lit(v) for v in value))
        if isinstance(value, list)
        else value
        for name, value in _parameters(text).items()
    }
