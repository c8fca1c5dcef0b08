"""Which plans and rates were known when, and the changes that a run finds in the files.

`budget_plans` and `currency_rates` are added to and never rewritten, so that the plan of any past
instant can be told. All in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import duckdb

from pipeline.budgets.plan import Plan, PlannedAmount
from pipeline.budgets.rates import Rate, Rates
from pipeline.money import plain
from pipeline.resources import render_sql, sql

# Said by `amounts`, or what the budget is called.
_NOT_COMPARED = {"budget_id", "amounts"}


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """One change of a budget, made or refused; texts for people."""

    budget_id: str
    what: str  # added, removed, amount, or the key that changed
    effective_date: date | None = None
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    changed_by: str | None = None
    outcome: str = "made"


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A plan as recorded at an instant (naive UTC); None: the budget is no longer configured."""

    budget_id: str
    recorded_at: datetime
    plan: Plan | None


def record_plans(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], *, at: datetime, run_id: str
) -> list[BudgetChange]:
    """Record what is planned otherwise than at the last run. Gives the changes, as recorded."""
    known = {v.budget_id: v.plan for v in newest_versions(plan_versions(con))}
    configured = {plan.budget_id: plan for plan in plans}
    changes: list[BudgetChange] = []
    for budget_id in sorted({*configured, *(i for i, plan in known.items() if plan is not None)}):
        before, after = known.get(budget_id), configured.get(budget_id)
        if (before and before.to_json()) != (after and after.to_json()):
            save_version(con, budget_id, after, at=at, run_id=run_id)
            changes += differences(budget_id, before, after)
    save_changes(con, changes, at=at, found_in="file", run_id=run_id)
    return changes


def record_rates(con: duckdb.DuckDBPyConnection, rates: Rates, *, at: datetime) -> None:
    """Record the rates that are not known yet, or are others than were known."""
    known = known_rates(con)
    new = [
        (r.currency, r.valid_from, r.usd_per_unit, at)
        for r in rates.rates
        if (r.currency, r.valid_from, r.usd_per_unit)
        not in {(k.currency, k.valid_from, k.usd_per_unit) for k in known.rates}
    ]
    if new:
        con.executemany("INSERT INTO currency_rates VALUES ($1, $2, $3, $4)", new)


def known_rates(
    con: duckdb.DuckDBPyConnection, *, at: datetime | None = None, schema: str = "main"
) -> Rates:
    """The rates as they are recorded, or as they were known at an instant."""
    found = con.execute(render_sql("budgets/rates_known", schema=schema), {"at": at}).fetchall()
    return Rates(Rate(*row) for row in found)


def plan_versions(
    con: duckdb.DuckDBPyConnection, *, at: datetime | None = None, schema: str = "main"
) -> list[PlanVersion]:
    """Every version of every plan recorded by an instant, by budget and time."""
    found = con.execute(render_sql("budgets/plan_versions", schema=schema), {"at": at}).fetchall()
    return [
        PlanVersion(budget_id, recorded_at, Plan.from_json(text) if text else None)
        for budget_id, recorded_at, text in found
    ]


def newest_versions(versions: Iterable[PlanVersion]) -> list[PlanVersion]:
    """The last version of each budget."""
    return list({version.budget_id: version for version in versions}.values())


def save_version(
    con: duckdb.DuckDBPyConnection,
    budget_id: str,
    plan: Plan | None,
    *,
    at: datetime,
    run_id: str | None,
) -> None:
    """Record a version of a plan."""
    con.execute(
        "INSERT INTO budget_plans (budget_id, recorded_at, plan, run_id) VALUES ($1, $2, $3, $4)",
        [budget_id, at, plan and plan.to_json(), run_id],
    )


def save_changes(
    con: duckdb.DuckDBPyConnection,
    changes: Iterable[BudgetChange],
    *,
    at: datetime,
    found_in: str,
    run_id: str | None = None,
) -> None:
    """Record changes: who, what, from when on and why."""
    for c in changes:
        con.execute(
            sql("budgets/change_store"),
            {
                "budget_id": c.budget_id,
                "changed_at": at,
                "changed_by": c.changed_by,
                "outcome": c.outcome,
                "what": c.what,
                "effective_date": c.effective_date,
                "before": c.before,
                "after": c.after,
                "reason": c.reason,
                "found_in": found_in,
                "run_id": run_id,
            },
        )


def differences(budget_id: str, before: Plan | None, after: Plan | None) -> Iterator[BudgetChange]:
    """What differs between two versions of a plan, None where there is no budget."""
    if after is None:
        last = before and _amount(before, before.amounts[-1])
        yield BudgetChange(budget_id, "removed", before=last or None)
        return
    if before is None:
        first = after.amounts[0]
        yield BudgetChange(
            budget_id, "added", _day(first), after=_amount(after, first), reason=first.reason
        )
    yield from _amounts(before, after)
    if before is None:
        return
    for name in (f.name for f in fields(Plan) if f.name not in _NOT_COMPARED):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield BudgetChange(budget_id, name, before=_text(old), after=_text(new))


def _amounts(before: Plan | None, after: Plan) -> Iterator[BudgetChange]:
    """A change for each amount that is there now and was not, and the other way round."""
    known = before.amounts if before else after.amounts[:1]
    for amount in after.amounts:
        if amount not in known:
            day = amount.valid_from
            old = before.amount_on(day) if before else after.amount_on(day)
            yield BudgetChange(
                after.budget_id,
                "amount",
                _day(amount),
                _amount(before or after, old) if old != amount else None,
                _amount(after, amount),
                amount.reason,
                amount.by,
            )
    for amount in known:
        if amount not in after.amounts and not any(
            a.valid_from == amount.valid_from for a in after.amounts
        ):
            yield BudgetChange(
                after.budget_id, "amount", _day(amount), _amount(before or after, amount), None
            )


def _amount(plan: Plan, amount: PlannedAmount) -> str:
    return f"{plain(amount.amount)} {plan.currency}"


def _day(amount: PlannedAmount) -> date | None:
    return None if amount.valid_from == date.min else amount.valid_from


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if hasattr(value, "text"):
        return str(value.text())
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
