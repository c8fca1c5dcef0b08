"""A line of an input file: what became of it, said plainly, and where its money is."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError
from tests.support.explain_workspace import explained_once
from tests.support.workspace import Prepared, Workspace, lines, request

MONEY = "0.004 USD are in the charges of 2026-11-23, project proj_a, counted from {}."

ROW = "r1,2026-11-23T12:00:00Z,proj_a,alpha,2000,0,1"


def fill(folder: Path) -> Workspace:
    """A log with a line of every fate, one that replaces its first line, and a table."""
    workspace = Workspace(folder)
    workspace.write(
        "logs/a.jsonl",
        lines(request("1"), request("2", 2000), request("2", 2000), {"object": "batch", "id": "b"})
        + "  \n{bad\n"
        + lines(request(None), request(None)),
    )
    workspace.write("logs/b.jsonl", lines(request("1", 2000)))
    workspace.records("exports/c.csv", ROW, ROW)
    workspace.write("logs/copy.jsonl.gz", workspace.path("logs/a.jsonl").read_bytes())
    workspace.run()
    return workspace


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Run once."""
    return Prepared(fill(tmp_path_factory.mktemp("lines").resolve()))


@pytest.fixture
def filled(prepared: Prepared) -> Workspace:
    """As it was run."""
    return prepared.again()


def said(workspace: Workspace, name: str, line: int) -> tuple[str, str]:
    """The fate for a program, and what a person reads of it."""
    words = ["explain", "--file", name, "--line", str(line)]
    words += ["--config", str(workspace.path("tollbook.toml"))]
    with explained_once():
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        facts = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    fate: str = json.loads(facts.stdout)["fate"]
    return fate, result.stdout.splitlines()[1].strip()


def test_an_accepted_line_leads_to_its_money(filled: Workspace) -> None:
    """The record, the amount, the day and the project."""
    money = MONEY.format(filled.path("logs/a.jsonl:2"))
    assert said(filled, "a.jsonl", 2) == (
        "accepted",
        f"Accepted: it counts, as the record chatcmpl-2. {money}",
    )


def test_a_duplicate_names_the_line_that_counts(filled: Workspace) -> None:
    """In the same file, and in a packed copy of it."""
    money = MONEY.format(filled.path("logs/a.jsonl:2"))
    told = f"Duplicate: it repeats the record chatcmpl-2, so nothing is added. {money}"
    assert said(filled, "a.jsonl", 3) == ("duplicate", told)
    assert said(filled, "copy.jsonl.gz", 2) == ("duplicate", told)
    fate, text = said(filled, "copy.jsonl.gz", 7)
    assert fate == "duplicate"
    assert text.endswith("counted once, with the first record, which this line has no id to name.")


def test_a_superseded_line_names_what_replaced_it(filled: Workspace) -> None:
    """Its own money is gone; that of the new content is somewhere."""
    by = filled.path("logs/b.jsonl:1")
    fate, text = said(filled, "a.jsonl", 1)
    assert fate == "superseded"
    assert f"{by} has another content of the same record chatcmpl-1. This line is in no" in text
    assert text.endswith(MONEY.format(by))


@pytest.mark.parametrize(
    ("line", "fate", "text"),
    [
        (4, "not_usage", "Not usage: nothing was used with it"),
        (5, "blank", "Blank: there is nothing on it, so it is not a row and costs nothing."),
        (6, "quarantined", "Quarantined: it is held back and in no charge. Once the cause is"),
    ],
)
def test_a_line_without_money_says_why(filled: Workspace, line: int, fate: str, text: str) -> None:
    """It costs nothing, or it does not yet."""
    found = said(filled, "a.jsonl", line)
    assert found[0] == fate
    assert found[1].startswith(text)


def test_a_line_beyond_the_end_is_a_slip(filled: Workspace) -> None:
    """How many lines there are is said."""
    with pytest.raises(ConfigError, match=r"a\.jsonl:9: the file has no such line: it has 8\. See"):
        said(filled, "a.jsonl", 9)


def test_a_line_that_came_since_is_not_read_yet(filled: Workspace) -> None:
    """Even if its id is known: it may replace what is known of it."""
    filled.append("logs/a.jsonl", lines(request("2", 9000)))
    fate, text = said(filled, "a.jsonl", 9)
    assert fate == "not_read"
    assert text.endswith("so it is in no charge; the next `tollbook run` reads it.")


def test_a_forgotten_line_is_in_no_charge(filled: Workspace) -> None:
    """The record's other file is read again by the next run, so it may count from there."""
    filled.forget("logs/b.jsonl", now=filled.at + timedelta(hours=1))
    fate, text = said(filled, "b.jsonl", 1)
    assert fate == "forgotten"
    assert text.startswith("Forgotten 2026-11-24T08:00:")


def test_the_header_of_a_table_is_no_row(filled: Workspace) -> None:
    """A repeat in a table is found by its record_id."""
    assert said(filled, "c.csv", 1)[0] == "header"
    money = MONEY.format(filled.path("exports/c.csv:2"))
    assert said(filled, "c.csv", 3)[1] == (
        f"Duplicate: it repeats the record r1, so nothing is added. {money}"
    )


def test_without_the_file_what_cannot_be_told_is_not_guessed(filled: Workspace) -> None:
    """Only the counts of its rows are kept."""
    filled.path("logs/a.jsonl").unlink()
    fate, text = said(filled, "a.jsonl", 3)
    assert fate == "uncounted"
    assert text.endswith("Which of the two is no longer known.")
