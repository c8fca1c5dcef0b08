"""`budgets` and `alerts` print what is published, and try the channels."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.errors import TollbookError
from tests.support.budget_database import TODAY, budget, catalogue, run, spend, spent
from tests.support.webhook import LOOPBACK, TOKEN, webhook


def call(folder: Path, *words: str, **environment: str) -> Result:
    """Call the command with the folder's configuration."""
    words = (*words, "--config", str(folder / "tollbook.toml"))
    return CliRunner().invoke(app, words, env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration and a published database in which one budget is over."""
    (tmp_path / "tollbook.toml").write_text(
        '[organization]\ntimezone = "Europe/Berlin"\n'
        '[storage]\nroot = "var"\n'
        f'{LOOPBACK}[alerts]\nchannels = ["env:HOOK"]\n'
    )
    published = tmp_path / "var" / "published"
    published.mkdir(parents=True)
    with catalogue(str(published / "tollbook.duckdb")) as con:
        spent(con, "2600.000000000000000000000001")
        run(con, [budget(), budget(id="idle", project="proj_idle")], "run-1")
    return tmp_path


def test_budgets_lists_the_current_month_of_the_organization(folder: Path) -> None:
    """At 23:30 UTC on 31 October it is November in Berlin; decimals keep all digits."""
    result = call(folder, "budgets", "--now", "2026-10-31T23:30Z", "--json")
    full, idle = json.loads(result.stdout)
    assert (full["budget_id"], full["spent_usd"], full["state"], full["is_lower_bound"]) == (
        "chat-monthly",
        "2600.000000000000000000000001",
        "over",
        False,
    )
    assert (idle["budget_id"], idle["spent_ratio"], idle["state"]) == ("idle", "0.000000", "ok")


def test_a_month_without_budgets_is_an_empty_answer_and_a_hint(folder: Path) -> None:
    """Data on stdout, the hint on stderr."""
    result = call(folder, "budgets", "--month", "2026-10", "--json")
    assert (json.loads(result.stdout), result.exit_code) == ([], 0)
    assert "No budget has a period in 2026-10" in result.stderr


def test_budgets_come_in_the_formats_of_sql(folder: Path) -> None:
    """The same rows as table and CSV; exact decimals."""
    table = call(folder, "budgets", "--month", "2026-11").stdout.splitlines()
    rows = call(folder, "budgets", "--month", "2026-11", "--format", "csv").stdout.splitlines()
    assert table[0].split() == rows[0].split(",")
    assert [row.split()[0] for row in table[2:]] == ["chat-monthly", "idle"]
    assert rows[1].startswith("chat-monthly,proj_chat,,,2026-11-01,2026-12-01,2000.0")


def test_how_a_budget_stands_is_said_in_words(folder: Path) -> None:
    """State and lower bound: where usage has no price, more was spent than is known."""
    with duckdb.connect(str(folder / "var" / "published" / "tollbook.duckdb")) as con:
        spend(
            con,
            [
                (TODAY, "proj_chat", "gpt-x", "models", "1700.00", "3"),
                (TODAY, "proj_idle", "gpt-x", "models", "2100.00", "3"),
            ],
        )
        run(con, [budget(), budget(id="idle", project="proj_idle")], "run-2")
    rows = json.loads(call(folder, "budgets", "--month", "2026-11", "--json").stdout)
    assert {row["budget_id"]: row["standing"] for row in rows} == {
        "chat-monthly": "near: its highest threshold below 100 % is passed; at least: some usage "
        "has no price, so the true spend is higher",
        "idle": "over budget; the true spend is higher still, as some usage has no price",
    }


def test_a_wrong_month_is_an_error_with_what_to_write(folder: Path) -> None:
    """As every wrong word."""
    error = call(folder, "budgets", "--month", "October").exception
    assert isinstance(error, TollbookError)
    assert str(error) == "--month: 'October' is not a month. Write it like 2026-10."


def test_nothing_published_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    """No traceback, exit 2."""
    (tmp_path / "tollbook.toml").write_text('[storage]\nroot = "var"\n')
    error = call(tmp_path, "alerts", "list").exception
    assert isinstance(error, TollbookError)
    assert str(error).endswith("nothing is published yet. Run `tollbook run` first.")


def test_alerts_are_listed_by_state(folder: Path) -> None:
    """Open ones unless asked otherwise, the highest threshold first."""
    rows = json.loads(call(folder, "alerts", "list", "--json").stdout)
    assert [(r["threshold_percent"], r["state"]) for r in rows] == [
        (100, "open"),
        (80, "open"),
        (50, "open"),
    ]
    retracted = call(folder, "alerts", "list", "--state", "retracted", "--json")
    assert json.loads(retracted.stdout) == []
    every = call(folder, "alerts", "list", "--state", "any", "--json")
    assert json.loads(every.stdout) == rows


def test_the_test_message_goes_through_every_channel(folder: Path) -> None:
    """It says that nothing was crossed; the URL is not printed."""
    with webhook() as server:
        result = call(folder, "alerts", "test", HOOK=server.url)
    assert (result.output, result.exit_code) == ("json (env:HOOK): accepted\n", 0)
    assert [post["title"] for post in server.posts] == ["tollbook: test message"]


def test_a_channel_that_refuses_the_test_message_is_a_failure(folder: Path) -> None:
    """Exit 3, with the reason and without the secret."""
    with webhook() as server:
        server.status = 403
        result = call(folder, "alerts", "test", HOOK=server.url)
    assert result.stdout == "json (env:HOOK): refused with HTTP status 403\n"
    assert result.exit_code == 3
    assert TOKEN not in result.output


def test_without_a_channel_the_test_message_goes_nowhere(tmp_path: Path) -> None:
    """Exit 3, and what to write into the configuration."""
    (tmp_path / "tollbook.toml").write_text('[storage]\nroot = "var"\n')
    result = call(tmp_path, "alerts", "test")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "No channel is configured: set [alerts] channels" in result.stderr


def test_alerts_without_a_verb_lists_the_open_ones(folder: Path) -> None:
    """The shortest form is the most frequent question."""
    shown = CliRunner().invoke(app, ["alerts", "--config", str(folder / "tollbook.toml")])
    assert shown.stdout == call(folder, "alerts", "list").stdout
    assert shown.stdout.count("chat-monthly") >= 3
