"""The check of the file for Prometheus: whether a run can write it, and how old it is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from pipeline.runs.doctor.check import Check
from pipeline.text import age

_NAME = "metrics"


def textfile(path: Path, now: datetime | None) -> Check:
    """How the file stands. Takes the time (naive UTC), without which its age is not said."""
    folder = path.parent
    if not folder.is_dir():
        return _warning(f"{path}: there is no folder {folder}", "Make it; a run does not.")
    if path.is_dir():
        return _warning(f"{path} is a folder", "Name a file in it under [metrics] textfile.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return _warning(
            f"{path}: {folder} cannot be written",
            "Give write access to the user that runs tollbook.",
        )
    if not path.is_file():
        return Check("configuration", _NAME, f"{path}: the next run writes it")
    if now is None:
        return Check("configuration", _NAME, str(path))
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    return Check("configuration", _NAME, f"{path}: written {age(now - written_at)} ago")


def _warning(value: str, hint: str) -> Check:
    return Check("configuration", _NAME, value, "warning", hint)
