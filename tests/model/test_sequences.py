"""The sequences of acts that once lost or doubled money, each with its right value.

Dollars are millions of tokens: m1 costs one dollar a million.
"""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.model.books import Source
from tests.model.content import TABLE_HEADER, Call, table_row, usage_page
from tests.model.trial import AT, EARLY, LATER, MILLION, NOW, PAGES, Trial, chat
from tests.model.watch import Budget


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """One charged log folder."""
    return Trial(tmp_path)


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


def test_t14_rows_of_another_organization_are_held_back(trial: Trial) -> None:
    foreign = chat("c2", 4).replace('"project_id"', '"organization_id": "org-other", "project_id"')
    trial.write("logs/a.jsonl", chat("c1", 1), foreign)
    trial.run()
    assert trial.dollars == 1
    assert trial.rows("SELECT rule FROM quarantine") == [("other_organization",)]


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


def test_t12_a_pinned_day_stays_pinned_under_an_earlier_now(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run(NOW)
    trial.run(LATER)
    trial.price(3)
    for now in (LATER, NOW, LATER):
        trial.run(now)
        assert trial.dollars == 1


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


def test_t29_a_price_written_while_a_day_was_provisional_holds_once_final(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run()
    trial.price(3)
    trial.run(datetime(2026, 3, 20))
    assert trial.dollars == 3
    trial.price(7)
    trial.run(datetime(2026, 3, 21))
    assert trial.dollars == 3  # pinned


def test_a_line_given_up_and_then_torn_does_not_stop_every_run(trial: Trial) -> None:
    """Its incomplete last line was held back after a day; then the writer began a new line."""
    whole = chat("c1", 1)
    trial.product.write("logs/a.jsonl", whole + "\n" + whole[:40], trial.at)
    trial.at += timedelta(days=2)
    trial.run()
    assert trial.held == 1
    trial.product.write("logs/a.jsonl", f"{whole}\n{whole[:40]}\n{chat('c2', 1)}\n", trial.at)
    trial.run()
    assert trial.dollars == 2
    assert trial.held == 1


@pytest.mark.parametrize("under_one_name", [True, False])
def test_t5_a_bucket_goes_back_to_an_earlier_figure(tmp_path: Path, under_one_name: bool) -> None:  # noqa: FBT001
    trial = Trial(tmp_path, (PAGES,))
    seen = []
    for number, millions in enumerate((1, 2, 1)):
        page = usage_page(None, AT, (("pa", "m1", millions * MILLION, 1),))
        trial.write("pages/p.json" if under_one_name else f"pages/p{number}.json", page)
        trial.run()
        seen.append(trial.dollars)
    assert seen == [1, 2, 1]


def test_a_late_page_does_not_replace_a_later_fetch_of_the_same_figures(tmp_path: Path) -> None:
    """Fetched at 0 and 10 minutes alike; what was fetched at 5 minutes is read last."""
    trial = Trial(tmp_path, (PAGES,))
    for minute, millions in ((0, 1), (10, 1), (5, 2)):
        fetched_at = datetime(2026, 4, 20, 9, minute)
        rows = (("pa", "m1", millions * MILLION, 1),)
        trial.write(f"pages/{minute}.json", usage_page(fetched_at, AT, rows))
        trial.run()
        assert trial.dollars == 1


def test_t30_replace_true_takes_a_rewritten_file_as_the_whole_truth(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (Source("export", "records", "tables", "charge"),))
    path = trial.folder / "tollbook.toml"
    path.write_text(
        path.read_text().replace('kind = "records"', 'kind = "records"\nreplace = true')
    )
    rows = [table_row(Call(n, AT, t * MILLION, "pa", "m1")) for n, t in (("t1", 1), ("t2", 2))]
    trial.write("tables/x.csv", TABLE_HEADER, *rows)
    trial.run()
    assert trial.dollars == 3
    trial.write("tables/x.csv", TABLE_HEADER, rows[0])
    trial.run()
    assert trial.dollars == 1


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


def test_a_remembered_file_counts_as_if_it_had_never_been_forgotten(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 1), chat("c2", 1), "rubbish")
    trial.run()
    trial.write("logs/b.jsonl", chat("c1", 2), chat("c2", 1), chat("c3", 4))
    trial.run()
    before = (trial.dollars, trial.fates, trial.held)
    assert trial.dollars == 7
    trial.forget("logs/a.jsonl")
    assert trial.dollars == 7
    assert trial.held == 0
    trial.forget("logs/b.jsonl")
    assert trial.dollars == 0
    for path in ("logs/b.jsonl", "logs/a.jsonl"):
        trial.do("remember", path, "--dry-run")
        trial.do("remember", path)
    assert (trial.dollars, trial.fates, trial.held) == before
    trial.write("logs/a.jsonl", chat("c1", 1), chat("c2", 1), "rubbish", chat("c5", 5))
    trial.run()
    assert trial.dollars == 12


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


def test_a_packed_log_that_is_touched_or_packed_anew_is_the_same_file(trial: Trial) -> None:
    lines = (chat("c1", 1), chat("c2", 2))
    trial.write("logs/a.jsonl.gz", *lines)
    trial.run()
    before = trial.fates
    trial.write("logs/a.jsonl.gz", *lines)
    trial.run()
    packed = gzip.compress("".join(f"{line}\n" for line in lines).encode(), compresslevel=1)
    (trial.folder / "logs/a.jsonl.gz").write_bytes(packed + gzip.compress(b""))
    trial.run()
    assert trial.fates == before


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


def test_remembered_pages_count_again(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (PAGES,))
    trial.write("pages/a.json", usage_page(None, AT, (("pa", "m1", MILLION, 1),)))
    trial.run()
    trial.write("pages/b.json", usage_page(None, AT, (("pa", "m1", 2 * MILLION, 1),)))
    trial.run()
    assert trial.dollars == 2
    trial.forget("pages/b.json")
    assert trial.dollars == 1
    trial.run()
    assert trial.dollars == 1
    trial.do("remember", "pages/b.json")
    trial.run()
    assert trial.dollars == 2
