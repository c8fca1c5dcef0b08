"""The command: rounds of each kind, and a table of them."""

from __future__ import annotations

import argparse
import gc
import math
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from pipeline.network import guard
from tests.model.world import DifferenceError
from tests.support.webhook import Server, webhook
from tests.torture.kinds import KINDS
from tests.torture.scene import Scene


@dataclass
class Tally:
    """What came of the rounds of one kind."""

    rounds: int = 0
    struck: int = 0  # in which the trouble came in time
    repeats: int = 0  # messages that came again, with the same key
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cpu: float = 0.0


def torture(
    kind: str,
    rounds: int,
    seed: int,
    server: Server,
    *,
    is_long: bool,
    keep: Path | None = None,
    until: float = math.inf,
) -> Tally:
    """So many rounds of one kind, a new storage now and then and after each failure.

    Takes `until` when (of the monotonic clock) another one is begun.
    """
    tally, scene, age = Tally(), None, 0
    began, known = _cpu(), KINDS[kind]
    for number in range(rounds):
        if time.monotonic() > until:
            break
        place = f"--only '{kind}' --seed {seed}, round {number}"
        if scene is None or age >= known.rounds_a_storage or not scene.is_sound:
            _drop(scene, keep)
            chance = random.Random(zlib.crc32(f"{kind} {seed} {number}".encode()))
            server.posts.clear()
            server.keys.clear()
            folder = Path(tempfile.mkdtemp(prefix="torture-"))
            scene, age = Scene(folder / "books", chance, server, is_long=is_long), 0
        try:
            if age == 0:
                scene.begin()
            tally.struck += known.strike(scene)
        except DifferenceError as error:
            scene.is_sound = False
            tally.failures.append(f"{place}: {error}")
        except Exception:  # noqa: BLE001  whatever else the product does wrong
            scene.is_sound = False
            tally.failures.append(f"{place}: {traceback.format_exc()}")
        tally.rounds, age = tally.rounds + 1, age + 1
        tally.repeats += scene.repeats
        tally.notes += scene.notes
        scene.repeats = 0
        scene.notes.clear()
    _drop(scene, keep)
    tally.cpu = _cpu() - began
    return tally


def _drop(scene: Scene | None, keep: Path | None) -> None:
    """Remove a scene's folder; or keep that of one that failed."""
    if scene is None:
        return
    if keep is not None and not scene.is_sound:
        shutil.copytree(scene.folder.parent, keep / scene.folder.parent.name, symlinks=True)
    shutil.rmtree(scene.folder.parent, ignore_errors=True)
    gc.collect()


def _cpu() -> float:
    """Seconds of this process and of those that it has started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main(words: Sequence[str] | None = None) -> int:
    """Run it. Gives 1 where anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS, action="append", help="one kind, or some")
    parser.add_argument("--long", action="store_true", help="10,000 files; a file of 700 MB")
    parser.add_argument("--seconds", type=float, default=math.inf, help="at most, of each kind")
    parser.add_argument("--keep", type=Path, help="where to keep storages that failed")
    wanted = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    guard.allow(("127.0.0.0/8",))  # where the alerts go
    print(f"{'kind':18}{'rounds':>8}{'struck':>8}{'failures':>10}{'repeats':>9}{'CPU s':>8}")
    failures: list[str] = []
    with webhook() as server:
        for kind in wanted.only or KINDS:
            rounds = max(1, round(wanted.rounds * KINDS[kind].weight))
            began = time.monotonic()
            tally = torture(
                kind,
                rounds,
                wanted.seed,
                server,
                is_long=wanted.long,
                keep=wanted.keep,
                until=began + wanted.seconds,
            )
            failures += tally.failures
            print(
                f"{kind:18}{tally.rounds:8}{tally.struck:8}{len(tally.failures):10}"
                f"{tally.repeats:9}{tally.cpu:8.0f}  {'; '.join(tally.notes)}",
                flush=True,
            )
            print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr)
    for failure in failures:
        print(f"\n{failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
