"""The stages of a run: announced to what watches it, and how long each took."""

from __future__ import annotations

import sys
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from pipeline.config import log

Stage = Literal[
    "fetch",
    "read",
    "sync directory",
    "supersede",
    "rate",
    "reconcile",
    "true up",
    "budgets and alerts",
    "check the books",
    "act",
    "deliver",
    "compact",
    "publish",
    "close",
    "report",
]
AUDIT_EVENT = "tollbook.stage"


@dataclass(slots=True)
class _Times:
    started: float = field(default_factory=time.monotonic)
    stage: Stage | None = None
    stage_started: float = 0.0


_times: ContextVar[_Times] = ContextVar("times")


def start() -> None:
    """Take the time of a run from here on."""
    _times.set(_Times())


def begin(stage: Stage) -> None:
    """Announce a stage to Python's audit hooks, for what watches a run or stops it there."""
    end_stage()
    times = _of_this_run()
    times.stage, times.stage_started = stage, time.monotonic()
    sys.audit(AUDIT_EVENT, stage)


def end_stage() -> None:
    """Log how long the stage in progress took."""
    times = _of_this_run()
    if times.stage is None:
        return
    seconds = round(time.monotonic() - times.stage_started, 3)
    log.event("debug", "stage_ended", stage=times.stage, duration_seconds=seconds)
    times.stage = None


def seconds_so_far() -> float:
    """How long the run has taken."""
    return round(time.monotonic() - _of_this_run().started, 3)


def _of_this_run() -> _Times:
    found = _times.get(None)
    if found is None:
        found = _Times()
        _times.set(found)
    return found
