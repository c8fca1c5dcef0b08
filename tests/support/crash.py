"""Ends a run at a stage, as a process that dies there would: nothing after it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.runs.stage_times import AUDIT_EVENT

_AT: list[str] = []  # the stage to end at
_HOOKS: list[bool] = []  # whether the hook is there: it stays for good, so not before it is needed


class CrashError(KeyboardInterrupt):
    """The process ends here."""


@contextmanager
def crashing(stage: str | None) -> Iterator[None]:
    """Whatever is done inside ends when a run begins this stage; None: it does not."""
    if stage is not None and not _HOOKS:
        sys.addaudithook(_crash)
        _HOOKS.append(True)
    _AT[:] = [stage] if stage else []
    try:
        with suppress(CrashError):
            yield
    finally:
        _AT.clear()


def _crash(event: str, arguments: tuple[object, ...]) -> None:
    if event == AUDIT_EVENT and arguments[0] in _AT:
        _AT.clear()
        raise CrashError
