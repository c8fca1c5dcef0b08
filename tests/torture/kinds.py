"""The kinds of trouble, each a function that brings it about once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.torture import disks, inputs, interrupts
from tests.torture.scene import Scene


@dataclass(frozen=True)
class Kind:
    """A kind of trouble. `strike` gives whether the trouble came, or the run was quicker."""

    strike: Callable[[Scene], bool]
    rounds_a_storage: int = 12  # then a new one, so that budgets are crossed again
    weight: float = 1.0  # rounds in the short form, of those asked for


KINDS = {
    "kill": Kind(interrupts.kill, 20),
    "kill in a row": Kind(interrupts.kill_in_a_row),
    "stop": Kind(interrupts.stop),
    "two hosts": Kind(interrupts.two_hosts),
    "full disk": Kind(disks.full),
    "read-only disk": Kind(disks.read_only),
    "lost database": Kind(disks.lost_database),
    "damaged database": Kind(disks.damaged_database),
    "clock": Kind(inputs.clock),
    "growing files": Kind(inputs.growing),
    "swapped files": Kind(inputs.swapped),
    "many files": Kind(inputs.many, 1, 0.2),
    "huge file": Kind(inputs.huge, 1, 0.2),
    "failing server": Kind(inputs.failing_server, 1, 0.2),
}
