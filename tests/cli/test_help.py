"""`--help` explains every verb, argument and option, so nobody has to read the code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline import __version__
from pipeline.cli import app
from pipeline.errors import TollbookError
from tests.support.command import command

CHECKOUT = Path(__file__).resolve().parents[2]


def _commands() -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [("tollbook", typer.main.get_command(app))]
    while waiting:
        name, group = waiting.pop()
        found[name] = group
        waiting += [(f"{name} {verb}", c) for verb, c in getattr(group, "commands", {}).items()]
    return found


COMMANDS = _commands()
PARAMETERS = {
    f"{name} {parameter.opts[0]}": (name, parameter)
    for name, verb in COMMANDS.items()
    for parameter in verb.params
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_verb_says_what_it_does(name: str) -> None:
    """The first paragraph is what the list of verbs shows: a sentence of one line."""
    first = (COMMANDS[name].help or "").strip().split("\n\n")[0]
    assert first.endswith((".", '".')), name
    assert first[0].isupper(), name
    assert len(first) <= 100, name


@pytest.mark.parametrize("shown", PARAMETERS)
def test_every_option_says_what_it_does(shown: str) -> None:
    """Options and arguments alike."""
    _, parameter = PARAMETERS[shown]
    assert (parameter.help or "").strip(), shown
    assert parameter.help.endswith("."), shown


def test_an_option_means_the_same_everywhere() -> None:
    """What is short for another option stands only where that one is."""
    for name, parameter in PARAMETERS.values():
        if "--format" in (parameter.help or "") and "--format" not in parameter.opts:
            assert any("--format" in p.opts for p in COMMANDS[name].params), name


def test_the_help_names_every_exit_code() -> None:
    """Of the errors, and of the gates that --fail-on sets."""
    waiting, codes = [TollbookError], {0, 4}
    while waiting:
        error = waiting.pop()
        codes.add(error.exit_code)
        waiting += error.__subclasses__()
    for code in codes:
        assert f" {code} " in app.info.help, code  # type: ignore[operator]  # it is text


def test_version_is_that_of_the_package(tmp_path: Path) -> None:
    """`tollbook --version` for a bug report."""
    assert command(tmp_path, "--version") == (0, f"tollbook {__version__}\n", "")


@pytest.mark.parametrize(
    ("work", "heavy"),
    [
        ("pipeline.cli", {"duckdb", "numpy", "pandas", "pyarrow", "pandera", "apprise"}),
        ("pipeline.runs.run, pipeline.intake.request_log.detect", {"numpy", "pyarrow", "pandera"}),
    ],
    ids=["help", "nothing new"],
)
def test_what_does_little_is_quick(work: str, heavy: set[str]) -> None:
    """Nothing heavy is imported to say what a verb does, or to see that nothing is new."""
    program = f"import sys, {work}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["run", "--nonsense"], ["sql"]],
    ids=" ".join,
)
def test_a_slip_of_the_hand_is_exit_2_without_a_traceback(words: list[str], tmp_path: Path) -> None:
    """Said on stderr, with what to do."""
    code, told, said = command(tmp_path, *words)
    assert (code, told) == (2, "")
    assert "--help" in said
    assert "Traceback" not in said
