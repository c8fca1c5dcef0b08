"""The command line: one file a group of verbs.

A verb parses its words, calls one function and prints the result; it decides nothing. Data goes to
stdout, everything else to stderr. The verbs register on `app` of `app.py`, which they import, so
it cannot stand here beside them. Verbs import what they need inside, so that `--help` is quick.
"""

from __future__ import annotations

from pipeline.cli import (
    actions,
    alerts,
    anomalies,
    backup,
    budget_changes,
    budgets,
    close,
    compact,
    corrections,
    demo,
    directory,
    explain,
    export,
    forecast,
    guide,
    ingest,
    prices,
    query,
    rebuild,
    reconcile,
    report,
    run,
    schedule,
    setup,
)
from pipeline.cli.app import app

__all__ = [
    "actions",
    "alerts",
    "anomalies",
    "app",
    "backup",
    "budget_changes",
    "budgets",
    "close",
    "compact",
    "corrections",
    "demo",
    "directory",
    "explain",
    "export",
    "forecast",
    "guide",
    "ingest",
    "prices",
    "query",
    "rebuild",
    "reconcile",
    "report",
    "run",
    "schedule",
    "setup",
]
