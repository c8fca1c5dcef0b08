"""A count that is too large for sums costs only its row; no run ends with a traceback."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import RunFailedError
from tests.support.workspace import (
    BUCKETS,
    RECORDS_HEADER,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    price,
    request,
    used,
)

HELD = "SELECT input_line, rule FROM quarantine WHERE replayed_at IS NULL ORDER BY ALL"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path.resolve())


def test_one_huge_count_in_a_log_is_held_back(workspace: Workspace) -> None:
    """With file and line; the others count, and the next run works."""
    huge = [request(f"{tokens}", tokens) for tokens in (10**12 + 1, 10**16, 10**300)]
    workspace.write("logs/a.jsonl", lines(request("good"), *huge))
    workspace.run()
    assert workspace.rows(HELD) == [(line, "implausible_quantity") for line in (2, 3, 4)]
    assert workspace.tokens() == 1000
    workspace.write("logs/b.jsonl", lines(request("next")))
    workspace.run()
    assert workspace.tokens() == 2000


def test_huge_counts_in_tables_and_pages_are_held_back(tmp_path: Path) -> None:
    """Every count column, requests and quantities with decimals too."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS)
    huge = str(10**16)
    workspace.records(
        "exports/a.csv",
        f"1,2026-11-20T10:00:00Z,p,alpha,{huge},1,1,0",
        f"2,2026-11-20T10:00:00Z,p,alpha,1,{huge},1,0",
        f"3,2026-11-20T10:00:00Z,p,alpha,1,1,{huge},0",
        f"4,2026-11-20T10:00:00Z,p,alpha,1,1,1,{huge}",
        "5,2026-11-20T10:00:00Z,p,alpha,1,1,1,0.5",
        header=f"{RECORDS_HEADER},audio_seconds",
    )
    rows = [used(10**16), used(1, requests=10**16), used(7, "proj_b")]
    workspace.write(
        "usage/a.json", page("completions", "2026-11-22T06:00:00Z", bucket("2026-11-20", *rows))
    )
    costs = [cost("1e12"), cost("10000000000.5"), cost("3", "proj_b")]
    workspace.write(
        "costs/a.json", page("costs", "2026-11-22T06:00:00Z", bucket("2026-11-20", *costs))
    )
    workspace.run()
    assert {rule for _, rule in workspace.rows(HELD)} == {"implausible_quantity"}
    assert len(workspace.rows(HELD)) == 8
    assert workspace.rows("SELECT count(*) FROM usage") == [(2,)]
    assert workspace.rows("SELECT amount FROM provider_costs") == [(3,)]


def test_many_of_the_largest_rows_fit_one_charge(workspace: Workspace) -> None:
    """A thousand of them, at a hundred dollars a thousand tokens, are one exact line."""
    workspace.price(price("alpha", "text_input_tokens", "100"))
    rows = [f"{n},2026-11-20T10:00:00Z,p,alpha,{10**12},0,1" for n in range(1000)]
    workspace.records("exports/a.csv", *rows)
    workspace.run()
    assert workspace.rows("SELECT quantity, cost_usd FROM charges") == [
        (Decimal(10) ** 15, Decimal(10) ** 11)
    ]


def test_a_cost_that_fits_no_charge_names_its_row(workspace: Workspace) -> None:
    """A price for a single token by mistake: the run fails, says where, and commits nothing."""
    rows = [f"{n},2026-11-20T10:00:00Z,p,alpha,{10**12 - n},0,1" for n in range(200)]
    workspace.price(price("alpha", "text_input_tokens", "1000000000"))
    workspace.records("exports/a.csv", *rows)
    with pytest.raises(RunFailedError) as failed:
        workspace.run()
    assert (failed.value.file, failed.value.line) == (str(workspace.path("exports/a.csv")), 2)
    assert "2026-11-20" in failed.value.what
    workspace.price(price("alpha", "text_input_tokens", "1"))
    workspace.run()
    assert workspace.rows("SELECT count(*) FROM usage") == [(200,)]


def test_a_month_turn_can_be_rehearsed(workspace: Workspace) -> None:
    """What is in the future is so by the business clock, where that one is ahead."""
    ahead = request("1") | {"created": "2026-12-01T10:00:00Z"}
    workspace.write("logs/a.jsonl", lines(ahead))
    workspace.run(now=datetime(2026, 11, 24, 8))
    assert workspace.rows(HELD) == [(1, "implausible_time")]
    workspace.write("logs/b.jsonl", lines(ahead | {"id": "2"}))
    workspace.run(now=datetime(2026, 12, 1, 12))
    assert workspace.rows("SELECT record_id FROM usage") == [("2",)]
