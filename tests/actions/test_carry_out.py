"""Limits that are set at the fake API and taken back; crashes and refusals in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.actions import store
from pipeline.actions.carry_out import CarriedOut, carry_out
from pipeline.actions.model import Action, limits_of
from pipeline.demo.fake_api.directory.state import ProjectState
from pipeline.demo.fake_api.server import Server
from pipeline.errors import ConfigError
from pipeline.providers.openai.client import AdminApi
from pipeline.providers.openai.limits import OpenAiLimits
from pipeline.storage.database import Database, open_database
from pipeline.storage.layout import StorageLayout
from tests.support.fetch_workspace import KEY, NOW
from tests.support.limited_project import CODE, SEARCH, cents, changeable, written


class CrashError(Exception):
    """The process ends here."""


class Desk:
    """A database with actions, and the fake API at which they are carried out."""

    def __init__(self, db: Database, server: Server) -> None:
        self.db = db
        self.server = server
        self.wrapped: Callable[[OpenAiLimits], Any] = lambda limits: limits
        self.retries = 0

    @contextmanager
    def limits(self) -> Iterator[Any]:
        """The limits, wrapped for what a test lets happen."""
        retries = self.retries
        with AdminApi(KEY, base_url=self.server.base_url, max_retries=retries) as api:
            yield self.wrapped(OpenAiLimits(api))

    def carry_out(self, *, only: tuple[str, ...] | None = None) -> CarriedOut:
        """Carry out what is due."""
        return carry_out(self.db, self.limits, lambda: NOW, only)

    def put(self, **values: Any) -> Action:
        """Record an action that is to be applied."""
        made = action(**values)
        store.save(self.db, [made])
        return made

    def take_back(self, action_id: str) -> None:
        """Say that an action is to be taken back."""
        store.save(self.db, [replace(self[action_id], state="restoring")])

    def __getitem__(self, action_id: str) -> Action:
        return next(a for a in store.known(self.db) if a.action_id == action_id)

    @property
    def state(self) -> str:
        """Of the usual action."""
        return self["chat-2026-11-01"].state

    def project(self, project_id: str) -> ProjectState:
        """A project as the fake has it."""
        return self.server.api.state.projects[project_id]

    def cents(self, project_id: str) -> int | None:
        """Its spend limit there."""
        return cents(self.server, project_id)

    def requests(self, project_id: str) -> dict[str, int]:
        """Its requests a minute there."""
        limits = self.project(project_id).rate_limits
        return {key: limit["max_requests_per_1_minute"] for key, limit in limits.items()}


def action(action_id: str = "chat-2026-11-01", **values: Any) -> Action:
    """An action on the spend limit of a project that has none, to be applied."""
    usual = {
        "budget_id": "chat",
        "period_start_date": date(2026, 11, 1),
        "project_id": SEARCH,
        "kind": "spend_limit",
        "state": "approved",
        "amount_usd": Decimal(100),
        "spent_usd": Decimal(120),
        "limit_usd": Decimal(100),
        "limited_month": date(2026, 11, 1),
        "limits_before": None,
        "limits_set": None,
        "requested_at": datetime(2026, 11, 24, 8),
        "requested_by_run": "run-1",
    }
    return Action(action_id, **{**usual, **values})


RATES: dict[str, Any] = {"kind": "rate_limits", "limit_usd": None, "limited_month": None}


@pytest.fixture
def broken() -> dict[str, int]:
    """Endpoints of the fake that refuse, and the status with which they do."""
    return {}


@pytest.fixture
def desk(tmp_path: Path, broken: dict[str, int]) -> Iterator[Desk]:
    """An empty table and a fake whose limits can be set."""
    with (
        changeable(broken, [NOW]) as server,
        open_database(StorageLayout(tmp_path)) as db,
    ):
        yield Desk(db, server)


def crashing(method: str, *, after: bool) -> Callable[[OpenAiLimits], Any]:
    """Limits of which one method crashes, before it is called or after."""

    class Crashing:
        def __init__(self, limits: OpenAiLimits) -> None:
            self._limits = limits

        def __getattr__(self, name: str) -> Any:
            real = getattr(self._limits, name)
            if name != method:
                return real

            def crash(*words: Any) -> None:
                if after:
                    real(*words)
                raise CrashError

            return crash

    return Crashing


def test_a_spend_limit_is_set_and_deleted_again(desk: Desk) -> None:
    """Where there was none; what was before is recorded."""
    desk.put()
    done = desk.carry_out()
    assert desk.cents(SEARCH) == 10_000
    [note] = done.notes
    assert note == (
        "Action chat-2026-11-01: budget chat is over ($120.00 of $100.00); the spend limit of "
        f"{SEARCH} is $100.00 now, before it was none."
    )
    held = desk["chat-2026-11-01"]
    assert (held.state, held.applied_at) == ("applied", NOW)
    assert (held.limits_before, held.limits_set) == (
        '{"spend_limit": null}',
        '{"spend_limit": "100"}',
    )
    assert desk.carry_out() == CarriedOut()
    desk.take_back("chat-2026-11-01")
    done = desk.carry_out()
    assert desk.cents(SEARCH) is None
    assert done.notes == [
        f"Action chat-2026-11-01 has ended: the spend limit of {SEARCH} is none again."
    ]
    assert (desk["chat-2026-11-01"].state, desk["chat-2026-11-01"].ended_at) == ("restored", NOW)
    assert written(desk.server) == ["POST spend_limit", "DELETE spend_limit"]


def test_a_limit_that_was_there_comes_back(desk: Desk) -> None:
    """$600 become $100 and $600 again."""
    desk.put(project_id=CODE)
    desk.carry_out()
    assert desk.cents(CODE) == 10_000
    desk.take_back("chat-2026-11-01")
    desk.carry_out()
    assert desk.cents(CODE) == 60_000


def test_a_lower_limit_stays(desk: Desk) -> None:
    """An action never allows more than there was."""
    desk.put(project_id=CODE, limit_usd=Decimal(700))
    done = desk.carry_out()
    assert "are as low already" in done.notes[0]
    desk.take_back("chat-2026-11-01")
    desk.carry_out()
    assert (desk.cents(CODE), written(desk.server)) == (60_000, [])


def test_requests_a_minute_are_lowered_and_come_back(desk: Desk) -> None:
    """To 1 for each model; those that nobody can set are named, and one at 0 stays there."""
    desk.project(SEARCH).rate_limits["rl-tts-1"]["max_requests_per_1_minute"] = 0
    before = desk.requests(SEARCH)
    fixed = {"rl-gpt-5-shared", "rl-ft:gpt-4o-mini-2024-07-18"}
    desk.put(**RATES)
    done = desk.carry_out()
    assert desk.requests(SEARCH) == {
        key: value if key in fixed else min(value, 1) for key, value in before.items()
    }
    count = len(before) - len(fixed) - 1
    assert f"{count} models of {SEARCH} may have 1 request a minute now." in done.notes[0]
    assert (
        "Nobody can set the limits rl-ft:gpt-4o-mini-2024-07-18, rl-gpt-5-shared."
        in (done.notes[0])
    )
    assert set(limits_of(desk["chat-2026-11-01"].limits_set)) == set(before) - fixed
    desk.take_back("chat-2026-11-01")
    done = desk.carry_out()
    assert desk.requests(SEARCH) == before
    assert f"the limits of {count} models of {SEARCH} are as before." in done.notes[0]


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_while_a_limit_is_set_is_made_good_by_the_next_call(
    desk: Desk, *, after: bool
) -> None:
    """Its own limit is never taken for what was before."""
    desk.put(project_id=CODE)
    desk.wrapped = crashing("set_spend_limit", after=after)
    with pytest.raises(CrashError):
        desk.carry_out()
    assert desk.state == "applying"
    assert desk.cents(CODE) == (10_000 if after else 60_000)
    desk.wrapped = lambda limits: limits
    desk.carry_out()
    held = desk["chat-2026-11-01"]
    assert (held.state, held.limits_before) == ("applied", '{"spend_limit": "600"}')
    assert desk.cents(CODE) == 10_000
    desk.wrapped = crashing("set_spend_limit", after=after)
    desk.take_back("chat-2026-11-01")
    with pytest.raises(CrashError):
        desk.carry_out()
    assert desk.state == "restoring"
    desk.wrapped = lambda limits: limits
    desk.carry_out()
    assert (desk.state, desk.cents(CODE)) == ("restored", 60_000)


def test_a_crash_half_way_through_the_models_loses_none(desk: Desk) -> None:
    """Some are set, some not: the next call sets the rest, and all come back."""
    before = desk.requests(SEARCH)
    done = 0

    class Half(OpenAiLimits):
        def set_request_limits(self, project_id: str, limits: Any) -> Any:
            nonlocal done
            done = len(limits) // 2
            super().set_request_limits(project_id, dict(list(limits.items())[:done]))
            raise CrashError

    desk.put(**RATES)
    desk.wrapped = lambda limits: Half(limits._api)
    with pytest.raises(CrashError):
        desk.carry_out()
    lowered = [value for value in desk.requests(SEARCH).values() if value == 1]
    assert 0 < len(lowered) < len(before)
    desk.take_back("chat-2026-11-01")  # the budget was raised meanwhile
    desk.wrapped = lambda limits: limits
    desk.carry_out()
    assert (desk["chat-2026-11-01"].state, desk.requests(SEARCH)) == ("restored", before)


def test_a_crash_before_anything_is_recorded_changes_nothing(desk: Desk) -> None:
    """What is there is read first."""
    desk.put()
    desk.wrapped = crashing("spend_limit", after=True)
    with pytest.raises(CrashError):
        desk.carry_out()
    assert desk["chat-2026-11-01"] == action()
    assert written(desk.server) == []


def test_a_limit_that_was_changed_by_hand_since_is_left_alone(desk: Desk) -> None:
    """Whoever set it knew why; it is recorded and said."""
    desk.put(project_id=CODE)
    desk.carry_out()
    held = desk.project(CODE).spend_limit
    assert held is not None
    held["threshold_amount"] = 77_700
    desk.take_back("chat-2026-11-01")
    done = desk.carry_out()
    assert desk.cents(CODE) == 77_700
    [note] = done.notes
    assert note == (
        f"Action chat-2026-11-01 has ended: the limits of {CODE} were changed by hand since. "
        "spend_limit is $777.00, not $100.00 as it was set, and was left at that (before: $600.00)."
    )
    assert desk["chat-2026-11-01"].state == "changed by hand"


def test_of_models_that_were_changed_by_hand_the_others_come_back(desk: Desk) -> None:
    """One model was given 50 requests a minute since."""
    before = desk.requests(SEARCH)
    desk.put(**RATES)
    desk.carry_out()
    desk.project(SEARCH).rate_limits["rl-gpt-5-pro"]["max_requests_per_1_minute"] = 50
    desk.take_back("chat-2026-11-01")
    done = desk.carry_out()
    assert desk.requests(SEARCH) == {**before, "rl-gpt-5-pro": 50}
    assert "rl-gpt-5-pro is 50, not 1 as it was set" in done.notes[0]


def test_a_limit_changed_by_hand_during_an_outage_is_what_was_before(desk: Desk) -> None:
    """Between a crash and the next call somebody set another limit: that one comes back."""
    desk.put(project_id=CODE)
    desk.wrapped = crashing("set_spend_limit", after=False)
    with pytest.raises(CrashError):
        desk.carry_out()
    held = desk.project(CODE).spend_limit
    assert held is not None
    held["threshold_amount"] = 77_700
    desk.wrapped = lambda limits: limits
    desk.carry_out()
    desk.take_back("chat-2026-11-01")
    desk.carry_out()
    assert desk.cents(CODE) == 77_700


def test_of_two_on_the_same_limit_one_waits(desk: Desk) -> None:
    """Else the second would take the first one's limit for what was before."""
    desk.put()
    desk.put(action_id="daily-2026-11-24", budget_id="daily", limit_usd=Decimal(5))
    desk.carry_out()
    assert (desk.cents(SEARCH), desk["daily-2026-11-24"].state) == (10_000, "approved")
    desk.take_back("chat-2026-11-01")
    desk.carry_out()
    assert (desk.cents(SEARCH), desk["daily-2026-11-24"].limits_before) == (
        500,
        '{"spend_limit": null}',
    )


