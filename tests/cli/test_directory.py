"""`projects`, `members`, `service-accounts`, `keys` and `limits` list what there is and was."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

FILES = {
    "projects": "project_id,project_name,description,website,owner_team,created_at,archived_at,"
    "valid_from,valid_to\n"
    "p0,Default project,,,,2025-01-01,,2025-01-01,\n"
    "p1,Old,,,,2025-02-01,,2025-02-01,2026-03-01\n"
    "p1,=cmd(),<b>it</b>,https://w.example/x,Care,2025-02-01,,2026-03-01,\n"
    "p2,Done,,,,2025-02-01,2026-05-01,2025-02-01,\n",
    "members": "user_id,name,email,project_id,role,valid_from,valid_to\n"
    "u1,Ada,ada@b.example,,owner,2025-01-01,\nu1,,,p1,owner,2025-02-01,2026-04-01\n"
    "u2,Bo,bo@b.example,,reader,2025-01-01,\n",
    "service_accounts": "service_account_id,project_id,name,valid_from,valid_to\n"
    "s1,p1,bot,2025-02-01,\ns2,p1,gone,2025-02-01,2025-03-01\n",
    "keys": "api_key_id,project_id,name,service_account_id,user_id,valid_from,valid_to\n"
    "k1,p1,main,s1,,2025-02-01,\nk2,p1,ada's,,u1,2025-02-01,2026-04-01\n",
    "rate_limits": "project_id,model,max_tokens_per_1_minute,valid_from,valid_to\n"
    "p1,alpha,10,2025-02-01,2026-01-01\np1,alpha,20,2026-01-01,\n",
    "model_permissions": "project_id,mode,model_ids,valid_from\n"
    "p1,allow_list,alpha beta,2025-02-01\n",
    "spend_limits": "project_id,amount_usd,valid_from\n,100.10,2025-02-01\n",
    "cost_centers": "project_id,cost_center,team,valid_from,valid_to\n"
    "p1,100,Care,,2026-11-10\np1,200,Sales,2026-11-10,\n",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run with every kind of file, and a request of p1 on two days."""
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    keys = "".join(f'{kind} = "{kind}.csv"\n' for kind in FILES)
    workspace.configure(f"{CONFIGURATION}\n[directory]\n{keys}")
    for kind, text in FILES.items():
        workspace.write(f"{kind}.csv", text)
    bodies = [
        request(f"{day}-{project}", 1_000_000, when=f"2026-11-{day}T12:00:00", project=project)
        for day in ("09", "10")
        for project in ("p1", "p2")
    ]
    workspace.write("logs/a.jsonl", lines(*bodies))
    workspace.run()
    return workspace


def call(workspace: Workspace, *words: str) -> Result:
    """Call the command with the configuration of the workspace."""
    return CliRunner().invoke(app, (*words, "--config", str(workspace.path("tollbook.toml"))))


def listed(workspace: Workspace, *words: str) -> list[tuple[Any, ...]]:
    """The rows of a listing, without empty cells."""
    result = call(workspace, *words, "--json")
    assert result.exit_code == 0, result.output
    return [
        tuple(cell for cell in row.values() if cell is not None)
        for row in json.loads(result.stdout)
    ]


def test_projects_are_listed_with_state_team_and_cost_centre(workspace: Workspace) -> None:
    """The Default project first, archived ones last; of today where no day is asked for."""
    assert listed(workspace, "projects", "--now", "2026-11-24T08:00Z") == [
        ("p0", "Default project", True, "active", "2025-01-01T00:00:00Z",
         "2025-01-01T00:00:00Z"),
        ("p1", "=cmd()", False, "active", "2025-02-01T00:00:00Z", "<b>it</b>",
         "https://w.example/x", "Care", "200", "Sales", "2026-03-01T00:00:00Z"),
        ("p2", "Done", False, "archived", "2025-02-01T00:00:00Z", "2026-05-01T00:00:00Z",
         "2026-05-01T00:00:00Z"),
    ]  # fmt: skip


