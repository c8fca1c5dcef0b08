"""Closing and reopening months of a workspace, and what must hold of its books after each act."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.charges.periods.model import Closing, Reopening
from pipeline.dates import whole_month
from pipeline.runs.closure.close import (
    Look,
    Order,
    bring_up_to_date,
    close,
    is_current,
    reopen,
)
from pipeline.runs.stages.report import report
from tests.support.workspace import Row, Workspace

OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)
# Of each closed month, what must not move: its days, its budgets.
FROZEN = {
    "days": (
        "SELECT charge_date, project_id, model, scope, requests, input_tokens, output_tokens, "
        "cost_usd, unpriced_quantity FROM daily_costs WHERE corrected_month_date IS NULL "
        "AND charge_date < (SELECT max(period_end_date) FROM closed_periods "
        "WHERE reopened_at IS NULL) ORDER BY ALL"
    ),
    "budgets": (
        "SELECT * FROM budget_status WHERE period_end_date <= (SELECT max(period_end_date) "
        "FROM closed_periods WHERE reopened_at IS NULL) ORDER BY ALL"
    ),
    "statement": "SELECT * FROM period_costs WHERE period_state = 'closed' ORDER BY ALL",
}
TOTALS = """
SELECT
  (SELECT coalesce(sum(cost_usd), 0) FROM charges),
  (SELECT coalesce(sum(cost_usd), 0) FROM charge_postings),
  (SELECT coalesce(sum(cost_usd), 0) FROM daily_costs),
  (SELECT coalesce(sum(cost_usd), 0) FROM period_costs)
"""
# By month of booking: the statement is what was posted for it.
BY_MONTH = """
SELECT period_date, sum(cost_usd)
FROM {}
GROUP BY ALL
HAVING coalesce(sum(cost_usd), 0) <> 0
ORDER BY ALL
"""
REQUESTS = (
    "SELECT (SELECT sum(requests) FROM daily_costs), "
    "(SELECT sum(requests) FROM usage WHERE basis = 'charge')"
)


def close_month(
    workspace: Workspace, month: date = OCTOBER, by: str = "alice", reason: str | None = None
) -> tuple[Look, Closing | None]:
    """Close a month as `tollbook close` does."""
    wanted = Order(whole_month(month), by, Decimal("0.01"), reason)
    with workspace.correction("close") as run:
        done = close(run, wanted) if is_current(run) else None
        if done is None:
            bring_up_to_date(run)
    if done is None:
        with workspace.correction("close") as run:
            done = close(run, wanted)
    found, closing, _ = done
    if closing is not None:
        report(run.config, month=month, now=run.now)
    return found, closing


def reopen_month(workspace: Workspace, month: date = OCTOBER, by: str = "bob") -> None:
    """Open a month again."""
    with workspace.correction("reopen") as run:
        reopen(run, Reopening(whole_month(month), by, "a test"))


def frozen(workspace: Workspace) -> dict[str, list[Row]]:
    """What must not move of all closed months."""
    return workspace.answers(FROZEN)


def assert_books_tie(workspace: Workspace) -> None:
    """Closed months, the open one and corrections are all charges, however one adds them up."""
    found = workspace.answers(
        {
            "totals": TOTALS,
            "statement": BY_MONTH.format("period_costs"),
            "posted": BY_MONTH.format("charge_postings"),
            "requests": REQUESTS,
        }
    )
    assert len(set(found["totals"][0])) == 1
    assert found["statement"] == found["posted"]
    [(counted, used)] = found["requests"]
    assert counted == used
