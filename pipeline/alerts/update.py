"""Brings the alerts of a kind up to date: conditions to a decision, the decision into the tables.

All in the caller's transaction; what is to be sent waits there as a message (see `deliver`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb

from pipeline.actions.model import Action
from pipeline.alerts import (
    budget_rule,
    finding_rule,
    job_rule,
    overdue,
    recipients,
    run_rule,
    state_machine,
    store,
)
from pipeline.alerts.delivery.outlets import Outlets
from pipeline.alerts.delivery.undelivered import waited_for
from pipeline.alerts.finding_rule import Finding
from pipeline.alerts.model import (
    Alert,
    AlertKind,
    Condition,
    Decision,
    Destination,
    GoodRun,
    JobProblem,
    RunProblem,
    newest,
)
from pipeline.alerts.monitors import actions as limit_actions
from pipeline.alerts.monitors import anomalies as unusual_costs
from pipeline.alerts.monitors import forecasts as budget_forecasts
from pipeline.alerts.monitors import sources as silent_sources
from pipeline.alerts.news import DEFAULT, Addressing
from pipeline.alerts.overdue import Acknowledgement
from pipeline.alerts.texts.findings import FindingKind
from pipeline.anomalies.model import Incident
from pipeline.budgets.status import BudgetStatus
from pipeline.resources import sql

_FIRING = "SELECT alert_id FROM alerts WHERE kind = $kind AND is_true LIMIT 1"


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, and when: the run, its start (naive UTC), the organization's name; who is told."""

    run_id: str
    at: datetime
    organization: str
    addressing: Addressing = DEFAULT


def update_budget_alerts(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    statuses: Sequence[BudgetStatus],
    *,
    today: date,
    missing: Collection[budget_rule.MissingDay] = (),
) -> Decision:
    """Raise and clear what the status of budgets says; `today` is the organization's day.

    **Takes** in `missing` the days that sources have not covered, with the provider.
    """
    first_day = _first_day(con, look)
    return _update(
        con,
        look,
        lambda known: budget_rule.conditions(
            statuses, known, first_day=first_day, today=today, missing=missing
        ),
    )


def update_forecast_alerts(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    statuses: Sequence[BudgetStatus],
    *,
    today: date,
    missing: Collection[budget_rule.MissingDay] = (),
) -> Decision:
    """Raise and clear what budgets are forecast to reach; `today` is the organization's day.

    **Takes** in `missing` the days that sources have not covered, with the provider.
    """
    has_any = any(s.plan is not None and s.plan.forecast_thresholds for s in statuses)
    if not has_any and not is_any_firing(con, "forecast"):
        return Decision()
    return _update(
        con,
        look,
        lambda known: budget_forecasts.conditions(statuses, known, today=today, missing=missing),
    )


def update_finding_alerts(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    kind: FindingKind,
    findings: Sequence[Finding] | None,
    *,
    today: date,
) -> Decision:
    """Raise and clear what was found in the months looked at; None: the kind is switched off."""
    first_day = _first_day(con, look)
    return _update(
        con,
        look,
        lambda known: finding_rule.conditions(
            kind, findings, known, first_day=first_day, today=today
        ),
    )


def update_run_alerts(
    con: duckdb.DuckDBPyConnection, look: Look, end: RunProblem | GoodRun
) -> Decision:
    """Raise what went wrong with a run, or clear what was wrong before a good one.

    Empty where the same problem is known and no run was good since.
    """
    return _update(con, look, lambda known: run_rule.conditions(end, known))


def update_source_alerts(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    sources: Sequence[str],
    *,
    now: datetime,
    silent_after: timedelta | None,
) -> Decision:
    """Raise and clear that sources have no new data. Takes the names of those that charge."""
    if silent_after is None and not is_any_firing(con, "source"):
        return Decision()
    newest_of = dict(con.execute(sql("alerts/newest_records"), {"sources": sources}).fetchall())
    return _update(
        con,
        look,
        lambda known: silent_sources.conditions(
            newest_of, known, now=now, silent_after=silent_after
        ),
    )


def update_action_alerts(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    actions: Sequence[Action],
    names: Mapping[str, str],
) -> Decision:
    """Raise and clear what actions are at.

    **Takes** all of them, also those that have ended, and the names of projects by id.
    """
    return _update(con, look, lambda known: limit_actions.conditions(actions, known, names))


def is_any_firing(con: duckdb.DuckDBPyConnection, kind: AlertKind) -> bool:
    """Whether what an alert of a kind says still holds."""
    return bool(con.execute(_FIRING, {"kind": kind}).fetchall())


def update_anomaly_alerts(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    incidents: Sequence[Incident] | None,
    names: Mapping[str, str],
    *,
    today: date,
    new: Collection[str] = (),
) -> Decision:
    """Raise and clear incidents; None: the kind is switched off.

    Takes the names of projects, keys and people, and which incidents nobody knew before.
    """
    return _update(
        con,
        look,
        lambda known: unusual_costs.conditions(incidents, known, names, today=today, new=new),
    )


def update_job_alerts(
    con: duckdb.DuckDBPyConnection, look: Look, problem: JobProblem, *, is_firing: bool
) -> Decision:
    """Raise or clear one kind of trouble with a job of the schedule."""
    return _update(con, look, lambda _: [job_rule.condition(problem, is_firing=is_firing)])


def _update(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    conditions: Callable[[Sequence[Alert]], Iterable[Condition]],
) -> Decision:
    known = store.known_alerts(con)
    # a rule looks at the last alert of each condition, and knows it by what it says
    looked_at = [replace(a, alert_id=i) for i, a in newest(known).items()]
    decision = state_machine.decide(
        conditions(looked_at),
        known,
        now=look.at,
        run_id=look.run_id,
        organization=look.organization,
        addressing=look.addressing,
    )
    store.save(con, decision)
    return decision


def follow_up(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    *,
    escalate_after: timedelta | None,
    renotify_after: timedelta | None,
    escalated_to: Sequence[Destination],
    outlets: Outlets,
) -> Decision:
    """Escalate and repeat what has been open for long and nobody has acknowledged.

    Nobody is reminded where the message would wait.
    """
    if escalate_after is None and renotify_after is None:
        return Decision()
    waiting = waited_for(con, outlets) if renotify_after is not None else ()
    decision = overdue.decide(
        store.known_alerts(con),
        now=look.at,
        run_id=look.run_id,
        organization=look.organization,
        addressing=look.addressing,
        escalate_after=escalate_after,
        renotify_after=renotify_after,
        escalated_to=escalated_to,
        reminding=recipients.reminding(look.addressing, outlets, waiting, look.at),
    )
    store.save(con, decision)
    return decision


def acknowledge(
    con: duckdb.DuckDBPyConnection,
    ids: Sequence[str] | None,
    *,
    by: str,
    note: str | None,
    at: datetime,
    is_undone: bool = False,
) -> Acknowledgement:
    """Acknowledge alerts, or undo that. Takes ids; None: all to which it applies."""
    found = overdue.acknowledge(
        store.known_alerts(con), ids, by=by, note=note, at=at, is_undone=is_undone
    )
    store.save(con, found.decision)
    return found


def _first_day(con: duckdb.DuckDBPyConnection, look: Look) -> date:
    return (store.first_good_run_at(con) or look.at).date()
