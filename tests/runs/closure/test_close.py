"""A closed month stays as it was; what changes later is booked in the open one, and all adds up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.dates import whole_month
from pipeline.errors import ConfigError, RunFailedError
from pipeline.published.forecasts.at import USED
from pipeline.resources import render_sql
from pipeline.runs.closure import evidence
from pipeline.runs.closure.close import Order, close
from pipeline.runs.stages import publish
from tests.support.command import command
from tests.support.month_end import (
    NOVEMBER,
    OCTOBER,
    assert_books_tie,
    close_month,
    frozen,
    reopen_month,
)
from tests.support.report_page import Page
from tests.support.workspace import (
    CONFIGURATION,
    NOW,
    PRICES,
    Prepared,
    Workspace,
    lines,
    request,
)

BUDGETS = """
[[budgets]]
id = "all"
amount_usd = "0.05"

[[budgets]]
id = "quarter"
amount_usd = "10"
calendar = "quarterly"
"""
DAYS = ("2026-10-05T12:00:00", "2026-10-31T22:30:00", "2026-10-31T23:30:00", "2026-11-02T12:00:00")
# By the organization's calendar the third is of November.
FIRST = [request(f"f{n}", 1000 * (n + 1), when=when) for n, when in enumerate(DAYS)]
LATE = (
    request("late", 4000, when="2026-10-05T13:00:00"),
    request("new", 5000, when="2026-10-07T12:00:00", project="proj_b"),
    request("unpriced", 100, when="2026-10-08T12:00:00", model="beta"),
)
REPORT = Path("var/reports/2026-10.html")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A storage whose October is closed."""
    made = Workspace(tmp_path_factory.mktemp("close") / "workspace", CONFIGURATION + BUDGETS)
    made.write("logs/first.jsonl", lines(*FIRST))
    made.run()
    close_month(made)
    return Prepared(made)


@pytest.fixture
def closed(prepared: Prepared) -> Workspace:
    """As prepared."""
    return prepared.again()


@dataclass(frozen=True)
class Late:
    """The same after usage of October that came when it was closed."""

    prepared: Prepared
    then: datetime  # before it came
    notes: tuple[str, ...]  # of the run that read it


@pytest.fixture(scope="module")
def late(prepared: Prepared) -> Late:
    """Run once."""
    workspace = prepared.again()
    then = workspace.at
    workspace.write("logs/late.jsonl", lines(*LATE))
    notes = workspace.run().notes
    return Late(Prepared(workspace, "late"), then, tuple(notes))


@pytest.fixture
def corrected(late: Late) -> Workspace:
    """As the late file left it."""
    return late.prepared.again()


def late_file(workspace: Workspace) -> None:
    """Usage of October that comes when it is closed."""
    workspace.write("logs/late.jsonl", lines(*LATE))
    workspace.run()


def dearer(workspace: Workspace) -> None:
    """Another price, for all days."""
    workspace.price(*[row.replace(",2,1000000", ",3,1000000") for row in PRICES])
    workspace.rerate()


def forgotten(workspace: Workspace) -> None:
    """The first file is taken back."""
    workspace.forget("logs/first.jsonl")


def amended(workspace: Workspace) -> None:
    """Budgets are changed and added."""
    text = CONFIGURATION + BUDGETS.replace('"0.05"', '"500"')
    workspace.configure(text + '\n[[budgets]]\nid = "new"\namount_usd = "1"\n')
    workspace.run()


@pytest.mark.parametrize(
    "acts",
    [
        (late_file, dearer),
        pytest.param((late_file, dearer, forgotten, amended), marks=pytest.mark.slow),
    ],
    ids=["two", "four"],
)
def test_a_closed_month_stays_and_corrections_are_booked_in_the_open_one(
    closed: Workspace, acts: tuple[Callable[[Workspace], None], ...]
) -> None:
    """After each act: nothing of October moved, its report has the same bytes, all adds up."""
    before, page = frozen(closed), closed.path(str(REPORT)).read_bytes()
    assert before["days"]
    for act in acts:
        act(closed)
        assert frozen(closed) == before, act.__name__
        assert_books_tie(closed)
    code, told, _ = command(closed.folder, "doctor")
    assert (code, "1 month to 2026-10, as closed" in told) == (0, True), told
    closed.path(str(REPORT)).write_text("somebody's")
    assert "not the one it was closed with" in command(closed.folder, "doctor")[1]
    assert command(closed.folder, "report", "--month", "2026-10")[0] == 0
    assert closed.path(str(REPORT)).read_bytes() == page


