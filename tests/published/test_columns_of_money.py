"""Requests and payers of charges, costs of usage records: counted once, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.workspace import (
    CONFIGURATION,
    PRICES,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    price,
    request,
)

REQUESTS = """
SELECT coalesce(d.charge_date, c.charge_date) AS charge_date, d.requests, c.requests
FROM (
  SELECT charge_date, project_id, model, scope, sum(requests) AS requests
  FROM daily_costs GROUP BY ALL
) AS d
FULL JOIN (
  SELECT charge_date, project_id, model, scope, sum(requests) AS requests
  FROM charges GROUP BY ALL
) AS c
  ON c.charge_date = d.charge_date AND c.project_id IS NOT DISTINCT FROM d.project_id
  AND c.model IS NOT DISTINCT FROM d.model AND c.scope = d.scope
WHERE d.requests IS DISTINCT FROM c.requests
"""
CENTERS = """project_id,cost_center,team,valid_from,valid_to
proj_a,CC-1,red,,2026-11-23
proj_a,CC-2,blue,2026-11-23,
"""
LONG = (
    price("alpha", "text_input_tokens", "4", context="long", above="1000"),
    price("alpha", "text_output_tokens", "16", context="long", above="1000"),
)


def _workspace(folder: Path, *bodies: str, more: tuple[str, ...] = ()) -> Workspace:
    books = Workspace(folder, CONFIGURATION, (*PRICES, *more))
    books.write("logs/a.jsonl", "".join(bodies))
    books.run()
    return books


def test_requests_are_on_one_line_of_their_dimensions(tmp_path: Path) -> None:
    """Three calls of one group, of which one used nothing, and one of another that used nothing."""
    books = _workspace(
        tmp_path,
        lines(
            request("1", 1000, out=10, cached=400),
            request("2", 0, out=20),
            request("3", 0),
            request("4", 0, project="proj_idle"),
        ),
    )
    assert books.rows(
        "SELECT project_id, meter, CAST(quantity AS INT), requests FROM charges ORDER BY ALL"
    ) == [
        ("proj_a", "cached_text_input_tokens", 400, 0),
        ("proj_a", "text_input_tokens", 600, 3),
        ("proj_a", "text_output_tokens", 30, 0),
        ("proj_idle", "requests", 0, 1),
    ]
    assert books.rows(REQUESTS) == []
    # the line that is counted only is no posting, and costs nothing
    assert books.rows("SELECT pricing_status, cost_usd FROM charges WHERE meter = 'requests'") == [
        ("free", Decimal(0))
    ]
    books.write("logs/b.jsonl", lines(request("5", 0)))
    books.run()
    assert books.rows("SELECT count(*) FROM charge_postings WHERE reason <> 'usage'") == [(0,)]
    assert books.rows(REQUESTS) == []


@pytest.mark.slow
def test_late_and_forgotten_requests_are_counted_anew(tmp_path: Path) -> None:
    """Requests of charges are those of daily_costs after later records and after taking back."""
    books = _workspace(tmp_path, lines(request("1"), request("2", out=5)))
    books.write("logs/b.jsonl", lines(request("3", 0), request("4", 0, project="proj_idle")))
    books.run()
    assert books.rows(REQUESTS) == []
    assert books.rows("SELECT CAST(sum(requests) AS BIGINT) FROM charges") == [(4,)]
    books.forget("logs/b.jsonl")
    assert books.rows(REQUESTS) == []
    assert books.rows("SELECT CAST(sum(requests) AS BIGINT) FROM charges") == [(2,)]


def test_a_bill_moves_no_requests(tmp_path: Path) -> None:
    """Lines of the bill have no requests; usage without a price keeps its own there."""
    books = Workspace(tmp_path)
    books.write(
        "logs/a.jsonl",
        lines(
            request("1", 1_000_000, when="2026-11-10T12:00:00"),
            request("2", 1_000_000, when="2026-11-10T12:00:00", model="beta"),
        ),
    )
    billed = bucket("2026-11-10", cost("2.5"), cost("7", item="beta, input"))
    books.write("costs/a.json", page("organization/costs", "2026-11-20T00:00:00Z", billed))
    books.run()
    assert books.rows(
        "SELECT model, bill_cause, requests, CAST(cost_usd AS VARCHAR)[:4] "
        "FROM charges ORDER BY ALL"
    ) == [
        ("alpha", "unexplained", 0, "0.50"),
        ("alpha", None, 1, "2.00"),
        ("beta", "unpriced", 1, "7.00"),
    ]
    assert books.rows(REQUESTS) == []
    # a record is rated before the bill
    assert books.rows("SELECT model, CAST(cost_usd AS VARCHAR)[:4] FROM usage ORDER BY model") == [
        ("alpha", "2.00"),
        ("beta", None),
    ]


def test_a_charge_names_who_pays_by_its_day(tmp_path: Path) -> None:
    """By the mapping that held on the organization's day; no line is counted twice."""
    books = Workspace(
        tmp_path, CONFIGURATION + '\n[directory]\ncost_centers = "centers.csv"\n', PRICES
    )
    books.write("centers.csv", CENTERS)
    books.write(
        "logs/a.jsonl",
        lines(
            request("1", when="2026-11-22T12:00:00"),
            request("2", when="2026-11-22T23:30:00"),  # 00:30 of the 23rd in Berlin
            request("3", project="proj_b"),
        ),
    )
    books.run()
    columns = "cost_center, team, CAST(sum(requests) AS BIGINT), CAST(sum(quantity) AS INT)"
    assert books.rows(f"SELECT {columns} FROM charges GROUP BY ALL ORDER BY ALL") == [
        ("CC-1", "red", 1, 1000),
        ("CC-2", "blue", 1, 1000),
        (None, None, 1, 1000),
    ]


