"""Inputs and clocks that are not as one would like them."""

from __future__ import annotations

import copy
import os
import random
import signal
import threading
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipeline.demo.fake_api.faults import Faults
from tests.model.books import Facts, FileOnDisk
from tests.model.compare import differences
from tests.model.content import Call, log_line
from tests.model.trial import Trial
from tests.model.world import MODELS, NOWS, PROJECTS, DifferenceError
from tests.support.fetch_workspace import ONE_DAY, FetchWorkspace, fake_api
from tests.torture.child import Way, start
from tests.torture.scene import DATED, Scene

AT = datetime(2026, 3, 2, 10)
MOST_MEMORY = 1_200_000  # kilobytes, with all libraries
BUT_FATES = ("charges", "daily", "usage", "bill", "held", "budgets", "alerts")
TOTALS = (
    "SELECT (SELECT count(*) FROM input_files), (SELECT sum(accepted) FROM input_files), "
    "(SELECT count(*) FROM usage), (SELECT sum(quantity) FROM charges), "
    "(SELECT sum(cost_usd) FROM charges), (SELECT sum(cost_usd) FROM charge_postings)"
)


def clock(scene: Scene) -> bool:
    """Both clocks jump, days back or forth, before a run and in its midst."""
    world, chance = scene.world, scene.chance
    world.clock += timedelta(hours=chance.uniform(-100, 100))
    world.product.clock = world.clock
    world.now = chance.choice(NOWS)
    scene.change(chance.randrange(1, 4), but=sorted(DATED))
    jump = timedelta(hours=chance.uniform(-20, 20))
    code, error = scene.start(jump=jump).end()
    if code not in {0, 3}:
        raise DifferenceError(f"a run ended with {code}: {error}")
    scene.settle()
    return True


def growing(scene: Scene) -> bool:
    """A log is written to, in pieces of any length, while two runs read it."""
    world = scene.world
    path = f"logs/{world.name()}.jsonl"
    text = "".join(f"{line}\n" for line in _lines(scene.chance, 400))
    scene.change(1)
    world.product.write(path, "", world.clock)
    writer = threading.Thread(
        target=_write_slowly, args=(world.product.folder / path, text, 3 * scene.cpu)
    )
    writer.start()
    ends = [scene.start().end() for _ in range(2)]
    writer.join()
    for code, error in ends:
        if code not in {0, 3}:
            raise DifferenceError(f"a run ended with {code}: {error}")
    world.write(path, text)
    scene.settle(is_half_seen=True)
    return True


def swapped(scene: Scene) -> bool:
    """A file is replaced by another under its name at a random moment of a run."""
    world, chance = scene.world, scene.chance
    scene.change(1)
    path = f"logs/{world.name()}.jsonl"
    one, other = ("".join(f"{x}\n" for x in _lines(chance, 150)) for _ in range(2))
    world.write(path, one)
    child = scene.start()
    child.wait(chance.random() * 1.3 * scene.cpu)
    beside = world.product.folder / f"{path}.beside"
    beside.write_text(other)
    beside.replace(world.product.folder / path)
    code, error = child.end()
    if code not in {0, 3}:
        raise DifferenceError(f"a run ended with {code}: {error}")
    # it has read the one and then the other, or the other alone: either is right
    both = copy.deepcopy(world.books)
    both.run(world.disk, world.clock, world.now, world.book)
    seen = scene.seen() or Facts()
    was_read = path in seen.fates and not differences(both.facts(), seen)
    if was_read:
        world.books = both
    world.disk[path] = FileOnDisk(other, world.clock)
    os.utime(world.product.folder / path)
    # where it was replaced between being found and being read, it is read once more
    scene.settle(is_half_seen=True, only=BUT_FATES)
    return was_read


def many(scene: Scene) -> bool:
    """Very many files of one line; a run over them is killed, the next one reads them all."""
    count = 10_000 if scene.is_long else 150

    def fill(trial: Trial) -> None:
        for number in range(count):
            line = log_line(Call(f"t{number}", AT, number + 1, "pa", "m1"))
            (trial.product.folder / f"logs/{number}.jsonl").write_text(f"{line}\n")

    tokens = count * (count + 1) // 2
    return _large(scene, fill, files=count, rows=count, tokens=tokens)