@pytest.mark.slow
def test_a_correction_says_what_it_corrects(late: Late) -> None:
    """Postings keep their day, and say in which month they are booked and why."""
    closed = late.prepared.again()
    [note] = [n for n in late.notes if "correction" in n]
    assert note == "3 corrections, +$0.02, of closed month 2026-10 booked in 2026-11"
    assert closed.rows(
        "SELECT charge_date, period_date, reason, correction_reason, cost_usd FROM charge_postings "
        "WHERE reason = 'correction' AND cost_usd IS NOT NULL ORDER BY ALL"
    ) == [
        (date(2026, 10, 5), NOVEMBER, "correction", "restatement", Decimal("0.008")),
        (date(2026, 10, 7), NOVEMBER, "correction", "usage", Decimal("0.010")),
    ]
    assert closed.rows(
        "SELECT charge_date, project_id, requests, cost_usd, unpriced_quantity FROM daily_costs "
        "WHERE corrected_month_date = DATE '2026-10-01' ORDER BY ALL"
    ) == [
        (NOW.date(), "proj_a", 1, Decimal("0.008"), Decimal(0)),
        (NOW.date(), "proj_a", 1, None, Decimal(100)),
        (NOW.date(), "proj_b", 1, Decimal("0.010"), Decimal(0)),
    ]
    code, told, said = command(closed.folder, "query", "month_statement", "--json")
    assert code == 0, said
    assert [
        (
            r["period_date"],
            r["period_state"],
            r["corrected_month_date"],
            r["project_id"],
            Decimal(r["cost_usd"]),
        )
        for r in json.loads(told)
    ] == [
        ("2026-10-01", "closed", None, "proj_a", Decimal("0.006")),
        ("2026-11-01", "open", None, "proj_a", Decimal("0.014")),
        ("2026-11-01", "open", "2026-10-01", "proj_b", Decimal("0.01")),
        ("2026-11-01", "open", "2026-10-01", "proj_a", Decimal("0.008")),
    ]
    assert closed.rows(
        "SELECT charge_date, sum(cost_usd), bool_or(is_corrected) FROM charges "
        "WHERE charge_date < DATE '2026-11-01' GROUP BY ALL ORDER BY ALL"
    ) == [
        (date(2026, 10, 5), Decimal("0.010"), True),
        (date(2026, 10, 7), Decimal("0.010"), True),
        (date(2026, 10, 8), None, True),
        (date(2026, 10, 31), Decimal("0.004"), False),
    ]
    assert command(closed.folder, "report", "--now", f"{closed.at.isoformat()}Z")[0] == 0
    page = Page(closed.path("var/reports/2026-11.html").read_text(encoding="utf-8"))
    cell = ("--project", "proj_a", "--month", "2026-10", "--json")
    code, told, said = command(closed.folder, "explain", *cell)
    assert code == 0, said
    assert json.loads(told)["total"]["agrees"] is True, told
    assert [[cell.text for cell in row] for row in page.table("h-corrections").body] == [
        ["October 2026", "proj_b", "alpha", "1", "+$0.01", "24 Nov 2026"],
        ["October 2026", "proj_a", "alpha", "1", "+$0.01", "24 Nov 2026"],
        ["October 2026", "proj_a", "beta", "1", "$0.00 and usage without a price", "24 Nov 2026"],
    ]
    assert closed.rows(
        "SELECT cost_usd, corrections_since, corrected_since_usd, reopened_at FROM closed_periods"
    ) == [(Decimal("0.006"), 3, Decimal("0.018"), None)]


@pytest.mark.slow
def test_the_next_month_compares_with_what_was_closed(closed: Workspace) -> None:
    """Every table of November has October as it was closed; corrections stand beside it."""
    closed.at = datetime(2026, 12, 2, 8)
    closed.write("logs/next.jsonl", lines(request("next", 10, when="2026-12-01T12:00:00")))
    closed.run()

    def compared() -> list[list[list[str]]]:
        month = ("--month", "2026-11", "--now", "2026-12-02T08:30Z")
        assert command(closed.folder, "report", *month)[0] == 0
        page = Page(closed.path("var/reports/2026-11.html").read_text(encoding="utf-8"))
        return [
            [[cell.text for cell in row] for row in page.table(name).body]
            for name in ("h-projects", "h-models", "h-moves")
        ]

    before = compared()
    closed.write("logs/late.jsonl", lines(*LATE))
    assert any("booked in 2026-11" in note for note in closed.run().notes)
    assert compared() == before
    forgotten(closed)
    assert [row[:3] for row in compared()[2]] == [["proj_a", "alpha", "<$0.01"]]


