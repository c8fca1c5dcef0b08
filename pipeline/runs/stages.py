"""The stages of a run, announced as they begin.

Python's audit hooks hear of each (`tollbook.stage`, with its name): what watches a run, or stops
it at a certain moment, names a stage and not a file that the stage happens to open.
"""

from __future__ import annotations

import sys
from typing import Literal

Stage = Literal[
    "fetch",
    "read",
    "drop duplicates",
    "sync directory",
    "rate",
    "reconcile",
    "budgets and alerts",
    "check the books",
    "deliver",
    "publish",
    "report",
]
AUDIT_EVENT = "tollbook.stage"


def begin(stage: Stage) -> None:
    """Announce that a stage begins."""
    sys.audit(AUDIT_EVENT, stage)
