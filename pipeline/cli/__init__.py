"""The verbs: parse, call one function, print its result; they decide nothing."""

from __future__ import annotations

from pipeline.cli import schedule  # importing a module registers its verbs
from pipeline.cli.app import app

__all__ = ["app", "schedule"]
