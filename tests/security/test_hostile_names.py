"""One run over data whose every name is hostile, and what became of the names."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from tests.support.command import command
from tests.support.webhook import LOOPBACK, TOKEN, Server, webhook
from tests.support.workspace import CONFIGURATION, PRICES, Workspace, lines, price, request

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = "2026-11-24T08:00Z"
STEERING = "\x1b]0;pwned\x07\x1b[31m"
NAMES = (
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "'; DROP TABLE charges; --",
    "\"; ATTACH 'x' AS y; --",
    f"{STEERING}red",
    "../../etc/passwd",
    "/etc/passwd",
    "{{7*7}}{%x%}",
    "\u202egnp.exe",
    "<!channel> @everyone *b* [x](http://evil)",
)
BUDGETS = "".join(
    f'[[budgets]]\nid = "b{n}"\nproject = {json.dumps(name)}\namount_usd = "0.0001"\n'
    for n, name in enumerate(NAMES)
)
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


class Scene:
    """The folder after the run, and what the run said."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        text = CONFIGURATION.replace('id = "org-acme"', f'id = "o"\nname = {json.dumps(STEERING)}')
        text += f'{LOOPBACK}{BUDGETS}[alerts]\nchannels = ["env:HOOK"]\n'
        workspace = Workspace(
            folder / "in", text, (*PRICES, *(_price(name) for name in NAMES if "," not in name))
        )
        bodies = [
            request(f"{n}{name}{model}", 10**6, project=name, model=model, user_id=name)
            for n, name in enumerate(NAMES)
            for model in ("alpha", name)
        ]
        workspace.write(f"logs/{STEERING}<b>.jsonl", lines(*bodies) + f"{{bad{STEERING}\n")
        workspace.write(f"logs/{STEERING}.jsonl", bytes(range(256)) * 8)
        old = os.umask(0o027)
        try:
            self.code, self.told, self.said = self.call("run", "--now", NOW)
            self.backed_up = self.call("backup", str(folder / "backup.tar"))[0]
        finally:
            os.umask(old)

    def call(self, *words: str) -> tuple[int, str, str]:
        """The real command."""
        return command(self.folder / "in", *words, HOOK=self.server.url, LOG_LEVEL="info")

    @property
    def root(self) -> Path:
        """The storage."""
        return self.folder / "in" / "var"


def _price(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return price(quoted, "text_input_tokens", "2")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with webhook() as server:
        yield Scene(tmp_path_factory.mktemp("hostile").resolve(), server)


def test_claim_04_no_secret_is_written(scene: Scene) -> None:
    """The webhook's token is in no file, no backup and no output."""
    assert scene.server.posts != []
    files = [path for path in scene.folder.rglob("*") if path.is_file()]
    assert scene.folder / "backup.tar" in files
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []
    assert TOKEN not in scene.told + scene.said


def test_claim_05_html_shows_names_as_text(scene: Scene) -> None:
    """No element, attribute or address comes from a name, and nothing is loaded."""
    text = (scene.root / "reports" / "2026-11.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in text
    assert "{{7*7}}" in text
    found: list[tuple[str, dict[str, str | None]]] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Elements().feed(text)
    tags = [tag for tag, _ in found]
    assert not {"iframe", "object", "embed", "base"} & set(tags)
    assert tags.count("script") == 1  # the page's own, which takes nothing from data
    names = {name for _, attributes in found for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "src"}
    assert not [a["href"] for _, a in found if str(a.get("href", "#")).startswith("java")]


def test_claim_06_no_cell_is_a_formula(scene: Scene) -> None:
    """In the report's CSV file and in answers; numbers stay numbers."""
    with (scene.root / "reports" / "2026-11.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    projects = {row["project_id"] for row in rows}
    assert {"'=cmd|'/c calc'!A1", "'+1+1", "'-1+1", "'@SUM(1)"} <= projects
    assert all(float(row["cost_usd"]) >= 0 for row in rows)
    answer = scene.call("sql", "SELECT DISTINCT project_id FROM charges", "--format", "csv")[1]
    assert not [line for line in answer.splitlines() if line.strip('"').startswith(("=", "+", "@"))]
    markdown = scene.call("sql", "SELECT DISTINCT model FROM charges", "--format", "markdown")[1]
    assert "<script>" not in markdown
    assert r"\[x\](http://evil)" in markdown


def test_claim_07_a_terminal_is_not_steered(scene: Scene) -> None:
    """By no file name, project, model or organization, in no table, message or log."""
    assert scene.code == 3
    for words in (
        ("alerts", "list", "--state", "any"),
        ("budgets",),
        ("quarantine", "list"),
        ("explain", "--project", "nobody"),
        ("sql", "SELECT DISTINCT project_id, model, user_id FROM charges"),
        ("sql", "SELECT * FROM input_files"),
        ("sql", "SELECT * FROM quarantine"),
        ("sql", f'SELECT "{STEERING}"'),
        ("run", f"logs/{STEERING}none"),
    ):
        _, told, said = scene.call(*words)
        assert CONTROLS.findall(told + said) == [], words
    assert CONTROLS.findall(scene.told + scene.said) == []
    assert r"\x1b]0;pwned\x07" in scene.said
    for post in scene.server.posts:
        assert CONTROLS.findall(post["title"] + post["message"]) == []


def test_claim_08_no_name_becomes_a_path(scene: Scene) -> None:
    """What was written lies in the storage, under names of tollbook's own."""
    outside = {path.name for path in scene.folder.iterdir()}
    assert outside == {"in", "backup.tar"}
    assert {path.name for path in (scene.folder / "in").iterdir()} == {
        "tollbook.toml",
        "prices.csv",
        "logs",
        "var",
    }
    names = [path.relative_to(scene.root).as_posix() for path in scene.root.rglob("*")]
    assert [name for name in names if not re.fullmatch(r"[\w./=@+-]+", name, re.ASCII)] == []


def test_claim_09_no_name_becomes_sql(scene: Scene) -> None:
    """Each is there as it was written, with what it cost."""
    database = scene.root / "published" / "tollbook.duckdb"
    with duckdb.connect(str(database), read_only=True) as con:
        found = con.execute(
            "SELECT project_id, CAST(sum(cost_usd) AS DOUBLE) FROM charges GROUP BY ALL"
        ).fetchall()
    assert {name for name, _ in found} == set(NAMES)
    assert {cost for _, cost in found} == {4.0}


def test_claim_11_files_keep_to_the_umask(scene: Scene) -> None:
    """With 027 nothing is for others; a backup is for its owner alone; nothing is executable."""
    modes = {
        path: stat.S_IMODE(path.stat().st_mode)
        for path in scene.root.rglob("*")
        if not path.is_symlink()
    }
    assert [path for path, mode in modes.items() if mode & 0o007] == []
    assert [path for path, mode in modes.items() if path.is_file() and mode & 0o111] == []
    assert scene.backed_up == 0
    assert stat.S_IMODE((scene.folder / "backup.tar").stat().st_mode) == 0o600
