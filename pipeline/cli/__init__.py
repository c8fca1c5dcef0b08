"""The verbs: parse, call one function, print its result; they decide nothing."""

from __future__ import annotations

from pipeline.cli import budgets  # noqa: F401  registers its verbs
from pipeline.cli.app import app

__all__ = ["app"]
