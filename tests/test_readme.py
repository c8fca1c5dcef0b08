"""The README and the guides are true: generated parts are fresh, examples do what they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.config import load as config_load
from tests.support.documentation import (
    PAGES,
    README,
    REPOSITORY,
    Examples,
    fresh,
    fresh_tables,
)

TEXT = README.read_text(encoding="utf-8")
PAGE_TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}


def _quick_start() -> list[str]:
    section = TEXT.split("\n## Quick start\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)\n```$", section, re.MULTILINE | re.DOTALL)


def test_what_is_made_is_fresh() -> None:
    """Tables are those of today; if not: python -m tests.support.documentation."""
    for text in PAGE_TEXTS.values():
        assert fresh_tables(text) == text


@pytest.mark.slow
def test_what_is_made_and_what_is_shown_is_fresh(tmp_path: Path) -> None:
    """What the examples print as well; if not: python -m tests.support.documentation."""
    examples = Examples.prepare(tmp_path.resolve())
    for text in PAGE_TEXTS.values():
        assert fresh(text, examples) == text


def test_the_quick_start_is_two_commands_of_one_line() -> None:
    """The first runs the demo, the second the tests; `.ci/run` takes them from here."""
    demo, tests = _quick_start()
    assert demo.endswith("&& .venv/bin/tollbook demo")
    assert ".venv/bin/python -m pytest -q" in tests
    for command in (demo, tests):
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/python -m pip install -q ")
    assert [line for line in TEXT.split("\n## Quick start\n")[1].splitlines() if "```" in line][
        :4
    ] == ["```sh", "```", "```sh", "```"]


def test_ci_runs_the_commands_of_the_quick_start() -> None:
    """Neither can be right in one place and wrong in the other."""
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert "$(block 1)" in script
    assert "$(block 2)" in script
    assert (REPOSITORY / ".ci" / "run").stat().st_mode & 0o111


def test_configurations_shown_are_valid(tmp_path: Path) -> None:
    """Every TOML block loads as it stands, with the files that are shown beside it."""
    whole = "\n".join(PAGE_TEXTS.values())
    [budgets] = re.findall(r"^```csv\n(budget_id,.*?)^```$", whole, re.MULTILINE | re.DOTALL)
    (tmp_path / "budgets.csv").write_text(budgets)
    (tmp_path / "more-budgets.toml").write_text("")
    blocks = re.findall(r"^```toml\n(.*?)^```$", whole, re.MULTILINE | re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.toml"
        path.write_text(block)
        config_load.load(path)


def test_every_guide_is_linked_from_the_readme() -> None:
    """A page that nothing names is not found."""
    for page in PAGES[1:]:
        assert f"](data/guides/{page.name})" in TEXT


def test_links_lead_somewhere() -> None:
    """Paths in this repository are there."""
    for page, text in PAGE_TEXTS.items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert "://" in target or (page.parent / target).exists(), f"{page}: {target}"


def test_lines_can_be_read_in_an_editor() -> None:
    """Prose is folded; tables, data and commands are not."""
    whole = "\n".join(PAGE_TEXTS.values())
    prose = re.sub(r"^```.*?^```$", "", whole, flags=re.MULTILINE | re.DOTALL)
    long = [
        line for line in prose.splitlines() if len(line) > 110 and not line.startswith(("|", "-"))
    ]
    assert long == []


def test_the_changelog_has_this_version() -> None:
    """What a user gets with it stands under its number."""
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{__version__}]" in changelog
    assert "## [Unreleased]" in changelog
