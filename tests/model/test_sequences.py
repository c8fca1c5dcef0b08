"""The sequences of acts that once lost or doubled money, each with its right value.

Those that the random sequences of the suite come by as well are for the slow job.

Dollars are millions of tokens: m1 costs one dollar a million.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.model.books import Source
from tests.model.content import usage_page
from tests.model.trial import AT, EARLY, LATER, MILLION, NOW, PAGES, Trial, chat
from tests.model.watch import Budget


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """One charged log folder."""
    return Trial(tmp_path)


@pytest.mark.slow
def test_t11_a_named_file_is_read_as_the_source_it_belongs_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path, (PAGES, Source("gateway", "request_log", "logs", "detail")))
    trial.write("pages/p.json", usage_page(None, AT, (("pa", "m1", MILLION, 1),)))
    trial.write("logs/a.jsonl", chat("c1", 1))
    monkeypatch.chdir(tmp_path)
    for words in (["run"], ["run", "logs/a.jsonl"]):
        done = CliRunner().invoke(app, [*words, "--now", "2026-03-03T00:00:00Z"])
        assert done.exit_code == 0, done.output
        assert trial.dollars == 1


@pytest.mark.slow
def test_t13_a_changed_basis_is_told_by_every_run_and_loses_nothing(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (Source("gateway", "request_log", "logs", "detail"),))
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run()
    trial.product.sources = (Source("gateway", "request_log", "logs", "charge"),)
    trial.price(1)
    for _ in range(2):
        trial.tick()
        told = trial.product.command("run", now=NOW)
        assert told is not None
        assert told.startswith("exit 2: ")
        assert "`tollbook rebase gateway`" in told
        assert (trial.dollars, trial.fates["logs/a.jsonl"]) == (Decimal(0), (1, 1, 0, 0))
    trial.tick()
    assert trial.product.command("rebase", "gateway", now=NOW) is None
    assert trial.dollars == 1
    trial.run()
    assert (trial.dollars, trial.fates["logs/a.jsonl"]) == (Decimal(1), (1, 1, 0, 0))


@pytest.mark.slow  # tests/cli/test_fail_on.py has it in the suite
def test_t24_the_gate_looks_at_the_period_that_now_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path, budgets=(Budget("b", Decimal(10)),))
    trial.write("logs/a.jsonl", chat("c1", 12))
    monkeypatch.chdir(tmp_path)
    words = ["run", "--fail-on", "budget", "--now"]
    assert CliRunner().invoke(app, [*words, "2026-03-12T00:00:00Z"]).exit_code == 4
    april = "2026-04-01T14:00:00Z"
    assert CliRunner().invoke(app, [*words, april]).exit_code == 0


def test_t33_a_renamed_source_reads_its_files_again_and_charges_nothing_twice(
    tmp_path: Path,
) -> None:
    trial = Trial(tmp_path)
    trial.write("logs/a.jsonl", chat("c1", 1), "rubbish")
    trial.run()
    renamed = Trial(tmp_path, (Source("gw", "request_log", "logs", "charge"),), at=trial.at)
    renamed.run()
    assert (renamed.dollars, renamed.held) == (Decimal(1), 1)
    renamed.write("logs/a.jsonl", chat("c1", 1), "rubbish", chat("c2", 1))
    renamed.run()
    assert (renamed.dollars, renamed.held) == (Decimal(2), 1)


@pytest.mark.slow
def test_t15_the_first_charge_of_a_day_takes_the_current_book(trial: Trial) -> None:
    """A day that was looked at without a charge of its own (its only row was replaced at once)."""
    trial.now = datetime(2026, 2, 28)
    trial.write("logs/a.jsonl", chat("c1", 1, EARLY), chat("c1", 1, datetime(2026, 2, 17)))
    trial.run()
    before = trial.dollars
    trial.price(3)
    trial.run()
    trial.write("logs/b.jsonl", chat("c2", 1, EARLY))
    trial.run()
    posted = trial.rows(
        "SELECT reason, sum(cost_usd) FROM charge_postings WHERE usage_date = DATE '2026-02-04' "
        "GROUP BY ALL ORDER BY ALL"
    )
    # with `created` in the identity c1 is two calls, and 4 February has its price of one dollar
    assert posted in ([("usage", Decimal(3))], [("restatement", Decimal(1)), ("usage", Decimal(1))])
    assert before in {1, 2}


@pytest.mark.slow
def test_t28_rerate_posts_what_its_dry_run_showed_in_the_range_asked_for(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 1), chat("c2", 1, EARLY))
    trial.run()
    trial.price(3)
    asked = (date(2026, 2, 1), date(2026, 3, 1), NOW)
    trial.tick()
    assert trial.product.preview(*asked) == 2
    trial.tick()
    assert trial.product.rerate(*asked) is None
    assert trial.dollars == 4  # 1 on the provisional day, 3 in February


@pytest.mark.slow
def test_t12_t29_a_day_is_pinned_at_the_price_it_had_when_it_became_final(trial: Trial) -> None:
    """A price written while it was provisional holds; an earlier now moves nothing."""
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run(NOW)
    assert trial.dollars == 1
    trial.price(3)
    trial.run(datetime(2026, 3, 20))
    assert trial.dollars == 3
    trial.price(7)
    for now in (LATER, NOW, LATER):
        trial.run(now)
        assert trial.dollars == 3  # pinned


@pytest.mark.slow
def test_t4_as_of_before_a_forget_shows_what_was_published_then(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run()
    trial.write("logs/b.jsonl", chat("c1", 2))
    trial.run()
    at, before = trial.product.clock, trial.product.facts()[0]
    trial.forget("logs/b.jsonl")
    assert trial.dollars == 1
    then = trial.product.facts_as_of(at)
    assert (then.charges, then.usage) == (before.charges, before.usage)


@pytest.mark.slow
def test_a_dry_run_shows_rows_and_dollars_and_changes_nothing(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 1), chat("c2", 2))
    trial.run()
    trial.write("logs/b.jsonl", chat("c1", 1))
    trial.run()
    name = str(trial.folder / "logs/a.jsonl")
    config = str(trial.folder / "tollbook.toml")
    words = ["forget", name, "--reason", "x", "--dry-run", "--config", config]
    done = CliRunner().invoke(app, [*words, "--now", "2026-03-03T00:00:00Z"])
    assert done.exit_code == 0, done.output
    assert "2 rows would no longer count, 1 row would count" in done.output
    assert "would move by -2" in done.output
    assert trial.dollars == 3
    trial.forget("logs/a.jsonl")
    assert trial.dollars == 1
    trial.do("remember", "logs/a.jsonl", "--dry-run")
    assert trial.dollars == 1


def test_an_alert_that_a_late_record_raises_for_an_ended_month_is_settled_at_once(
    tmp_path: Path,
) -> None:
    """Or the same run again would change it; and a run that finds nothing new leaves it open."""
    trial = Trial(tmp_path, budgets=(Budget("b", Decimal(10)),))
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run()
    trial.write("logs/b.jsonl", chat("c2", 5))
    seen = []
    for _ in range(2):
        trial.run(datetime(2026, 4, 1, 12))
        seen.append(set(trial.product.facts()[0].alerts.values()))
    assert seen == [{"resolved"}, {"resolved"}]
