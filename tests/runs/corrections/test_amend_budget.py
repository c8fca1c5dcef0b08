"""`budgets set` adds an amendment to the file, records it, and lets only those change who may."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from pipeline.budgets.amend import NewAmount
from pipeline.config.load import load
from pipeline.runs.corrections.amend_budget import amend_budget
from tests.support.command import command
from tests.support.workspace import CONFIGURATION, NOW, Prepared, Workspace, lines, request

ROLES = """
[directory]
members = "members.csv"
"""
MEMBERS = """user_id,role,email,project_id
boss,owner,boss@example.com,
lead,reader,lead@example.com,
lead,owner,lead@example.com,proj_a
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Budgets in tollbook.toml, a CSV and a TOML file, published once."""
    made = Workspace(tmp_path_factory.mktemp("budgets") / "workspace")
    made.write("logs/a.jsonl", lines(request("a", 1_000_000)))
    made.write("members.csv", MEMBERS)
    made.write("budgets.csv", "budget_id,project,amount_usd\nin-csv,proj_a,10\nother,proj_b,10")
    made.write("more.toml", '[[budgets]]\nid = "in-toml"\namount_usd = "20"')
    made.configure(
        CONFIGURATION
        + ROLES
        + '[budgets]\nfiles = ["budgets.csv", "more.toml"]\n'
        + '[[budgets.plans]]\nid = "own"\namount_usd = "30"\n'
    )
    made.run()
    return Prepared(made)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    """As prepared."""
    return prepared.again()


def change(workspace: Workspace, *words: str) -> tuple[int, str]:
    """`budgets set` with words; gives the exit code and what it prints."""
    code, told, said = command(
        workspace.folder,
        *("budgets", "set", *words, "--reason", 'more "users"', "--now", f"{NOW.isoformat()}Z"),
    )
    return code, told + said


ADDED = {
    "own": ("tollbook.toml", 'amount_usd = "50.5"'),
    "in-toml": ("more.toml", 'amount_usd = "50.5"'),
    "in-csv": ("budgets.csv", 'in-csv,,50.5,2026-11-24,"more ""users""",boss'),
}


def test_the_amendment_is_added_to_the_budgets_file(workspace: Workspace) -> None:
    """What was there stays; the status has the new amount at once, the record says who and why."""
    for budget, (file, added) in ADDED.items():
        before = workspace.path(file).read_text().splitlines()
        words = (budget, "--amount", "50.50", "--from", "2026-11-24", "--as", "boss")
        code, printed = change(workspace, *words)
        assert code == 0
        assert f"changed {budget} from" in printed
        after = workspace.path(file).read_text()
        assert added in after
        assert after.splitlines()[1 : len(before)] == before[1:]
    amounts = "SELECT budget_id, amount_usd FROM budget_status WHERE budget_id <> 'other'"
    assert dict(workspace.rows(amounts)) == dict.fromkeys(ADDED, Decimal("50.5"))
    changes = (
        "SELECT budget_id, after, changed_by, reason, outcome, found_in FROM budget_changes "
        "WHERE what = 'amount' ORDER BY changed_at"
    )
    recorded = [(b, "50.5 USD", "boss", 'more "users"', "made", "command") for b in ADDED]
    assert workspace.rows(changes) == recorded
    workspace.run()
    assert workspace.rows(changes) == recorded


def test_an_owner_of_the_project_may_change_its_budget_alone(workspace: Workspace) -> None:
    """Named by id or address; others are refused, and that is recorded."""
    words = ("--amount", "60", "--from", "2026-12-01", "--as", "Lead@example.com")
    assert "changed in-csv" in change(workspace, "in-csv", *words)[1]
    for budget in ("own", "other"):
        text = workspace.path("tollbook.toml").read_text()
        code, printed = change(workspace, budget, *words)
        assert code == 2
        assert "Lead@example.com is not an owner of the organization" in printed
        assert workspace.path("tollbook.toml").read_text() == text
    workspace.run()
    assert workspace.rows(
        "SELECT budget_id, outcome, changed_by FROM budget_changes WHERE outcome = 'refused' "
        "ORDER BY budget_id"
    ) == [("other", "refused", "Lead@example.com"), ("own", "refused", "Lead@example.com")]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("own", "--amount", "1", "--from", "2026-10-31"), "October 2026 has ended and keeps"),
        (("own", "--amount", "30", "--from", "0001-01-01"), "has ended and keeps"),
        (("none", "--amount", "1", "--from", "2026-12-01"), "there is no budget 'none'"),
        (("own", "--amount", "0", "--from", "2026-12-01"), "must be more than 0"),
        (("own", "--amount", "1,5", "--from", "2026-12-01"), "'1,5' is not a decimal"),
        (("own", "--amount", "1", "--from", "soon"), "'soon' is not a date"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_the_reason(
    workspace: Workspace, words: tuple[str, ...], error: str
) -> None:
    """And nothing is written."""
    before = workspace.path("tollbook.toml").read_text()
    code, printed = change(workspace, *words, "--as", "boss")
    assert code == 2
    assert error in printed
    assert workspace.path("tollbook.toml").read_text() == before


def test_a_dry_run_changes_nothing(workspace: Workspace) -> None:
    """It says what would change, and in which file."""
    before = workspace.path("budgets.csv").read_text()
    words = ("in-csv", "--amount", "9", "--from", "2026-12-01", "--as", "boss", "--dry-run")
    _, printed = change(workspace, *words)
    assert "would change in-csv from 10 USD to 9 USD, from 2026-12-01 in" in printed
    assert workspace.path("budgets.csv").read_text() == before


def test_a_change_by_hand_is_recorded_by_the_next_run(workspace: Workspace) -> None:
    """Amounts, other keys, and budgets that are gone."""
    workspace.write(
        "more.toml",
        '[[budgets]]\nid = "in-toml"\namount_usd = "25"\nthresholds = [90]\nowner = "sam"\n',
    )
    workspace.write("budgets.csv", "budget_id,project,amount_usd\nin-csv,proj_a,10\n")
    workspace.run()
    assert workspace.rows(
        "SELECT budget_id, what, before, after, found_in FROM budget_changes "
        "WHERE what <> 'added' ORDER BY ALL"
    ) == [
        ("in-toml", "amount", "20 USD", "25 USD", "file"),
        ("in-toml", "owner", None, "sam", "file"),
        ("in-toml", "thresholds", "50 80 100", "90", "file"),
        ("other", "removed", "10 USD", None, "file"),
    ]


@pytest.mark.slow
def test_how_a_budget_stood_is_told_for_any_instant(workspace: Workspace) -> None:
    """Before and after an amendment and more usage; the view of now is another."""

    def stood(at: datetime) -> tuple[str, str]:
        instant = f"{at.isoformat()}Z"
        words = ("budgets", "--month", "2026-11", "--as-of", instant, "--json")
        _, told, _ = command(workspace.folder, *words)
        [own] = [r for r in json.loads(told) if r["budget_id"] == "own"]
        return own["amount_usd"].rstrip("0"), own["spent_usd"].rstrip("0")

    first = workspace.clock()
    workspace.write("logs/b.jsonl", lines(request("b", 1_000_000)))
    workspace.run()
    second = workspace.clock()
    new = NewAmount("own", Decimal(50), date(2026, 11, 24), "why", "boss")
    path = workspace.path("tollbook.toml")
    with workspace.correction("budgets set") as run:
        amend_budget(run, new, path, load)
    assert [stood(at) for at in (first, second, workspace.clock())] == [
        ("30.", "2."),
        ("30.", "4."),
        ("50.", "4."),
    ]
