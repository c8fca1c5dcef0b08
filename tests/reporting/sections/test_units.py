"""A section is a query, a module and a template of one name, and a line in the list."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from pipeline.reporting.month.gather import sections
from pipeline.resources import folder

NAMES = tuple(sections(80))
# Their facts are read from cells that several share, or from a view with a reader of its own.
WITHOUT_QUERY = {"breakdowns", "reconciliation"}
HERE = Path(importlib.import_module("pipeline.reporting.sections").__path__[0])
MODULES = {
    path.stem: ".".join(path.relative_to(HERE).with_suffix("").parts)
    for path in HERE.rglob("*.py")
    if path.stem != "__init__"
}


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_three_parts(name: str) -> None:
    """Whoever looks for a section finds all of it under its name."""
    module = importlib.import_module(f"pipeline.reporting.sections.{MODULES[name]}")
    assert callable(module.read)
    assert (folder("reports") / "sections" / f"{name}.html.j2").is_file()
    query = folder("queries") / "reporting" / f"{name}.sql"
    assert query.is_file() is (name not in WITHOUT_QUERY)


def test_no_part_is_left_over() -> None:
    """A template or module that no line in the list names would never be shown."""
    templates = {p.name.partition(".")[0] for p in (folder("reports") / "sections").iterdir()}
    assert set(MODULES) == templates == set(NAMES)
