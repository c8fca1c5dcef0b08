"""Actions of runs, from a budget that is over to limits at the fake API and back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.demo.fake_api.directory.routes import Request, Route
from pipeline.demo.fake_api.directory.state import Json, State
from pipeline.demo.fake_api.server import Server
from pipeline.providers.openai.limits import OpenAiLimits
from tests.support.fake_api_writes import WRITE_ROUTES
from tests.support.fetch_workspace import NOW, FetchWorkspace
from tests.support.limited_project import (
    SEARCH,
    SOURCE,
    actions,
    budget,
    cents,
    changeable,
    written,
)


@pytest.fixture
def clock() -> list[datetime]:
    """The fake API's clock; its last instant is now."""
    return [NOW]


@pytest.fixture
def broken() -> dict[str, int]:
    """Endpoints of the fake that refuse, and the status with which they do."""
    return {}


@pytest.fixture
def server(clock: list[datetime], broken: dict[str, int]) -> Iterator[Server]:
    """A fake API with little usage, whose limits can be set."""
    with changeable(broken, clock) as found:
        yield found


@pytest.fixture
def workspace(tmp_path: Path, server: Server) -> FetchWorkspace:
    """A folder that fetches from it."""
    return FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)


@pytest.fixture
def unsynced(tmp_path: Path, server: Server) -> FetchWorkspace:
    """The same without the names of the directory."""
    return FetchWorkspace(tmp_path, server.base_url, SOURCE)


def at(workspace: FetchWorkspace, clock: list[datetime], now: datetime) -> None:
    """Move all clocks."""
    workspace.now = now
    clock.append(now)


def test_a_limit_is_set_while_the_budget_is_over_and_gone_when_the_period_turns(
    workspace: FetchWorkspace, server: Server, clock: list[datetime]
) -> None:
    """The runs say it, the view has it, and a run without news does nothing again."""
    workspace.point(server.base_url, budget() + actions("on"))
    done = workspace.run()
    assert done.outcome == "done"
    assert cents(server) == 2
    assert [n for n in done.notes if "Action" in n] == [
        note for note in done.notes if f"the spend limit of {SEARCH} is $0.02 now" in note
    ]
    assert workspace.ask(
        "SELECT action_id, state, limits_before, limits_set FROM budget_actions"
    ) == [("search-2026-11-01", "applied", '{"spend_limit": null}', '{"spend_limit": "0.02"}')]
    at(workspace, clock, NOW + timedelta(minutes=5))
    workspace.run()
    assert written(server) == ["POST spend_limit"]
    at(workspace, clock, datetime(2026, 12, 1, 0, 5))
    done = workspace.run()
    assert cents(server) is None
    assert any(f"the spend limit of {SEARCH} is none again" in note for note in done.notes)
    assert workspace.ask("SELECT state FROM budget_actions") == [("restored",)]
    assert written(server) == ["POST spend_limit", "DELETE spend_limit"]
    # an alert like all others: raised, and over, once each
    [(state, message)] = workspace.ask("SELECT state, message FROM alerts WHERE kind = 'action'")
    assert (state, message) == (
        "resolved",
        (
            "Action search-2026-11-01 has ended: the spend limit of Document search "
            f"({SEARCH}) is none again."
        ),
    )


@pytest.mark.slow
def test_a_dry_run_says_what_would_be_done(unsynced: FetchWorkspace, server: Server) -> None:
    """And sets nothing; off does not even say it."""
    unsynced.point(server.base_url, budget() + actions("off"))
    assert not any("Action" in note for note in unsynced.run().notes)
    assert unsynced.ask("SELECT * FROM budget_actions") == []
    unsynced.point(server.base_url, budget() + actions("dry-run"))
    [note] = [n for n in unsynced.run().notes if "Action" in n]
    assert note.startswith("Action search-2026-11-01 (dry run): budget search is over ($")
    assert note.endswith(f"it would set the spend limit of {SEARCH} to $0.02 a month.")
    assert unsynced.ask("SELECT state FROM budget_actions") == [("dry-run",)]
    assert written(server) == []


