"""Generates parts of the README: its tables, and what its examples print.

`python -m tests.support.documentation` writes them anew; `tests/test_readme.py` fails where they
differ. A comment before a fenced block says what is done with it: `<!-- run -->` runs the lines
that begin with `$` and shows their output, `<!-- python -->` runs it, `<!-- file: NAME -->` writes
it to the folder of the examples. Between `<!-- made: NAME -->` and `<!-- /made -->` stands what is
made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from pipeline.cli import app
from pipeline.config.keys.reference import markdown_table
from pipeline.intake.tabular.columns import GIVEN, REQUIRED
from pipeline.meters import METERS
from pipeline.published.dictionary import dictionary
from pipeline.published.named_queries import named_queries
from pipeline.resources import sql_names

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
# In this order, since later examples use files that earlier ones write.
PAGES = (README, *sorted((REPOSITORY / "data" / "guides").glob("*.md")))
NOW = "2026-11-24T08:00:00Z"
SHOWN_ROOT = "/home/you"  # for the folder in which the examples run

_MADE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- /made -->)", re.DOTALL)
_BLOCK = re.compile(r"<!-- (run|python|file: (\S+)) -->\n```\w+\n(.*?)```\n", re.DOTALL)


class ExampleError(AssertionError):
    """An example of a page does not do what it should."""


@dataclass(frozen=True, slots=True)
class Examples:
    """A folder with the demo in it, in which the examples run as `tollbook …`."""

    root: Path
    folder: Path  # of the demo, below it

    @classmethod
    def prepare(cls, root: Path) -> Examples:
        """Put the command on the path and run the demo."""
        command = root / "bin" / "tollbook"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipeline "$@"\n')
        command.chmod(0o755)
        cls(root, root).run(f"tollbook demo --now {NOW}")
        return cls(root, root / "tollbook-demo")

    def run(self, command: str) -> str:
        """What a shell command prints on stdout. Fails: ExampleError, unless it ends with 0."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=os.environ
            | {
                "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
                "PYTHONPATH": str(REPOSITORY),
                "NO_COLOR": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ExampleError(f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout.replace(str(self.root), SHOWN_ROOT)


def fresh_tables(text: str) -> str:
    """A page with its tables as they are made today; what its examples print stays."""
    return _MADE.sub(lambda found: f"{found[1]}{MAKERS[found[2]]()}\n{found[3]}", text)


def fresh(text: str, examples: Examples) -> str:
    """The README as it should be: every made part made anew, every example run."""
    return _BLOCK.sub(lambda found: _block(found, examples), fresh_tables(text))


def _block(found: re.Match[str], examples: Examples) -> str:
    kind, name, body = found[1], found[2], found[3]
    if name is not None:
        (examples.folder / name).write_text(body, encoding="utf-8")
        return found[0]
    if kind == "python":
        (examples.folder / "example.py").write_text(body, encoding="utf-8")
        examples.run(f'"{sys.executable}" example.py')
        return found[0]
    lines = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)\n", body, re.MULTILINE):
        said = "\n".join(line.rstrip() for line in examples.run(command).splitlines())
        lines += [f"$ {command}", said] if said else [f"$ {command}"]
    shown = "\n".join(lines)
    return f"<!-- run -->\n```console\n{shown}\n```\n"


def _commands() -> str:
    """Every verb with the first paragraph of its help."""
    rows = ["| command | what it does |", "|---|---|"]
    waiting: list[tuple[str, Any]] = [("tollbook", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop(0)
        verbs = getattr(command, "commands", None)
        if verbs is not None:
            waiting = [(f"{name} {v}", verbs[v]) for v in command.list_commands(None)] + waiting
            if not command.invoke_without_command:
                continue
        words = [
            p.name.upper() if p.required else f"[{p.name.upper()}]"
            for p in command.params
            if p.param_type_name == "argument"
        ]
        said = command.help.strip().split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        rows.append(f"| `{' '.join([name, *words])}` | {said} |")
    return "\n".join(rows)


def _views() -> str:
    """Every published view and what one of its rows is."""
    rows = ["| view | a row is |", "|---|---|"]
    published = {name.removeprefix("published/") for name in sql_names("published")}
    for view, columns in dictionary().items():
        if view in published:
            rows.append(f"| `{view}` | {columns[''][1]} |")
    return "\n".join(rows)


def _queries() -> str:
    rows = ["| query | question |", "|---|---|"]
    rows += [f"| `{query.name}` | {query.question} |" for query in named_queries()]
    return "\n".join(rows)


def _record_columns() -> str:
    meters = [m.name for m in METERS]
    others = [c for c in GIVEN if c not in {*REQUIRED, *meters, "requests"}]
    listed = {
        "Needed": REQUIRED,
        "At least one of": ("requests", *meters),
        "May be there": others,
    }
    return "\n".join(
        f"- {what}: {', '.join(f'`{name}`' for name in names)}." for what, names in listed.items()
    )


MAKERS: dict[str, Callable[[], str]] = {
    "commands": _commands,
    "configuration": markdown_table,
    "queries": _queries,
    "record_columns": _record_columns,
    "views": _views,
}


def main() -> None:
    """Write the pages anew."""
    with tempfile.TemporaryDirectory() as folder:
        examples = Examples.prepare(Path(folder).resolve())
        for page in PAGES:
            page.write_text(fresh(page.read_text(encoding="utf-8"), examples), encoding="utf-8")


if __name__ == "__main__":
    main()
