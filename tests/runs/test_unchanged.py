"""A run with nothing new publishes nothing and writes no report; what is new, however, it does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.intake.files import discovery
from pipeline.intake.files.hashes import sample_hash
from pipeline.runs.corrections.rerate import rerate
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch
from pipeline.runs.run_and_report import RunReport, run_and_report
from tests.support.webhook import webhook
from tests.support.workspace import (
    CONFIGURATION,
    PRICES,
    Prepared,
    Workspace,
    lines,
    price,
    request,
)

BUDGET = '\n[[budgets]]\nid = "all"\namount_usd = "5.00"\nthresholds = [50]\n'
BASE = CONFIGURATION + BUDGET + "\n[quality]\nmax_quarantined_percent = 100\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A workspace whose second run has nothing new."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), BASE)
    workspace.write("logs/a.jsonl", lines(request("1")))
    assert not workspace.run().is_unchanged
    assert workspace.run().is_unchanged
    return Prepared(workspace)


@pytest.fixture
def settled(prepared: Prepared) -> Workspace:
    return prepared.again()


def snapshots(workspace: Workspace) -> set[str]:
    """The snapshots that were published."""
    return {path.name for path in workspace.path("var/snapshots").iterdir()}


def test_a_run_with_nothing_new_publishes_nothing(settled: Workspace) -> None:
    """Its row in `runs` is seen with the next snapshot."""
    published = snapshots(settled)
    result = settled.run()
    assert result.is_unchanged
    assert (result.outcome, dict(result.postings)) == ("done", {})
    assert snapshots(settled) == published == {result.snapshot.name}
    assert settled.rows("SELECT count(*) FROM runs") == [(1,)]
    settled.write("logs/b.jsonl", lines(request("2")))
    assert not settled.run().is_unchanged
    assert settled.rows("SELECT count(*) FROM runs") == [(4,)]
    assert settled.tokens() == 2000


def another_file(workspace: Workspace) -> None:
    workspace.write("logs/b.jsonl", lines(request("2")))


def a_grown_file(workspace: Workspace) -> None:
    workspace.append("logs/a.jsonl", lines(request("2")))


def a_rejected_row(workspace: Workspace) -> None:
    workspace.append("logs/a.jsonl", "{}\n")


def a_missing_file(workspace: Workspace) -> None:
    workspace.path("logs/a.jsonl").unlink()


def another_price(workspace: Workspace) -> None:
    workspace.price(*PRICES, price("beta", "text_input_tokens", "3"))


def another_budget(workspace: Workspace) -> None:
    workspace.configure(BASE.replace("5.00", "6.00"))


def a_discount(workspace: Workspace) -> None:
    discount = '\n[[discounts]]\npercent = "5"\nvalid_from = "2026-01-01"\n'
    workspace.configure(BASE + discount)


def another_name(workspace: Workspace) -> None:
    named = 'id = "org-acme"\nname = "Acme"'
    workspace.configure(BASE.replace('id = "org-acme"', named))


def a_missing_link(workspace: Workspace) -> None:
    workspace.path("var/published").unlink()


def a_missing_database(workspace: Workspace) -> None:
    (workspace.path("var/published") / "tollbook.duckdb").unlink()


def an_unfinished_snapshot(workspace: Workspace) -> None:
    """As a crash before the flip leaves it: committed, with the snapshot of before published."""
    workspace.write("logs/b.jsonl", lines(request("2")))
    before = workspace.path("var/published").readlink()
    workspace.run()
    workspace.path("var/published").unlink()
    workspace.path("var/published").symlink_to(before)


CHANGES = (another_file, another_budget, a_missing_database, an_unfinished_snapshot)
# what differs less from those, for the slow job
MORE_CHANGES = (
    a_grown_file,
    a_missing_file,
    a_rejected_row,
    another_price,
    a_discount,
    another_name,
    a_missing_link,
)


@pytest.mark.parametrize(
    "change", [*CHANGES, *(pytest.param(c, marks=pytest.mark.slow) for c in MORE_CHANGES)]
)
def test_what_is_new_is_published(settled: Workspace, change: Callable[[Workspace], None]) -> None:
    """And the run after it has nothing new again."""
    change(settled)
    result = settled.run()
    assert not result.is_unchanged
    assert settled.path("var/published").resolve().name == result.run_id
    assert settled.run().is_unchanged


def test_a_directory_file_is_new(settled: Workspace) -> None:
    """So is a row that it gains."""
    text = BASE + '\n[directory]\nprojects = "projects.csv"\n'
    settled.configure(text)
    settled.write("projects.csv", "project_id,project_name\nproj_a,Chatbot\n")
    assert not settled.run().is_unchanged
    assert settled.run().is_unchanged
    settled.append("projects.csv", "proj_b,Search\n")
    assert not settled.run().is_unchanged


@pytest.mark.parametrize(
    ("later", "is_unchanged"),
    [
        ("2026-11-24T09:00:00", True),  # an hour later
        ("2026-11-24T22:59:00", True),
        ("2026-11-24T23:01:00", False),  # a day later in Berlin
        ("2026-11-25T00:01:00", False),  # in UTC: another day is final
        pytest.param("2026-12-01T09:00:00", False, marks=pytest.mark.slow),  # another month
        ("2026-11-23T12:00:00", False),  # the business clock moved back
    ],
)
def test_the_clock_alone_is_new_when_a_day_turns(
    settled: Workspace, later: str, *, is_unchanged: bool
) -> None:
    """Days become final and periods end at midnight, UTC or of the organization."""
    assert settled.run(now=datetime.fromisoformat(later)).is_unchanged is is_unchanged


def test_a_moved_storage_is_published_again(settled: Workspace) -> None:
    """Its snapshot names files where they no longer are."""
    shutil.move(settled.path("var"), settled.path("moved"))
    settled.configure(BASE.replace('root = "var"', 'root = "moved"'))
    assert not settled.run().is_unchanged
    assert settled.run().is_unchanged


def test_a_message_that_waits_is_delivered_and_then_published(tmp_path: Path) -> None:
    """A channel that was down gets it from a run with nothing else to do."""
    alerts = '\n[alerts]\nchannels = ["env:HOOK"]\n'
    budget = BUDGET.replace("5.00", "0.001")
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION + budget + alerts)
    workspace.write("logs/a.jsonl", lines(request("1")))
    with webhook() as server:

        def run() -> RunResult:
            return run_batch(
                load(workspace.path("tollbook.toml")),
                now=workspace.at,
                real_clock=workspace.clock,
                environment={"HOOK": server.url},
            )

        server.status = 500
        run()
        assert workspace.rows("SELECT delivered_at FROM alerts") == [(None,)]
        server.status = 200
        server.posts.clear()
        assert not run().is_unchanged
        assert len(server.posts) == 1
        assert workspace.rows("SELECT delivered_at IS NULL FROM alerts") == [(False,)]
        assert run().is_unchanged
        assert len(server.posts) == 1


@pytest.mark.slow
def test_corrections_are_new(settled: Workspace) -> None:
    settled.price(price("alpha", "text_input_tokens", "5"))
    assert not settled.rerate().is_unchanged
    assert not settled.forget("logs/a.jsonl").is_unchanged
    assert settled.run().is_unchanged


def test_a_rerate_that_moves_nothing_publishes_nothing(settled: Workspace) -> None:
    """Nor does the next one, or a run."""
    published = snapshots(settled)
    assert settled.rerate().is_unchanged
    assert settled.rerate().is_unchanged
    assert settled.run().is_unchanged
    assert snapshots(settled) == published


def reported(workspace: Workspace, month: str | None = None) -> RunReport:
    """A run and its report."""
    return run_and_report(
        load(workspace.path("tollbook.toml")),
        clock=Clock(business=lambda: workspace.at, real=workspace.clock),
        environment={},
        month=None if month is None else datetime.fromisoformat(f"{month}-01").date(),
    )


def written_at(report: RunReport) -> int:
    return report.report.html.stat().st_mtime_ns


def test_a_report_of_nothing_new_is_not_written_again(settled: Workspace) -> None:
    """Its summary is the same, with a line that says so; a file of it that is missing is."""
    first = reported(settled)
    before = written_at(first)
    again = reported(settled)
    assert written_at(again) == before
    assert again.report == first.report
    assert again.summary() == [
        "Nothing is new: the published figures and the report stay as they are.",
        "Read 0 rows from 0 files: 0 accepted, 0 duplicate, 0 superseded, 0 quarantined.",
        *first.summary()[-5:],
    ]
    assert again.facts()["is_unchanged"] is True
    table = settled.path("var/reports/2026-11.csv")
    table.unlink()
    assert reported(settled).result.is_unchanged
    assert table.is_file()
    settled.write("logs/b.jsonl", lines(request("2")))
    other = reported(settled)
    assert written_at(other) > before
    assert other.report.spent_usd == 2 * first.report.spent_usd


@pytest.mark.slow
@pytest.mark.parametrize("name", ["2026-11.html", "latest.html"])
def test_a_missing_report_is_written(settled: Workspace, name: str) -> None:
    reported(settled)
    path = settled.path("var/reports") / name
    path.unlink()
    assert reported(settled).result.is_unchanged
    assert path.is_file()


@pytest.mark.slow
def test_a_report_of_another_month_is_written_when_it_is_stale(settled: Workspace) -> None:
    """It is kept for each month which figures it shows."""
    settled.write("logs/b.jsonl", lines(request("2", when="2026-10-05T12:00:00")))
    october = reported(settled, "2026-10")
    before = written_at(october)
    assert not october.result.is_unchanged
    again = reported(settled, "2026-10")
    assert (again.result.is_unchanged, written_at(again)) == (True, before)
    assert again.report == october.report
    settled.write("logs/c.jsonl", lines(request("3", when="2026-10-06T12:00:00")))
    assert not reported(settled).result.is_unchanged  # writes November's
    stale = reported(settled, "2026-10")
    assert stale.result.is_unchanged
    assert stale.report.spent_usd == 2 * october.report.spent_usd


def test_a_partial_run_says_so_each_time_and_publishes_once(settled: Workspace) -> None:
    """A file that stays unreadable is no news."""
    settled.write("logs/b.jsonl.gz", lines(request("2")))
    settled.path("logs/b.jsonl.gz").write_bytes(b"\x1f\x8bnothing")
    settled.touch("logs/b.jsonl.gz", age=timedelta(hours=1))
    first, again = settled.run(), settled.run()
    assert (first.outcome, again.outcome) == ("partial", "partial")
    assert first.problems == again.problems


def test_raw_files_that_were_not_touched_are_not_opened(
    settled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is opened takes longer as history grows; a file written in its place is noticed."""
    opened: list[Path] = []

    def watched(path: Path, size: int) -> str:
        opened.append(path)
        return sample_hash(path, size)

    settled.run()  # the fixture's files were put back for this test
    monkeypatch.setattr(discovery, "sample_hash", watched)
    assert settled.run().is_unchanged
    assert opened == []
    path = settled.path("logs/a.jsonl")
    facts = path.stat()
    path.write_text(path.read_text().replace("proj", "prok"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert not settled.run().is_unchanged
    assert opened == [path]


@pytest.mark.slow
def test_a_day_that_a_rerating_left_out_takes_new_prices_with_the_next_run(
    settled: Workspace,
) -> None:
    """A re-rating moves the days it was asked for; the run after it is not one without news."""
    settled.price(price("alpha", "text_input_tokens", "5"))
    with settled.correction("rerate") as run:
        rerate(run, date(2026, 10, 1), date(2026, 10, 2))
    assert settled.rows("SELECT sum(cost_usd) FROM charges") == [(Decimal("0.002"),)]
    settled.run()
    assert settled.rows("SELECT sum(cost_usd) FROM charges") == [(Decimal("0.005"),)]
