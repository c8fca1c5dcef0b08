"""The verbs: parse, call one function, print its result; they decide nothing."""

from __future__ import annotations

from pipeline.cli import (
    budgets,
    corrections,
    demo,
    directory,
    doctor,
    explain,
    ingest,
    init,
    prices,
    query,
    reconcile,
    report,
    run,
    schedule,
)
from pipeline.cli.app import app

__all__ = [
    "app",
    "budgets",
    "corrections",
    "demo",
    "directory",
    "doctor",
    "explain",
    "ingest",
    "init",
    "prices",
    "query",
    "reconcile",
    "report",
    "run",
    "schedule",
]