def test_a_day_is_answered_with_what_was_true_on_it(workspace: Workspace) -> None:
    """Names, roles, limits and cost centres of then."""
    on = ("--as-of", "2026-02-01")
    assert [row[:4] for row in listed(workspace, "projects", *on)] == [
        ("p0", "Default project", True, "active"),
        ("p2", "Done", False, "active"),
        ("p1", "Old", False, "active"),
    ]
    assert listed(workspace, "projects", *on, "--project", "Old")[0][-3:] == (
        "100", "Care", "2025-02-01T00:00:00Z",
    )  # fmt: skip
    assert [row[3:7] for row in listed(workspace, "members", *on, "--project", "p1")] == [
        ("owner", "p1", "Old", "owner")
    ]
    assert [row[:4] for row in listed(workspace, "keys", *on)] == [
        ("k2", "ada's", "p1", "Old"),
        ("k1", "main", "p1", "Old"),
    ]
    before = listed(workspace, "limits", "--as-of", "2025-12-31T23:59:59Z")
    assert ("rate", "p1", "Old", "alpha", 10, "active", "2025-02-01T00:00:00Z", "openai") in before
    assert listed(workspace, "keys", "--as-of", "2025-01-31") == []


def test_people_stay_with_their_roles_and_those_who_left(workspace: Workspace) -> None:
    """Who is in no project is listed with the role in the organization."""
    assert listed(workspace, "members") == [
        ("u1", "Ada", "ada@b.example", "owner", "p1", "=cmd()", "owner", "left",
         "2025-02-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("u2", "Bo", "bo@b.example", "reader", "active", "2025-01-01T00:00:00Z"),
    ]  # fmt: skip


def test_deleted_accounts_and_keys_keep_their_names(workspace: Workspace) -> None:
    """With their project, their owner and when they ended."""
    assert listed(workspace, "service-accounts") == [
        ("s1", "bot", "p1", "=cmd()", "member", "active", "2025-02-01T00:00:00Z"),
        ("s2", "gone", "p1", "=cmd()", "member", "deleted", "2025-02-01T00:00:00Z",
         "2025-03-01T00:00:00Z"),
    ]  # fmt: skip
    assert listed(workspace, "keys") == [
        ("k2", "ada's", "p1", "=cmd()", "user", "u1", "Ada", "deleted", "2026-04-01T00:00:00Z"),
        ("k1", "main", "p1", "=cmd()", "service account", "s1", "bot", "active"),
    ]


def test_limits_are_rates_models_and_money(workspace: Workspace) -> None:
    """Exact money, whole counts; each with since when it is so."""
    assert listed(workspace, "limits") == [
        ("spend", "100.100000000000000000000000", "month", "active", "2025-02-01T00:00:00Z"),
        ("rate", "p1", "=cmd()", "alpha", 20, "active", "2026-01-01T00:00:00Z", "openai"),
        ("allow_list", "p1", "=cmd()", "alpha beta", "active", "2025-02-01T00:00:00Z"),
    ]


def test_names_are_text_wherever_they_are_shown(workspace: Workspace) -> None:
    """A name that starts a formula has an apostrophe in CSV; the report shows markup as text."""
    found = list(csv.reader(io.StringIO(call(workspace, "projects", "--format", "csv").stdout)))
    assert [row[1] for row in found] == ["project_name", "Default project", "'=cmd()", "Done"]
    assert "\\<b\\>" in call(workspace, "projects", "--format", "markdown").stdout


def test_the_cost_of_a_cost_centre_is_that_of_its_days(workspace: Workspace) -> None:
    """A reorganization does not rewrite history, and is no spending; what is unmapped is said."""
    rows = listed(workspace, "query", "cost_by_cost_center", "--since", "2026-11-01")
    two, four = "2.000000000000000000000000", "4.000000000000000000000000"
    assert rows == [
        ("(unmapped)", False, 1, four, "0.000000", "0." + 24 * "0", False),
        ("100", "Care", True, 1, two, "0.000000", f"-{two}", False),
        ("200", "Sales", True, 1, two, "0.000000", two, False),
    ]


def test_an_empty_directory_has_its_default_project_and_says_what_to_do(tmp_path: Path) -> None:
    """The other lists are a header; the hint goes to stderr."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a", project="p1")))
    workspace.run()
    assert listed(workspace, "projects") == [("Default project", True, "active")]
    result = call(workspace, "keys", "--format", "csv")
    assert result.stdout.splitlines() == [
        (
            "api_key_id,name,project_id,project_name,owner_kind,owner_id,owner_name,state,created_at,"
            "expires_at,deleted_at"
        )
    ]
    assert result.stderr.startswith("The directory is empty: add a source of kind openai")


def test_a_project_that_is_known_by_name_can_be_asked_for_by_it(workspace: Workspace) -> None:
    """Or by its id; one that is not there is an error, and no empty list."""
    assert listed(workspace, "projects", "--project", "Done") == listed(
        workspace, "projects", "--project", "p2"
    )
    said = call(workspace, "projects", "--project", "nope")
    assert str(said.exception) == (
        "--project: no project 'nope' is known. See them with: tollbook projects"
    )