@pytest.mark.slow
def test_a_raised_budget_gives_the_limits_back_also_after_a_crash(
    unsynced: FetchWorkspace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that set them died before it could record that they are set."""
    state = server.api.state.projects[SEARCH].rate_limits
    before = {key: dict(limit) for key, limit in state.items()}

    def dies(self: OpenAiLimits, project_id: str, limits: dict[str, int]) -> None:
        set_request_limits(self, project_id, dict(list(limits.items())[:3]))
        raise KeyboardInterrupt

    unsynced.point(server.base_url, budget(action="rate_limits") + actions("on"))
    set_request_limits = OpenAiLimits.set_request_limits
    with monkeypatch.context() as patched:
        patched.setattr(OpenAiLimits, "set_request_limits", dies)
        with pytest.raises(KeyboardInterrupt):
            unsynced.run()
    assert state != before
    unsynced.point(server.base_url, budget("1000", action="rate_limits") + actions("on"))
    assert unsynced.run().outcome == "done"
    assert state == before
    assert unsynced.ask("SELECT state FROM budget_actions") == [("restored",)]


def test_a_refusal_loses_nothing_of_the_run(
    unsynced: FetchWorkspace, server: Server, broken: dict[str, int]
) -> None:
    """It is said with its cause, kept with the run, and tried again by a run without news."""
    broken["projects/*/spend_limit"] = 403
    unsynced.point(server.base_url, budget() + actions("on"))
    done = unsynced.run(retries=0)
    [note] = [n for n in done.notes if n.startswith("Action")]
    assert "could not be applied" in note
    assert "was refused with 403" in note
    assert unsynced.ask("SELECT message FROM runs")[0][0].endswith(note)
    assert unsynced.ask("SELECT error IS NULL FROM budget_actions") == [(False,)]
    broken.clear()
    unsynced.run(retries=0, is_offline=True)
    assert cents(server) is None
    unsynced.run(retries=0)
    assert cents(server) == 2


@pytest.mark.slow
def test_a_back_fill_of_another_source_leaves_it_to_the_next_run(
    workspace: FetchWorkspace, server: Server
) -> None:
    """The source whose key sets the limits is not among its sources."""
    more = SOURCE.replace('"api"', '"other"') + f'base_url = "{server.base_url}"\nenabled = false\n'
    workspace.point(server.base_url, more + budget() + actions("on"))
    workspace.run(is_offline=True)
    done = workspace.ingest("2026-11-23", source="other").result
    assert not any("Action" in note for note in done.notes)
    assert cents(server) is None
    assert any("Action" in note for note in workspace.ingest(None, source="api").result.notes)
    assert cents(server) == 2


@pytest.mark.slow
def test_a_process_that_is_killed_while_a_limit_is_set_has_not_lost_it(tmp_path: Path) -> None:
    """The limit is there, and the run that set it died before it had the answer."""
    [usual] = [
        route
        for route in WRITE_ROUTES
        if (route.method, route.path) == ("POST", "/organization/projects/*/spend_limit")
    ]
    running: list[subprocess.Popen[bytes]] = []

    def kills(state: State, request: Request) -> Json:
        answer = usual.answer(state, request)
        while running:
            running[0].kill()
            running.pop().wait()
        return answer

    with changeable({}, [NOW], Route(usual.method, usual.path, kills)) as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, SOURCE, is_synced=True)
        workspace.point(server.base_url, budget() + actions("on"))
        words = [sys.executable, "-m", "pipeline", "run", "--now", f"{NOW.isoformat()}Z"]
        checkout = str(Path(__file__).resolve().parents[3])
        environment = os.environ | workspace.environment | {"PYTHONPATH": checkout}
        with subprocess.Popen(
            words,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        ) as run:
            running.append(run)
            assert run.wait(600) == -signal.SIGKILL
        assert cents(server) == 2
        done = workspace.run()
        assert any("is $0.02 now, before it was none" in note for note in done.notes)
        workspace.point(server.base_url, budget("1000") + actions("on"))
        workspace.run()
        assert cents(server) is None
        assert written(server) == ["POST spend_limit", "DELETE spend_limit"]
