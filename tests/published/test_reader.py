"""The analysts' door: what is published can be read, and nothing else, and nothing is written."""

from __future__ import annotations

import gc
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipeline.errors import ConfigError, RunFailedError, TollbookError
from pipeline.published.dictionary import dictionary
from pipeline.published.reader import (
    is_of_this_version,
    needs_this_version,
    open_published,
    run_statement,
    view_names,
)
from pipeline.published.snapshot.template import mark
from tests.support.published_folder import charge, publish

ROWS = {"charges": [charge("2026-11-02", "proj_a", "text_input_tokens", "1000000", "0.000002")]}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One charge of two dollars; beside the storage a file that is nobody's business, and links
    in the snapshot that lead to it.
    """
    root = tmp_path_factory.mktemp("storage")
    (root / "secret.csv").write_text("key\nsk-secret\n", encoding="utf-8")
    link = publish(root / "var", ROWS)
    (link.resolve() / "link.csv").symlink_to(root / "secret.csv")
    (link.resolve() / "folder").symlink_to(root)
    return link


@pytest.fixture
def con(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The door, open."""
    with closing(open_published(published)) as opened:
        yield opened


def tree(folder: Path) -> dict[str, str]:
    """Every file under a folder with the hash of what is in it."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_view_is_read_exactly(con: duckdb.DuckDBPyConnection) -> None:
    """Money comes as Decimal with all its digits."""
    answer = run_statement(con, "SELECT charge_date, cost_usd FROM charges")
    assert [(c.name, c.type) for c in answer.columns] == [
        ("charge_date", "DATE"),
        ("cost_usd", "DECIMAL(38,24)"),
    ]
    assert list(answer.rows()) == [(date(2026, 11, 2), Decimal("2.000000000000000000000000"))]


def test_all_views_of_the_contract_are_there(con: duckdb.DuckDBPyConnection) -> None:
    """The views that the dictionary describes, with their comments."""
    assert view_names(con) == tuple(sorted(dictionary()))
    comments = run_statement(
        con, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    )
    assert list(comments.rows()) == [(0,)]


def test_values_are_bound(con: duckdb.DuckDBPyConnection) -> None:
    """A parameter is a value, whatever it looks like."""
    answer = run_statement(con, "SELECT $name AS name", {"name": "'; DROP VIEW charges"})
    assert list(answer.rows()) == [("'; DROP VIEW charges",)]


def test_one_connection_sees_one_snapshot(tmp_path: Path) -> None:
    """What is published while a connection is open is for the next one."""
    root = tmp_path
    published = publish(root, ROWS)
    with closing(open_published(published)) as before:
        publish(root, {}, run_id="run-2")
        with closing(open_published(published)) as after:
            count = "SELECT count(*) FROM charges"
            assert list(run_statement(before, count).rows()) == [(1,)]
            assert list(run_statement(after, count).rows()) == [(0,)]


def test_a_quote_in_the_path_is_only_a_quote(tmp_path: Path) -> None:
    """The folder's name goes into a setting of DuckDB, and must not end it."""
    with closing(open_published(publish(tmp_path / "it's ours", ROWS))) as con:
        assert list(run_statement(con, "SELECT count(*) FROM charges").rows()) == [(1,)]


def test_a_storage_behind_a_link_is_read_as_well(published: Path, tmp_path: Path) -> None:
    """The views name their files by real path, whichever way one came."""
    (tmp_path / "link").symlink_to(published.parent)
    with closing(open_published(tmp_path / "link" / "published")) as con:
        assert list(run_statement(con, "SELECT count(*) FROM charges").rows()) == [(1,)]


def test_reading_early_and_again_is_fine(con: duckdb.DuckDBPyConnection) -> None:
    """Whoever stops reading leaves the connection free for the next question."""
    with closing(run_statement(con, "SELECT range AS n FROM range(1000000)").rows()) as rows:
        assert next(rows) == (0,)
    assert list(run_statement(con, "SELECT 1").rows()) == [(1,)]


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    """Before the first run there is no link."""
    with pytest.raises(ConfigError, match=r"nothing is published yet\. Run `tollbook run` first\."):
        open_published(tmp_path / "var" / "published")


