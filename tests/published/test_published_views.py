"""What a run publishes, against the data dictionary: views, columns, types, comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest

from pipeline.config import model as config_model
from pipeline.config.load import without_file
from pipeline.published.dictionary import dictionary
from pipeline.published.named_queries import NamedQuery, bind, days_asked_about, named_queries
from pipeline.published.reader import open_published, run_statement
from pipeline.resources import sql_names
from pipeline.runs.run import run_batch

NOW = datetime(2026, 11, 24, 8)
VIEWS = tuple(name.removeprefix("published/") for name in sql_names("published"))


@pytest.fixture(name="con", scope="module")
def _con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published folder of a run over two records, one of them broken."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "records.csv").write_text(
        "record_id,started_at,model,text_input_tokens,requests\n"
        "a,2026-11-01T10:00:00Z,gpt-5-mini-2025-08-07,1000,1\n"
        "b,2026-11-01T10:00:00Z,gpt-5-mini-2025-08-07,many,1\n"
    )
    source = config_model.Source(name="records", kind="records", path=("records.csv",))
    settings = without_file(folder, (source,))
    run_batch(settings, now=NOW, real_clock=lambda: NOW, environment={})
    with open_published(settings.storage.root / "published") as con:
        yield con


@pytest.mark.parametrize("view", VIEWS)
def test_columns_are_those_of_the_dictionary(view: str, con: duckdb.DuckDBPyConnection) -> None:
    """Names, order and exact types; so money is a decimal wherever it is read."""
    described = con.execute(f"DESCRIBE {view}").fetchall()
    wanted = {name: kind for name, (kind, _) in dictionary()[view].items() if name}
    assert [(name, kind) for name, kind, *_ in described] == list(wanted.items())


@pytest.mark.parametrize("view", VIEWS)
def test_view_and_columns_carry_their_comment(view: str, con: duckdb.DuckDBPyConnection) -> None:
    """An analyst reads in the database itself what a column means and in which unit it is."""
    of_view = con.execute(
        "SELECT comment FROM duckdb_views() WHERE view_name = $view AND schema_name = 'main'",
        {"view": view},
    ).fetchall()
    of_columns = con.execute(
        "SELECT column_name, comment FROM duckdb_columns() "
        "WHERE table_name = $view AND schema_name = 'main'",
        {"view": view},
    ).fetchall()
    words = {name: comment for name, (_, comment) in dictionary()[view].items()}
    assert of_view == [(words.pop(""),)]
    assert dict(of_columns) == words


def test_everything_of_the_dictionary_is_published() -> None:
    """The contract's views are all there, also where nothing fills them yet."""
    assert set(VIEWS) == set(dictionary())


@pytest.mark.parametrize("query", named_queries(), ids=lambda q: q.name)
def test_every_named_query_runs_on_what_a_run_publishes(
    query: NamedQuery, con: duckdb.DuckDBPyConnection
) -> None:
    """With nothing but its defaults."""
    days, _ = days_asked_about(con, query, {}, NOW.date(), NOW)
    assert list(run_statement(con, query.sql, bind(query, {}, days)).rows()) is not None


def test_nothing_else_is_published(con: duckdb.DuckDBPyConnection) -> None:
    """What is not of the contract lies in a schema of its own."""
    shown = con.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
    )
    assert {name for (name,) in shown.fetchall()} == set(VIEWS)
