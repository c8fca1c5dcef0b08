"""Runs that are killed, asked to stop, or started twice."""

from __future__ import annotations

import signal

from tests.model.world import DifferenceError
from tests.torture.child import HELD
from tests.torture.scene import Scene

# Of the CPU that the first run took: somewhat more, for those that have more to do.
_SPAN = 1.2


def kill(scene: Scene) -> bool:
    """`kill -9` at a random moment of a run."""
    scene.change(scene.chance.randrange(1, 4))
    is_cut = _cut(scene, signal.SIGKILL)
    scene.settle(repeats=1)
    return is_cut


def kill_in_a_row(scene: Scene) -> bool:
    """Three runs, each of which is killed over what the one before has left."""
    scene.change(scene.chance.randrange(1, 4))
    is_cut = [_cut(scene, signal.SIGKILL) for _ in range(3)]
    scene.settle(repeats=3)
    return any(is_cut)


def stop(scene: Scene) -> bool:
    """`kill` (SIGTERM): it ends after the stage in progress, before its commit or after all."""
    scene.change(scene.chance.randrange(1, 4))
    is_cut = _cut(scene, signal.SIGTERM)
    scene.settle()
    return is_cut


def two_hosts(scene: Scene) -> bool:
    """Two runs over one storage, of machines with other names: one waits its turn or is refused."""
    scene.change(scene.chance.randrange(1, 4))
    first, second = (scene.start(host=name) for name in ("ada", "bob"))
    ends = [child.end() for child in (first, second)]
    _check_ends(ends, {0, 3, HELD})
    if all(code == HELD for code, _ in ends):
        raise DifferenceError("both were refused")
    is_refused = [error for code, error in ends if code == HELD]
    if any("holds this storage" not in error for error in is_refused):
        raise DifferenceError(f"who holds it is not said: {is_refused}")
    scene.settle()
    return bool(is_refused)


def _cut(scene: Scene, number: signal.Signals) -> bool:
    child = scene.start()
    is_cut = child.signal(number, scene.chance.random() * _SPAN * scene.cpu)
    code, error = child.end()
    _check_ends([(code, error)], {0, 1, 3, -9})
    if code == 1 and "stopped before the commit" not in error:
        raise DifferenceError(f"it failed: {error}")
    return is_cut


def _check_ends(ends: list[tuple[int, str]], right: set[int]) -> None:
    for code, error in ends:
        if code not in right:
            raise DifferenceError(f"a run ended with {code}: {error}")
