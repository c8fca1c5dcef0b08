"""A year day by day, its months closed one after another: late and restated usage, bills that move,
prices that change and are corrected, a file taken back, and a crash a week. The short form ends in
March.

What each month was closed with, and what came later as a correction, is worked out here from the
days alone, with nothing of ours.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.runs.run import run_batch
from tests.support.command import command
from tests.support.crash import crashing
from tests.support.effort import amount
from tests.support.webhook import Server, webhook
from tests.support.workspace import Row, Workspace, bucket, cost, lines, page, price, request

FIRST = date(2026, 1, 1)
LAST = FIRST + timedelta(days=amount(71, 364))
DAY = timedelta(days=1)
PROJECTS = ("proj_a", "proj_b")
CLOSED_ON = 8  # day of the month after
# of proj_a, tenfold
SURGES = [d for d in (date(2026, 3, 4), date(2026, 7, 14), date(2026, 10, 20)) if d < LAST]
MISTAKE = date(2026, 6, 27)  # a file of this day, taken back after its month was closed
DEARER = date(2026, 5, 12)  # alpha costs 3 dollars from here on
CORRECTED = date(2026, 9, 15)  # when the price of August turns out to be another one
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
[prices]
files = ["prices.csv"]
[alerts]
channels = ["env:HOOK"]
[network]
allow_private_addresses = ["127.0.0.1"]
[[budgets]]
id = "a-monthly"
project = "proj_a"
amount_usd = "500"
"""
Prices = list[tuple[date, Decimal]]  # from which day on, in dollars a million tokens
PRICES: Prices = [(date(2026, 1, 1), Decimal(2)), (DEARER, Decimal(3))]
AUGUST: Prices = [(date(2026, 8, 1), Decimal("2.5")), (date(2026, 9, 1), Decimal(3))]


@dataclass
class Books:
    """What was used and billed, at which prices, and what each month was closed with."""

    tokens: dict[tuple[date, str], dict[str, int]] = field(default_factory=dict)  # by call
    billed: dict[tuple[date, str], Decimal] = field(default_factory=dict)
    prices: Prices = field(default_factory=lambda: list(PRICES))
    closed: dict[date, Decimal] = field(default_factory=dict)

    def rated(self, day: date, project: str) -> Decimal:
        """What a project used on a day, at the price of the day."""
        usd = [usd for since, usd in self.prices if since <= day][-1]
        return sum(self.tokens.get((day, project), {}).values()) * usd / 1_000_000

    def spent(self, month: date) -> Decimal:
        """The charges of a month as they are known now."""
        return sum(
            (
                self.billed.get(key, self.rated(*key))
                for key in self.tokens
                if key[0].replace(day=1) == month
            ),
            Decimal(0),
        )

    def total(self) -> Decimal:
        """All charges."""
        return sum((self.spent(month) for month in months()), Decimal(0))


def months() -> list[date]:
    """The first days of the months."""
    return [date(2026, number, 1) for number in range(1, 13)]


def is_billed(day: date) -> bool:
    """Whether costs are fetched of the month: of every other one."""
    return day.month % 2 == 1