def test_budgets_of_open_periods_have_all_that_their_days_cost(corrected: Workspace) -> None:
    """A closed month's budget stays; the quarter goes on and counts what came late to October."""
    spent: dict[str, Decimal] = dict(
        corrected.rows(
            "SELECT budget_id || ' ' || period_start_date, spent_usd FROM budget_status ORDER BY 1"
        )
    )
    assert spent == {
        "all 2026-10-01": Decimal("0.006"),
        "all 2026-11-01": Decimal("0.014"),
        "quarter 2026-10-01": Decimal("0.038"),
    }


def test_forecasts_go_by_the_day_of_the_usage(corrected: Workspace) -> None:
    """Whenever it was booked; the organization's costs begin where its usage does."""
    days = "SELECT charge_date, project_id, sum(requests), sum(cost_usd) FROM {} GROUP BY ALL"
    found = corrected.rows(f"{days.format(USED)} ORDER BY ALL")
    assert found == corrected.rows(f"{days.format('charges')} ORDER BY ALL")
    assert found != corrected.rows(f"{days.format('daily_costs')} ORDER BY ALL")
    [(first, _)] = corrected.rows(render_sql("forecasts/days_made", daily=USED))
    assert first == date(2026, 10, 5)


@pytest.mark.slow
def test_reopened_the_month_has_what_came_late_and_is_closed_anew(corrected: Workspace) -> None:
    """Corrections move back, the next closing is version 2, and the first one is kept."""
    closed = corrected
    first = closed.path("var/closed/2026-10/1/2026-10.html").read_bytes()
    reopen_month(closed)
    assert_books_tie(closed)
    assert closed.rows(
        "SELECT count(*) FROM daily_costs WHERE corrected_month_date IS NOT NULL"
    ) == [(0,)]
    october = "SELECT sum(cost_usd) FROM {} WHERE charge_date < DATE '2026-11-01'"
    assert closed.rows(october.format("daily_costs")) == closed.rows(october.format("charges"))
    assert closed.rows("SELECT count(*) FROM charge_postings WHERE reason = 'correction'") == [(0,)]
    found, closing = close_month(closed)
    assert closing is None, "beta has no price"
    assert [i.name for i in found.items if not i.is_ok] == ["unpriced"]
    _, closing = close_month(closed, reason="beta is on no invoice")
    assert closing is not None
    assert closed.rows(
        "SELECT version, cost_usd, closed_by, reason, in_the_way, reopened_by, reopen_reason "
        "FROM closed_periods ORDER BY version"
    ) == [
        (1, Decimal("0.006"), "alice", None, "", "bob", "a test"),
        (
            *(2, Decimal("0.024"), "alice", "beta is on no invoice"),
            *("unpriced: charges without a price: 1", None, None),
        ),
    ]
    assert closed.path("var/closed/2026-10/1/2026-10.html").read_bytes() == first
    page = closed.path(str(REPORT)).read_text(encoding="utf-8")
    assert "by alice, version 2" in page
    forgotten(closed)
    assert_books_tie(closed)


