"""Kill -9 at any moment of a run, start it again: the same totals, and no alert is lost.

The runs are processes of the real command, over a storage that already has a past: a file that
grew, rows that repeat and rows that replace, a bill fetched anew, a budget that is crossed. After
each kill readers see the last good state, whole; after the next run everything is as if nothing
had happened. What runs again after a kill does so in this process, with the same clocks.

The slow job kills at random moments, each in another part of a run's time, and right before each
of the moments below: see `tests`. The suite takes the end of the transaction, and a delivery.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.cli import context as cli_context
from pipeline.config.load import load
from pipeline.runs.run import run_batch
from tests.support.effort import amount
from tests.support.webhook import Server, webhook
from tests.support.workspace import (
    CONFIGURATION,
    PUBLISHED,
    Row,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    request,
)

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = "2026-03-24T08:00Z"
BUDGET = """
[[budgets]]
id = "a-monthly"
project = "proj_a"
amount_usd = "1"

[alerts]
channels = ["{url}"]

[network]
allow_private_addresses = ["127.0.0.1"]
"""
RANDOM_KILLS = amount(30, 1_000)
Moment = tuple[str, str]
SEEN = PUBLISHED | {
    "alerts": "SELECT * EXCLUDE (raised_at, delivered_at, resolved_at, no_data_since_at), "
    "no_data_since_at IS NULL FROM alerts ORDER BY ALL",
    "budgets": "FROM budget_status ORDER BY ALL",
    "outcomes": "SELECT DISTINCT verb, outcome FROM runs",
}

# The real command, which sends itself a signal right before it does a certain thing for the first
# time: an audit event of Python or of the run itself, and a part of what it is about.
UNTIL = """
import os, sys
number, event, part = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.argv[:4] = ["tollbook"]
is_over = False
def watch(happening, facts):
    global is_over
    if happening == event and not is_over and part in str(facts):
        is_over = True
        os.kill(os.getpid(), number)
