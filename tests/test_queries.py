"""The SQL files: each says what a row is and is one statement; some must run on Spark, too."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel

from pipeline import resources
from pipeline.meters import INPUT_METERS, METER_NAMES, METER_UNITS, METERS, OUTPUT_METERS
from pipeline.schemas import ASKER_COLUMNS, USAGE_SCHEMA
from pipeline.storage.parquet import relation

QUERIES = resources.folder("queries")
NAMES = tuple(sorted(str(p.relative_to(QUERIES).with_suffix("")) for p in QUERIES.rglob("*.sql")))
ENGINES = ("any", "duckdb")
LONGEST_SQL_IN_PYTHON = 250  # characters
FLAGS = (
    *("has_thresholds", "has_segments", "has_allowances", "has_billed", "by_project", "is_above"),
    *("with_mapping", "with_requests"),
)
# A view's FROM item; where it stands the real one names the files of a snapshot.
FILES = {
    name: relation([Path("/x.parquet")])
    for name in (
        "usage_files",
        "charge_files",
        "daily_files",
        "posting_files",
        "version_files",
        "minute_files",
        "reject_files",
    )
}


def header(name: str) -> list[str]:
    """The comment lines that open the file."""
    return list(itertools.takewhile(_is_comment, resources.sql(name).splitlines()))


def engines(name: str) -> list[str]:
    """What the header says after `engine:`; a migration is for DuckDB and need not say so."""
    if name.startswith("schema/"):
        return ["duckdb"]
    mark = "-- engine: "
    return [line.removeprefix(mark) for line in header(name) if line.startswith(mark)]


def _is_comment(line: str) -> bool:
    return line.startswith("--")


PORTABLE = tuple(n for n in NAMES if engines(n) == ["any"])


def rendered(name: str) -> Iterator[str]:
    """The texts that a file can become: with each flag set or not, all meters or one."""
    text = resources.sql(name)
    used = [flag for flag in FLAGS if re.search(rf"\b{flag}\b", text)]
    several = (METER_NAMES, ("text_input_tokens",)) if "meters" in text else (METER_NAMES,)
    narrowed = ("text_input_tokens", None) if "if meter " in text else (None,)
    given = itertools.product(several, narrowed, itertools.product([True, False], repeat=len(used)))
    for meters, meter, values in given:
        yield resources.render_sql(
            name,
            meters=meters,
            input_meters=[m for m in meters if m in INPUT_METERS],
            output_meters=[m for m in meters if m in OUTPUT_METERS],
            charged=meters,
            meter=meter,
            columns=tuple(USAGE_SCHEMA),
            askers=list(ASKER_COLUMNS),
            column="project_id",
            causes=("price", "lag"),
            exempt=("lag",),
            explained=("lag",),
            units=METER_UNITS,
            stored="stored.",
            schema="main",
            before=FILES["daily_files"],
            after=FILES["daily_files"],
            view="charges",
            final_after_days=3,
            daily="daily",
            lines="lines",
            spend="spend_by_day",
            rows="SELECT 1",
            usage="usage",
            costs="provider_costs",
            fine=("provider", "api_key_id"),
            types={m.name: "DECIMAL(22, 6)" if m.is_fraction else "BIGINT" for m in METERS},
            **FILES,
            **dict(zip(used, values, strict=True)),
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_header_says_what_a_row_is(name: str) -> None:
    """A comment opens the file, and one of its lines begins with `row:`."""
    rows = [line for line in header(name) if line.startswith("-- row: ")]
    assert len(rows) == 1, f"{name} needs one line `-- row: …` in its header"
    assert len(rows[0]) > len("-- row: one.")


@pytest.mark.parametrize("name", NAMES)
def test_the_header_says_which_engine_it_is_for(name: str) -> None:
    """`any` or `duckdb`, once; what decides fates and money is for any."""
    assert engines(name) in [[engine] for engine in ENGINES]


def test_what_decides_fates_and_money_is_for_any_engine() -> None:
    """Sums, prices, charge lines, differences, and which row repeats which."""
    assert set(PORTABLE) >= {
        "budgets/status",
        "charges/rating/allowance_quantities",
        "charges/rating/charge_lines",
        "charges/rating/daily_sums",
        "charges/rating/differences",
        "charges/rating/priced_keys",
        "charges/rating/quantities",
        "ledger/repeat_fates",
        "ledger/repeated_identities",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_one_statement(name: str) -> None:
    """In every form it can take."""
    for text in rendered(name):
        assert len(duckdb.extract_statements(text)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_columns_of_the_answer_are_named(name: str) -> None:
    """No `SELECT *` at the end: a new column of an input must not come out by itself."""
    for text in rendered(name):
        statement = sqlglot.parse_one(text, read="duckdb")
        for answer in _answers(statement):
            assert not answer.is_star


@pytest.mark.parametrize("name", PORTABLE)
def test_portable_files_go_to_spark(name: str) -> None:
    """Transpiled without anything that sqlglot cannot carry over, and read again as Spark."""
    for text in rendered(name):
        (spark,) = sqlglot.transpile(
            text, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE
        )
        assert sqlglot.parse_one(spark, read="spark") is not None


# Where the engines differ without an error; `reference` for each: DuckDB 2.0 and Spark 4.3.
TRAPS = {
    r"\bhash\(": "another number on each engine",
    r"\b(first|last|arg_max|arg_min|list|array_agg|any_value)\(": "depends on the order of rows",
    r"\bavg\(": "a DOUBLE in DuckDB, a cut decimal in Spark",
    r"(?<![/-])/(?![/*])": "a DOUBLE in DuckDB, a cut decimal in Spark",
    r"\b(DOUBLE|FLOAT|REAL)\b": "no binary float near money",
    r"\bAT TIME ZONE\b": "transpiles to something else",
    r"\bASOF\b": "not known to Spark",
    r"\b(generate_series|range|unnest)\(": "does not survive",
    r"\bnow\(|\bcurrent_(date|timestamp)\b": "the clock comes in as an argument",
    r"\bdate_diff\(": "boundaries counted here, elapsed there",
}


@pytest.mark.parametrize("name", PORTABLE)
def test_portable_files_avoid_what_differs_silently(name: str) -> None:
    """The traps that no transpiler reports."""
    for text in rendered(name):
        bare = re.sub(r"--[^\n]*", "", re.sub(r"'[^']*'", "''", text))
        found = [why for trap, why in TRAPS.items() if re.search(trap, bare, re.IGNORECASE)]
        assert found == []


def test_the_folders_are_those_of_the_packages() -> None:
    """Beside migrations, checks, analysts' queries; published ones have those of an instant."""
    of_no_package = {
        "schema",
        "checks",
        "analysis",
        "charges/rating/fast",
        "published/as_of",
    }
    folders = {name.rpartition("/")[0] for name in NAMES} - of_no_package
    package = Path(resources.__file__).parent
    assert [folder for folder in sorted(folders) if not (package / folder).is_dir()] == []


def test_python_holds_no_long_sql() -> None:
    """What is longer than three lines lies in queries/, where it can be read and checked."""
    long = [
        f"{path.name}:{node.lineno}"
        for path in Path(resources.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(node.value) > LONGEST_SQL_IN_PYTHON
        and re.search(r"\bSELECT\b.+\bFROM\b", node.value, re.DOTALL)
    ]
    assert long == []


def _answers(statement: exp.Expr) -> Iterator[exp.Select]:
    """The outermost SELECTs: one, or those that a UNION puts together."""
    if isinstance(statement, exp.Select):
        yield statement
    elif isinstance(statement, exp.SetOperation):
        yield from _answers(statement.left)
        yield from _answers(statement.right)
