"""What is doubtful about the budgets of a configuration, with the projects that are known."""

from __future__ import annotations

from datetime import datetime

from pipeline.budgets.check import Doubt, doubts
from pipeline.budgets.plan import configured_plans
from pipeline.budgets.rates import check_currencies, read_rates
from pipeline.config.model import Config
from pipeline.dates import local_date
from pipeline.errors import TollbookError
from pipeline.published.reader import open_published
from pipeline.resources import sql


def doubts_of(config: Config, now: datetime) -> list[Doubt]:
    """What is doubtful, in words; projects are not checked before anything is published.

    Fails: ConfigError, for the file of rates.
    """
    rates = read_rates(config.currency.rates)
    check_currencies(config.budgets, rates, config.currency.rates)
    today = local_date(now, config.organization.zone)
    return list(doubts(configured_plans(config), _known_projects(config), rates, today))


def _known_projects(config: Config) -> frozenset[str] | None:
    try:
        with open_published(config.storage.root / "published") as con:
            found = con.execute(sql("budgets/known_projects")).fetchall()
    except TollbookError:
        return None
    return frozenset(project_id for (project_id,) in found) | {p.id for p in config.projects}
