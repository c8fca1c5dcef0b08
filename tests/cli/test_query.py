"""`tollbook schema`, `tollbook query` and `tollbook sql` as one types them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.__main__ import main
from tests.support.published_folder import charge, daily, publish

CHARGES = [
    charge("2026-11-02", "proj_a", "text_input_tokens", "1000000", "0.000002"),
    charge("2026-11-03", "proj_b", "text_input_tokens", "3", "0.00000015"),
]


@dataclass(frozen=True, slots=True)
class Said:
    """What a call gave back."""

    code: int
    out: bytes
    err: str


class Shell:
    """A folder with a published storage, and a way to type there."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capture = capsysbinary

    def __call__(self, *words: str) -> Said:
        """Run the command with these words."""
        self._monkeypatch.setattr(sys, "argv", ["tollbook", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capture.readouterr()
        return Said(int(ended.value.code or 0), out, err.decode())


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two charges, published."""
    root = tmp_path_factory.mktemp("var")
    publish(root, {"charges": CHARGES, "daily_costs": daily(CHARGES, {})})
    return root


@pytest.fixture
def shell(
    storage: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> Shell:
    """An empty folder, but for the default storage."""
    (tmp_path / "tollbook-data").symlink_to(storage)
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch, capsysbinary)


def test_sql_prints_data_on_stdout_only(shell: Shell) -> None:
    """Exact decimals as strings."""
    assert shell("sql", "SELECT cost_usd FROM charges ORDER BY 1", "--json") == Said(
        0,
        b'[\n{"cost_usd": "0.000000450000000000000000"},\n'
        b'{"cost_usd": "2.000000000000000000000000"}\n]\n',
        "",
    )


def test_sql_draws_a_table_by_default(shell: Shell) -> None:
    """Plain, as stdout is no terminal here."""
    said = shell("sql", "SELECT project_id, cost_usd FROM charges ORDER BY cost_usd")
    assert [line.rstrip() for line in said.out.decode().splitlines()] == [
        "project_id     cost_usd",
        "───────────────────────",
        "proj_b       0.00000045",
        "proj_a       2.00000000",
    ]


def test_sql_writes_parquet_to_a_pipe_and_to_a_file(shell: Shell) -> None:
    """The same file either way."""
    sql = "SELECT cost_usd FROM charges ORDER BY 1"
    piped = shell("sql", sql, "--format", "parquet")
    filed = shell("sql", sql, "--format", "parquet", "--out", "costs.parquet")
    assert (filed.out, filed.err) == (b"", "")
    assert pq.read_table(io.BytesIO(piped.out)).to_pylist() == [
        {"cost_usd": Decimal("0.00000045")},
        {"cost_usd": Decimal(2)},
    ]
    assert Path("costs.parquet").read_bytes() == piped.out


def test_sql_takes_parameters_and_stdin(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads the statement, --param binds a value."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT project_id FROM charges\n"
                                                  "WHERE charge_date >= $since"))  # fmt: skip
    assert (
        shell("sql", "-", "-p", "since=2026-11-03", "-f", "csv").out == b"project_id\r\nproj_b\r\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sql", "DROP VIEW charges"), "tollbook: sql: DROP is not allowed here."),
        (("sql", "SELECT 1; SELECT 2"), "tollbook: sql: there are 2 statements."),
        (("sql", "FROM charge"), "tollbook: sql: there is no view charge (line 1). Did you mean"),
        (
            ("sql", "SELECT 1", "--format", "xlsx"),
            "tollbook: --format: 'xlsx' is not a known format.",
        ),
        (("sql", "SELECT 1", "--param", "x"), "tollbook: --param: 'x' is not a parameter."),
        (("query", "daily_trends"), "tollbook: query: there is no query 'daily_trends'. Did you"),
        (("query", "data_freshness", "--since", "2026-11-01"), "tollbook: --param: data_freshness"),
        (("query", "daily_trend", "--since", "soon"), "tollbook: since: 'soon' is not a DATE."),
        (
            ("sql", "SELECT 1", "--out", "tollbook-data/published/charges/part.parquet"),
            "tollbook: tollbook-data/published/charges/part.parquet: lies in tollbook's own",
        ),
    ],
)
def test_mistakes_end_with_2_and_one_line(
    shell: Shell, words: tuple[str, ...], message: str
) -> None:
    """On stderr, without a traceback, and nothing on stdout."""
    said = shell(*words)
    assert (said.code, said.out) == (2, b"")
    assert said.err.startswith(message)
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("words", [("sql", "SELECT 1"), ("query", "daily_trend")])
def test_before_the_first_run_it_says_what_to_do(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """An empty folder has nothing published."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    said = shell(*words)
    assert said.code == 2
    assert "nothing is published yet. Run `tollbook run` first." in said.err


def test_query_alone_lists_names_questions_and_parameters(shell: Shell) -> None:
    """Also where nothing is published, and for programs."""
    listed = json.loads(shell("query", "--json").out)
    assert len(listed) >= 12
    assert next(q for q in listed if q["name"] == "caching_savings") == {
        "name": "caching_savings",
        "question": "How much of the input comes from the prompt cache, and what did caching save?",
        "parameters": "since=month, until=last_day+1, project=any",
    }
    assert b"cost_by_project" in shell("query").out


def test_query_answers_about_the_clock_it_is_given(shell: Shell) -> None:
    """--now sets the month, --project narrows."""
    said = shell(
        "query", "top_spenders", "--now", "2026-11-03T12:00Z", "--project", "proj_b", "--json"
    )
    [row] = json.loads(said.out)
    assert (row["project_id"], row["cost_usd"]) == ("proj_b", "0.000000450000000000000000")
    assert said.err == ""


def test_query_counts_in_the_organizations_days(shell: Shell, tmp_path: Path) -> None:
    """At 23:30 UTC on October 31 it is November in Berlin."""
    (tmp_path / "tollbook.toml").write_text(
        '[organization]\ntimezone = "Europe/Berlin"\n\n[storage]\nroot = "tollbook-data"\n',
        encoding="utf-8",
    )
    said = shell("query", "daily_trend", "--now", "2026-10-31T23:30Z", "--json")
    assert [row["charge_date"] for row in json.loads(said.out)] == ["2026-11-01"]


def test_query_says_when_it_answers_about_an_older_month(shell: Shell) -> None:
    """On stderr, and not with --quiet."""
    words = ("query", "cost_by_project", "--now", "2027-02-01T00:00Z", "--json")
    loud, quiet = shell(*words), shell(*words, "--quiet")
    assert loud.err == "no usage in 2027-02 yet; the newest day is 2026-11-03\n"
    assert (quiet.err, quiet.out) == ("", loud.out)
    assert len(json.loads(loud.out)) == 2


def test_query_shows_its_sql(shell: Shell) -> None:
    """To start one's own question from."""
    said = shell("query", "daily_trend", "--show-sql")
    assert said.out.startswith(b"-- question: What did each day cost")
    assert said.out.endswith(b"ORDER BY charge_date\n")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`| head` closes the pipe; a real process, real pipe, and its own exit code."""
    publish(tmp_path / "tollbook-data", {})
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "sql", "FROM range(100000000)", "--format", "csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(8) == b"range\r\n0"
        process.stdout.close()
        errors = process.stderr.read()
        code = process.wait(timeout=60)
    assert (code, errors) == (0, b"")


def test_dates_of_the_fixture_are_what_they_say() -> None:
    """Guards the fixture: a charge is a token count times a price, to the last digit."""
    assert CHARGES[1]["cost_usd"] == Decimal("0.00000045")
    assert CHARGES[1]["charge_date"] == date(2026, 11, 3)


def test_a_statement_may_begin_with_a_comment(shell: Shell) -> None:
    """Two dashes and a space are SQL, not an option."""
    said = shell("sql", "-- how many\nSELECT count(*) AS n FROM charges", "--format", "csv")
    assert (said.code, said.out) == (0, b"n\r\n2\r\n")


def test_schema_lists_views_and_the_columns_of_one(shell: Shell) -> None:
    """Each with its meaning; no storage is needed."""
    views = json.loads(shell("schema", "--json").out)
    assert {v["view"] for v in views} >= {"charges", "daily_costs", "usage"}
    assert all(v["a_row_is"] for v in views)
    columns = json.loads(shell("schema", "charges", "--json").out)
    assert [c["column"] for c in columns][:2] == ["usage_date", "charge_date"]
    assert {c["type"] for c in columns if c["column"] == "cost_usd"} == {"DECIMAL(38,24)"}
    assert all(c["meaning"] for c in columns)


def test_schema_of_an_unknown_view_names_the_nearest(shell: Shell) -> None:
    """Exit 2."""
    said = shell("schema", "charge")
    assert (said.code, said.err) == (
        2,
        "tollbook: schema: there is no view 'charge'. Did you mean charges?\n",
    )
