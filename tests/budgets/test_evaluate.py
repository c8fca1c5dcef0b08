"""Budgets of a real run: what counts for a provider, a key, a person, a team on its days."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.support.workspace import CONFIGURATION, Workspace, lines, request

SUBJECTS = {
    "all": "",
    "provider": 'provider = "openai"',
    "nobody": 'provider = "other"',
    "key": 'api_key = "key_1"',
    "user": 'user = "user_1"',
    "account": 'service_account = "svc_1"',
    "team": 'team = "search"',
    "centre": 'cost_center = "C2"',
    "family": 'model_family = "alph*"',
    "both": 'project = "proj_b"\nuser = "user_1"',
}


def test_what_counts_for_each_subject(tmp_path: Path) -> None:
    """Two dollars a million tokens; the project moves to another cost centre on 10 November."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write(
        "logs/1.jsonl",
        lines(
            request("a", 500_000, when="2026-11-09T12:00:00", api_key_id="key_1", user_id="user_1"),
            request("b", 1_000_000, when="2026-11-10T12:00:00", api_key_id="key_2"),
            request(
                "c",
                2_000_000,
                when="2026-11-10T12:00:00",
                project="proj_b",
                api_key_id="key_3",
                user_id="user_1",
            ),
        ),
    )
    workspace.write(
        "cost-centers.csv",
        "project_id,cost_center,team,valid_from,valid_to\n"
        "proj_a,C1,search,,2026-11-10\nproj_a,C2,ops,2026-11-10,\n",
    )
    workspace.write("keys.csv", "api_key_id,project_id,service_account_id\nkey_2,proj_a,svc_1\n")
    workspace.write("accounts.csv", "service_account_id,project_id\nsvc_1,proj_a\n")
    budgets = "".join(
        f'[[budgets]]\nid = "{name}"\namount_usd = "10"\n{text}\n'
        for name, text in SUBJECTS.items()
    )
    workspace.configure(
        CONFIGURATION
        + '[directory]\ncost_centers = "cost-centers.csv"\nkeys = "keys.csv"\n'
        + 'service_accounts = "accounts.csv"\n'
        + budgets
    )
    workspace.run()
    spent: dict[str, Decimal] = dict(
        workspace.rows("SELECT budget_id, spent_usd FROM budget_status")
    )
    assert spent == {
        "all": Decimal(7),
        "provider": Decimal(7),
        "nobody": Decimal(0),
        "key": Decimal(1),
        "user": Decimal(5),
        "account": Decimal(2),
        "team": Decimal(1),
        "centre": Decimal(2),
        "family": Decimal(7),
        "both": Decimal(4),
    }
    assert dict(workspace.rows("SELECT budget_id, covers FROM budgets")) == {
        "all": "the whole organization",
        "provider": "provider openai",
        "nobody": "provider other",
        "key": "API key key_1",
        "user": "user user_1",
        "account": "service account svc_1",
        "team": "team search",
        "centre": "cost centre C2",
        "family": "model family alph*",
        "both": "project proj_b, user user_1",
    }


def told(workspace: Workspace) -> list[str]:
    """What a run says of budgets."""
    return [note for note in workspace.run().notes if note.startswith("budget ")]


def test_what_is_doubtful_about_budgets_is_told_by_the_run(tmp_path: Path) -> None:
    """Unknown projects where the directory has projects, and more below than above."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write("logs/1.jsonl", lines(request("a", 500_000)))
    budgets = "".join(
        f'[[budgets]]\nid = "{name}"\namount_usd = "{usd}"\n{text}\n'
        for name, usd, text in (
            ("all", 10, ""),
            ("a", 8, 'project = "proj_a"'),
            ("typo", 7, 'project = "proj_x"'),
        )
    )
    workspace.configure(CONFIGURATION + budgets)
    too_much = (
        "budget all: the budgets below it come to $15.00 in November 2026, $5.00 more than its "
        "$10.00 (a $8.00, typo $7.00). See: tollbook budgets check"
    )
    assert told(workspace) == [too_much]
    workspace.configure(CONFIGURATION + '[[projects]]\nid = "proj_b"\n' + budgets)
    unknown, *rest = told(workspace)
    assert unknown.startswith(
        "budget typo: the project 'proj_x' is not in the directory and has no"
    )
    assert rest == [too_much]
    plans = budgets.replace("[[budgets]]", "[[budgets.plans]]")
    workspace.configure(CONFIGURATION + "[budgets]\nallow_over_allocation = true\n" + plans)
    assert told(workspace) == [unknown]
