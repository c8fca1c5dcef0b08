"""Moving a source to another basis: afterwards it is as if it had always had it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.model.books import Facts, Source
from tests.model.content import TABLE_HEADER, Call, table_row, usage_page
from tests.model.trial import AT, GATEWAY, NOW, PAGES, Trial, chat

AUDIT = Source("audit", "request_log", "audit", "detail")
TABLE = Source("table", "records", "table", "detail")
BOTH = {"charge": "detail", "detail": "charge"}


def _moved(source: Source) -> Source:
    return replace(source, basis=BOTH[source.basis])


def _configure(trial: Trial, sources: tuple[Source, ...]) -> None:
    trial.product.sources = sources
    trial.price(1)


def _facts(trial: Trial) -> Facts:
    facts, apart, _ = trial.product.facts()
    assert not apart
    return facts


def _story(trial: Trial, *, is_short: bool = False) -> None:
    """Records that both sources have, replace, copy and hold, and some that only one has."""
    trial.write("logs/a.jsonl", chat("c1", 1), chat("c2", 2), "rubbish")
    trial.write("audit/b.jsonl", chat("c1", 1), chat("c2", 4), chat("c3", 8), "rubbish")
    trial.run()
    trial.write("audit/c.jsonl", chat("c2", 2), chat("c3", 16), chat("c4", 32), chat("c1", 64))
    trial.write("logs/d.jsonl", chat("c4", 32), chat("c3", 8))
    trial.run()
    if is_short:
        return
    trial.write("audit/e.jsonl", chat("c4", 32), chat("c3", 8))
    trial.write("logs/f.jsonl", *(chat("c2", 2), chat("c3", 16), chat("c4", 32), chat("c1", 64)))
    trial.run()
    trial.forget("audit/c.jsonl")


@pytest.mark.parametrize("is_short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_books_are_as_if_the_source_had_always_had_it(
    tmp_path: Path, *, is_short: bool
) -> None:
    """There, and at the end of the long story back again."""
    trial = Trial(tmp_path / "moved", (GATEWAY, AUDIT))
    _story(trial, is_short=is_short)
    before = _facts(trial)
    _configure(trial, (GATEWAY, _moved(AUDIT)))
    trial.tick()
    assert "tollbook rebase audit" in str(trial.product.run(NOW))
    assert not trial.product.command("rebase", "audit", now=NOW)

    other = Trial(tmp_path / "always", (GATEWAY, _moved(AUDIT)))
    _story(other, is_short=is_short)
    always = _facts(other)
    assert _facts(trial) == always
    assert always.charges != before.charges
    if is_short:
        return

    trial.run()
    assert _facts(trial) == always
    for one in (trial, other):
        one.forget("logs/f.jsonl")
        one.do("remember", "audit/c.jsonl")
        one.write("audit/g.jsonl", chat("c4", 32), chat("c5", 128))
        one.run()
    assert _facts(trial) == _facts(other)

    for one in (trial, other):
        _configure(one, (GATEWAY, AUDIT))
        one.tick()
        assert not one.product.command("rebase", "audit", now=NOW)
    assert _facts(trial) == _facts(other)


def test_a_table_moves_and_a_copy_of_a_file_of_another_source(tmp_path: Path) -> None:
    """Nothing of the copy was read: it has the rows of its original under its own basis."""
    trial = Trial(tmp_path, (GATEWAY, _moved(AUDIT), TABLE))
    row = table_row(Call("c1", AT, 3_000_000, "pa", "m1"))
    trial.write("table/a.csv", TABLE_HEADER, row)
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.write("logs/b.jsonl", chat("c2", 4))
    trial.write("audit/b.jsonl", chat("c2", 4))
    trial.run()
    assert trial.dollars == 5
    _configure(trial, (GATEWAY, AUDIT, TABLE))
    assert not trial.product.command("rebase", "audit", now=NOW)
    assert trial.fates["logs/b.jsonl"] == trial.fates["audit/b.jsonl"] == (1, 1, 0, 0)
    assert trial.dollars == 5
    _configure(trial, (GATEWAY, AUDIT, _moved(TABLE)))
    assert not trial.product.command("rebase", "table", now=NOW)
    assert trial.dollars == 7


@pytest.mark.slow
def test_pages_move_with_what_they_replaced(tmp_path: Path) -> None:
    detail = replace(PAGES, basis="detail")
    trial = Trial(tmp_path, (detail,))
    trial.write("pages/a.json", usage_page(None, AT, (("pa", "m1", 5_000_000, 1),)))
    trial.run()
    trial.write("pages/b.json", usage_page(None, AT, (("pa", "m1", 9_000_000, 1),)))
    trial.run()
    assert trial.dollars == 0
    _configure(trial, (PAGES,))
    assert not trial.product.command("rebase", "pages", now=NOW)
    assert trial.dollars == 9
    trial.forget("pages/b.json")
    assert trial.dollars == 5
    assert _facts(trial).fates["pages/a.json"] == (1, 1, 0, 0)


@pytest.mark.slow
def test_a_dry_run_shows_what_moves_and_changes_nothing(tmp_path: Path) -> None:
    """And after the move itself, what was known before is still shown."""
    trial = Trial(tmp_path, (GATEWAY, AUDIT))
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.write("audit/a.jsonl", chat("c1", 1), chat("c2", 2))
    trial.run()
    at, before = trial.product.clock, _facts(trial)
    _configure(trial, (GATEWAY, _moved(AUDIT)))
    config = str(trial.folder / "tollbook.toml")
    words = ["rebase", "audit", "--config", config, "--now", "2026-03-03T00:00:00Z"]
    done = CliRunner().invoke(app, [*words, "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "audit: 2 rows move from 'detail' to 'charge'" in done.output
    assert "1 row would no longer count, 0 rows would count" in done.output
    assert "would move by 2 USD" in done.output
    assert _facts(trial) == before
    trial.tick()
    assert not trial.product.command("rebase", "audit", now=NOW)
    assert trial.dollars == 3
    then = trial.product.facts_as_of(at)
    assert (then.charges, then.usage) == (before.charges, before.usage)
    now, facts = trial.product.facts_as_of(trial.product.clock), _facts(trial)
    assert (now.charges, now.usage) == (facts.charges, facts.usage)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """One detail log, to move nothing of."""
    trial = Trial(tmp_path_factory.mktemp("settled"), (GATEWAY, AUDIT))
    trial.write("audit/a.jsonl", chat("c1", 1))
    trial.run()
    return trial


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("audits", 2, "the source 'audits' is not configured"),
        ("audit", 0, "audit: all its records are 'detail' already; nothing moves"),
    ],
)
def test_what_cannot_move_is_said(settled: Trial, name: str, code: int, said: str) -> None:
    config = str(settled.folder / "tollbook.toml")
    done = CliRunner().invoke(app, ["rebase", name, "--config", config])
    shown = f"{done.output} {done.exception}"
    assert said in shown
    assert getattr(done.exception, "exit_code", done.exit_code) == code
