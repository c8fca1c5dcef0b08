"""The two clocks of a command, as arguments: nothing else in the product knows the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """`business` is moved by --now and goes on from there; `real` is not. Both give naive UTC."""

    business: Callable[[], datetime]
    real: Callable[[], datetime]