def test_a_record_has_its_cost(tmp_path: Path) -> None:
    """Base and long by the record's own size; what has no price has none, and charges agree."""
    books = _workspace(
        tmp_path,
        lines(
            request("base", 1000, out=1),
            request("long", 1001, out=1),
            request("unpriced", 5, model="beta"),
            request("nothing", 0),
        ),
        more=LONG,
    )
    assert books.rows(
        "SELECT record_id, CAST(cost_usd AS VARCHAR)[:8] FROM usage ORDER BY ALL"
    ) == [
        ("chatcmpl-base", "0.002008"),
        ("chatcmpl-long", "0.004020"),
        ("chatcmpl-nothing", "0.000000"),
        ("chatcmpl-unpriced", None),
    ]
    [(records, charges)] = books.rows(
        "SELECT (SELECT sum(cost_usd) FROM usage), (SELECT sum(cost_usd) FROM charges)"
    )
    assert records == charges == Decimal("0.006028")


def test_a_record_at_a_discount_has_its_cost(tmp_path: Path) -> None:
    """The price id of a discounted line names the discount, too; its first word is the price."""
    books = Workspace(
        tmp_path, CONFIGURATION + '\n[[discounts]]\npercent = "5"\nproject = "proj_a"\n', PRICES
    )
    books.write(
        "logs/a.jsonl",
        lines(request("base", 1000, model="gpt-5.4"), request("long", 300_000, model="gpt-5.4")),
    )
    books.run()
    assert books.rows("SELECT record_id, cost_usd FROM usage ORDER BY ALL") == [
        ("chatcmpl-base", Decimal("0.002375")),
        ("chatcmpl-long", Decimal("1.425")),
    ]
    assert books.rows("SELECT split_part(price_id, ' ', 1) FROM charges ORDER BY ALL") == (
        books.rows(
            "SELECT price_id FROM prices WHERE model = 'gpt-5.4' AND meter = 'text_input_tokens' "
            "AND service_tier = 'default' ORDER BY ALL"
        )
    )


def test_a_record_of_a_day_with_two_prices_has_no_cost(tmp_path: Path) -> None:
    """A price that changes within a day leaves open which one a record had."""
    change = "2026-11-23T06:00:00Z"
    books = Workspace(
        tmp_path,
        prices=(
            price("alpha", "text_input_tokens", "2", until=change),
            price("alpha", "text_input_tokens", "3", since=change),
        ),
    )
    books.write(
        "logs/a.jsonl",
        lines(
            request("1", when="2026-11-22T05:00:00"),
            request("2", when="2026-11-23T05:00:00"),
            request("3", when="2026-11-23T07:00:00"),
        ),
    )
    books.run()
    assert books.rows("SELECT CAST(cost_usd AS VARCHAR)[:5] FROM usage ORDER BY record_id") == [
        ("0.002",),
        (None,),
        (None,),
    ]
    assert books.rows(REQUESTS) == []
