"""The query on price changes: what was paid before and since, whatever layer moved it."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.published.named_queries import bind, days_asked_about, named
from pipeline.published.reader import open_published, run_statement
from tests.support.published_folder import charge, price, publish

METER = "text_input_tokens"
LIST = price("list", METER, "10", valid_to="2026-11-01")
CONTRACT = {**price("contract", METER, "12", valid_from="2026-11-01"), "layer": "ours.csv"}
TODAY = date(2026, 11, 30)
Found = tuple[Any, ...]


def _changes(
    folder: Path, charges: list[dict[str, Any]], prices: list[dict[str, Any]], since: date
) -> list[Found]:
    """First day, old and new price a million, quantity, effect, price id."""
    return [
        (
            row["first_usage_date"],
            row["old_unit_price_usd"] * 1_000_000,
            row["new_unit_price_usd"] * 1_000_000,
            row["quantity"],
            row["effect_usd"],
            row["price_id"],
        )
        for row in _rows(folder, "price_changes", charges, prices, since)
    ]  # fmt: skip


def _rows(
    folder: Path,
    name: str,
    charges: list[dict[str, Any]],
    prices: list[dict[str, Any]],
    since: date,
) -> list[dict[str, Any]]:
    query = named(name)
    with closing(open_published(publish(folder, {"charges": charges, "prices": prices}))) as con:
        given = {"since": f"{since}", "until": "2026-12-01"}
        days, _ = days_asked_about(con, query, given, TODAY, datetime(2026, 11, 30))
        values = bind(query, given, days)
        answer = run_statement(con, query.sql, values)
        names = [c.name for c in answer.columns]
        return [dict(zip(names, row, strict=True)) for row in answer.rows()]


def test_discounts_and_surcharges_are_apart(tmp_path: Path) -> None:
    """$10 of list paid at $4 and at $13: $6 off and $3 on, not $3 off; at list price is no row."""
    paid = [
        charge("2026-11-02", project, METER, "1000000", usd, price_id="list")
        | {"list_unit_price_usd": Decimal("0.00001"), "list_cost_usd": Decimal(10)}
        for project, usd in (
            ("proj_a", "0.000004"), ("proj_a", "0.000013"), ("proj_b", "0.00001")
        )
    ]  # fmt: skip
    query = named("list_prices")
    rows = {"charges": paid, "prices": [LIST]}
    with closing(open_published(publish(tmp_path, rows))) as con:
        days, _ = days_asked_about(con, query, {}, TODAY, datetime(2026, 11, 30))
        found = list(run_statement(con, query.sql, bind(query, {}, days)).rows())
    assert found == [("proj_a", "A", "gpt-a", 20, 6, 3, 17)]


def test_a_contract_after_the_list_price_is_a_change(tmp_path: Path) -> None:
    """$10 of the list, then $12 of a contract: 3 M tokens since cost $6 more, over two projects."""
    charges = [
        charge("2026-10-05", "proj_a", METER, "1000000", "0.000010", price_id="list"),
        charge("2026-10-05", "proj_b", METER, "1000000", "0.000010", price_id="list"),
        charge("2026-11-02", "proj_a", METER, "1000000", "0.000012", price_id="contract"),
        charge("2026-11-03", "proj_b", METER, "2000000", "0.000012", price_id="contract"),
    ]
    assert _changes(tmp_path, charges, [LIST, CONTRACT], date(2026, 9, 1)) == [
        (date(2026, 11, 2), 10, 12, 3_000_000, 6, "contract")
    ]


def test_a_discount_is_a_change_of_its_project(tmp_path: Path) -> None:
    """The same list price, half of it from the 20th in one project: $5 less for a million."""
    charges = [
        charge(day, project, METER, "1000000", usd, price_id="list")
        for day, project, usd in (
            ("2026-11-10", "proj_a", "0.000010"), ("2026-11-20", "proj_a", "0.000010"),
            ("2026-11-10", "proj_b", "0.000010"), ("2026-11-20", "proj_b", "0.000005"),
        )
    ]  # fmt: skip
    assert _changes(tmp_path, charges, [LIST], date(2026, 9, 1)) == [
        (date(2026, 11, 20), 10, 5, 1_000_000, -5, "list")
    ]


def test_prices_are_found_by_the_first_word_of_a_price_id(tmp_path: Path) -> None:
    """A contract beside the list and a discount add to the id; both are found in the book."""
    batch = price("batch", METER, "5", tier="batch")
    charges = [
        charge("2026-10-05", "proj_a", METER, "1000000", "0.000009", price_id="list less 10%"),
        charge("2026-11-02", "proj_a", METER, "1000000", "0.000012", price_id="contract list#1"),
    ]
    prices, since = [LIST, CONTRACT, batch], date(2026, 9, 1)
    [change] = _rows(tmp_path / "changes", "price_changes", charges, prices, since)
    assert (change["layer"], change["valid_from_at"]) == ("ours.csv", datetime(2026, 11, 1))
    [tier] = _rows(tmp_path / "tiers", "tiers_and_context", charges, prices, since)
    # a million at half of the list; the contract has no Batch price
    assert (tier["batch_saving_usd"], tier["quantity_without_batch_price"]) == (5, 1_000_000)


def test_a_change_without_usage_on_both_sides_did_not_matter(tmp_path: Path) -> None:
    """All usage is after one change and before the other."""
    later = price("later", METER, "1", valid_from="2026-11-20")
    charges = [charge("2026-11-02", "proj_a", METER, "1000000", "0.000012", price_id="contract")]
    assert _changes(tmp_path, charges, [LIST, CONTRACT, later], date(2026, 9, 1)) == []


def test_usage_counts_until_the_next_change_and_from_the_day_asked_for(tmp_path: Path) -> None:
    """Up and down again are two changes; what was used before `since` is in no effect."""
    charges = [
        charge(day, "proj_a", METER, "1000000", usd, price_id=price_id)
        for day, usd, price_id in (
            ("2026-10-05", "0.000010", "list"), ("2026-11-02", "0.000012", "contract"),
            ("2026-11-03", "0.000012", "contract"), ("2026-11-25", "0.000001", "later"),
        )
    ]  # fmt: skip
    later = price("later", METER, "1", valid_from="2026-11-20")
    assert _changes(tmp_path, charges, [LIST, CONTRACT, later], date(2026, 11, 3)) == [
        (date(2026, 11, 25), 12, 1, 1_000_000, -11, "later"),
        (date(2026, 11, 2), 10, 12, 1_000_000, 2, "contract"),
    ]
