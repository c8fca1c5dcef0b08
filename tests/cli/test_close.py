"""`tollbook close` and `reopen` as commands: what they print, and with what they end."""

from __future__ import annotations

import json
import shlex
from datetime import date

import pytest

from pipeline.dates import whole_month
from pipeline.runs.closure.checklist import nothing_covered
from tests.support.command import command
from tests.support.workspace import CONFIGURATION, Prepared, Workspace, lines, request

QUALITY = """
[quality]
max_quarantined_percent = 100
"""
NOW = "2026-11-20T08:00Z"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Two months with charges, one without a price, and a row that is held back."""
    made = Workspace(tmp_path_factory.mktemp("close") / "workspace", CONFIGURATION + QUALITY)
    days = ("2026-09-05T12:00:00", "2026-10-05T12:00:00", "2026-11-02T12:00:00")
    rows = [request(f"r{n}", 10_000, when=when) for n, when in enumerate(days)]
    free = request("free", 10_000, when="2026-10-06T12:00:00", model="beta")
    made.write("logs/a.jsonl", lines(*rows, free) + '{"id": "broken", \n')
    command(made.folder, "run", "--now", NOW)
    return Prepared(made)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    """As prepared."""
    return prepared.again()


def call(workspace: Workspace, *words: str) -> tuple[int, str, str]:
    """A command as alice, at the time of the books."""
    return command(workspace.folder, *words, "--now", NOW, TOLLBOOK_USER="alice")


def test_the_checklist_says_what_is_in_the_way_and_what_shows_it(workspace: Workspace) -> None:
    """Ends with 1; as JSON the same for a program."""
    code, told, said = call(workspace, "close", "--check", "2026-10")
    assert code == 1
    assert "not closed yet: 2026-09" in told
    assert "tollbook query unpriced_usage --since 2026-10-01 --until 2026-11-01" in told
    assert said == "3 things are in the way of closing 2026-10.\n"
    code, told, _ = call(workspace, "close", "--check", "2026-10", "--json")
    found = json.loads(told)
    assert code == 1
    assert (found["is_clean"], found["cost_usd"], found["content_hash"]) == (False, "0.02", None)
    assert {c["check"]: c["number"] for c in found["checks"] if c["state"] != "ok"} == {
        "months before": 1,
        "quarantine": 1,
        "unpriced": 1,
    }
    shown = [c["command"] for c in found["checks"] if c["command"]]
    assert shown[0] == "tollbook close --check 2026-09"
    for line in shown[1:]:
        assert command(workspace.folder, *shlex.split(line)[1:])[0] == 0


def test_a_month_of_which_nothing_is_known_is_not_clean(workspace: Workspace) -> None:
    """No source had begun: nobody knows whether nothing was used."""
    code, told, _ = call(workspace, "close", "--check", "2026-08", "--json")
    [days] = [c for c in json.loads(told)["checks"] if c["check"] == "days"]
    assert code == 1
    assert (days["state"], days["number"]) == ("in the way", 31)
    assert days["text"] == "no source has a record before 2026-09-05"


@pytest.mark.parametrize(
    ("first_date", "said"),
    [
        (None, "no source has any record"),
        (date(2026, 11, 1), "no source has a record before 2026-11-01"),
        (date(2026, 10, 31), "no source has a record of 2026-10"),
    ],
)
def test_what_is_said_of_a_month_without_a_covered_day(first_date: date | None, said: str) -> None:
    assert nothing_covered(first_date, whole_month(date(2026, 10, 1))) == said


def test_close_refuses_with_1_and_is_forced_for_a_reason(workspace: Workspace) -> None:
    """Nothing is closed the first time; the second time both reason and obstacles are kept."""
    code, _, said = call(workspace, "close", "2026-10")
    assert code == 1
    assert "Nothing was closed. To close it all the same: --force --reason TEXT" in said
    assert not workspace.path("var/closed").exists()
    code, told, said = call(workspace, "close", "2026-10", "--force", "--reason", "the books begin")
    assert code == 0
    assert told.startswith("closed 2026-10 as version 1, at least $0.02 and 2 requests, content ")
    assert "closed in spite of unpriced: charges without a price: 1" in said
    [(by, reason, obstacles)] = workspace.rows(
        "SELECT closed_by, reason, in_the_way FROM closed_periods"
    )
    assert (by, reason) == ("alice", "the books begin")
    assert obstacles.splitlines()[0] == "months before: not closed yet: 2026-09"
    code, told, _ = call(workspace, "reopen", "2026-10", "--reason", "too early", "--as", "bob")
    assert (code, told) == (
        0,
        "reopened 2026-10, which alice closed as version 1; it is open\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("close", "2026-11"), "2026-11 has not ended"),
        (("close", "2026-1"), "'2026-1' is not a month. Write it like 2026-10"),
        (("close", "2026-10", "--force"), "--reason: is missing"),
        (("close", "2026-10", "--reason", "x"), "--reason: is only for --force"),
        (("reopen", "2026-10", "--reason", " "), "--reason: is empty"),
        (("reopen", "2026-10", "--reason", "x"), "2026-10 is not closed. Closed are: none"),
        (("close", "--check", "2026-10", "--tolerance", "x"), "tolerance"),
    ],
)
def test_what_is_wrong_is_said(prepared: Prepared, words: tuple[str, ...], message: str) -> None:
    """Exit 2, and nothing is changed."""
    workspace = prepared._workspace
    code, _, said = call(workspace, *words)
    assert code == 2
    assert message in said


def test_a_dry_run_closes_nothing(workspace: Workspace) -> None:
    """It says what `close` would do, refuse or close, and ends as the check does."""
    closed = "be closed as version 1 with $0.02 and 1 request; nothing was changed.\n"
    code, _, said = call(workspace, "close", "2026-09", "--dry-run")
    assert code == 1
    assert f"Would be refused; with --force --reason TEXT it would {closed}" in said
    code, _, said = call(workspace, "close", "2026-09", "--dry-run", "--force", "--reason", "x")
    assert code == 1
    assert f"Would {closed}" in said
    _, _, said = call(workspace, "close", "2026-10", "--dry-run")
    assert "with at least $0.02 and 2 requests" in said, "beta has no price"
    assert workspace.rows("SELECT count(*) FROM closed_periods") == [(0,)]


def test_the_check_says_of_which_run_it_is(workspace: Workspace) -> None:
    """Days that passed since that run are not covered; on its own clock nothing is said."""
    check = ("close", "--check", "2026-11")
    later = command(workspace.folder, *check, "--now", "2026-12-02T08:00Z", "--json")
    found = json.loads(later[1])
    assert found["run_at"] == "2026-11-20T08:00:00Z"
    assert (
        "By what the run of 2026-11-20 08:00 UTC published."
        not in call(workspace, "close", "--check", "2026-10")[2]
    )
    earlier = command(workspace.folder, "close", "--check", "2026-10", "--now", "2026-11-02T08:00Z")
    assert (
        "By what the run of 2026-11-20 08:00 UTC published, after 2026-11-02 08:00." in earlier[2]
    )
    [days] = [c["number"] for c in found["checks"] if c["check"] == "days"]
    [(known,)] = workspace.rows(
        "SELECT count(*) FROM calendar WHERE is_decisive AND state IN ('late', 'missing') "
        "AND calendar_date >= DATE '2026-11-01' AND calendar_date < DATE '2026-11-20'"
    )
    assert days == known + 11, "20 to 30 November passed since"
    _, _, said = command(workspace.folder, *check, "--now", "2026-12-02T08:00Z")
    assert "By what the run of 2026-11-20 08:00 UTC published." in said
