"""Long requests in rows that sum several requests, and how much more such rows may cost."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.runs.run_and_report import run_and_report
from tests.support.workspace import BUCKETS, Workspace, bucket, lines, page, price, request, used

# One US dollar a million tokens, two above 1,000 tokens a request.
PRICES = (
    price("alpha", "text_input_tokens", "1"),
    price("alpha", "text_input_tokens", "2", context="long", above="1000"),
    price("alpha", "text_output_tokens", "1"),
)
HEADER = "record_id,started_at,ended_at,project_id,model,text_input_tokens,requests"
SUMS = (
    "SELECT project_id, any_value(context_class), sum(cost_usd) FROM charges GROUP BY ALL "
    "ORDER BY project_id"
)
DOUBTS = "SELECT project_id, long_context_doubt_usd FROM daily_costs ORDER BY project_id"


# started and ended, tokens in, requests, context class, how much the doubt is in tokens
SPANS = (
    ("2026-11-20T10:00:00Z,", 1001, "1", "long", 0),
    ("2026-11-20T10:00:00Z,", 1000, "1", "base", 0),
    ("2026-11-20T10:00:00Z,2026-11-20T10:00:07Z", 1001, "1", "long", 0),
    ("2026-11-20T10:00:00Z,2026-11-20T11:00:00Z", 1001, "1", "long", 0),
    ("2026-11-20T10:00:00Z,", 1001, "", "long", 0),  # a row is a request
    ("2026-11-20T10:00:00Z,", 3000, "3", "base", 3000),
    ("2026-11-20T10:00:00Z,2026-11-20T11:00:00Z", 3000, "3", "base", 3000),
    ("2026-11-20T10:00:00Z,", 3003, "3", "long", 0),  # the mean is 1,001
    ("2026-11-20T10:00:00Z,", 1000, "3", "base", 0),  # none of them can be long
    ("2026-11-20,", 3000, "3000", "base", 3000),
    ("2026-11-20,", 3000, "", "base", 3000),  # a day of who knows how many requests
    ("2026-11-20,", 3000, "1", "long", 0),
    ("2026-11-20,", 900, "", "base", 0),
)


def test_a_row_is_long_by_its_mean(tmp_path: Path) -> None:
    """What may be long besides is base, and the daily sums say how much more it may cost."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    rows = [
        f"{n},{span},p{n:02},alpha,{tokens},{requests}"
        for n, (span, tokens, requests, _, _) in enumerate(SPANS)
    ]
    workspace.records("exports/a.csv", *rows, header=HEADER)
    workspace.run()
    assert workspace.rows(SUMS) == [
        (f"p{n:02}", context, Decimal(tokens) * (2 if context == "long" else 1) / 1_000_000)
        for n, (_, tokens, _, context, _) in enumerate(SPANS)
    ]
    assert workspace.rows(DOUBTS) == [
        (f"p{n:02}", Decimal(doubt) / 1_000_000) for n, (*_, doubt) in enumerate(SPANS)
    ]
    workspace.assert_sums_agree()


def test_buckets_are_classed_alike(tmp_path: Path) -> None:
    """One request, or a mean above the threshold, is long; a total above it is a doubt."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS, PRICES)
    rows = [used(5000, "one", 1), used(5000, "mean", 4), used(5000, "many", 5), used(900, "few", 9)]
    text = page("completions", "2026-11-22T06:00:00Z", bucket("2026-11-20", *rows))
    workspace.write("usage/a.json", text)
    workspace.run()
    assert workspace.rows(SUMS) == [
        ("few", "base", Decimal("0.0009")),
        ("many", "base", Decimal("0.005")),
        ("mean", "long", Decimal("0.01")),
        ("one", "long", Decimal("0.01")),
    ]
    assert workspace.rows(DOUBTS) == [
        ("few", 0),
        ("many", Decimal("0.005")),
        ("mean", 0),
        ("one", 0),
    ]


def test_a_doubt_makes_a_budget_a_lower_bound(tmp_path: Path) -> None:
    """What a budget has spent may be more, as with usage without a price."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    budget = '\n[[budgets]]\nid = "{0}"\nproject = "{0}"\namount_usd = "100"\n'
    configuration = workspace.path("tollbook.toml").read_text()
    workspace.configure(configuration + budget.format("sure") + budget.format("doubtful"))
    workspace.records(
        "exports/a.csv",
        "1,2026-11-20,,sure,alpha,900,9",
        "2,2026-11-20,,doubtful,alpha,9000,9",
        header=HEADER,
    )
    workspace.run()
    bounds = "SELECT budget_id, is_lower_bound FROM budget_status ORDER BY budget_id"
    assert workspace.rows(bounds) == [("doubtful", True), ("sure", False)]


def test_the_report_says_how_much_more_once(tmp_path: Path) -> None:
    """In dollars at most, and not as a sign on every amount."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    workspace.records("exports/a.csv", "1,2026-11-20,,p,alpha,900000000,9000000", header=HEADER)
    report = run_and_report(
        load(workspace.path("tollbook.toml")),
        clock=Clock(business=lambda: workspace.at, real=workspace.clock),
        environment={},
    ).report
    assert report is not None
    text = " ".join(report.html.read_text(encoding="utf-8").split())
    assert re.search(r"would cost up to <span[^>]*>\$900\.00</span> more", text)
    assert "at least" not in text


def test_the_price_changes_within_a_doubtful_day(tmp_path: Path) -> None:
    """Each part of the day has its own doubt."""
    noon = "2026-11-20T12:00:00Z"
    prices = (
        price("alpha", "text_input_tokens", "1"),
        price("alpha", "text_input_tokens", "2", context="long", above="1000", until=noon),
        price("alpha", "text_input_tokens", "5", context="long", above="1000", since=noon),
    )
    workspace = Workspace(tmp_path.resolve(), prices=prices)
    workspace.records(
        "exports/a.csv",
        "1,2026-11-20T10:00:00Z,,p,alpha,2000,2",
        "2,2026-11-20T14:00:00Z,,p,alpha,2000,2",
        header=HEADER,
    )
    workspace.run()
    assert workspace.rows(DOUBTS) == [("p", Decimal("0.002") + Decimal("0.008"))]


def test_a_logged_request_has_no_doubt(tmp_path: Path) -> None:
    """Its size is known."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    workspace.write("logs/a.jsonl", lines(request("1", 1000), request("2", 1001)))
    workspace.run()
    assert workspace.rows(DOUBTS) == [("proj_a", 0)]
    assert workspace.rows("SELECT context_class, quantity FROM charges ORDER BY ALL") == [
        ("base", 1000),
        ("long", 1001),
    ]
