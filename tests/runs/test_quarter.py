"""A quarter day by day: late usage, bills that move, a file taken back, amendments, the end of
summer time, a crash a week, an outage of the channel, limits set at a provider that refuses for
days, and two hosts on one storage.

What should have been said is worked out here from the days alone, with nothing of ours.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from pipeline.config.load import load
from pipeline.errors import ApiError, LockHeldError
from pipeline.providers.openai.provider import OPENAI
from pipeline.providers.provider import Fetches, Provider, ProviderApi
from pipeline.runs.context import recorded_run
from pipeline.runs.corrections.forget import forget
from pipeline.runs.run import run_batch
from pipeline.storage.lock import storage_lock
from tests.support.command import command
from tests.support.crash import crashing
from tests.support.webhook import Server, webhook
from tests.support.workspace import Workspace, bucket, cost, lines, page, request

FIRST, LAST = date(2026, 10, 1), date(2027, 1, 10)
DAY = timedelta(days=1)
PROJECTS = ("proj_a", "proj_b")
MISTAKE, OUTAGE = date(2026, 11, 18), (date(2026, 11, 5), date(2026, 11, 8))
REFUSING = (date(2026, 11, 21), date(2026, 11, 27))  # over the turn of a week
FREE, LIMITED = 500, 1  # requests a minute
CONFIGURATION = """
[organization]
id = "org-acme"
timezone = "Europe/Berlin"
[storage]
root = "var"
[[sources]]
name = "gateway"
kind = "request_log"
path = ["logs"]
[[sources]]
name = "costs"
kind = "openai_costs"
path = ["costs/*.json"]
[[sources]]
name = "api"
kind = "openai"
basis = "detail"
since = "2026-10-01"
[directory]
sync = false
[actions]
mode = "on"
approval = false
[prices]
files = ["prices.csv"]
[alerts]
channels = ["env:HOOK"]
[network]
allow_private_addresses = ["127.0.0.1"]
[[budgets]]
id = "a-monthly"
project = "proj_a"
amount_usd = "100"
[[budgets]]
id = "all-quarterly"
calendar = "quarterly"
amount_usd = "600"
thresholds = [80, 100]
thresholds_usd = ["250"]
[[budgets]]
id = "b-weekly"
project = "proj_b"
calendar = "weekly"
amount_usd = "20"
thresholds = [100]
[[budgets]]
id = "a-hard"
project = "proj_a"
calendar = "weekly"
amount_usd = "24"
thresholds = [100]
hard = true
action = "rate_limits"
[[amendments]]
budget = "a-monthly"
valid_from = "2026-11-15"
amount_usd = "150"
reason = "more users"
"""
Subject = tuple[str, date, str]  # budget, first day of the period, threshold


@dataclass
class Expected:
    """What is known of spend, and what has been said, by a model of its own."""

    used: dict[tuple[date, str], Decimal] = field(default_factory=dict)
    billed: dict[tuple[date, str], Decimal] = field(default_factory=dict)
    firing: dict[Subject, bool] = field(default_factory=dict)  # and whether it was sent
    raised: Counter[Subject] = field(default_factory=Counter)
    silent: Counter[Subject] = field(default_factory=Counter)
    cleared: Counter[Subject] = field(default_factory=Counter)

    def spent(self, project: str | None, since: date, until: date) -> Decimal:
        """Spend of a project (None: of all) on some days."""
        return sum(
            (
                self.billed.get(key, usd)
                for key, usd in self.used.items()
                if since <= key[0] < until and project in {None, key[1]}
            ),
            Decimal(0),
        )

    def look(self, today: date) -> None:
        """One run's look at all budgets."""
        for budget, project, periods, amount in (
            ("a-monthly", "proj_a", months(today), 150 if today >= date(2026, 11, 15) else 100),
            ("all-quarterly", None, quarters(today), 600),
            ("b-weekly", "proj_b", weeks(today), 20),
            ("a-hard", "proj_a", weeks(today), 24),
        ):
            for since, until in periods:
                # an ended October keeps its 100 dollars
                usd = 100 if budget == "a-monthly" and since < date(2026, 11, 1) else amount
                spent = self.spent(project, since, until)
                for name, level in thresholds(budget, usd):
                    self._judge((budget, since, name), spent >= level, since, until, periods)

    def _judge(
        self,
        subject: Subject,
        is_reached: bool,  # noqa: FBT001
        since: date,
        until: date,
        periods: list[tuple[date, date]],
    ) -> None:
        was = subject in self.firing
        if is_reached and not was:
            # the current period and the one before are worth a message
            is_sent = (since, until) in periods[-2:]
            self.firing[subject] = is_sent
            self.raised[subject] += 1
            self.silent[subject] += not is_sent
        elif was and not is_reached:
            self.cleared[subject] += self.firing.pop(subject)