@pytest.mark.parametrize("status", [403, 500])
def test_a_refusal_is_recorded_and_tried_again(
    desk: Desk, broken: dict[str, int], status: int
) -> None:
    """With its cause; nothing else is lost."""
    desk.put()
    broken["projects/*/spend_limit"] = status
    done = desk.carry_out()
    assert done.failures == done.notes
    assert done.notes[0].startswith(
        f"Action chat-2026-11-01 could not be applied at {SEARCH}: {desk.server.base_url}: "
        f"/organization/projects/{SEARCH}/spend_limit was refused with {status}"
    )
    assert done.notes[0].endswith(" The next run tries again.")
    assert str(status) in (desk["chat-2026-11-01"].error or "")
    assert not desk.carry_out().is_news  # the same again
    broken.clear()
    assert desk.carry_out().failures == []
    assert (desk["chat-2026-11-01"].error, desk.cents(SEARCH)) == (None, 10_000)


def test_a_limit_that_the_provider_does_not_keep_is_a_failure(desk: Desk) -> None:
    """It says 200 and forgets it."""

    class Forgetful(OpenAiLimits):
        def set_spend_limit(self, project_id: str, amount_usd: Decimal | None) -> None:
            pass

    desk.put()
    desk.wrapped = lambda limits: Forgetful(limits._api)
    done = desk.carry_out()
    assert "took spend_limit" in done.failures[0]
    assert desk["chat-2026-11-01"].state == "applying"
    desk.wrapped = lambda limits: limits
    desk.carry_out()
    assert desk.cents(SEARCH) == 10_000


def test_without_a_key_every_action_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said for each; what needs no call is not said."""
    desk.put()
    desk.put(action_id="other", state="waiting")

    def no_key() -> Any:
        raise ConfigError("the environment variable NAME is not set", key="sources.key")

    monkeypatch.setattr(desk, "limits", no_key)
    done = desk.carry_out()
    assert len(done.failures) == 1
    assert "NAME is not set" in done.failures[0]
