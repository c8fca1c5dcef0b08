"""Anything in any order: spend, amounts, turning months, hands, refusals, and crashes in between.

Whatever happens, in the end the limit of the project is the one that a person has set last.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.actions import store
from pipeline.actions.carry_out import carry_out
from pipeline.actions.decide import decide
from pipeline.budgets.plan import PlannedPeriod, plan_of
from pipeline.budgets.status import BudgetStatus, status_of
from pipeline.config.budget_section import Actions, Budget, BudgetAction
from pipeline.errors import ApiError
from pipeline.storage.database import Database, open_database
from pipeline.storage.layout import StorageLayout

SETTINGS = Actions(mode="on", approval=False)
STEPS = 14


class CrashError(Exception):
    """The process ends here."""


@dataclass
class Provider:
    """Limits in memory; the next calls may fail, before they do anything or after."""

    spend: Decimal | None = None
    requests: dict[str, int] = field(default_factory=lambda: {"a": 500, "b": 3, "c": 0})
    failures: list[Exception | None] = field(default_factory=list)
    is_late: bool = False  # a failing call has done what it was to do

    @contextmanager
    def limits(self) -> Iterator[Provider]:
        """A connection."""
        yield self

    def spend_limit(self, project_id: str) -> Decimal | None:
        """What is set."""
        self._call(project_id)
        return self.spend

    def set_spend_limit(self, project_id: str, amount_usd: Decimal | None) -> None:
        """Set it."""
        with self._calling(project_id):
            self.spend = amount_usd

    def request_limits(self, project_id: str) -> Mapping[str, int]:
        """What is set."""
        self._call(project_id)
        return dict(self.requests)

    def set_request_limits(self, project_id: str, limits: Mapping[str, int]) -> Sequence[str]:
        """Set them one by one."""
        for key, value in limits.items():
            with self._calling(project_id):
                self.requests[key] = value
        return ()

    def _call(self, _: str) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure

    @contextmanager
    def _calling(self, project_id: str) -> Iterator[None]:
        if self.is_late:
            yield
            self._call(project_id)
        else:
            self._call(project_id)
            yield


class World:
    """Two budgets of one project, by month and by week, and what happens to them."""

    def __init__(self, db: Database, kind: BudgetAction, draw: random.Random) -> None:
        self.db = db
        self.kind = kind
        self.draw = draw
        self.provider = Provider()
        self.now = datetime(2026, 11, 24, 8)
        self.spent = {"monthly": Decimal(50), "weekly": Decimal(5)}
        self.amounts = {"monthly": Decimal(100), "weekly": Decimal(10)}
        self.by_hand = 0
        self.spend_of_people: Decimal | None = None
        self.requests_of_people = dict(self.provider.requests)
        self.runs = 0

    def statuses(self) -> Iterator[BudgetStatus]:
        """Where both budgets stand."""
        for calendar, amount in self.amounts.items():
            plan = plan_of(
                Budget(
                    id=calendar,
                    project="proj_a",
                    calendar=calendar,
                    amount_usd=amount,
                    hard=True,
                    action=self.kind,
                )
            )
            today = self.now.date()
            planned = PlannedPeriod(plan, plan.calendar.period_of(today), today, amount, amount)
            yield status_of(planned, self.spent[calendar], Decimal(0))

    def run(self) -> None:
        """A run: it decides and commits, then acts; it may crash while it acts."""
        self.runs += 1
        with self.db.transaction():
            changes = decide(
                list(self.statuses()),
                store.known(self.db),
                SETTINGS,
                spent_this_month=lambda _: self.spent["monthly"],
                today=self.now.date(),
                month=self.now.date().replace(day=1),
                at=self.now,
                run_id=f"run-{self.runs}",
            )
            store.save(self.db, changes)
        with suppress(CrashError):
            carry_out(self.db, self.provider.limits, lambda: self.now)
        self.provider.failures.clear()

    def step(self) -> None:
        """Something happens, mostly a run."""
        draw = self.draw
        match draw.choice(("run", "run", "fail", "fail", "spend", "amount", "time", "hand")):
            case "run":
                self.run()
            case "fail":
                error: Exception = draw.choice((CrashError(), ApiError("refused", status=403)))
                self.provider.failures = [*([None] * draw.randrange(8)), error]
                self.provider.is_late = draw.random() < 0.5
                self.run()
            case "spend":
                which = draw.choice(("monthly", "weekly"))
                self.spent[which] = self.amounts[which] * draw.choice((0, 2))
            case "amount":
                which = draw.choice(("monthly", "weekly"))
                self.amounts[which] = Decimal(draw.randrange(1, 200))
            case "time":
                self.now += timedelta(days=draw.choice((1, 5, 20)))
            case _:
                self._set_by_hand()

    def _set_by_hand(self) -> None:
        """Somebody sets a limit that nobody else would set."""
        self.by_hand += 1
        if self.kind == "spend_limit":
            self.provider.spend = Decimal(self.by_hand) / 10_000 + self.draw.choice((0, 5000))
            self.spend_of_people = self.provider.spend
        else:
            self.provider.requests["a"] = 1000 + self.by_hand
            self.requests_of_people["a"] = 1000 + self.by_hand

    @property
    def is_of_people(self) -> bool:
        """Whether the limits are what people set."""
        return (
            self.provider.spend == self.spend_of_people
            and self.provider.requests == self.requests_of_people
        )


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all sequences: its table is emptied before each."""
    folder: Path = tmp_path_factory.mktemp("actions")
    with open_database(StorageLayout(folder)) as found:
        yield found


@pytest.mark.parametrize("kind", ["spend_limit", "rate_limits"])
@pytest.mark.parametrize(
    "seed", [*range(12), *(pytest.param(n, marks=pytest.mark.slow) for n in range(12, 40))]
)
def test_in_the_end_the_limits_are_those_of_people(
    db: Database, kind: BudgetAction, seed: int
) -> None:
    """And nothing is left to do; before, while budgets are over, something was set."""
    db.con.execute("DELETE FROM budget_actions")
    world = World(db, kind, random.Random(seed))
    for _ in range(STEPS):
        world.step()
    for each in ("monthly", "weekly"):
        world.spent[each] = world.amounts[each] * 2
    world.run()
    if not world.by_hand:
        assert not world.is_of_people
    world.spent = dict.fromkeys(world.spent, Decimal(0))
    world.run()
    assert [a for a in store.known(db) if not a.has_ended] == []
    assert world.is_of_people