def thresholds(budget: str, usd: int) -> list[tuple[str, Decimal]]:
    """The thresholds of a budget with the spend at which they are reached."""
    percents = {"a-monthly": (50, 80, 100), "all-quarterly": (80, 100)}.get(budget, (100,))
    found = [(str(p), Decimal(usd * p) / 100) for p in percents]
    return [*found, ("usd 250", Decimal(250))] if budget == "all-quarterly" else found


def months(today: date) -> list[tuple[date, date]]:
    """The months from the first day on, to the current one."""
    starts = [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    return [(s, (s + 31 * DAY).replace(day=1)) for s in starts if s <= today]


def quarters(today: date) -> list[tuple[date, date]]:
    """The quarters likewise."""
    both = [(date(2026, 10, 1), date(2027, 1, 1)), (date(2027, 1, 1), date(2027, 4, 1))]
    return [(since, until) for since, until in both if since <= today]


def weeks(today: date) -> list[tuple[date, date]]:
    """The weeks likewise, from Monday, 28 September."""
    start = date(2026, 9, 28)
    return [
        (start + n * 7 * DAY, start + (n + 1) * 7 * DAY)
        for n in range((today - start).days // 7 + 1)
    ]


@dataclass
class Limits:
    """A provider from which nothing is fetched, and where one limit can be set."""

    requests: int = FREE
    is_refusing: bool = False
    calls: int = 0  # that set it

    def fetch(self, *_: object, **__: object) -> Fetches:
        """Nothing."""
        return Fetches()

    @contextmanager
    def limits(self, *_: object) -> Iterator[Limits]:
        """A connection."""
        yield self

    def request_limits(self, _: str) -> Mapping[str, int]:
        """What is set."""
        if self.is_refusing:
            raise ApiError("refused with 403")
        return {"alpha": self.requests}

    def set_request_limits(self, _: str, limits: Mapping[str, int]) -> Sequence[str]:
        """Set it."""
        self.requests = limits["alpha"]
        self.calls += 1
        return ()


@dataclass
class Quarter:
    """The workspace with the channel and the provider, and the model beside it."""

    workspace: Workspace
    server: Server
    limits: Limits = field(default_factory=Limits)
    expected: Expected = field(default_factory=Expected)
    random: random.Random = field(default_factory=lambda: random.Random(13))

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The provider, with limits of our own."""
        return (replace(OPENAI, api=cast("ProviderApi", self.limits)),)

    def is_over(self, today: date) -> bool:
        """Whether proj_a is over in this week."""
        since, until = weeks(today)[-1]
        return self.expected.spent("proj_a", since, until) >= 24

    def run(self, today: date, *, crash_at: str | None = None) -> None:
        """A run at eight in the morning, which may end before it is done."""
        config = load(self.workspace.path("tollbook.toml"))
        with crashing(crash_at):
            run_batch(
                config,
                now=self.workspace.at,
                real_clock=self.workspace.clock,
                environment={"HOOK": self.server.url},
                providers=self.providers,
            )
        if crash_at not in {"rate", "check the books"}:  # it was committed
            self.expected.look(today)

    def write_usage(self, today: date) -> None:
        """The calls of the day before, some of three days before, and a mistake."""
        for day in (today - DAY, *([today - 3 * DAY] if self.random.random() < 0.3 else [])):
            for project in PROJECTS:
                tokens = self.random.randint(800_000, 2_400_000)
                self._call(f"{today}-{day}-{project}", day, project, tokens)
        if today == MISTAKE:
            self._call("mistake", today - DAY, "proj_b", 30_000_000)

    def _call(self, name: str, day: date, project: str, tokens: int) -> None:
        when = f"{day}T12:00:00"
        body = request(name, tokens, when=when, project=project)
        self.workspace.write(f"logs/{name}.jsonl", lines(body))
        key = day, project
        usd = Decimal(tokens) * 2 / 1_000_000
        self.expected.used[key] = self.expected.used.get(key, Decimal(0)) + usd

    def write_bill(self, today: date) -> None:
        """The settled costs of a day, and now and then other ones of a day a week before that."""
        self._bill(today, today - 4 * DAY, Decimal("1.05"))
        if self.random.random() < 0.2:
            self._bill(today, today - 10 * DAY, Decimal(self.random.choice(["0.8", "1.3"])))

    def _bill(self, today: date, day: date, factor: Decimal) -> None:
        rows = []
        for project in PROJECTS:
            used = self.expected.used.get((day, project))
            if used is not None:
                usd = (used * factor).quantize(Decimal("0.000001"))
                self.expected.billed[day, project] = usd
                rows.append(cost(str(usd), project))
        if rows:
            text = page("costs", f"{today}T06:00:00Z", bucket(str(day), *rows))
            self.workspace.write(f"costs/{today}-{day}.json", text)

    def forget_mistake(self, today: date) -> None:
        """Take the mistaken file back, before its day is billed."""
        with recorded_run(
            load(self.workspace.path("tollbook.toml")),
            verb="forget",
            now=self.workspace.at,
            real_clock=self.workspace.clock,
            environment={"HOOK": self.server.url},
            providers=self.providers,
        ) as run:
            forget(run, [str(self.workspace.path("logs/mistake.jsonl"))], "a mistake")
        self.expected.used[MISTAKE - DAY, "proj_b"] -= Decimal(60)
        self.expected.look(today)


@pytest.fixture
def quarter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Quarter]:
    """A workspace whose channel is a webhook."""
    with webhook() as server:
        monkeypatch.setenv("HOOK", server.url)
        workspace = Workspace(tmp_path.resolve(), CONFIGURATION)
        yield Quarter(workspace, server)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_alert_of_a_quarter_is_said_once(quarter: Quarter) -> None:
    """By day, by number and in the messages; as of past days the budgets stand as they stood."""
    workspace, expected = quarter.workspace, quarter.expected
    stood: dict[datetime, Decimal] = {}
    today = FIRST + DAY
    stages = ("rate", "deliver", "check the books", "publish")
    while today <= LAST:
        workspace.at = datetime(today.year, today.month, today.day, 7)
        quarter.server.status = 500 if OUTAGE[0] <= today < OUTAGE[1] else 200
        quarter.limits.is_refusing = REFUSING[0] <= today < REFUSING[1]
        if today == MISTAKE + DAY:
            quarter.forget_mistake(today)
        quarter.write_usage(today)
        quarter.write_bill(today)
        if today.weekday() == 2:
            quarter.run(today, crash_at=stages[today.day % 4])
        if today.weekday() == 4:
            with (
                storage_lock(workspace.path("var"), what="the other host", real_now=workspace.at),
                pytest.raises(LockHeldError),
            ):
                quarter.run(today)
        quarter.run(today)
        if today.weekday() == 5:  # the other host, a second later
            quarter.run(today)
        if not quarter.limits.is_refusing:
            assert quarter.limits.requests == (LIMITED if quarter.is_over(today) else FREE)
        stood[workspace.clock()] = expected.spent(None, date(2026, 10, 1), today)
        today += DAY
    workspace.at += timedelta(hours=30)  # what waited for the channel
    quarter.run(LAST + DAY)
    check_alerts(quarter)
    check_messages(quarter)
    check_actions(quarter)
    for at in list(stood)[20:91:14]:
        words = ("budgets", "--period", "2026-Q4", "--as-of", f"{at.isoformat()}Z", "--json")
        _, told, _ = command(workspace.folder, *words)
        [row] = [r for r in json.loads(told) if r["budget_id"] == "all-quarterly"]
        assert Decimal(row["spent_usd"]) == stood[at]


def check_alerts(quarter: Quarter) -> None:
    """The alerts that are stored are those that should have been raised, as often."""
    rows = quarter.workspace.rows(
        "SELECT subject_id, period_start_date, "
        "coalesce(CAST(threshold_percent AS VARCHAR), 'usd ' || CAST(threshold_usd AS INTEGER)), "
        "delivery LIKE 'not sent%', state IN ('resolved', 'retracted'), state "
        "FROM alerts WHERE kind = 'budget'"
    )
    expected = quarter.expected
    assert Counter((r[0], r[1], r[2]) for r in rows) == expected.raised
    assert Counter((r[0], r[1], r[2]) for r in rows if r[3]) == +expected.silent
    retracted = Counter((r[0], r[1], r[2]) for r in rows if r[5] == "retracted")
    assert +retracted <= +expected.cleared
    assert len(expected.raised) > 20
    assert +expected.cleared
    assert max(expected.raised.values()) > 1  # said, taken back, and said again


def check_messages(quarter: Quarter) -> None:
    """Each alert is in one message that raises it, and in one more if it was taken back."""
    said = messages_by_alert(quarter)
    expected = quarter.expected
    sent = quarter.workspace.rows(
        "SELECT alert_id, state FROM alerts WHERE kind = 'budget' AND delivery = 'sent'"
    )
    of_budgets = {alert_id: said[alert_id] for alert_id, _ in sent}
    assert len(sent) == expected.raised.total() - expected.silent.total()
    assert set(said.values()) <= {1, 2}
    assert sum(of_budgets.values()) == len(sent) + expected.cleared.total()
    others = quarter.workspace.rows("SELECT alert_id FROM alerts WHERE kind <> 'budget'")
    assert set(said) == {*of_budgets, *(alert_id for (alert_id,) in others)}


def check_actions(quarter: Quarter) -> None:
    """That limits are lowered, refused, and as before again is said once for each action."""
    ask = quarter.workspace.rows
    said = messages_by_alert(quarter)
    raised = ask(
        "SELECT alert_id, state, delivery, message LIKE '%refused%' FROM alerts "
        "WHERE kind = 'action'"
    )
    lowered = [(alert_id, state) for alert_id, state, _, is_refusal in raised if not is_refusal]
    [(applied, ended)] = ask(
        "SELECT count(applied_at), count(applied_at) FILTER (WHERE ended_at IS NOT NULL) "
        "FROM budget_actions"
    )
    assert len(lowered) == applied > 3
    assert sum(state == "resolved" for _, state in lowered) == ended
    assert quarter.limits.calls == applied + ended
    refusals = [alert_id for alert_id, *_, is_refusal in raised if is_refusal]
    assert len(refusals) > 0
    assert {delivery for *_, delivery, _ in raised} == {"sent"}
    for alert_id, state, *_ in raised:
        assert said[alert_id] == (2 if state == "resolved" else 1)


def messages_by_alert(quarter: Quarter) -> Counter[str]:
    """How many messages that arrived speak of each alert; a repeat has the same key."""
    by_key = dict(zip(quarter.server.keys, quarter.server.posts, strict=True))
    return Counter(
        alert_id
        for post in by_key.values()
        for alert_id in re.findall(r"alert-[0-9a-f]{16}(?:-\d+)?", post["message"])
    )
