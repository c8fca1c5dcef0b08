"""The named queries against one small organization; every figure can be worked out by hand.

Its clock stands at 2026-11-12 09:00 UTC. gpt-a's text input costs 2.00 a million tokens, 1.50 from
November 10, 4.00 in long requests, 1.00 in a batch; from the cache 0.50, into it 2.50; output 8.00.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipeline.published.named_queries import bind, days_asked_about, named, named_queries
from pipeline.published.reader import open_published, run_statement
from tests.support.published_folder import billed, charge, covered, daily, price, publish

NOW = datetime(2026, 11, 12, 9)

CHARGES = [
    # October, of which the first twelve days compare with November so far
    charge("2026-10-05", "proj_chat", "text_input_tokens", "1000000", "0.000002", price_id="in_1"),
    charge("2026-10-06", "proj_old", "text_output_tokens", "1000000", "0.000008", price_id="out"),
    charge("2026-10-28", "proj_chat", "text_input_tokens", "5000000", "0.000002", price_id="in_1"),
    # November
    charge("2026-11-02", "proj_chat", "text_input_tokens", "1000000", "0.000002",
           price_id="in_1", api_key="key_1"),
    charge("2026-11-02", "proj_chat", "cached_text_input_tokens", "3000000", "0.0000005",
           price_id="cached", api_key="key_1"),
    charge("2026-11-02", "proj_chat", "cache_write_tokens", "400000", "0.0000025",
           price_id="write", api_key="key_1"),
    charge("2026-11-02", "proj_chat", "text_output_tokens", "500000", "0.000008",
           price_id="out", api_key="key_1"),
    charge("2026-11-10", "proj_chat", "text_input_tokens", "2000000", "0.0000015",
           price_id="in_2", api_key="key_2"),
    charge("2026-11-11", "proj_lab", "text_input_tokens", "300000", "0.000004",
           price_id="in_long", user="user_1", context="long"),
    charge("2026-11-11", "proj_lab", "cached_text_input_tokens", "100000", "0.0000005",
           price_id="cached", user="user_1"),
    charge("2026-11-11", "proj_lab", "text_input_tokens", "250000", None,
           model="gpt-b", user="user_1"),
    billed("2026-11-12", "0.75"),
]  # fmt: skip
PRICES = [
    price("in_1", "text_input_tokens", "2.00", valid_to="2026-11-10"),
    price("in_2", "text_input_tokens", "1.50", valid_from="2026-11-10"),
    price("in_2", "text_input_tokens", "1.50", valid_from="2026-11-10", book_id="book-2"),
    price("in_long", "text_input_tokens", "4.00", context="long"),
    price("in_batch", "text_input_tokens", "1.00", tier="batch"),
    price("cached", "cached_text_input_tokens", "0.50"),
    price("write", "cache_write_tokens", "2.50"),
    price("out", "text_output_tokens", "8.00"),
    price("out_batch", "text_output_tokens", "4.00", tier="batch"),
]
COUNTS = {
    (date(2026, 11, 2), "proj_chat", "gpt-a", "models"): (30, 4_400_000, 500_000),
    (date(2026, 11, 10), "proj_chat", "gpt-a", "models"): (10, 2_000_000, 0),
    (date(2026, 11, 11), "proj_lab", "gpt-a", "models"): (7, 400_000, 0),
    (date(2026, 11, 11), "proj_lab", "gpt-b", "models"): (5, 250_000, 0),
}


def posting(cost: str | None, quantity: str, reason: str, run: str, at: str) -> dict[str, Any]:
    """One posting of proj_chat on October 28."""
    line = charge("2026-10-28", "proj_chat", "text_input_tokens", quantity, None)
    line = {k: v for k, v in line.items() if k not in {"project_name", "is_provisional"}}
    amount = None if cost is None else Decimal(cost)
    return {
        **line,
        "list_cost_usd": amount,
        "cost_usd": amount,
        "pricing_status": "unpriced" if cost is None else "priced",
        "reason": reason,
        "run_id": run,
        "posted_at": datetime.fromisoformat(at),
    }


def budget(budget_id: str, project: str | None, start: str, end: str, spent: str) -> dict[str, Any]:
    """A month of a budget of 20 dollars."""
    return {
        "budget_id": budget_id,
        "project_id": project,
        "thresholds": [50, 80, 100],
        "period_start_date": date.fromisoformat(start),
        "period_end_date": date.fromisoformat(end),
        "amount_usd": Decimal(20),
        "spent_usd": Decimal(spent),
        "spent_ratio": Decimal(spent) / 20,
        "is_lower_bound": project is None,
        "unpriced_quantity": Decimal(250_000 if project is None else 0),
        "state": "near" if Decimal(spent) >= 10 else "ok",
    }


def held_back(file: str, line: int, rule: str, tokens: int | None, **more: Any) -> dict[str, Any]:
    """A row in quarantine."""
    return {
        "input_file": file,
        "input_line": line,
        "source": "gateway",
        "rule": rule,
        "detail": f"{rule} on line {line}",
        "tokens_held_back": tokens,
        "quarantined_at": datetime(2026, 11, 11, line),
        **more,
    }


def raw_file(name: str, source: str, state: str, *, last: str | None, rows: int, bad: int) -> Any:
    """A raw file whose good rows but one were accepted; one was a duplicate."""
    return {
        "input_file": name,
        "source": source,
        "kind": "request_log",
        "state": state,
        "rows_read": rows,
        "accepted": max(rows - bad - 1, 0),
        "duplicate": min(rows, 1),
        "superseded": 0,
        "quarantined": bad,
        "waiting_bytes": 12 if state == "waiting" else 0,
        "last_record_at": None if last is None else datetime.fromisoformat(last),
        "ingested_at": datetime(2026, 11, 12, 8),
    }


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The organization, published."""
    rows = {
        "charges": CHARGES,
        "daily_costs": daily(CHARGES, COUNTS),
        "calendar": covered("2026-10-01", "2026-11-11"),
        "prices": PRICES,
        "api_keys": [
            {"api_key_id": "key_1", "project_id": "proj_chat", "name": "Robot",
             "service_account_id": "svc_1"},
            {"api_key_id": "key_2", "project_id": "proj_chat", "name": "Ada's", "user_id": "ada"},
        ],
        "service_accounts": [
            {"service_account_id": "svc_1", "project_id": "proj_chat", "name": "Night shift"}
        ],
        "charge_postings": [
            posting("10", "5000000", "usage", "run-1", "2026-10-29T01:00:00"),
            posting("-10", "-5000000", "rerate", "run-2", "2026-11-03T01:00:00"),
            posting("9.5", "5000000", "rerate", "run-2", "2026-11-03T01:00:00"),
            posting("0.25", "100000", "restatement", "run-3", "2026-11-04T01:00:00"),
            posting(None, "7", "restatement", "run-3", "2026-11-04T01:00:00"),
        ],
        "budget_status": [
            budget("all", None, "2026-11-01", "2026-12-01", "13.5"),
            budget("all", None, "2026-10-01", "2026-11-01", "20"),
            budget("lab", "proj_lab", "2026-11-01", "2026-12-01", "1.25"),
        ],
        "quarantine": [
            held_back("a.jsonl", 1, "no_model", 100, usage_date=date(2026, 11, 9)),
            held_back("a.jsonl", 2, "no_model", None, usage_date=date(2026, 11, 10)),
            held_back("b.jsonl", 3, "no_model", 23),
            held_back("b.jsonl", 4, "bad_json", None),
            held_back("b.jsonl", 5, "bad_json", 9, replayed_at=datetime(2026, 11, 11, 12)),
        ],
        "input_files": [
            raw_file("a.jsonl", "gateway", "read", last="2026-11-11T22:00", rows=1000, bad=2),
            raw_file("b.jsonl", "gateway", "waiting", last="2026-11-12T08:30", rows=500, bad=2),
            raw_file("d.jsonl", "gateway", "forgotten", last="2026-11-12T08:59", rows=10, bad=9),
            raw_file("c.jsonl", "other", "unreadable", last=None, rows=0, bad=0),
        ],
    }  # fmt: skip
    link = publish(tmp_path_factory.mktemp("var"), rows)
    with closing(open_published(link)) as opened:
        yield opened


