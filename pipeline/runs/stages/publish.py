"""Publishes a snapshot of what is live by the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from pipeline.budgets import store as budget_store
from pipeline.budgets.check import doubts, not_allowed
from pipeline.budgets.plan import Plan
from pipeline.budgets.provider_plans import plans_of
from pipeline.budgets.rates import Rates
from pipeline.calendar.coverage import calendar_frame, followed_providers
from pipeline.charges import store as charge_store
from pipeline.charges.newer_prices import newer_prices
from pipeline.config import log
from pipeline.config.model import Config
from pipeline.ledger import store as ledger_store
from pipeline.pricing import store as price_store
from pipeline.published.snapshot.fingerprint import PublishedState
from pipeline.published.snapshot.publish import SnapshotContents, publish
from pipeline.runs.context import RunContext
from pipeline.storage.rebuild.keep import keep_books


def publish_live(run: RunContext, fingerprint: str) -> PublishedState:
    """Publish what is live, with the messages that hold until something changes.

    The books are kept first: what readers see can be had again.
    """
    db, storage, book = run.db, run.storage, run.book
    keep_books(db, storage)
    days = charge_store.days(db, storage.root)
    plans = plans_of(run.config, db)
    contents = SnapshotContents(
        ledger=ledger_store.ledger_files(db, storage.root),
        excluded=ledger_store.excluded_rows(db),
        days=list(days.values()),
        postings=charge_store.postings(db, storage.root),
        prices=price_store.published_prices(book, storage.cache),
        budgets=budget_store.published_budgets(plans, run.today),
        aliases=price_store.published_aliases(book),
        calendar=calendar_frame(db, run.config, run.kinds, run.configured, run.now),
        followed=followed_providers(db, run.kinds, run.configured),
    )
    newer = newer_prices(db, book, days.values())
    notes = (
        *run.inputs.prices.warnings,
        *([newer] if newer else []),
        *_doubts(run.config, plans, budget_store.idle_projects(db), run.inputs.rates, run.today),
    )
    state = PublishedState(fingerprint, run.inputs.mark, notes)
    retention = run.config.retention
    removed = publish(db, storage, contents, run.run_id, run.now, run.clock(), state, retention)
    if removed:
        log.event("info", "snapshots_removed", snapshots=len(removed))
    return state


def _doubts(
    config: Config, plans: Sequence[Plan], idle: Collection[str], rates: Rates, today: date
) -> list[str]:
    """What is doubtful about budgets, but for what the configuration allows."""
    projects = {p.subject.project_id for p in plans if p.subject.project_id} - set(idle)
    found = doubts(plans, projects, rates, today)
    return [
        f"{doubt.what}. See: tollbook budgets check"
        for doubt in not_allowed(found, config.budget_settings)
    ]