@dataclass
class Year:
    """The workspace with the channel, and the model beside it."""

    workspace: Workspace
    server: Server
    books: Books = field(default_factory=Books)
    random: random.Random = field(default_factory=lambda: random.Random(17))
    reports: dict[date, tuple[bytes, bytes]] = field(default_factory=dict)
    forecasts: list[Row] = field(default_factory=list)

    def run(self, stage: str | None = None) -> None:
        """A run in the morning, which may end at a stage."""
        with crashing(stage):
            run_batch(
                load(self.workspace.path("tollbook.toml")),
                now=self.workspace.at,
                real_clock=self.workspace.clock,
                environment={"HOOK": self.server.url},
            )

    def write_usage(self, today: date) -> None:
        """The calls of the day before; now and then late ones, and another version of one."""
        day = today - DAY
        for project in PROJECTS:
            tokens = self.random.randint(5_000_000, 6_000_000)
            if day in SURGES and project == "proj_a":
                tokens *= 10
            self.call(today, day, project, tokens)
        if self.random.random() < 0.2:
            late = today - self.random.randint(2, 20) * DAY
            if late >= FIRST:
                self.call(today, late, "proj_b", self.random.randint(100_000, 900_000))
        if self.random.random() < 0.1:
            old = today - self.random.randint(2, 15) * DAY
            if (old, "proj_b") in self.books.tokens:
                name = next(iter(self.books.tokens[old, "proj_b"]))
                self.call(today, old, "proj_b", self.random.randint(5_000_000, 6_000_000), name)
        if day == MISTAKE:
            self.call(today, day, "proj_b", 3_000_000, "mistake")

    def call(
        self, today: date, day: date, project: str, tokens: int, name: str | None = None
    ) -> None:
        """One call in a file of its own; the same name again is a newer version of it."""
        name = name or f"{today}-{day}-{project}"
        body = request(name, tokens, when=f"{day}T12:00:00", project=project)
        self.workspace.write(f"logs/{today}-{name}.jsonl", lines(body))
        self.books.tokens.setdefault((day, project), {})[name] = tokens

    def write_bill(self, today: date) -> None:
        """The settled costs of a day, and now and then other ones of a day a week before that."""
        self.bill(today, today - 4 * DAY, "1.05")
        if self.random.random() < 0.4:
            self.bill(today, today - 11 * DAY, self.random.choice(["0.9", "1.2"]))

    def bill(self, today: date, day: date, factor: str) -> None:
        """Costs of a day, if it is of a month that is billed."""
        rows = []
        for project in PROJECTS:
            if is_billed(day) and (day, project) in self.books.tokens:
                usd = (self.books.rated(day, project) * Decimal(factor)).quantize(
                    Decimal("0.000001")
                )
                self.books.billed[day, project] = usd
                rows.append(cost(str(usd), project))
        if rows:
            text = page("costs", f"{today}T06:00:00Z", bucket(str(day), *rows))
            self.workspace.write(f"costs/{today}-{day}.json", text)

    def correct(self, today: date) -> None:
        """What a person does on some days: take a file back, price a month anew."""
        if today == date(2026, 7, 12):
            [mistake] = self.workspace.path("logs").glob("*mistake.jsonl")
            self.succeed("forget", str(mistake), "--reason", "a mistake")
            del self.books.tokens[MISTAKE, "proj_b"]["mistake"]
        if today == CORRECTED:
            self.books.prices = [*PRICES, *AUGUST]
            self.price()
            self.succeed("rerate", "--since", "2026-08-01", "--until", "2026-09-01")

    def price(self) -> None:
        """Write the price file as it is now."""
        known = self.books.prices
        ends = [*(str(since) for since, _ in known[1:]), ""]
        self.workspace.price(
            *(
                price("alpha", "text_input_tokens", str(usd), since=str(since), until=end)
                for (since, usd), end in zip(known, ends, strict=True)
            )
        )

    def close(self, today: date) -> None:
        """Close the month before and keep its report as it is given out."""
        month = (today.replace(day=1) - DAY).replace(day=1)
        self.succeed("close", f"{month:%Y-%m}", "--force", "--reason", "month end")
        self.books.closed[month] = self.books.spent(month)
        self.reports[month] = self.report(month)

    def report(self, month: date) -> tuple[bytes, bytes]:
        """The report of a month, as `tollbook report` writes it."""
        self.succeed("report", "--month", f"{month:%Y-%m}")
        folder = self.workspace.path("var/reports")
        html, csv = (folder / f"{month:%Y-%m}.{kind}" for kind in ("html", "csv"))
        return html.read_bytes(), csv.read_bytes()

    def succeed(self, *words: str) -> None:
        """Give a command at the time of the workspace."""
        now = f"{self.workspace.clock().isoformat()}Z"
        code, _, said = command(self.workspace.folder, *words, "--now", now, HOOK=self.server.url)
        assert code == 0, said

    def check_forecasts(self) -> None:
        """What was forecast stays as it was stored."""
        found = self.workspace.rows("FROM forecasts ORDER BY ALL")
        assert set(self.forecasts) <= set(found)
        self.forecasts = found


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    """A workspace whose channel is a webhook."""
    with webhook() as server:
        monkeypatch.setenv("HOOK", server.url)
        found = Year(Workspace(tmp_path.resolve(), CONFIGURATION), server)
        found.price()
        yield found


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_closed_months_of_a_year(year: Year) -> None:
    """They stay byte for byte; what comes later is a correction; nothing is told twice."""
    workspace = year.workspace
    stages = ("rate", "deliver", "check the books", "publish")
    today = FIRST + DAY
    while today <= LAST:
        workspace.at = datetime(today.year, today.month, today.day, 7)
        year.write_usage(today)
        year.write_bill(today)
        if today.weekday() == 2:
            year.run(stages[today.day % 4])
        year.run()
        year.correct(today)
        if today.day == CLOSED_ON and today.month > 1:
            year.close(today)
            year.check_forecasts()
        today += DAY
    assert len(year.reports) == LAST.month - 1
    check_months(year)
    check_statement(year)
    check_stored_once(year)
    check_incidents(year)