sys.addaudithook(watch)
from pipeline.__main__ import main
main()
"""
MOMENTS = {
    "it reads a file": ("tollbook.stage", "read"),
    "it writes the second of its ledger files": ("os.mkdir", "ledger/usage_month=2026-02"),
    "it drops repeats from its ledger files": ("tollbook.stage", "supersede"),
    "a day's charges are posted": ("os.link", "charges/postings"),
    "the end of its transaction": ("tollbook.stage", "check the books"),
    "a committed alert is delivered": ("socket.connect", "127.0.0.1"),
    "a file of its snapshot is linked": ("os.link", "snapshots/"),
    "its snapshot is complete": ("open", "/.complete"),
    "readers are led to its snapshot": ("os.rename", "published.new"),
    "the report is replaced": ("os.rename", ".html"),
}

IN_SUITE = "the end of its transaction"
IN_A_ROW = (
    "it writes the second of its ledger files",
    IN_SUITE,
    "readers are led to its snapshot",
)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(CHECKOUT)}


@dataclass
class Scene:
    """A storage before a run, and what the undisturbed run makes of it."""

    workspace: Workspace
    server: Server
    kept: Path  # a copy of the storage before the run
    before: dict[str, list[Row]]
    after: dict[str, list[Row]] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)  # ids of alerts
    files: int = 0  # of the ledger

    @property
    def var(self) -> Path:
        """The storage."""
        return self.workspace.path("var")

    @property
    def words(self) -> list[str]:
        """Of the command."""
        return [
            "run",
            "--config",
            str(self.workspace.path("tollbook.toml")),
            "--now",
            NOW,
            "--quiet",
        ]

    def set_back(self) -> None:
        """As before the run, where it lay: snapshots name their files by absolute paths."""
        shutil.rmtree(self.var)
        shutil.copytree(self.kept, self.var, symlinks=True)
        self.server.posts.clear()
        self.server.is_asked.clear()

    def start(self, *more: str) -> subprocess.Popen[str]:
        """The real command; `more` stands between Python and its words."""
        return subprocess.Popen(
            [sys.executable, *(more or ("-m", "pipeline")), *self.words],
            cwd=self.workspace.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, number: int, moment: Moment) -> subprocess.CompletedProcess[str]:
        """A run that sends itself a signal right before a moment."""
        with self.start("-c", UNTIL, str(int(number)), *moment) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def run(self) -> None:
        """A run in this process, by the clocks of the command."""
        clock = cli_context.clock(NOW)
        config = load(self.workspace.path("tollbook.toml"))
        done = run_batch(config, now=clock.business(), real_clock=clock.real, environment={})
        assert done.outcome == "done"

    def seen(self) -> dict[str, list[Row]]:
        """What readers see but for times and names of runs."""
        return self.workspace.answers(SEEN)

    def count_files(self) -> int:
        """Of the ledger; replaced files of charges stay until a later run tidies up."""
        return sum(path.is_file() for path in (self.var / "ledger").rglob("*"))

    def ids(self) -> set[str]:
        """Of the alerts that have arrived."""
        return set(re.findall(r"alert-[0-9a-f]{16}", json.dumps(self.server.posts)))

    def seconds(self) -> float:
        """How long the command holds the storage; nothing disturbs it, so all is as here."""
        self.set_back()
        with self.start() as process:
            self.wait_for_the_lock(process)
            began = time.monotonic()
            assert process.wait(60) == 0
            seconds = time.monotonic() - began
        assert (self.seen(), self.ids()) == (self.after, self.said)
        return seconds

    def wait_for_the_lock(self, process: subprocess.Popen[str]) -> None:
        """Until a run holds the storage."""
        while process.poll() is None and not (self.var / "lock").stat().st_size:
            time.sleep(0.002)

    def assert_a_kill_is_mended(self, *, messages: int = 1) -> None:
        """Readers never saw half a run; the next one leaves all as the undisturbed one does."""
        assert self.seen() in (self.before, self.after)
        self.run()
        assert self.seen() == self.after
        assert self.ids() == self.said
        assert 1 <= len(self.server.posts) <= messages
        assert all(post == self.server.posts[0] for post in self.server.posts)
        assert self.count_files() == self.files
        assert not (self.var / "tmp").exists()
        assert not (self.var / "published.new").is_symlink()
        assert all((s / ".complete").exists() for s in (self.var / "snapshots").iterdir())


def fill(workspace: Workspace) -> None:
    """The inputs of the first run."""
    many = [request(f"a{i}", 100, when=f"2026-03-{8 + i % 2:02}T12:00:00") for i in range(400)]
    workspace.write("logs/a.jsonl", lines(*many))
    february = (request(f"b{i}", 10, when="2026-02-27T12:00:00", project="proj_b") for i in (1, 2))
    workspace.write("logs/b.jsonl.gz", lines(*february))
    workspace.records("exports/r.csv", "r1,2026-03-01T10:00:00,proj_b,alpha,5000,7,1")
    bill = bucket("2026-03-22", cost("1.5"))
    workspace.write("costs/1.json", page("costs", "2026-03-23T02:00:00Z", bill))


def add(workspace: Workspace) -> None:
    """What has come since: a tail, repeats, another content, a broken row, a bill fetched anew."""
    again = [
        request(f"a{i}", 900, when=f"2026-03-{8 + i % 2:02}T12:00:00") for i in range(390, 400)
    ]
    more = [request(f"a{i}", 900, when="2026-03-23T12:00:00") for i in range(400, 900)]
    workspace.append("logs/a.jsonl", lines(*again, *more) + "{broken\n")
    old = (request(f"b{i}", 10, when="2026-02-27T12:00:00", project="proj_b") for i in range(2, 9))
    workspace.write("logs/c.jsonl", lines(*old, request("a8", 7, when="2026-03-08T12:00:00")))
    workspace.records("exports/s.csv", "r2,2026-03-02T10:00:00,proj_b,alpha,600,7,1")
    bill = bucket("2026-03-22", cost("1.75"))
    workspace.write("costs/2.json", page("costs", "2026-03-24T02:00:00Z", bill))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("killed").resolve()
    with webhook() as server:
        workspace = Workspace(folder / "workspace", CONFIGURATION + BUDGET.format(url=server.url))
        workspace.at = datetime(2026, 3, 24, 8)  # older than the real clock of the command
        scene = Scene(workspace, server, folder / "kept", {})
        fill(workspace)
        scene.run()
        assert server.posts == []
        scene.before = scene.seen()
        add(workspace)
        shutil.copytree(scene.var, scene.kept, symlinks=True)
        scene.run()
        scene.after, scene.said, scene.files = scene.seen(), scene.ids(), scene.count_files()
        yield scene


def test_the_undisturbed_run_does_all_that_can_be_cut_off(scene: Scene) -> None:
    """Guards the scene: every fate, several ledger files, restatements, two thresholds crossed."""
    fates = {name: tuple(row) for name, row in scene.workspace.fates().items()}
    assert fates == {
        "logs/a.jsonl": (911, 899, 0, 11, 1),
        "logs/b.jsonl.gz": (2, 2, 0, 0, 0),
        "logs/c.jsonl": (8, 7, 1, 0, 0),
        "exports/r.csv": (1, 1, 0, 0, 0),
        "exports/s.csv": (1, 1, 0, 0, 0),
        "costs/1.json": (1, 0, 0, 1, 0),
        "costs/2.json": (1, 1, 0, 0, 0),
    }
    assert len(scene.said) == 2
    assert scene.after["charges"] != scene.before["charges"]
    scene.workspace.assert_sums_agree()  # and so wherever readers see the same


def kill_at_random(scene: Scene, number: int, of: int, seconds: float) -> None:
    """At a random moment in one of so many parts of the time that a run holds the storage."""
    scene.set_back()
    delay = (number + random.Random(number).random()) / of * seconds
    with scene.start() as process:
        scene.wait_for_the_lock(process)
        try:
            assert process.wait(delay) == 0  # it was quicker than the undisturbed one
        except subprocess.TimeoutExpired:
            process.kill()
    scene.assert_a_kill_is_mended(messages=2)


@pytest.mark.slow
@pytest.mark.timeout(36_000)
def test_killed_at_any_moment(scene: Scene) -> None:
    """In each of many parts of the run's time."""
    seconds = scene.seconds()
    for number in range(RANDOM_KILLS):
        kill_at_random(scene, number, RANDOM_KILLS, seconds)


