"""`actions`: list what budgets set at the provider, approve it, take it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.demo.fake_api.server import Server
from pipeline.demo.organization import acme
from tests.support.command import command
from tests.support.fetch_workspace import KEY, NOW, FetchWorkspace
from tests.support.limited_project import SEARCH, SOURCE, actions, budget, cents, changeable

ID = "search-2026-11-01"
OWNER = next(p.email for p in acme().people if p.role == "owner")
READER = next(
    p.email
    for p in acme().people
    if p.role == "reader" and p.id not in acme().project("search").owner_ids
)


@pytest.fixture
def broken() -> dict[str, int]:
    """Endpoints of the fake that refuse, and the status with which they do."""
    return {}


@pytest.fixture
def server(broken: dict[str, int]) -> Iterator[Server]:
    """A fake API with little usage, whose limits can be set."""
    with changeable(broken, [NOW]) as found:
        yield found


@pytest.fixture
def workspace(tmp_path: Path, server: Server) -> FetchWorkspace:
    """A storage with an action that waits for approval."""
    made = FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)
    made.point(server.base_url, budget() + actions("on", approval=True))
    [note] = [n for n in made.run().notes if n.startswith("Action")]
    assert note.endswith(
        f"`tollbook actions approve {ID}` would set the spend limit of {SEARCH} to $0.02 a month."
    )
    return made


def call(workspace: FetchWorkspace, *words: str, now: datetime = NOW) -> tuple[int, str, str]:
    """A verb of `actions`."""
    at = ("--now", f"{now.isoformat()}Z")
    return command(workspace.folder, "actions", *words, *at, OPENAI_ADMIN_KEY=KEY)


def listed(workspace: FetchWorkspace, *words: str) -> list[dict[str, Any]]:
    """What `actions` shows."""
    code, told, _ = command(workspace.folder, "actions", *words, "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(told)
    return found


def doctor(workspace: FetchWorkspace) -> str:
    """What `doctor` warns of."""
    _, told, _ = command(workspace.folder, "doctor", "--json", OPENAI_ADMIN_KEY=KEY)
    checks = json.loads(told)
    return "\n".join(c["value"] for c in checks if c["state"] == "warning")


def test_an_action_is_approved_and_taken_back_at_once(
    workspace: FetchWorkspace, server: Server
) -> None:
    """By an owner; what a person took back is not done again by the next run."""
    assert [(a["action_id"], a["state"]) for a in listed(workspace)] == [(ID, "waiting")]
    assert cents(server) is None
    assert f"would set the spend limit of {SEARCH} to $0.02 a month" in doctor(workspace)
    code, told, said = call(workspace, "approve", ID, "--as", OWNER)
    assert (code, said) == (0, "")
    assert told.endswith(f"the spend limit of {SEARCH} is $0.02 now, before it was none.\n")
    assert cents(server) == 2
    [shown] = listed(workspace)
    assert (shown["state"], shown["approved_by"]) == ("applied", OWNER)
    code, _, said = call(workspace, "approve", ID, "--as", OWNER)
    assert (code, f"{ID} is not waiting: it is applied" in said) == (2, True)
    code, told, _ = call(workspace, "restore", ID, "--as", OWNER)
    assert code == 0
    assert told == f"Action {ID} has ended: the spend limit of {SEARCH} is none again.\n"
    assert cents(server) is None
    assert listed(workspace) == []
    workspace.now = NOW + timedelta(minutes=5)
    assert not any("Action" in note for note in workspace.run().notes)
    assert cents(server) is None
    assert workspace.ask("SELECT state, ended_by FROM budget_actions") == [("restored", OWNER)]
    [shown] = listed(workspace, "--all")
    assert shown["state"] == "restored"
    code, _, said = call(workspace, "restore", ID, "--as", OWNER)
    assert (code, f"{ID} has ended: it is restored" in said) == (2, True)


@pytest.mark.slow
def test_who_may_not_change_the_budget_may_not_approve(
    workspace: FetchWorkspace, server: Server
) -> None:
    """It is refused with the reason, and recorded; so are ids and periods that are not there."""
    code, _, said = call(workspace, "approve", ID, "--as", READER)
    assert code == 2
    assert f"refused: {READER} is not an owner of the organization or of the project" in said
    code, _, said = call(workspace, "approve", "search", "--as", OWNER)
    assert (code, "there is no action 'search'" in said) == (2, True)
    december = datetime(2026, 12, 1, 8)
    code, _, said = call(workspace, "approve", ID, "--as", OWNER, now=december)
    assert (code, "is about a period that is over" in said) == (2, True)
    workspace.point(server.base_url, budget() + actions("dry-run"))
    code, _, said = call(workspace, "approve", ID, "--as", OWNER)
    assert (code, "nothing is set while the mode is 'dry-run'" in said) == (2, True)
    assert cents(server) is None
    workspace.run()
    assert workspace.ask(
        "SELECT what, after, changed_by, outcome FROM budget_changes WHERE what = 'action'"
    ) == [("action", f"approve {ID}", READER, "refused")]


@pytest.mark.slow
def test_a_refusal_of_the_provider_ends_with_3_and_is_tried_again(
    workspace: FetchWorkspace, server: Server, broken: dict[str, int]
) -> None:
    """The approval stays; so does the wish to take it back, also where actions are off by then."""
    broken["projects/*/spend_limit"] = 403
    code, told, said = call(workspace, "approve", ID, "--as", OWNER)
    assert (code, told) == (3, "")
    assert "was refused with 403" in said
    assert f"Action {ID} could not be applied at {SEARCH}" in doctor(workspace)
    broken.clear()
    workspace.run()
    assert cents(server) == 2
    workspace.point(server.base_url, budget() + actions("off"))
    notes = workspace.run().notes
    assert any(f"Action {ID} still limits {SEARCH}" in note for note in notes)
    assert cents(server) == 2
    code, _, _ = call(workspace, "restore", ID, "--as", OWNER)
    assert (code, cents(server)) == (0, None)


@pytest.mark.slow
def test_what_was_not_approved_can_be_withdrawn(workspace: FetchWorkspace) -> None:
    """Then nobody is asked again in this period."""
    code, told, _ = call(workspace, "restore", ID, "--as", OWNER)
    assert (code, told) == (0, f"Action {ID} is withdrawn; nothing was set.\n")
    assert not any("Action" in note for note in workspace.run().notes)


@pytest.mark.slow
def test_what_cannot_be_restored_can_be_left(
    workspace: FetchWorkspace, server: Server, broken: dict[str, int]
) -> None:
    """Else a project that is gone at the provider would be tried for ever."""
    call(workspace, "approve", ID, "--as", OWNER)
    broken["projects/*/spend_limit"] = 400
    code, _, said = call(workspace, "restore", ID, "--as", OWNER)
    assert (code, f"Action {ID} could not be taken back" in said) == (3, True)
    code, told, _ = call(workspace, "restore", ID, "--as", OWNER, "--leave")
    assert (code, told) == (0, f"Action {ID} has ended. The limits were left as they are.\n")
    assert (listed(workspace), cents(server)) == ([], 2)
