"""`tollbook anomalies`: what is listed, at an instant too, and how an incident is labelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.published.reader import open_published, run_statement
from pipeline.resources import sql
from tests.support.command import command
from tests.support.unusual_books import BEGIN, DAY, SURGE, Books
from tests.support.workspace import Workspace

COLUMNS = {
    *("incident_id", "project_id", "models", "first_date", "last_date", "kind", "excess_usd"),
    *("driver", "state", "is_change"),
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """One surge, found the morning after."""
    made = Books(tmp_path_factory.mktemp("anomalies"))
    made.days(BEGIN, SURGE + DAY)
    made.surge(SURGE)
    made.morning(SURGE + DAY)
    return made


def rows(books: Books, *words: str) -> list[dict[str, Any]]:
    """What is listed, as JSON."""
    code, out, _ = command(books.folder, "anomalies", *words, "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_a_row_has_the_days_the_dollars_and_the_driver(books: Books) -> None:
    [found] = rows(books)
    assert set(found) == COLUMNS
    assert found["excess_usd"].startswith("39")
    assert (found["project_id"], found["models"], found["kind"]) == ("proj_a", "alpha", "surge")
    assert (found["first_date"], found["last_date"]) == (str(SURGE), str(SURGE))
    assert (found["driver"], found["state"], found["is_change"]) == (
        "api_key key_a2",
        "open",
        False,
    )


def test_a_project_that_is_not_known_is_refused(books: Books) -> None:
    code, _, said = command(books.folder, "anomalies", "--project", "proj_aa")
    assert code == 2
    assert said.startswith("tollbook: --project: no project 'proj_aa' is known. Did you mean ")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--since", "2026-11-18"), 1),
        (("--since", "2026-11-19"), 0),
        (("--until", "2026-11-18"), 0),
        (("--until", "2026-11-19", "--project", "proj_a"), 1),
        (("--project", "proj_b"), 0),
    ],
)
def test_a_range_and_a_project(books: Books, words: tuple[str, ...], count: int) -> None:
    assert len(rows(books, *words)) == count


@pytest.mark.parametrize("until", ["2026-11-17", "2026-11-18"])
def test_a_range_without_a_day_is_refused(books: Books, until: str) -> None:
    words = ("anomalies", "--since", "2026-11-18", "--until", until)
    code, _, said = command(books.folder, *words)
    assert code == 2
    assert f"--until: {until} is not after --since 2026-11-18" in said


def test_a_dip_of_all_projects_is_listed_on_request(tmp_path: Path) -> None:
    """It is a question about the data, and no incident of a project."""
    dipped = Books(tmp_path)
    dipped.days(BEGIN, SURGE)
    dipped.days(SURGE + DAY, SURGE + 2 * DAY)
    dipped.morning(SURGE + 2 * DAY)
    at = ("--now", "2026-11-20T10:00Z")
    assert rows(dipped) == rows(dipped, *at) == []
    [found] = rows(dipped, "--dips")
    assert (found["kind"], found["project_id"], found["driver"]) == ("dip", None, None)
    assert rows(dipped, "--dips", *at) == [found]


def test_while_a_run_writes_what_was_published_is_listed(books: Books) -> None:
    """The statement can be asked of the published view as well."""
    parameters = {"since": BEGIN, "until": SURGE + DAY, "project": None, "with_dips": False}
    with open_published(books.path("var/published")) as con:
        answer = run_statement(con, sql("anomalies/listed"), parameters)
        assert [c.name for c in answer.columns] == list(rows(books)[0])
        assert len(list(answer.rows())) == 1


def test_at_an_instant_no_later_day_is_looked_at(books: Books) -> None:
    stored = rows(books)
    assert rows(books, "--now", "2026-11-19T10:00Z") == stored
    assert rows(books, "--now", "2026-11-18T22:00Z") == []  # its day is not over in Berlin


def test_a_label_is_kept_with_its_reason(books: Books) -> None:
    [found] = rows(books)
    words = ("anomalies", "label", found["incident_id"], "expected")
    code, _, said = command(books.folder, *words)
    assert code == 2
    assert "--reason" in said
    shown = "`tollbook anomalies` shows it now, the view anomalies with the next run."
    for option in ("--as", "--by"):
        code, _, said = command(books.folder, *words, "--reason", "load test", option, "ann")
        assert (code, said) == (
            0,
            f"{found['incident_id']}: expected. {shown}\n",
        )
    assert [r["state"] for r in rows(books)] == ["expected"]
    code, _, said = command(books.folder, "anomalies", "label", "x", "expected", "--reason", "y")
    assert code == 2
    assert said == (
        "tollbook: anomalies label: there is no incident x. `tollbook anomalies` shows the ids.\n"
    )


def test_without_a_storage_it_says_what_to_do(tmp_path: Path) -> None:
    empty = Workspace(tmp_path)
    for words in ((), ("--now", "2026-11-19T10:00Z")):
        code, _, said = command(empty.folder, "anomalies", *words)
        assert code == 2
        assert "tollbook run" in said