def ask(con: duckdb.DuckDBPyConnection, name: str, **given: str) -> list[dict[str, Any]]:
    """The answer of a named query as one asks it, as dictionaries."""
    query = named(name)
    days, _ = days_asked_about(con, query, given, NOW.date(), NOW)
    answer = run_statement(con, query.sql, bind(query, given, days))
    names = [c.name for c in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows()]


def charged(since: str, until: str, **where: str) -> Decimal:
    """The sum of cost_usd over days, added up in Python from what was published."""
    return sum(
        (
            line["cost_usd"]
            for line in CHARGES
            if since <= str(line["charge_date"]) < until
            and line["cost_usd"] is not None
            and all(line[k] == v for k, v in where.items())
        ),
        Decimal(0),
    )


def test_cost_by_project_compares_with_the_same_days(con: duckdb.DuckDBPyConnection) -> None:
    """November 12 is not complete and October 28 is not among the first eleven days; what is gone
    is 0, not unknown.
    """
    nothing = {
        "unpriced_quantity": 0, "unpriced_quantity_before": 0, "is_provisional": False,
        "compared_days": 11, "compared_since_date": date(2026, 11, 1),
        "compared_last_date": date(2026, 11, 11), "compared_cost_usd": None,
    }  # fmt: skip
    assert ask(con, "cost_by_project") == [
        {"project_id": "proj_chat", "project_name": "Chat", "cost_usd": Decimal("11.5"),
         "cost_before_usd": Decimal(2), "change_usd": Decimal("9.5"),
         "change_basis_points": 47_500, **nothing, "compared_cost_usd": Decimal("11.5")},
        {"project_id": "proj_lab", "project_name": "Lab", "cost_usd": Decimal("1.25"),
         "cost_before_usd": None, "change_usd": Decimal("1.25"),
         "change_basis_points": None, **nothing, "unpriced_quantity": 250_000,
         "compared_cost_usd": Decimal("1.25")},
        {"project_id": None, "project_name": None, "cost_usd": Decimal("0.75"),
         "cost_before_usd": None, "change_usd": Decimal(0),
         "change_basis_points": None, **nothing, "is_provisional": True},
        {"project_id": "proj_old", "project_name": "Old", "cost_usd": None,
         "cost_before_usd": Decimal(8), "change_usd": Decimal(-8),
         "change_basis_points": -10_000, **nothing},
    ]  # fmt: skip


