"""The directory of the fake API, synced by runs: what changes between two of them, what fails."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openai
import pytest

from pipeline.demo.fake_api.directory.routes import ROUTES
from pipeline.demo.fake_api.faults import Faults
from pipeline.demo.fake_api.server import Server
from pipeline.demo.organization import acme
from tests.support.fake_api_writes import WRITE_ROUTES
from tests.support.fetch_workspace import KEY, NOW, FetchWorkspace, fake_api

LATER = NOW + timedelta(hours=1)
SOURCE = '[[sources]]\nname = "api"\nkind = "openai"\nsince = "2026-11-24"\nbucket_width = "1d"\n'
ACME = acme()
SEARCH = ACME.project("search").id
CODE = ACME.project("code").id


@pytest.fixture
def clock() -> list[datetime]:
    """The fake API's clock; its last instant is now."""
    return [NOW]


@pytest.fixture
def server(clock: list[datetime]) -> Iterator[Server]:
    """A fake API with hardly any usage: this is about the directory."""
    with fake_api(scale=0.02, clock=clock, directory=(*ROUTES, *WRITE_ROUTES)) as found:
        yield found


def change(server: Server) -> Any:
    """The official SDK, to change things at the fake API."""
    client = openai.OpenAI(api_key="not-used", admin_api_key=KEY, base_url=server.base_url)
    return client.admin.organization


def raw_files(workspace: FetchWorkspace) -> list[Path]:
    """The raw files of the directory, oldest first."""
    return sorted((workspace.folder / "var/raw/api/directory").iterdir())


def test_what_changes_between_two_runs_is_kept_with_its_days(
    tmp_path: Path, server: Server, clock: list[datetime]
) -> None:
    """Made, renamed, deleted, archived: all of it is answerable, before and after."""
    workspace = FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)
    first = workspace.run()
    assert (first.outcome, first.problems) == ("done", ())
    [key_id, key_name] = workspace.ask(
        "SELECT api_key_id, name FROM api_keys WHERE service_account_id IS NULL "
        f"AND project_id = '{SEARCH}' ORDER BY 1"
    )[0]
    workspace.now = LATER
    clock.append(LATER)
    admin = change(server)
    made = admin.projects.create(name="=HYPERLINK(1)")
    account = admin.projects.service_accounts.create(made.id, name="bot")
    admin.projects.update(CODE, name="Code <b>helper</b>")
    admin.projects.api_keys.delete(key_id, project_id=SEARCH)
    hackers = ACME.project("contracts").id
    admin.projects.archive(hackers)
    admin.projects.spend_limit.delete(CODE)
    admin.spend_limit.update(threshold_amount=123_456, currency="USD", interval="month")
    workspace.now = LATER + timedelta(minutes=20)
    clock.append(workspace.now)
    assert workspace.run().outcome == "done"
    seen = workspace.ask("SELECT max(valid_from_at) FROM project_history")[0][0]
    assert workspace.ask(
        "SELECT project_name, valid_from_at = created_at, valid_to_at FROM project_history "
        f"WHERE project_id = '{CODE}' ORDER BY valid_from_at"
    ) == [("Code assistant", True, seen), ("Code <b>helper</b>", False, None)]
    assert workspace.ask(f"SELECT name, state FROM api_keys WHERE api_key_id = '{key_id}'")[0] == (
        key_name,
        "deleted",
    )
    assert workspace.ask(
        f"SELECT project_id, name FROM service_accounts WHERE service_account_id = '{account.id}'"
    )[0] == (made.id, "bot")
    assert workspace.ask(
        f"SELECT state, archived_at FROM projects WHERE project_id = '{hackers}'"
    ) == [("archived", LATER)]
    assert workspace.ask(
        "SELECT count(*) FILTER (WHERE valid_to_at IS NULL), max(valid_to_at) "
        f"FROM project_member_history WHERE project_id = '{hackers}'"
    ) == [(0, LATER)]
    assert workspace.ask(
        "SELECT project_id, amount_usd::VARCHAR, valid_to_at FROM spend_limits ORDER BY 2 DESC"
    ) == [
        (CODE, "600.000000000000000000000000", seen),
        (None, "1234.560000000000000000000000", None),
    ]


