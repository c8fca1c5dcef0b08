"""`tollbook demo`: from nothing to published files and a report, without any configuration."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest

from pipeline.demo.fake_api.api import KEY
from pipeline.demo.workloads import UNPRICED_MODEL
from tests.support.command import command
from tests.support.sample_run import CHECKOUT, demo


@pytest.fixture(name="published")
def _published(sample_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    database = sample_run / "tollbook-demo" / "var" / "published" / "tollbook.duckdb"
    with duckdb.connect(str(database.resolve()), read_only=True) as connection:
        yield connection


def test_demo_leaves_a_report_and_published_files(sample_run: Path) -> None:
    """All that it makes lies in the one folder it names."""
    assert [path.name for path in sample_run.iterdir()] == ["tollbook-demo"]
    storage = sample_run / "tollbook-demo" / "var"
    assert (storage / "reports" / "latest.html").is_file()
    assert (storage / "reports" / "2026-11.html").is_file()
    assert list((storage / "published" / "charges").glob("usage_month=2026-11/*.parquet"))


def test_flaws_of_the_logs_have_their_fates(published: duckdb.DuckDBPyConnection) -> None:
    """Five lines are quarantined, five were logged twice, one was logged again corrected."""
    rows = published.execute(
        """
        SELECT sum(quarantined), sum(duplicate), sum(superseded),
               bool_and(rows_read = accepted + duplicate + superseded + quarantined)
        FROM input_files
        """
    ).fetchall()
    assert rows == [(5, 5, 1, True)]


def test_what_no_price_list_knows_takes_the_bill_s_amount(
    published: duckdb.DuckDBPyConnection,
) -> None:
    """A model of tomorrow, and containers whose memory the provider does not say.

    Where the bill is settled; days inside its lag have no price yet.
    """
    rows = published.execute(
        "SELECT DISTINCT model, meter FROM charges WHERE bill_cause = 'unpriced'"
    ).fetchall()
    assert {meter for model, meter in rows if model != UNPRICED_MODEL} == {
        "code_interpreter_sessions"
    }
    assert UNPRICED_MODEL in {model for model, _ in rows}
    [(last_settled, first_unpriced)] = published.execute(
        "SELECT max(usage_date) FILTER (WHERE bill_cause = 'unpriced'), "
        "min(usage_date) FILTER (WHERE pricing_status = 'unpriced') FROM charges"
    ).fetchall()
    assert first_unpriced is None or last_settled < first_unpriced


def test_budgets_of_the_newest_month(published: duckdb.DuckDBPyConnection) -> None:
    """One is over, the organization's is near."""
    rows = published.execute(
        """
        SELECT budget_id, state, is_lower_bound
        FROM budget_status
        WHERE period_start_date = DATE '2026-11-01'
        """
    ).fetchall()
    states = {budget: (state, is_lower_bound) for budget, state, is_lower_bound in rows}
    assert states["code-monthly"][0] == "over"
    assert states["acme-monthly"][0] == "near"
    assert states["contracts-monthly"][0] == "ok"
    assert states["support-monthly"][1] is False


def test_charges_tie_to_the_bill_where_nothing_is_unexplained(
    published: duckdb.DuckDBPyConnection,
) -> None:
    """October's contract reviews: what we charge is what the provider bills, to the last digit."""
    charged, billed = (
        Decimal(published.execute(query).fetchall()[0][0])
        for query in (
            """
            SELECT CAST(sum(cost_usd) AS VARCHAR) FROM charges
            WHERE model LIKE 'gpt-5.4-2026%' AND usage_date BETWEEN '2026-10-01' AND '2026-10-31'
            """,
            """
            SELECT CAST(sum(amount) AS VARCHAR) FROM provider_costs
            WHERE line_item LIKE 'gpt-5.4-2026%'
              AND usage_date BETWEEN '2026-10-01' AND '2026-10-31'
            """,
        )
    )
    assert charged == billed > 100


def test_a_second_demo_changes_nothing(
    sample_run: Path, published: duckdb.DuckDBPyConnection
) -> None:
    """The copied sample is kept and the run finds nothing new, so that it publishes nothing."""
    link = sample_run / "tollbook-demo" / "var" / "published"
    snapshot = link.resolve()
    count = "SELECT count(*), CAST(sum(cost_usd) AS VARCHAR) FROM charge_postings"
    before = published.execute(count).fetchall()
    done = demo(sample_run)
    assert done.returncode == 0, done.stderr
    assert link.resolve() == snapshot
    with duckdb.connect(str(link / "tollbook.duckdb"), read_only=True) as connection:
        assert connection.execute(count).fetchall() == before


