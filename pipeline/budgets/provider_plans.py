"""Plans made of the provider's spend limits and spend alerts, as the directory knows them.

`[budgets] from_provider` asks for them. The provider's month is in UTC, these plans' month is the
organization's.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pipeline.budgets.plan import Plan, PlannedAmount, configured_plans
from pipeline.budgets.subject import Subject
from pipeline.config.model import Config
from pipeline.directory.model import BEGINNING
from pipeline.resources import sql
from pipeline.storage.database import Database

NAME = "provider-limit"


def plans_of(config: Config, db: Database) -> tuple[Plan, ...]:
    """The plans of a configuration, and those of the provider where it asks for them.

    Of two with one id the configured one counts.
    """
    configured = configured_plans(config)
    if not config.budget_settings.from_provider:
        return configured
    known = {plan.budget_id for plan in configured}
    return (*configured, *(p for p in provider_plans(db) if p.budget_id not in known))


def provider_plans(db: Database) -> tuple[Plan, ...]:
    """A monthly plan for each limit that holds, and for what has alerts alone; by project.

    An alert of the provider is a threshold in dollars. Where there is no limit, the highest alert
    is the amount. A limit that an action has set is none of the provider's: what was there before
    it counts.
    """
    amounts: dict[str | None, list[PlannedAmount]] = {}
    limited: set[str | None] = set()
    for project_id, amount_usd, since, until in db.rows(sql("budgets/provider_limits")):
        if amount_usd is None:  # there was none before the action
            continue
        found = amounts.setdefault(project_id, [])
        if not found or found[-1].amount != amount_usd:
            found.append(PlannedAmount(_day(since), amount_usd))
        if until is None:
            limited.add(project_id)
    alerts: dict[str | None, list[Decimal]] = dict(db.rows(sql("budgets/provider_alerts")))
    plans = []
    for project_id in sorted({*limited, *alerts}, key=lambda p: p or ""):
        thresholds = alerts.get(project_id, [])
        plans.append(
            Plan(
                f"{NAME}-{project_id}" if project_id else NAME,
                Subject(project_id=project_id),
                tuple(amounts[project_id])
                if project_id in limited
                else (PlannedAmount(date.min, max(thresholds)),),
                (100,),
                thresholds_usd=tuple(sorted(set(thresholds))),
                is_hard=project_id in limited,
            )
        )
    return tuple(plans)


def _day(since: datetime) -> date:
    return date.min if since == BEGINNING else since.date()