@pytest.mark.slow
def test_a_run_without_news_keeps_no_file_and_changes_no_row(
    tmp_path: Path, server: Server
) -> None:
    """When a key was last used is no news; the secret part of a key is never kept."""
    workspace = FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)
    workspace.run()
    before = workspace.ask("SELECT * FROM api_key_history ORDER BY ALL")
    workspace.now = LATER
    workspace.run()
    assert workspace.ask("SELECT * FROM api_key_history ORDER BY ALL") == before
    [path] = raw_files(workspace)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        kept = json.load(file)
    paths = [answer["path"] for answer in kept["answers"]]
    assert paths[:2] == ["/organization/projects", "/organization/users"]
    text = json.dumps(kept)
    assert "redacted_value" not in text
    assert "sk-" not in text


@pytest.mark.parametrize("status", [403, pytest.param(500, marks=pytest.mark.slow)])
def test_a_list_that_fails_leaves_what_was_known(tmp_path: Path, status: int) -> None:
    """403 is what this key may not see; 500 makes the run partial. Usage comes all the same."""
    with fake_api(scale=0.02) as good:
        workspace = FetchWorkspace(tmp_path, good.base_url, SOURCE, is_synced=True)
        workspace.run()
    before = workspace.ask("SELECT * FROM project_member_history ORDER BY ALL")
    assert before
    faults = Faults(broken={"projects/*/users": status, "projects/*/api_keys": status})
    with fake_api(faults, scale=0.02) as bad:
        workspace.point(bad.base_url)
        workspace.now = LATER
        done = workspace.run(retries=0)
    assert workspace.ask("SELECT * FROM project_member_history ORDER BY ALL") == before
    said = [text for text in (*done.problems, *done.notes) if "the directory of" in text]
    assert len(said) == 1
    assert f"projects/*/users, projects/*/api_keys was refused with {status}" in said[0]
    assert done.outcome == ("partial" if status == 500 else "done")


def test_a_new_project_that_is_not_found_everywhere_yet_is_no_problem(
    tmp_path: Path, clock: list[datetime]
) -> None:
    """The provider makes it known bit by bit."""
    faults = Faults(not_found_after_create_seconds=60)
    changeable = (*ROUTES, *WRITE_ROUTES)
    with fake_api(faults, scale=0.02, clock=clock, directory=changeable) as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)
        made = change(server).projects.create(name="Fresh")
        done = workspace.run()
    assert (done.outcome, done.problems) == ("done", ())
    assert workspace.ask(f"SELECT project_name FROM projects WHERE project_id = '{made.id}'")[
        0
    ] == ("Fresh",)


def test_without_sync_nothing_is_asked(tmp_path: Path, server: Server) -> None:
    """`[directory] sync = false`."""
    workspace = FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)
    workspace.point(server.base_url, "[directory]\nsync = false\n")
    workspace.run()
    assert not [asked for asked in server.requests if "/projects" in asked.path]
    assert workspace.ask("FROM project_history") == []


def test_two_sources_with_one_key_ask_once(tmp_path: Path, server: Server) -> None:
    """The organization is the same; what the first one tells is the first one's."""
    second = SOURCE.replace('"api"', '"again"') + 'scopes = ["tools"]\n'
    workspace = FetchWorkspace(
        tmp_path,
        server.base_url,
        f'{second}base_url = "{server.base_url}"\n{SOURCE}scopes = ["models"]\n',
        is_synced=True,
    )
    workspace.run()
    asked = [a for a in server.requests if a.path == "/organization/projects"]
    assert len(asked) == 1
    assert workspace.ask("SELECT DISTINCT source FROM project_history") == [("again",)]