def huge(scene: Scene) -> bool:
    """One very large file; the same, within bounded memory."""
    count = 3_000_000 if scene.is_long else 30_000

    def fill(trial: Trial) -> None:
        before, after = log_line(Call("NAME", AT, 1000, "pa", "m1")).split("NAME")
        with (trial.product.folder / "logs/huge.jsonl").open("w") as file:
            file.writelines(f"{before}{number}{after}\n" for number in range(count))

    return _large(scene, fill, files=1, rows=count, tokens=1000 * count)


def _large(scene: Scene, fill: object, *, files: int, rows: int, tokens: int) -> bool:
    assert callable(fill)
    trial = Trial(scene.folder.with_name(f"{scene.folder.name}-large"))
    fill(trial)
    trial.tick()
    way = Way(trial.product.folder, trial.at, trial.now)
    began = time.monotonic()
    killed = start(way)
    is_cut = killed.signal(signal.SIGKILL, 0.3 + scene.chance.random() * (rows / 100_000))
    killed.end()
    child = start(way)
    code, error = child.end(3600)
    scene.notes.append(
        f"{files:,} files, {rows:,} rows: {time.monotonic() - began:.0f} s, "
        f"{child.memory_kb // 1000} MB at most"
    )
    if code != 0:
        raise DifferenceError(f"a run ended with {code}: {error}")
    usd = Decimal(tokens) / 1_000_000
    expected = (files, rows, rows, tokens, usd, usd)
    [got] = trial.rows(TOTALS)
    if tuple(got) != expected:
        raise DifferenceError(f"expected {expected}, got {got}")
    if child.memory_kb > MOST_MEMORY:
        raise DifferenceError(f"it took {child.memory_kb} kB of memory")
    trial.run()
    if tuple(trial.rows(TOTALS)[0]) != expected:
        raise DifferenceError("the next run moved the totals")
    return is_cut


def failing_server(scene: Scene) -> bool:
    """A provider's server that answers 503, breaks off, or hangs up; then a good one."""
    failures = Faults(
        failing_every=2,
        failures=("unavailable", "cut", "dropped", "unavailable", "bad_gateway"),
        failing_times=3,
        retry_after=None,
        retry_after_ms=1,
    )
    folder = scene.folder.with_name(f"{scene.folder.name}-fetched")
    with fake_api() as good, fake_api(failures) as bad:
        expected = FetchWorkspace(folder / "good", good.base_url, ONE_DAY)
        expected.run()
        fetched = FetchWorkspace(folder / "bad", bad.base_url, ONE_DAY)
        outcomes = [fetched.run(retries=scene.chance.randrange(2)).outcome for _ in range(2)]
        before = fetched.totals() if (folder / "bad/var/published").exists() else {}
        fetched.point(good.base_url)
        if fetched.run().outcome != "done":
            raise DifferenceError("the good server was not fetched from")
        if fetched.totals() != expected.totals():
            raise DifferenceError("the totals are not those of a server that never failed")
        fetched.run()
        if fetched.totals() != expected.totals():
            raise DifferenceError("the next run moved the totals")
    return "partial" in outcomes and before != fetched.totals()


def _lines(chance: random.Random, count: int) -> list[str]:
    base = chance.randrange(1 << 40)
    return [
        log_line(
            Call(
                f"x{base + number}",
                AT + timedelta(minutes=chance.randrange(6000)),
                1 + chance.randrange(5000),
                chance.choice(PROJECTS),
                chance.choice(MODELS),
            )
        )
        for number in range(count)
    ]


def _write_slowly(path: Path, text: str, seconds: float) -> None:
    chance, raw, place = random.Random(len(text)), text.encode(), 0
    with path.open("ab", buffering=0) as file:
        while place < len(raw):
            size = 1 + chance.randrange(max(2, len(raw) // 40))
            file.write(raw[place : place + size])
            place += size
            time.sleep(seconds / 60)