def test_a_broken_database_is_no_traceback(tmp_path: Path) -> None:
    """A file that is no database is named."""
    (tmp_path / "tollbook.duckdb").write_text("no database", encoding="utf-8")
    with pytest.raises(RunFailedError, match="cannot be opened"):
        open_published(tmp_path)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{snapshot}/new.parquet'",
        "COPY (SELECT 1) TO '{published}/charges/part.parquet'",
        "EXPORT DATABASE '{snapshot}/export'",
        "WITH a AS (COPY (SELECT 1) TO '{snapshot}/new.parquet') FROM a",
        "WITH a AS (COPY (SELECT 1) TO '{snapshot}/charges/part.parquet') FROM a",
        "FROM json_execute_serialized_sql('{copy_tree}')",
        "FROM query('WITH a AS (COPY (SELECT 1) TO ''{snapshot}/new.parquet'') FROM a')",
        "FROM query_table('WITH a AS (COPY (SELECT 1) TO ''{snapshot}/new.parquet'') FROM a')",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{snapshot}/new.parquet'",
        "EXPLAIN ANALYZE WITH a AS (COPY (SELECT 1) TO '{snapshot}/new.parquet') FROM a",
        "CREATE VIEW x AS SELECT 1",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW charges",
        "ATTACH '{snapshot}/new.duckdb'",
        "CHECKPOINT",
        "FROM enable_profiling(save_location => '{snapshot}/profile.json')",
        "FROM enable_logging(storage => 'file', storage_path => '{snapshot}')",
        "FROM read_csv('{root}/secret.csv')",
        "FROM read_csv('{snapshot}/../../../secret.csv')",
        "FROM read_csv('{snapshot}/link.csv')",
        "FROM read_csv('{snapshot}/folder/secret.csv')",
        "FROM '{root}/secret.csv'",
        "FROM read_parquet('{root}/*.parquet')",
        "FROM read_json('{root}/secret.csv')",
        "FROM glob('{root}/*')",
        "FROM parquet_metadata('{root}/secret.csv')",
        "FROM read_text('{root}/secret.csv')",
        "FROM read_blob('/proc/self/environ')",
        "FROM read_csv('/dev/stdin')",
        "FROM read_csv('https://example.org/x.csv')",
        "FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT getenv('HOME')",
        "FROM python_variable",
        "FROM duckdb_secrets()",
        "FROM which_secret('s3://bucket', 's3')",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
    ],
)
def test_no_way_out_and_no_way_to_write(published: Path, sql: str) -> None:
    """Each is refused in one sentence, and not a byte changes anywhere."""
    python_variable = pa.table({"n": [1]})  # DuckDB would find it by its name
    snapshot, root = published.resolve(), published.parent.parent
    before = tree(root)
    copy = f"WITH a AS (COPY (SELECT 1) TO '{snapshot}/new.parquet') FROM a"
    [(copy_tree,)] = duckdb.execute("SELECT json_serialize_sql(?)", [copy]).fetchall()
    attack = sql.format(snapshot=snapshot, published=published, root=root, copy_tree=copy_tree)
    with closing(open_published(published)) as con, pytest.raises(TollbookError) as caught:
        list(run_statement(con, attack).rows())
    assert "Traceback" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert tree(root) == before
    assert python_variable.num_rows == 1


