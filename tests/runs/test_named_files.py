"""Files named on the command line: as the source that has them, else never charged twice."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError
from pipeline.published.reader import open_published

LOG = {
    "id": "chatcmpl-z",
    "object": "chat.completion",
    "created": 1793008805,
    "model": "gpt-4.1-2025-04-14",
    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    "project_id": "p",
}
ROW = {
    "object": "organization.usage.completions.result",
    "input_tokens": 1000,
    "output_tokens": 100,
    "input_cached_tokens": 0,
    "num_model_requests": 1,
    "project_id": "p",
    "user_id": None,
    "api_key_id": None,
    "model": "gpt-4.1-2025-04-14",
    "batch": False,
    "service_tier": "default",
}
BUCKET = {"object": "bucket", "start_time": 1793008800, "end_time": 1793012400, "results": [ROW]}
PAGE = {"object": "page", "data": [BUCKET], "has_more": False, "next_page": None}
ONCE = Decimal("0.0028")


def _run(*words: str) -> str:
    done = CliRunner().invoke(app, ["run", *words, "--now", "2026-11-24T08:00:00Z"])
    assert done.exit_code == 0, done.output
    return done.stderr


def _charged() -> Decimal:
    with open_published(Path("tollbook-data/published")) as con:
        found: Decimal = con.execute("SELECT sum(cost_usd) FROM charges").fetchall()[0][0]
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same call as a page and as a log."""
    (tmp_path / "log.jsonl").write_text(json.dumps(LOG) + "\n")
    (tmp_path / "usage.json").write_text(json.dumps(PAGE))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "order",
    [
        ("usage.json", "log.jsonl"),
        pytest.param(("log.jsonl", "usage.json"), marks=pytest.mark.slow),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_the_storage_holds_counts(order: tuple[str, str]) -> None:
    """Pages then logs, or logs then pages, in two runs, are charged once; and so again."""
    _run(order[0])
    assert _charged() == ONCE
    assert "taken as detail" in _run(order[1])
    assert _charged() == ONCE
    _run(*order)
    assert _charged() == ONCE


def test_what_the_configuration_charges_counts(folder: Path) -> None:
    """A log outside of every source is detail where the configuration charges pages."""
    (folder / "tollbook.toml").write_text(
        '[[sources]]\nname = "pages"\nkind = "openai_usage"\npath = ["pages"]\n'
    )
    assert "taken as detail" in _run("log.jsonl")
    (folder / "pages").mkdir()
    (folder / "usage.json").rename(folder / "pages" / "usage.json")
    _run()
    assert _charged() == ONCE


GATEWAY = '[[sources]]\nname = "gateway"\nkind = "request_log"\npath = ["log.jsonl"]\n'


@pytest.mark.usefixtures("folder")
@pytest.mark.slow
def test_a_source_configured_later_does_not_charge_the_same_traffic_again() -> None:
    """Pages were read without a configuration: a log of the same day does not charge."""
    _run("usage.json")
    config = Path("tollbook.toml")
    config.write_text(f'[storage]\nroot = "tollbook-data"\n{GATEWAY}')
    done = CliRunner().invoke(app, ["run", "--now", "2026-11-24T08:00:00Z"])
    assert isinstance(done.exception, ConfigError)
    for part in ("twice", "usage.json", 'basis = "detail"', "tollbook rebase"):
        assert part in str(done.exception)
    assert _charged() == ONCE
    Path("log.jsonl").write_text(json.dumps({**LOG, "created": 1793008805 + 86_400}) + "\n")
    _run()
    assert _charged() == 2 * ONCE


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_a_source_configured_later_can_charge_in_the_place_of_pages() -> None:
    """As the message says: the pages become detail."""
    _run("usage.json")
    known = "SELECT DISTINCT source FROM input_files"
    with open_published(Path("tollbook-data/published")) as con:
        [(name,)] = con.execute(known).fetchall()
    Path("tollbook.toml").write_text(
        f'[storage]\nroot = "tollbook-data"\n{GATEWAY}[[sources]]\nname = "{name}"\n'
        'kind = "openai_usage"\npath = ["usage.json"]\nbasis = "detail"\n'
    )
    done = CliRunner().invoke(app, ["rebase", name, "--now", "2026-11-24T08:00:00Z"])
    assert done.exit_code == 0, done.output
    _run()
    assert _charged() == ONCE


def test_only_the_files_named_are_read(folder: Path) -> None:
    """Of the source that has the named file no other file is read."""
    (folder / "logs").mkdir()
    (folder / "logs" / "a.jsonl").write_text(json.dumps(LOG) + "\n")
    (folder / "logs" / "b.jsonl").write_text(json.dumps({**LOG, "id": "other"}) + "\n")
    (folder / "tollbook.toml").write_text(
        '[[sources]]\nname = "gateway"\nkind = "request_log"\npath = ["logs/*.jsonl"]\n'
    )
    assert "read as the source 'gateway'" in _run("logs/a.jsonl")
    assert _charged() == ONCE
    _run()
    assert _charged() == 2 * ONCE
