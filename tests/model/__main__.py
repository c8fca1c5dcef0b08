"""The long form: many random sequences of acts, the product against the model.

`python -m tests.model --steps 10000 --seeds 1-20` does 10,000 acts, spread over the seeds and the
three time zones, and says how many there were and where the two differed, with the shortest
sequence that still does. Can be interrupted: it says what it has done so far.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from tests.model.acts import Act, do, sequence
from tests.model.faults import KNOWN_FAULTS
from tests.model.world import ZONES, DifferenceError, World

A_SEQUENCE = 40


def trial(acts: Sequence[Act], zone: str, *, has_page_charges: bool) -> tuple[int, str, World]:
    """Do acts in a new folder. Gives how many were done, and the difference, if any."""
    folder = Path(tempfile.mkdtemp(prefix="trial-"))
    world = World(folder, zone, has_page_charges=has_page_charges, known_faults=KNOWN_FAULTS)
    done = 0
    try:
        for act in acts:
            done += do(world, act)
    except DifferenceError as error:
        return done, str(error), world
    except Exception as error:  # noqa: BLE001  a traceback of the product is a finding as well
        return done, f"{type(error).__name__}: {error}", world
    finally:
        shutil.rmtree(folder)
    return done, "", world


def shortest(acts: Sequence[Act], zone: str, *, has_page_charges: bool) -> list[Act]:
    """The same difference with as few acts as can be found by leaving out."""
    kept = list(acts)
    size = max(1, len(kept) // 2)
    while size:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if fewer and trial(fewer, zone, has_page_charges=has_page_charges)[1]:
                kept = fewer
            else:
                start += size
        size //= 2
    return kept


def main(words: Sequence[str] | None = None) -> int:
    """Run it. Gives 1 where anything differed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--steps", type=int, default=1000, help="acts in all")
    parser.add_argument("--seeds", default="1-1000", help="such as 7 or 1-20 or 3,5,8")
    parser.add_argument("--length", type=int, default=A_SEQUENCE, help="acts a sequence")
    parser.add_argument("--keep-going", action="store_true", help="do not end at a difference")
    parser.add_argument("--as-found", action="store_true", help="do not look for fewer acts")
    wanted = parser.parse_args(words)
    steps = sequences = differing = 0
    began = time.monotonic()
    try:
        for seed in _numbers(wanted.seeds):
            if steps >= wanted.steps:
                break
            zone, has_page_charges = ZONES[seed % 3], seed % 4 == 3
            acts = sequence(seed, wanted.length)
            done, found, world = trial(acts, zone, has_page_charges=has_page_charges)
            steps, sequences = steps + done, sequences + 1
            if not found:
                continue
            differing += 1
            if not wanted.as_found:
                acts = shortest(acts, zone, has_page_charges=has_page_charges)
                _, found, world = trial(acts, zone, has_page_charges=has_page_charges)
            print(f"seed {seed}, {zone}, pages {'charged' if has_page_charges else 'as detail'}:")
            print("acts: " + ", ".join(map(str, acts)))
            print(f"{world.script()}\n{found}\n", flush=True)
            if not wanted.keep_going:
                break
    except KeyboardInterrupt:
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
