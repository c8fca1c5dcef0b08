"""The file for node_exporter's textfile collector: replaced whole, with what outlives a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pipeline.metrics.exposition import Metric, render
from pipeline.storage.files import replace_text

_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^\n]*\})?) (?P<value>\S+)")


def write_textfile(path: Path, metrics: Sequence[Metric]) -> None:
    """Replace the file in one step. Fails: OSError, also where its folder is not there."""
    if not path.parent.is_dir():  # a mistyped one would be filled where no collector looks
        raise FileNotFoundError(f"there is no folder {path.parent}")
    replace_text(path, render(metrics))


def earlier_values(path: Path) -> Mapping[str, Decimal]:
    """The numbers of the file as it is, by name and labels as written; none if there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    found = {}
    for line in text.splitlines():
        sample = _SAMPLE.fullmatch(line)
        if sample is None:
            continue
        try:
            value = Decimal(sample["value"])
        except InvalidOperation:
            continue
        if value.is_finite():
            found[sample["name"]] = value
    return found