@pytest.mark.parametrize(
    "moment",
    [IN_SUITE] + [pytest.param(m, marks=pytest.mark.slow) for m in MOMENTS if m != IN_SUITE],
)
def test_killed_right_before(scene: Scene, moment: str) -> None:
    """At moments that a clock would hardly hit."""
    scene.set_back()
    assert scene.until(signal.SIGKILL, MOMENTS[moment]).returncode == -signal.SIGKILL
    scene.assert_a_kill_is_mended()


@pytest.mark.slow
def test_killed_between_a_delivery_and_its_record(scene: Scene) -> None:
    """The message has arrived; the repeat says the same under the same ids."""
    scene.set_back()
    scene.server.is_open.clear()
    with scene.start() as process:
        assert scene.server.is_asked.wait(60)
        process.kill()
    scene.server.is_open.set()
    while not scene.server.posts:
        time.sleep(0.002)
    scene.assert_a_kill_is_mended(messages=2)
    assert len(scene.server.posts) == 2


@pytest.mark.slow
def test_killed_again_and_again(scene: Scene) -> None:
    """Each run falls over what the one before has left, at a later stage each time."""
    scene.set_back()
    for moment in IN_A_ROW:
        assert scene.until(signal.SIGKILL, MOMENTS[moment]).returncode == -signal.SIGKILL
        assert scene.seen() in (scene.before, scene.after)
    scene.assert_a_kill_is_mended()


@pytest.mark.parametrize(
    "moment",
    [
        ("os.rename", "/warehouse.duckdb"),
        pytest.param(("open", "queries/schema/010_"), marks=pytest.mark.slow),
    ],
)
def test_killed_while_the_books_are_made(tmp_path: Path, moment: Moment) -> None:
    """A first run leaves nothing that the next one could not open."""
    workspace = Workspace(tmp_path.resolve())
    workspace.at = datetime(2026, 3, 24, 8)
    fill(workspace)
    with webhook() as server:
        scene = Scene(workspace, server, tmp_path, {})
        assert scene.until(signal.SIGKILL, moment).returncode == -signal.SIGKILL
        scene.run()
    assert workspace.tokens() == 400 * 100 + 2 * 10 + 5000


@pytest.mark.slow
def test_of_two_runs_at_once_one_is_told_and_changes_nothing(scene: Scene) -> None:
    """75 at once, naming the other; the other goes on as if alone."""
    scene.set_back()
    scene.server.is_open.clear()  # the first is at its delivery, after its commit
    with scene.start() as first:
        assert scene.server.is_asked.wait(60)
        with scene.start() as second:
            out, err = second.communicate(timeout=60)
        scene.server.is_open.set()
        assert first.wait(60) == 0
    assert (second.returncode, out) == (75, "")
    assert f"`tollbook run` (process {first.pid}) holds this storage since" in err
    assert "Wait until it has ended" in err
    assert len(err.splitlines()) == 1
    assert scene.seen() == scene.after
    assert len(scene.server.posts) == 1


def test_a_stop_before_the_commit_changes_nothing(scene: Scene) -> None:
    """SIGTERM: it ends after the stage in progress with 1, and the next run carries on."""
    scene.set_back()
    stopped = scene.until(signal.SIGTERM, MOMENTS["it reads a file"])
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr == (
        "tollbook: ending after the stage in progress; once more ends at once\n"
        "tollbook: stopped before the commit, nothing was changed. The next run carries on.\n"
    )
    assert scene.seen() == scene.before
    scene.assert_a_kill_is_mended()


@pytest.mark.slow
def test_a_stop_after_the_commit_lets_the_run_end(scene: Scene) -> None:
    """What is committed is delivered, published and reported before it ends, with 0."""
    scene.set_back()
    stopped = scene.until(signal.SIGTERM, MOMENTS["a committed alert is delivered"])
    assert stopped.returncode == 0
    assert scene.seen() == scene.after
    assert scene.ids() == scene.said