def test_a_project_with_only_unpriced_usage_has_no_cost_and_no_change(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """NULL, not 0: nobody knows what it cost."""
    lines = [charge("2026-11-11", "proj_x", "text_input_tokens", "5", None)]
    days = covered("2026-10-01", "2026-11-11")
    link = publish(
        tmp_path_factory.mktemp("x"),
        {"charges": lines, "daily_costs": daily(lines, {}), "calendar": days},
    )
    with closing(open_published(link)) as con:
        [row] = ask(con, "cost_by_project")
        [day] = [d for d in ask(con, "daily_trend") if d["line_count"]]
        [model] = ask(con, "cost_by_model")
        [spender] = ask(con, "top_spenders")
    assert (row["cost_usd"], row["change_usd"], row["unpriced_quantity"]) == (None, None, 5)
    assert (day["cost_usd"], day["cost_7_days_usd"], day["unpriced_quantity"]) == (None, None, 5)
    assert (model["cost_usd"], model["unpriced_quantity"]) == (None, 5)
    assert (spender["cost_usd"], spender["share_basis_points"]) == (None, None)


@pytest.fixture(scope="module")
def whole_months(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same charges, of months that are complete from October to December."""
    days = covered("2026-10-01", "2026-12-31")
    rows = {"charges": CHARGES, "daily_costs": daily(CHARGES, COUNTS), "calendar": days}
    with closing(open_published(publish(tmp_path_factory.mktemp("whole"), rows))) as opened:
        yield opened


def test_without_a_complete_day_nothing_is_compared(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Not a fall to zero: the change is not known."""
    rows = {"charges": CHARGES, "daily_costs": daily(CHARGES, COUNTS)}
    with closing(open_published(publish(tmp_path_factory.mktemp("none"), rows))) as con:
        row = ask(con, "cost_by_project")[0]
        trend = ask(con, "daily_trend")
    assert (row["cost_usd"], row["change_usd"], row["compared_days"]) == (Decimal("11.5"), None, 0)
    assert {day["week_change_basis_points"] for day in trend} == {None}


def test_a_whole_month_compares_with_the_whole_month_before(
    whole_months: duckdb.DuckDBPyConnection,
) -> None:
    """November has 30 days, October 31: all of October counts."""
    rows = ask(whole_months, "cost_by_project", since="2026-11-01", until="2026-12-01")
    assert rows[0]["cost_before_usd"] == charged("2026-10-01", "2026-11-01", project_id="proj_chat")
    assert rows[0]["cost_before_usd"] == Decimal(12)


def test_days_past_the_end_of_a_shorter_month_compare_with_all_of_it(
    whole_months: duckdb.DuckDBPyConnection,
) -> None:
    """December 1 to 30 compares with November 1 to 30, nothing of December counts as before."""
    rows = ask(whole_months, "cost_by_project", since="2026-12-01", until="2026-12-31")
    assert sum(row["cost_before_usd"] for row in rows) == charged("2026-11-01", "2026-12-01")


def test_cost_by_model_gives_averages_only_where_all_is_priced(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """12.75 over 47 requests is 271.276595… a thousand, over 7.3 million tokens 1.746575… each."""
    assert ask(con, "cost_by_model") == [
        {"model": "gpt-a", "scope": "models", "requests": 47, "input_tokens": 6_800_000,
         "output_tokens": 500_000, "cost_usd": Decimal("12.75"), "share_basis_points": 9444,
         "micro_usd_per_1000_requests": 271_276_595, "micro_usd_per_1000000_tokens": 1_746_575,
         "unpriced_quantity": 0},
        {"model": "gpt-a-ft", "scope": "fine_tuning", "requests": 0, "input_tokens": 0,
         "output_tokens": 0, "cost_usd": Decimal("0.75"), "share_basis_points": 555,
         "micro_usd_per_1000_requests": None, "micro_usd_per_1000000_tokens": None,
         "unpriced_quantity": 0},
        {"model": "gpt-b", "scope": "models", "requests": 5, "input_tokens": 250_000,
         "output_tokens": 0, "cost_usd": None, "share_basis_points": None,
         "micro_usd_per_1000_requests": None, "micro_usd_per_1000000_tokens": None,
         "unpriced_quantity": 250_000},
    ]  # fmt: skip


def test_daily_trend_shows_every_day_and_moving_weeks(con: duckdb.DuckDBPyConnection) -> None:
    """The week to November 10 holds only that day (3.00), the one before it 8.50 and 10.00."""
    rows = ask(con, "daily_trend")
    assert [row["charge_date"].day for row in rows] == list(range(1, 13))
    assert [str(row["cost_usd"] or "-").rstrip("0") for row in rows] == (
        ["-", "8.5", *["-"] * 7, "3.", "1.25", "0.75"]
    )
    assert rows[9] == {
        "charge_date": date(2026, 11, 10), "cost_usd": Decimal(3), "cost_7_days_usd": Decimal(3),
        "cost_7_days_before_usd": Decimal("18.5"), "week_change_basis_points": -8378,
        "unpriced_quantity": 0, "line_count": 1, "is_provisional": False, "is_complete": True,
    }  # fmt: skip
    assert (rows[11]["is_complete"], rows[11]["week_change_basis_points"]) == (False, None)
    # The week to November 3 reaches back into October, which is not shown: 8.50 + 10.00.
    assert rows[2]["cost_7_days_usd"] == Decimal("18.5")
    assert rows[11]["is_provisional"] is True


def test_top_spenders_have_names_and_running_shares(con: duckdb.DuckDBPyConnection) -> None:
    """8.50, 3.00, 1.25 and 0.75 of 13.50."""
    rows = ask(con, "top_spenders")
    assert [
        (r["project_id"], r["api_key_id"], r["api_key_name"], r["service_account_name"],
         r["user_id"], r["cost_usd"], r["share_basis_points"], r["running_share_basis_points"],
         r["unpriced_quantity"], r["first_charge_date"].day, r["last_charge_date"].day)
        for r in rows
    ] == [
        ("proj_chat", "key_1", "Robot", "Night shift", None, Decimal("8.5"), 6296, 6296, 0, 2, 2),
        ("proj_chat", "key_2", "Ada's", None, None, Decimal(3), 2222, 8518, 0, 10, 10),
        ("proj_lab", None, None, None, "user_1", Decimal("1.25"), 925, 9444, 250_000, 11, 11),
        (None, None, None, None, None, Decimal("0.75"), 555, 10_000, 0, 12, 12),
    ]  # fmt: skip
    assert ask(con, "top_spenders", top="1") == rows[:1]


def test_caching_savings_count_reads_and_writes(con: duckdb.DuckDBPyConnection) -> None:
    """3 M cached tokens cost 1.50 instead of 6.00, writing 0.4 M of them 1.00 instead of 0.80;
    proj_lab's 0.1 M have no uncached price beside them in their context class.
    """
    assert ask(con, "caching_savings") == [
        {"model": "gpt-a", "uncached_input_tokens": 3_300_000, "cached_input_tokens": 3_100_000,
         "cache_write_tokens": 400_000, "cached_basis_points": 4558,
         "input_cost_usd": Decimal("8.75"), "saved_usd": Decimal("4.3"),
         "tokens_without_comparison": 100_000},
        {"model": "gpt-b", "uncached_input_tokens": 250_000, "cached_input_tokens": 0,
         "cache_write_tokens": 0, "cached_basis_points": 0, "input_cost_usd": None,
         "saved_usd": None, "tokens_without_comparison": 0},
    ]  # fmt: skip


def test_tiers_and_context_compare_with_batch_and_base(con: duckdb.DuckDBPyConnection) -> None:
    """Batch: input 1 M x 1.00 and 2 M x 0.50, output 0.5 M x 4.00 less; no batch price for
    3.1 M cached and 0.4 M written. Long: 0.3 M x (4.00 - 1.50); no batch price for long either.
    """
    assert ask(con, "tiers_and_context") == [
        {"model": "gpt-a", "service_tier": "default", "context_class": "base",
         "cost_usd": Decimal("11.55"), "batch_saving_usd": Decimal(4),
         "quantity_without_batch_price": 3_500_000, "long_premium_usd": None,
         "unpriced_quantity": 0},
        {"model": "gpt-a", "service_tier": "default", "context_class": "long",
         "cost_usd": Decimal("1.2"), "batch_saving_usd": None,
         "quantity_without_batch_price": 300_000, "long_premium_usd": Decimal("0.75"),
         "unpriced_quantity": 0},
        {"model": "gpt-a-ft", "service_tier": "default", "context_class": "base",
         "cost_usd": Decimal("0.75"), "batch_saving_usd": None,
         "quantity_without_batch_price": 0, "long_premium_usd": None, "unpriced_quantity": 0},
        {"model": "gpt-b", "service_tier": "default", "context_class": "base",
         "cost_usd": None, "batch_saving_usd": None,
         "quantity_without_batch_price": 0, "long_premium_usd": None,
         "unpriced_quantity": 250_000},
    ]  # fmt: skip


def test_price_changes_weigh_the_usage_since(con: duckdb.DuckDBPyConnection) -> None:
    """2 M tokens at 1.50 instead of 2.00: one dollar less; a price in two books counts once."""
    assert ask(con, "price_changes") == [
        {"price_id": "in_2", "provider": "openai", "model": "gpt-a", "meter": "text_input_tokens",
         "service_tier": "default", "context_class": "base", "variant": None, "layer": "built-in",
         "valid_from_at": datetime(2026, 11, 10), "first_usage_date": date(2026, 11, 10),
         "old_unit_price_usd": Decimal("0.000002"),
         "new_unit_price_usd": Decimal("0.0000015"), "quantity": 2_000_000, "unit": "tokens",
         "cost_usd": Decimal(3), "effect_usd": Decimal(-1)},
    ]  # fmt: skip


def test_unpriced_usage_is_listed_by_what_a_price_needs(con: duckdb.DuckDBPyConnection) -> None:
    """The book knows nothing of gpt-b."""
    assert ask(con, "unpriced_usage") == [
        {"provider": "openai", "model": "gpt-b", "operation": "completions",
         "meter": "text_input_tokens", "service_tier": "default", "context_class": "base",
         "variant": None, "quantity": 250_000, "unit": "tokens", "days": 1, "projects": 1,
         "first_charge_date": date(2026, 11, 11), "last_charge_date": date(2026, 11, 11),
         "priced_tiers": None},
    ]  # fmt: skip


def test_unpriced_usage_names_tiers_that_have_a_price(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A new tier of a known model is told from an unknown model."""
    lines = [charge("2026-11-11", "proj_x", "text_input_tokens", "5", None, tier="ultrafast")]
    rows = {"charges": lines, "daily_costs": daily(lines, {}), "prices": PRICES}
    with closing(open_published(publish(tmp_path_factory.mktemp("x"), rows))) as con:
        [row] = ask(con, "unpriced_usage")
    assert (row["service_tier"], row["priced_tiers"]) == ("ultrafast", "batch, default")


def test_budget_watch_shows_the_period_of_the_day(con: duckdb.DuckDBPyConnection) -> None:
    """13.50 of 20 is 67.50 %, twelve of thirty days are 40 %."""
    rows = ask(con, "budget_watch")
    assert [
        (r["budget_id"], r["period_start_date"].month, r["left_usd"], r["spent_basis_points"],
         r["elapsed_basis_points"], r["state"], r["is_lower_bound"], r["unpriced_quantity"])
        for r in rows
    ] == [
        ("all", 11, Decimal("6.5"), 6750, 4000, "near", True, 250_000),
        ("lab", 11, Decimal("18.75"), 625, 4000, "ok", False, 0),
    ]  # fmt: skip
    [october] = ask(con, "budget_watch", day="2026-10-31")
    assert (october["spent_basis_points"], october["elapsed_basis_points"]) == (10_000, 10_000)
    assert [r["budget_id"] for r in ask(con, "budget_watch", project="proj_lab")] == ["lab"]


def test_restatements_list_what_moved_and_by_how_much(con: duckdb.DuckDBPyConnection) -> None:
    """A re-rating takes 10.00 back and posts 9.50; first postings are no restatement."""
    october = {"charge_month_date": date(2026, 10, 1), "project_id": "proj_chat", "days": 1}
    restated = {
        "run_id": "run-3", "reason": "restatement", **october,
        "first_posted_at": datetime(2026, 11, 4, 1), "postings": 2, "lowered_usd": None,
        "raised_usd": Decimal("0.25"), "change_usd": Decimal("0.25"), "unpriced_quantity_change": 7,
    }  # fmt: skip
    rerated = {
        "run_id": "run-2", "reason": "rerate", **october,
        "first_posted_at": datetime(2026, 11, 3, 1), "postings": 2, "lowered_usd": Decimal(-10),
        "raised_usd": Decimal("9.5"), "change_usd": Decimal("-0.5"), "unpriced_quantity_change": 0,
    }  # fmt: skip
    assert ask(con, "restatements") == [restated, rerated]
    assert ask(con, "restatements", until="2026-11-04") == [rerated]
    assert ask(con, "restatements", since="2026-11-04", until="2026-11-05") == [restated]


def test_quarantine_by_rule_counts_what_is_still_held_back(con: duckdb.DuckDBPyConnection) -> None:
    """A replayed row is out; the example is the latest row."""
    no_model = {
        "source": "gateway", "rule": "no_model", "rows_held_back": 3, "files": 2,
        "tokens_held_back": 123, "rows_of_unknown_size": 1,
        "first_usage_date": date(2026, 11, 9), "last_usage_date": date(2026, 11, 10),
        "last_quarantined_at": datetime(2026, 11, 11, 3), "example_file": "b.jsonl",
        "example_line": 3, "example_detail": "no_model on line 3",
    }  # fmt: skip
    bad_json = {
        "source": "gateway", "rule": "bad_json", "rows_held_back": 1, "files": 1,
        "tokens_held_back": 0, "rows_of_unknown_size": 1, "first_usage_date": None,
        "last_usage_date": None, "last_quarantined_at": datetime(2026, 11, 11, 4),
        "example_file": "b.jsonl", "example_line": 4, "example_detail": "bad_json on line 4",
    }  # fmt: skip
    assert ask(con, "quarantine_by_rule") == [no_model, bad_json]
    assert ask(con, "quarantine_by_rule", source="elsewhere") == []


def test_data_freshness_counts_full_hours_and_fates(con: duckdb.DuckDBPyConnection) -> None:
    """From 08:30 to 09:00 no full hour has passed; 4 of 1,500 rows are 26 basis points."""
    unread = {
        "source": "other", "kind": "request_log", "last_record_at": None, "hours_behind": None,
        "last_ingested_at": datetime(2026, 11, 12, 8), "files": 1, "unreadable_files": 1,
        "gone_files": 0, "waiting_bytes": 0, "rows_read": 0, "accepted": 0, "duplicate": 0,
        "superseded": 0, "quarantined": 0, "quarantined_basis_points": None,
        "not_covered": None, "covered_until_at": None,
    }  # fmt: skip
    gateway = {
        "source": "gateway", "kind": "request_log", "last_record_at": datetime(2026, 11, 12, 8, 30),
        "hours_behind": 0, "last_ingested_at": datetime(2026, 11, 12, 8), "files": 2,
        "unreadable_files": 0, "gone_files": 0, "waiting_bytes": 12, "rows_read": 1500,
        "accepted": 1494, "duplicate": 2, "superseded": 0, "quarantined": 4,
        "quarantined_basis_points": 26, "not_covered": None, "covered_until_at": None,
    }  # fmt: skip
    assert ask(con, "data_freshness") == [unread, gateway]
    assert ask(con, "data_freshness", now="2026-11-12T12:45:00+01:00")[1]["hours_behind"] == 3


def test_data_freshness_says_how_far_costs_have_come(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """They have no records; of a source that fetches both, usage counts."""
    days = [
        day | {"source": source, "covers": covers, "covered_until_at": until}
        for day in covered("2026-11-01", "2026-11-01")
        for source, covers, until in (
            ("bill", "costs", datetime(2026, 11, 20)), ("api", "costs", datetime(2026, 11, 20)),
            ("api", "usage", datetime(2026, 11, 21)),
        )
    ]  # fmt: skip
    files = [
        {"source": source, "kind": "openai_costs", "state": "loaded"} for source in ("api", "bill")
    ]
    rows = {"calendar": days, "input_files": files}
    with closing(open_published(publish(tmp_path_factory.mktemp("x"), rows))) as con:
        found = {row["source"]: row["covered_until_at"] for row in ask(con, "data_freshness")}
    assert found == {"api": datetime(2026, 11, 21), "bill": datetime(2026, 11, 20)}


@pytest.mark.parametrize(
    "name", ["cost_by_project", "cost_by_model", "daily_trend", "top_spenders", "tiers_and_context"]
)
@pytest.mark.parametrize(
    ("since", "until"), [("2026-11-01", "2026-11-13"), ("2026-10-01", "2026-12-01")]
)
def test_sums_tie_to_charges(
    con: duckdb.DuckDBPyConnection, name: str, since: str, until: str
) -> None:
    """To the last digit, over any days."""
    rows = ask(con, name, since=since, until=until)
    costs = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
    assert sum(costs, Decimal(0)) == charged(since, until)


@pytest.mark.parametrize(
    "name", [q.name for q in named_queries() if any(p.name == "project" for p in q.parameters)]
)
def test_one_project_is_all_that_project_has(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """With a project no row speaks of another, and costs are those of its charges."""
    rows = ask(con, name, project="proj_lab")
    assert {row["project_id"] for row in rows if "project_id" in row} <= {"proj_lab"}
    if name in {"cost_by_project", "cost_by_model", "daily_trend", "top_spenders"}:
        costs = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
        assert sum(costs) == charged("2026-11-01", "2026-11-13", project_id="proj_lab")


@pytest.mark.parametrize("name", [q.name for q in named_queries()])
def test_no_answer_holds_a_float(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Money is DECIMAL(38,24) or a unit price, a ratio is a whole number."""
    query = named(name)
    days, _ = days_asked_about(con, query, {}, NOW.date(), NOW)
    for column in run_statement(con, query.sql, bind(query, {}, days)).columns:
        assert column.kind not in {"double", "float", "hugeint"}, column
        if column.name.endswith("_usd"):
            assert column.type in {"DECIMAL(38,24)", "DECIMAL(22,18)"}, column
        if column.name.endswith("_basis_points"):
            assert column.type == "BIGINT", column