def check_months(year: Year) -> None:
    """Each is as it was closed, and its corrections are what its days cost beyond that."""
    books = year.books
    found = year.workspace.rows(
        "SELECT period_start_date, cost_usd, corrected_since_usd FROM closed_periods ORDER BY ALL"
    )
    assert {month: usd for month, usd, _ in found} == books.closed
    beyond = {month: books.spent(month) - usd for month, usd in books.closed.items()}
    assert {month: usd for month, _, usd in found} == beyond
    assert sum(usd != 0 for usd in beyond.values()) >= len(books.closed) - 3
    for month, (html, csv) in year.reports.items():
        assert year.report(month) == (html, csv)


def check_statement(year: Year) -> None:
    """Months and corrections add up to all charges, which are those of the model."""
    [(stated, charged)] = year.workspace.rows(
        "SELECT (SELECT sum(cost_usd) FROM period_costs), (SELECT sum(cost_usd) FROM charges)"
    )
    assert stated == charged == year.books.total()
    own = year.workspace.rows(
        "SELECT period_date, sum(cost_usd) FROM period_costs "
        "WHERE corrected_month_date IS NULL AND period_state = 'closed' GROUP BY ALL"
    )
    assert dict(own) == year.books.closed


def check_stored_once(year: Year) -> None:
    """A forecast a day, subject and period; the organization has one each day."""
    year.check_forecasts()
    made = Counter(
        year.workspace.rows(
            "SELECT made_date, subject_kind, subject_id, period_start_date FROM forecasts "
            "WHERE NOT is_backfilled"
        )
    )
    assert set(made.values()) == {1}
    days = {row[0] for row in made if row[1] == "organization"}
    assert len(days) == (LAST - FIRST).days


def check_incidents(year: Year) -> None:
    """Each surge is one incident, and one message raises it."""
    found = year.workspace.rows(
        "SELECT first_date, last_date, project_id, kind FROM anomalies "
        "WHERE state <> 'retracted' ORDER BY ALL"
    )
    assert found == [(day, day, "proj_a", "surge") for day in SURGES]
    alerts = year.workspace.rows("SELECT alert_id, delivery FROM alerts WHERE kind = 'anomaly'")
    assert [delivery for _, delivery in alerts] == ["sent"] * len(SURGES)
    by_key = dict(zip(year.server.keys, year.server.posts, strict=True))
    raised = Counter(
        alert_id for post in by_key.values() for alert_id in post["raised_alert_ids"].split(",")
    )
    assert {alert_id: raised[alert_id] for alert_id, _ in alerts} == dict.fromkeys(
        (alert_id for alert_id, _ in alerts), 1
    )