def test_the_locks_hold_behind_the_check(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Also a statement that nobody checked cannot change a setting, leave, or write a table."""
    for sql in (
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        f"COPY (SELECT 1) TO '{tmp_path}/new.parquet'",
        f"FROM read_text('{tmp_path}/secret.csv')",
        "CREATE TABLE x AS SELECT 1",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(sql).fetchall()


def test_settings_are_as_promised(con: duckdb.DuckDBPyConnection) -> None:
    """No progress bar on stdout, UTC, no extensions from elsewhere, no spill in the snapshot."""
    names = (
        "TimeZone",
        "autoinstall_known_extensions",
        "autoload_known_extensions",
        "enable_external_access",
        "enable_progress_bar",
        "lock_configuration",
        "python_enable_replacements",
    )
    found = dict(run_statement(con, "SELECT name, value FROM duckdb_settings()").rows())
    assert {name: found[name] for name in names} == {
        "TimeZone": "UTC",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "enable_progress_bar": "false",
        "lock_configuration": "true",
        "python_enable_replacements": "false",
    }
    assert found["temp_directory"].startswith(tempfile.gettempdir())


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("FROM charge", "sql: there is no view charge (line 1). Did you mean charges?"),
        ("SELECT\n1 FROM chargs", "sql: there is no view chargs (line 2). Did you mean charges?"),
        ("SELECT $since", "sql: no value is given for $since. Give --param since=VALUE."),
    ],
)
def test_mistakes_are_named_with_what_to_do(
    con: duckdb.DuckDBPyConnection, sql: str, message: str
) -> None:
    """Where, what, and the nearest right word."""
    with pytest.raises(ConfigError) as caught:
        run_statement(con, sql)
    assert str(caught.value).startswith(message)


def test_an_unknown_column_lists_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """DuckDB knows the columns near by."""
    with pytest.raises(ConfigError, match=r'"cost" not found .* "cost_usd"'):
        run_statement(con, "SELECT cost FROM charges")


def test_a_view_far_from_any_lists_all(con: duckdb.DuckDBPyConnection) -> None:
    """Where no name is near, there is nothing better than the list."""
    with pytest.raises(ConfigError, match="There are: alert_deliveries, alerts, anomalies"):
        run_statement(con, "FROM zzzzzz")


def test_data_that_do_not_fit_the_query_are_an_error(con: duckdb.DuckDBPyConnection) -> None:
    """It shows while reading: a cast of what is no number."""
    answer = run_statement(con, "SELECT CAST(project_id AS BIGINT) AS n FROM charges")
    with pytest.raises(ConfigError, match="Could not convert string 'proj_a'"):
        list(answer.rows())


def test_too_large_a_question_says_so(published: Path) -> None:
    """Memory is limited; a sort spills to disk, what cannot spill is refused in words."""
    with (
        closing(open_published(published, memory_limit="20MB")) as con,
        pytest.raises(RunFailedError, match="Narrow the question"),
    ):
        list(run_statement(con, "SELECT list(range) AS l FROM range(20000000)").rows())


def test_what_spills_is_for_nobody_else_and_goes_away(published: Path) -> None:
    """A sort larger than memory is written to a folder of our own, which ends with the question."""
    con = open_published(published, memory_limit="60MB")
    [(folder,)] = run_statement(con, "SELECT current_setting('temp_directory')").rows()
    with closing(
        run_statement(con, "SELECT hash(range) AS h FROM range(9000000) ORDER BY h").rows()
    ) as rows:
        next(rows)
        spilled = list(Path(folder).iterdir())
        assert spilled
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    con.close()
    del con, rows
    gc.collect()
    assert not Path(folder).exists()


def test_intervals_and_zoned_times_come_as_text(con: duckdb.DuckDBPyConnection) -> None:
    """Python has no months, and no zones without a package: DuckDB's text is exact."""
    answer = run_statement(
        con,
        "SELECT INTERVAL 14 MONTH AS i, TIMESTAMPTZ '2026-11-02 01:00+01' AS z, 1 AS i,"
        " TIMESTAMP_NS '2026-11-02 00:00:00.123456789' AS ns -- and a comment",
    )
    assert list(answer.rows()) == [
        ("1 year 2 months", "2026-11-02 00:00:00+00", 1, "2026-11-02 00:00:00.123456789")
    ]


def test_explain_gives_a_plan(con: duckdb.DuckDBPyConnection) -> None:
    """EXPLAIN is allowed, and marked as what it is."""
    answer = run_statement(con, "EXPLAIN SELECT $n + 1 FROM charges", {"n": 1})
    assert answer.is_plan
    [(key, plan)] = answer.rows()
    assert (key, "READ_PARQUET" in plan) == ("physical_plan", True)


def test_a_snapshot_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    """Where a view is missing that this version publishes: the next run publishes it again."""
    published = publish(tmp_path, {})
    with (
        pytest.raises(RunFailedError, match="published by another version of tollbook") as found,
        needs_this_version(published),
        open_published(published) as con,
    ):
        con.execute("FROM a_view_of_another_version")
    assert "with the same figures" in str(found.value)


def test_a_question_to_a_snapshot_of_another_version_says_so(tmp_path: Path) -> None:
    """With what else may be wrong: nobody can tell which of the two it is."""
    published = publish(tmp_path, {})
    with open_published(published) as con, pytest.raises(ConfigError) as found:
        run_statement(con, "FROM a_view_of_another_version")
    assert "published by another version" in str(found.value)
    (published / ".views").write_text(mark(), encoding="utf-8")
    with open_published(published) as con, pytest.raises(ConfigError) as found:
        run_statement(con, "FROM a_view_of_another_version")
    assert "published by another version" not in str(found.value)


def test_a_mistake_of_ours_stays_a_mistake(tmp_path: Path) -> None:
    """A snapshot of this very version has all its views."""
    published = publish(tmp_path, {})
    (published / ".views").write_text(mark(), encoding="utf-8")
    assert is_of_this_version(published)
    with (
        pytest.raises(duckdb.CatalogException),
        needs_this_version(published),
        open_published(published) as con,
    ):
        con.execute("FROM a_view_that_is_nowhere")
