"""Actions of a run: which there are to be is part of its transaction; the provider is asked after.

What the provider refuses is noted, and tried again by the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from threading import Event

from pipeline.actions import store, texts
from pipeline.actions.carry_out import CarriedOut, carry_out
from pipeline.actions.decide import decide
from pipeline.actions.model import BEGUN
from pipeline.budgets.status import BudgetStatus
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay
from pipeline.config.budget_section import Actions
from pipeline.config.model import Source
from pipeline.errors import ConfigError
from pipeline.providers.provider import FetchRequest, ProjectLimits, ProviderApi
from pipeline.resources import render_sql
from pipeline.runs.context import RunContext
from pipeline.runs.kinds import apis_of
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation


def decide_actions(
    run: RunContext, statuses: Sequence[BudgetStatus], days: Collection[ChargeDay]
) -> None:
    """Record the actions that budgets ask for, and which are to be taken back."""
    month = run.now.date().replace(day=1)
    known = store.known(run.db)
    spent: dict[str, Decimal] = {}

    def spent_this_month(project_id: str) -> Decimal:
        if not spent:
            spent.update(_spent(run.db, days, month))
        return spent.get(project_id, Decimal(0))

    changes = decide(
        statuses,
        known,
        run.config.actions,
        spent_this_month=spent_this_month,
        today=run.today,
        month=month,
        at=run.started_at,
        run_id=run.run_id,
    )
    store.save(run.db, changes)


def act(run: RunContext, request: FetchRequest) -> CarriedOut:
    """Carry out what is due, where [actions] mode is on; and say what waits or would be done."""
    settings = run.config.actions
    done = CarriedOut()
    apis = apis_of(run.providers)
    # a back-fill of other sources leaves it to the next run
    is_here = run.head.verb != "ingest" or _sources(run.configured, settings, apis)
    if settings.mode == "on" and is_here and not request.is_offline:
        opened = limits_opener(run.configured, settings, apis, request, run.stop)
        done = carry_out(run.db, opened, run.clock)
    for action in store.known(run.db):
        if action.has_ended:
            continue
        if action.state == "waiting":
            done.notes.append(texts.waiting(action))
        elif action.state == "dry-run" and action.requested_by_run == run.run_id:
            done.notes.append(texts.dry(action))
        elif action.state in BEGUN and settings.mode != "on":
            done.notes.append(texts.in_place(action))
    return done


def limits_opener(
    sources: Sequence[Source],
    settings: Actions,
    apis: Mapping[str, ProviderApi],
    request: FetchRequest,
    stop: Event,
) -> Callable[[], AbstractContextManager[ProjectLimits]]:
    """What opens the limits of the account whose key is used; it fails with ConfigError."""

    def opened() -> AbstractContextManager[ProjectLimits]:
        found = _sources(sources, settings, apis)
        if len(found) != 1:
            raise ConfigError(
                "several sources are fetched"
                if found
                else "there is no source with whose key limits could be set",
                key="actions.source",
                hint="Name one that is fetched.",
            )
        return apis[found[0].kind].limits(found[0], request, stop)

    return opened


def _sources(
    sources: Sequence[Source], settings: Actions, apis: Mapping[str, ProviderApi]
) -> list[Source]:
    """The sources whose key may be the one; one, where the configuration is right."""
    fetched = [s for s in sources if s.enabled and s.kind in apis]
    return [s for s in fetched if settings.source in {None, s.name}]


def _spent(db: Database, days: Collection[ChargeDay], since: date) -> Mapping[str, Decimal]:
    daily = relation([d.daily_path for d in days if d.usage_date >= since], DAILY_SCHEMA)
    rows = db.rows(render_sql("actions/spent_in_month", daily=daily), {"since": since})
    return dict(rows)