def test_demo_does_not_touch_a_folder_of_something_else(tmp_path: Path) -> None:
    """Exit 2, one line that says what to do, nothing written."""
    (tmp_path / "tollbook-demo").mkdir()
    (tmp_path / "tollbook-demo" / "thesis.txt").write_text("chapter 1")
    code, _, said = command(tmp_path, "demo")
    assert code == 2
    assert "was not made by `tollbook demo`" in said
    assert "--into" in said
    assert "Traceback" not in said
    assert [path.name for path in (tmp_path / "tollbook-demo").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--serve"], "--serve: goes with --live"),
        (["--port", "8080"], "--port: goes with --live"),
    ],
)
def test_options_of_the_live_demo_go_with_it(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    """Exit 2, and nothing is written."""
    code, _, said = command(tmp_path, "demo", *arguments)
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert expected in said


def test_live_demo_does_not_touch_a_folder_of_something_else(tmp_path: Path) -> None:
    """Somebody's own configuration is not replaced."""
    (tmp_path / "tollbook.toml").write_text("[organization]\n")
    code, _, said = command(tmp_path, "demo", "--live", "--into", ".")
    assert code == 2
    assert "was not made by `tollbook demo --live`" in said
    assert (tmp_path / "tollbook.toml").read_text() == "[organization]\n"


def test_live_demo_on_a_port_that_is_taken(tmp_path: Path) -> None:
    """Exit 2, one line that names the option."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, said = command(tmp_path, "demo", "--live", "--port", port)
    assert code == 2
    assert "--port: cannot be listened on" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_live_demo_serves_fetches_and_reports(tmp_path: Path) -> None:
    """A run on a server of its own, as of today; a second one charges nothing anew.

    With --serve it then prints address and key, answers, and ends well on Ctrl-C.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "demo", "--live", "--serve", "--quiet"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        told = _told(serving.stdout)
        address = urlsplit(told["OPENAI_BASE_URL"])
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
        connection.request(
            "GET",
            f"{address.path}/organization/projects",
            headers={"Authorization": f"Bearer {told['OPENAI_ADMIN_KEY']}"},
        )
        answer = connection.getresponse()
        assert (answer.status, answer.read()[:1]) == (200, b"{")
        connection.close()
        serving.send_signal(signal.SIGINT)
    assert serving.returncode == 0
    folder = tmp_path / "tollbook-demo-live"
    database = folder / "var" / "published" / "tollbook.duckdb"
    charged = "SELECT CAST(sum(quantity) AS VARCHAR) FROM charges WHERE usage_date < $day"
    with duckdb.connect(str(database.resolve()), read_only=True) as con:
        [(day,)] = con.execute("SELECT max(usage_date) FROM charges").fetchall()
        first = con.execute(charged, {"day": day}).fetchall()
    again = _run(tmp_path, "demo", "--live")
    assert again.returncode == 0, again.stderr
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert (folder / "var" / "reports" / "latest.html").is_file()
    with duckdb.connect(str(database.resolve()), read_only=True) as con:
        assert con.execute(charged, {"day": day}).fetchall() == first
        found = con.execute(
            """
            SELECT
              (SELECT count(DISTINCT usage_date) > 20 FROM charges),
              (SELECT count(DISTINCT operation) >= 3 FROM charges),
              (SELECT count(*) > 100 FROM provider_costs),
              (SELECT list(DISTINCT outcome) FROM runs)
            """
        ).fetchall()
    assert found == [(True, True, True, ["done"])]
    written = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not any(KEY.encode() in content for content in written)


def _told(lines: Iterable[str]) -> dict[str, str]:
    """The two lines that can be put into an environment."""
    told: dict[str, str] = {}
    for line in lines:
        name, _, value = line.strip().partition("=")
        if name.startswith("OPENAI_"):
            told[name] = value
        if len(told) == 2:
            break
    return told


def _run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_month_end_closes_october_and_books_its_bill_in_november(tmp_path: Path) -> None:
    """The closed report stays; November's has the corrections; once more nothing is closed."""
    first = demo(tmp_path, "--month-end")
    assert first.returncode == 0, first.stderr
    assert "of closed month 2026-10 booked in 2026-11" in first.stderr
    reports = tmp_path / "tollbook-demo" / "var" / "reports"
    closed = (reports / "2026-10.html").read_bytes()
    assert "Corrections of closed months" in (reports / "2026-11.html").read_text(encoding="utf-8")
    assert demo(tmp_path, "--month-end").returncode == 0
    assert (reports / "2026-10.html").read_bytes() == closed