@pytest.mark.slow
def test_a_second_month_is_closed_with_the_corrections_booked_in_it(corrected: Workspace) -> None:
    """November's statement has the late usage of October; later corrections go to December."""
    closed = corrected
    closed.at = datetime(2026, 12, 6, 8)
    closed.run()
    _, closing = close_month(closed, NOVEMBER, reason="days are missing")
    assert closing is not None
    assert (closing.cost_usd, closing.corrections_usd) == (Decimal("0.014"), Decimal("0.018"))
    before = frozen(closed)
    forgotten(closed)
    assert frozen(closed) == before
    assert_books_tie(closed)
    assert closed.rows(
        "SELECT period_date, corrected_month_date, sum(cost_usd) FROM period_costs "
        "WHERE corrected_month_date IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ) == [
        (NOVEMBER, OCTOBER, Decimal("0.018")),
        (date(2026, 12, 1), OCTOBER, Decimal("-0.006")),
        (date(2026, 12, 1), NOVEMBER, Decimal("-0.014")),
    ]
    with pytest.raises(
        ConfigError, match=r"months after 2026-10 are closed. Reopen first: 2026-11"
    ):
        reopen_month(closed)
    reopen_month(closed, NOVEMBER)
    assert_books_tie(closed)
    assert closed.rows(
        "SELECT period_date, corrected_month_date, sum(cost_usd) FROM period_costs "
        "WHERE corrected_month_date IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ) == [(NOVEMBER, OCTOBER, Decimal("0.012"))]


def test_as_of_shows_what_was_booked_then(late: Late) -> None:
    """Before the late file there is no correction; after it, the same as now."""
    closed, then = late.prepared.again(), late.then
    columns = "charge_date, corrected_month_date, project_id, cost_usd"
    query = f"SELECT {columns} FROM daily_costs ORDER BY ALL"
    code, before, _ = command(
        closed.folder, "sql", query, "--format", "csv", "--as-of", f"{then.isoformat()}Z"
    )
    assert code == 0
    assert "2026-10-01" not in before
    budgets = ("budgets", "--json", "--now", f"{closed.at.isoformat()}Z")
    asked = command(closed.folder, *budgets, "--as-of", f"{closed.at.isoformat()}Z")
    assert json.loads(asked[1]) == json.loads(command(closed.folder, *budgets)[1]), asked
    code, later, said = command(
        closed.folder, "sql", query, "--format", "csv", "--as-of", f"{closed.at.isoformat()}Z"
    )
    assert (code, later) == (0, command(closed.folder, "sql", query, "--format", "csv")[1]), said


@pytest.mark.slow
def test_a_closing_that_is_cut_off_closes_nothing(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before it is recorded: the month is open, and the next closing is the first."""
    workspace = prepared.again()
    reopen_month(workspace)
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "seal", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            close_month(workspace)
    workspace.run()
    assert workspace.rows("SELECT count(*) FROM closed_periods WHERE reopened_at IS NULL") == [(0,)]
    _, closing = close_month(workspace)
    assert closing is not None
    assert closing.version == 2
    assert workspace.path("var/closed/2026-10/2/manifest.json").is_file()


@pytest.mark.slow
def test_a_closing_that_is_cut_off_before_it_is_published_holds(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the commit: the next run publishes it, and the report is the closed one."""
    workspace = prepared.again()
    reopen_month(workspace)
    with monkeypatch.context() as patch:
        patch.setattr(publish, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            close_month(workspace)
    assert workspace.rows("SELECT count(*) FROM closed_periods WHERE reopened_at IS NULL") == [(0,)]
    workspace.run()
    assert workspace.rows("SELECT version FROM closed_periods WHERE reopened_at IS NULL") == [(2,)]
    assert command(workspace.folder, "report", "--month", "2026-10")[0] == 0
    kept = workspace.path("var/closed/2026-10/2/2026-10.html").read_bytes()
    assert workspace.path(str(REPORT)).read_bytes() == kept


def test_a_damaged_report_is_told(closed: Workspace) -> None:
    """Not given out, and said with the file."""
    kept = closed.path("var/closed/2026-10/1/2026-10.csv")
    kept.write_text("cut")
    code, _, said = command(closed.folder, "report", "--month", "2026-10")
    assert code == 1
    code, told, _ = command(closed.folder, "doctor")
    assert code == 1
    assert "2026-10.csv was changed since the month was closed" in told
    assert "2026-10.csv was changed since the month was closed" in said


def test_a_damaged_file_of_an_earlier_closing_is_a_warning(closed: Workspace) -> None:
    """Nothing needs it: the month is open again."""
    reopen_month(closed)
    closed.path("var/closed/2026-10/1/2026-10.csv").write_text("cut")
    code, told, _ = command(closed.folder, "doctor", "--json")
    [found] = [c for c in json.loads(told) if c["name"] == "closed months"]
    assert (code, found["state"]) == (0, "warning")
    assert "2026-10.csv was changed since the month was closed" in found["value"]


@pytest.mark.slow
def test_only_an_owner_closes_where_roles_are_known(tmp_path: Path) -> None:
    """Others are refused, and nothing is closed."""
    workspace = Workspace(
        tmp_path / "workspace", CONFIGURATION + '\n[directory]\nmembers = "members.csv"\n'
    )
    workspace.write("members.csv", "user_id,role\nboss,owner\nlead,reader\n")
    workspace.write("logs/first.jsonl", lines(*FIRST))
    workspace.run()
    with pytest.raises(ConfigError, match="lead is not an owner of the organization"):
        close_month(workspace, by="lead")
    assert close_month(workspace, by="boss")[1] is not None


def test_another_run_in_between_is_noticed(closed: Workspace) -> None:
    """What is closed is what was looked at."""
    reopen_month(closed)
    closed.at = datetime(2026, 12, 6, 8)
    with (
        pytest.raises(RunFailedError, match="another run came in between"),
        closed.correction("close") as run,
    ):
        close(run, Order(whole_month(OCTOBER), "alice", Decimal("0.01")))
