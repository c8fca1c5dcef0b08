"""The long form: many random sequences of acts, the product against the model.

`python -m tests.model --steps 10000 --seeds 1-20` does 10,000 acts, spread over the seeds and the
three time zones, and says how many there were and where the two differed, with the shortest
sequence that still does. `--try NAME` does what `faults.py` leaves out under that name. Can be
interrupted: it says what it has done so far.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from tests.model.acts import Act, do, sequence
from tests.model.faults import KNOWN_FAULTS
from tests.model.world import ZONES, DifferenceError, World

A_SEQUENCE = 40


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: the acts that did something, and the difference, if any."""

    acts: list[Act]
    found: str
    commands: str


@dataclass(frozen=True)
class Setting:
    """Where a trial takes place, and what it leaves out."""

    zone: str
    has_page_charges: bool
    faults: frozenset[str]

    def __str__(self) -> str:
        return f"{self.zone}, pages {'charged' if self.has_page_charges else 'as detail'}"


def setting_of(seed: int, faults: frozenset[str] = KNOWN_FAULTS) -> Setting:
    """The setting that goes with a seed: all time zones, and pages charged in one of four."""
    return Setting(ZONES[seed % 3], seed % 4 == 3, faults)


def trial(acts: Sequence[Act], setting: Setting) -> Outcome:
    """Do acts in a new folder, up to the first difference."""
    folder = Path(tempfile.mkdtemp(prefix="trial-"))
    world = World(
        folder,
        setting.zone,
        has_page_charges=setting.has_page_charges,
        known_faults=setting.faults,
    )
    done: list[Act] = []
    try:
        for act in acts:
            done.append(act)
            if not do(world, act):
                done.pop()
    except DifferenceError as error:
        return Outcome(done, str(error), world.script())
    except Exception as error:  # noqa: BLE001  a traceback of the product is a finding as well
        return Outcome(done, f"{type(error).__name__}: {error}", world.script())
    finally:
        shutil.rmtree(folder)
    return Outcome(done, "", world.script())


_ended: list[int] = []  # the signals that have come


def _end(number: int, _frame: object) -> None:
    """End at once; where the interrupt is taken for a failure of the product, after this trial."""
    _ended.append(number)
    raise KeyboardInterrupt


def shortest(acts: Sequence[Act], found: str, setting: Setting) -> list[Act]:
    """The same kind of difference with as few acts as can be found by leaving out."""
    kept, kind = list(acts), _kind(found)
    size = max(1, len(kept) // 2)
    while size and not _ended:
        start = 0
        while start < len(kept) and not _ended:
            fewer = kept[:start] + kept[start + size :]
            if fewer and kind == _kind(trial(fewer, setting).found):
                kept = fewer
            else:
                start += size
        size //= 2
    return kept


def _kind(found: str) -> set[str]:
    """What differs, in general words."""
    return {" ".join(line.split(" ", 2)[:1]) for line in found.splitlines()}


def main(words: Sequence[str] | None = None) -> int:
    """Run it. Gives 1 where anything differed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--steps", type=int, default=1000, help="acts in all")
    parser.add_argument("--seeds", default="1-1000", help="such as 7 or 1-20 or 3,5,8")
    parser.add_argument("--length", type=int, default=A_SEQUENCE, help="acts a sequence")
    parser.add_argument("--keep-going", action="store_true", help="do not end at a difference")
    parser.add_argument("--as-found", action="store_true", help="do not look for fewer acts")
    parser.add_argument("--try", dest="tried", default="", help="known faults to look at: a,b")
    wanted = parser.parse_args(words)
    faults = KNOWN_FAULTS - set(wanted.tried.split(","))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    steps = sequences = differing = 0
    began = time.monotonic()
    try:
        for seed in _numbers(wanted.seeds):
            if steps >= wanted.steps:
                break
            setting = setting_of(seed, faults)
            acts = sequence(seed, wanted.length)
            done = trial(acts, setting)
            if _ended:
                break
            steps, sequences = steps + len(done.acts), sequences + 1
            if not done.found:
                continue
            differing += 1
            if not wanted.as_found:
                acts = shortest(done.acts, done.found, setting)
                done = trial(acts, setting)
            print(f"seed {seed}, {setting}:")
            print("acts: " + ", ".join(map(str, done.acts)))
            print(f"{done.commands}\n{done.found}\n", flush=True)
            if not wanted.keep_going:
                break
    except KeyboardInterrupt:
        pass
    if _ended:
        print("interrupted", file=sys.stderr)
    spent = time.monotonic() - began
    print(f"{steps} steps in {sequences} sequences, {differing} differing, {spent:.0f} s")
    return 1 if differing else 0


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


if __name__ == "__main__":
    sys.exit(main())
