"""Cases of several steps in one workspace: a run that one of them needs is a run of all of them.

A case is a generator that yields each act it needs. Its files, response ids and project are its
own, so that no case touches another. Each is a test of its own, with its own failure.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.corrections.forget import remember
from pipeline.runs.result import RunResult
from tests.support.workspace import Row, Workspace, lines, request


@dataclass(frozen=True)
class Act:
    """What a case needs next; the names of one verb are given to it together."""

    verb: str
    names: tuple[str, ...] = ()


RUN = Act("run")
LATER = Act("later")  # a run one day and an hour later
REPLAY = Act("replay")
Play = Generator[Act, RunResult, None]


@dataclass
class Case:
    """One case's part of the workspace."""

    workspace: Workspace
    number: int
    _known: dict[str, dict[str, Any]] = field(repr=False)

    @property
    def name(self) -> str:
        """What its files, ids and projects have in their names."""
        return f"c{self.number:02}"

    @property
    def day(self) -> str:
        """A day for buckets, which are replaced whole whoever wrote them."""
        return f"{date(2026, 11, 22) - timedelta(days=self.number)}"

    @property
    def project(self) -> str:
        """The project of its requests; others of its projects begin with it."""
        return f"proj_{self.name}"

    def file(self, name: str) -> str:
        """The name of one of its files: all cases share the folders."""
        folder, _, last = name.rpartition("/")
        return f"{folder}/{self.name}-{last}"

    def path(self, name: str) -> Path:
        """One of its files."""
        return self.workspace.path(self.file(name))

    def request(self, name: str, tokens: int = 1000, **more: Any) -> dict[str, Any]:
        """A logged chat completion with an id and a project that no other case has."""
        return request(f"{self.name}-{name}", tokens, **{"project": self.project, **more})

    def write(self, name: str, content: str | bytes, **more: Any) -> Path:
        """Write one of its files."""
        return self.workspace.write(self.file(name), content, **more)

    def log(self, name: str, *bodies: dict[str, Any]) -> None:
        """Write one of its logs."""
        self.write(name, lines(*bodies))

    def records(self, name: str, *rows: str) -> None:
        """Write one of its tables."""
        self.workspace.records(self.file(name), *rows)

    def append(self, name: str, content: str) -> None:
        """Add to one of its files."""
        self.workspace.append(self.file(name), content)

    def forget(self, *names: str) -> Act:
        """Take files back."""
        return Act("forget", tuple(map(self.file, names)))

    def remember(self, *names: str) -> Act:
        """Bring files back."""
        return Act("remember", tuple(map(self.file, names)))

    def rows(self, query: str) -> list[Row]:
        """Ask the published database about its files: `{of}` is the condition."""
        of = f"contains(input_file, '/{self.name}-')"
        return self.workspace.rows(query.replace("{of}", of))

    def _once(self, what: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if what not in self._known:
            self._known[what] = ask()
        return self._known[what]

    def _own(self, found: dict[str, Any]) -> dict[str, Any]:
        mark = f"/{self.name}-"
        return {name.replace(mark, "/"): of for name, of in found.items() if mark in name}

    def fates(self) -> dict[str, Row]:
        """Rows read, accepted, duplicate, superseded, quarantined of each of its files."""
        return self._own(self._once("fates", self.workspace.fates))

    def states(self) -> dict[str, list[str]]:
        """The states of the versions of each of its files, oldest first."""
        return self._own(self._once("states", self.workspace.states))

    def tokens(self) -> int:
        """The input tokens of the charges of its projects; they are those of its usage."""
        charged, used_up = self._sum("charged", CHARGED), self._sum("used", USED)
        assert charged == used_up
        return charged

    def postings(self) -> int:
        """How many postings its project has."""
        return self._sum("postings", POSTINGS)

    def _sum(self, what: str, query: str) -> int:
        found = self._once(what, lambda: dict(self.workspace.rows(query)))
        return sum(int(n) for name, n in found.items() if (name or "").startswith(self.project))

    def assert_sums_agree(self) -> None:
        """Charges are the sum of their postings, for all cases together."""

        def checked() -> dict[str, Any]:
            self.workspace.assert_sums_agree()
            return {}

        self._once("sums", checked)


CHARGED = "SELECT project_id, sum(quantity) FROM charges WHERE meter LIKE '%input%' GROUP BY ALL"
USED = (
    "SELECT project_id, sum(text_input_tokens + cached_text_input_tokens) FROM usage "
    "WHERE basis = 'charge' GROUP BY ALL"
)
POSTINGS = "SELECT project_id, count(*) FROM charge_postings GROUP BY ALL"


class Cases:
    """The cases that a test module plays in one workspace, once."""

    def __init__(self, *, is_slow: bool = False, **workspace: Any) -> None:
        """Take what makes the workspace, and whether all of them are for the slow job."""
        self._is_slow = is_slow
        self._workspace = workspace
        self._plays: dict[str, Callable[[Case], Play]] = {}
        self._failures: dict[str, BaseException] | None = None

    def case(self, play: Callable[[Case], Play]) -> Callable[..., None]:
        """Make a test of a case."""
        name = play.__name__
        self._plays[name] = play

        def test(tmp_path_factory: pytest.TempPathFactory) -> None:
            self._outcome(name, tmp_path_factory)

        return self._marked(_like(play, test))

    def each(self, **values: Any) -> Callable[[Callable[..., Play]], Callable[..., None]]:
        """Make a test of a case for each of some values."""

        def made(play: Callable[..., Play]) -> Callable[..., None]:
            name = play.__name__

            def with_value(value: Any) -> Callable[[Case], Play]:
                return lambda case: play(case, value)

            for key, value in values.items():
                self._plays[f"{name}[{key}]"] = with_value(value)

            def test(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
                self._outcome(f"{name}[{key}]", tmp_path_factory)

            made_of_each: Callable[..., None] = pytest.mark.parametrize("key", list(values))(
                _like(play, test)
            )
            return self._marked(made_of_each)

        return made

    def _marked(self, test: Callable[..., None]) -> Callable[..., None]:
        return pytest.mark.slow(test) if self._is_slow else test

    def _outcome(self, name: str, folders: pytest.TempPathFactory) -> None:
        if self._failures is None:
            folder = folders.mktemp("cases").resolve()
            self._failures = self._played(Workspace(folder, **self._workspace))
        if failure := self._failures.get(name):
            raise failure

    def _played(self, workspace: Workspace) -> dict[str, BaseException]:
        """Do the acts that cases wait for, until none waits any more. Gives what failed."""
        known: dict[str, dict[str, Any]] = {}
        failures: dict[str, BaseException] = {}
        waiting: dict[str, tuple[Play, Act]] = {}

        def go_on(name: str, play: Play, result: RunResult | None) -> None:
            try:
                waiting[name] = play, next(play) if result is None else play.send(result)
            except StopIteration:
                waiting.pop(name, None)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  its test raises it
                waiting.pop(name, None)
                failures[name] = error

        for number, (name, begin) in enumerate(self._plays.items()):
            go_on(name, begin(Case(workspace, number, known)), None)
        while waiting:
            # Corrections first: what a case finds right after its own is not the work of a run.
            wanted = {act.verb for _, act in waiting.values()}
            verb = next(v for v in ("forget", "remember", "replay", "later", "run") if v in wanted)
            those = {n: play for n, (play, act) in waiting.items() if act.verb == verb}
            names = [name for n in those for name in waiting[n][1].names]
            result = _done(workspace, verb, names)
            known.clear()
            for name, play in those.items():
                go_on(name, play, result)
        return failures


def _done(workspace: Workspace, verb: str, names: list[str]) -> RunResult:
    if verb == "forget":
        return workspace.forget(*names)
    if verb == "remember":
        with workspace.correction("remember") as run:
            return remember(run, [str(workspace.path(name)) for name in names])
    if verb == "replay":
        return workspace.replay()
    if verb == "later":
        workspace.at += timedelta(hours=25)
    return workspace.run()


def _like(play: Callable[..., Play], test: Callable[..., None]) -> Callable[..., None]:
    """A test under the name of its case."""
    test.__name__, test.__qualname__ = play.__name__, play.__qualname__
    test.__doc__, test.__module__ = play.__doc__, play.__module__
    return test
