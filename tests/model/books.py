"""The model of the books: what the files, the acts on them and the clocks should have led to.

Imports nothing of the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.model.buckets import Buckets
from tests.model.money import OF_SUMS, ZERO, Book, Charged, Money, Used
from tests.model.requests import Requests
from tests.model.watch import Budget, Closed, Watch, month_of, next_month


@dataclass(frozen=True)
class Source:
    """A source of the configuration: the files of one folder."""

    name: str
    kind: str
    folder: str
    basis: str
    replaces: bool = False  # a rewritten file is the whole truth of that file
    is_enabled: bool = True


@dataclass(frozen=True)
class FileOnDisk:
    """An input file as it lies."""

    text: str
    written_at: datetime


@dataclass
class Facts:
    """What readers see."""

    charges: dict[Charged, tuple[Decimal, int]] = field(default_factory=dict)
    daily: dict[Charged, tuple[int, int]] = field(default_factory=dict)  # requests, tokens
    usage: Counter[tuple[object, ...]] = field(default_factory=Counter)
    bill: Counter[tuple[object, ...]] = field(default_factory=Counter)
    fates: dict[str, tuple[int, ...]] = field(default_factory=dict)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    budgets: dict[tuple[str, date], tuple[Decimal, str, bool]] = field(default_factory=dict)
    alerts: dict[tuple[str, date, int], str] = field(default_factory=dict)
    corrections: dict[Charged, tuple[int, int, Decimal]] = field(default_factory=dict)  # by month
    statement: dict[date, Decimal] = field(default_factory=dict)  # of closed months


class Books:
    """The books of one organization."""

    def __init__(
        self,
        zone: str,
        sources: tuple[Source, ...],
        budgets: tuple[Budget, ...],
        faults: Collection[str] = (),
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.sources = sources
        self.requests = Requests(faults)
        self.buckets = Buckets()
        self.money = Money()
        self.watch = Watch(budgets)
        self.runs = 0
        self.closed: list[Closed] = []  # the newest last

    def run(
        self,
        disk: Mapping[str, FileOnDisk],
        clock: datetime,
        now: datetime,
        book: Book,
        *,
        is_named: bool = False,
    ) -> None:
        """Read what lies there, price it, look at the budgets. A named file is read in any case."""
        self.runs += 1
        for rank, source in enumerate(self.sources):
            if not (source.is_enabled or is_named):
                continue
            for path in sorted(p for p in disk if p.startswith(f"{source.folder}/")):
                file = disk[path]
                if source.kind in {"openai_usage", "openai_costs"}:
                    kind = source.kind.removeprefix("openai_")
                    self.buckets.read(self.runs, kind, source.basis, path, file.text, disk)
                else:
                    self.requests.read(
                        self.runs, rank, source.kind, source.basis, path, file.text,
                        file.written_at, clock, replaces=source.replaces,
                    )  # fmt: skip
        self._settle(now, book)

    def ending(self, disk: Mapping[str, FileOnDisk]) -> str | None:
        """How a run of all sources ends: None, or which of them have lost all of their files.

        It is partial then; everything else is booked.
        """
        read = {v.path for v in self.requests.newest.values() if not v.is_forgotten}
        read |= {p.path for p in self.buckets.pages if not p.is_forgotten}
        gone = [
            source.name
            for source in self.sources
            if source.is_enabled
            and any(path.startswith(f"{source.folder}/") for path in read)
            and not any(path.startswith(f"{source.folder}/") for path in disk)
        ]
        return f"gone: {', '.join(gone)}" if gone else None

    def forget(self, path: str, now: datetime, book: Book) -> bool:
        """Take a file back. False where it was never read, or is forgotten already."""
        if not (self.requests.forget(path) or self.buckets.forget(path)):
            return False
        self._settle(now, book)
        return True

    def remember(self, path: str, now: datetime, book: Book) -> None:
        """Bring a forgotten file back."""
        self.requests.remember(path)
        self._settle(now, book)

    def rebase(self, source: Source, now: datetime, book: Book) -> None:
        """From now on a source has another basis, and so have its records."""
        self.sources = tuple(source if s.name == source.name else s for s in self.sources)
        self.requests.rebase(source.folder, source.basis)
        self._settle(now, book)

    def replay(self, clock: datetime, now: datetime, book: Book) -> None:
        """Read the held rows again."""
        self.runs += 1
        self.requests.replay(self.runs, clock)
        self._settle(now, book)

    def rerate(self, since: date, until: date, now: datetime, book: Book) -> None:
        """Price some days with the current book, also final ones."""
        self._settle(now, book, (since, until))

    def compact(self, now: datetime, book: Book) -> None:
        """Merge files: nothing is read, and nothing changes but what any act would settle."""
        self._settle(now, book)

    def amend(self, budget: Budget, now: datetime, book: Book) -> tuple[Budget, ...]:
        """From now on one of the budgets is this. Gives all."""
        watch = self.watch
        watch.budgets = tuple(budget if b.name == budget.name else b for b in watch.budgets)
        self._settle(now, book)
        return watch.budgets

    def close(self, month: date, now: datetime, book: Book) -> None:
        """Close a month, and those before it."""
        self._settle(now, book)
        until, before = next_month(month), self.closed[-1] if self.closed else None
        self.closed.append(
            Closed(
                until,
                {k: v for k, v in self._daily().items() if k[0] < until},
                {k: cost for k, cost in self._costs().items() if k[0] < until},
                {} if before is None else {**before.booked, before.until: self._outstanding()},
                {k: v for k, v in self.watch.spent.items() if k[1] < until},
            )
        )
        self._settle(now, book)

    def reopen(self, now: datetime, book: Book) -> None:
        """Open the newest closed month, and those that were closed with it."""
        self.closed.pop()
        self._settle(now, book)

    def may_close(self, now: datetime) -> list[date]:
        """The months that have ended and are not closed."""
        months = [date(2026, number, 1) for number in range(1, 5)]
        begin = self.closed[-1].until if self.closed else date.min
        return [m for m in months if m >= begin and next_month(m) <= self._local(now)]

    def _used_daily(self) -> dict[Charged, tuple[int, int]]:
        """Requests and tokens by day, as known now."""
        daily: dict[Charged, tuple[int, int]] = {}
        for used in self._used():
            if used.requests:
                day = (used.charge_date, used.project, used.model)
                requests, tokens = daily.get(day, (0, 0))
                daily[day] = (requests + used.requests, tokens + used.tokens)
        return daily

    def _daily(self) -> dict[Charged, tuple[int, int]]:
        """Requests and tokens by day, closed days as they were closed."""
        daily = self._used_daily()
        if not self.closed:
            return daily
        last = self.closed[-1]
        return {**last.daily, **{k: v for k, v in daily.items() if k[0] >= last.until}}

    def _costs(self) -> dict[Charged, Decimal]:
        """Likewise what they cost."""
        costs = {key: cost for key, (cost, _) in self.money.charges.items()}
        if not self.closed:
            return costs
        last = self.closed[-1]
        return {**last.costs, **{k: v for k, v in costs.items() if k[0] >= last.until}}

    def _outstanding(self) -> Decimal:
        """Corrections of closed days that are booked in no closed month."""
        last = self.closed[-1]
        known = sum(last.costs.values(), ZERO) + sum(last.booked.values(), ZERO)
        charged = self.money.charges.items()
        return sum((cost for key, (cost, _) in charged if key[0] < last.until), ZERO) - known

    def _close_facts(self, facts: Facts) -> None:
        """The corrections of closed months, and what the books of these say."""
        if not self.closed:
            return
        last, daily = self.closed[-1], self._used_daily()
        costs = {key: cost for key, (cost, _) in self.money.charges.items()}
        for key in {*daily, *costs, *last.daily, *last.costs}:
            if key[0] < last.until:
                (now, used), (then, had) = daily.get(key, (0, 0)), last.daily.get(key, (0, 0))
                cost = costs.get(key, ZERO) - last.costs.get(key, ZERO)
                place = (month_of(key[0]), *key[1:])
                sums = facts.corrections.get(place, (0, 0, ZERO))
                facts.corrections[place] = (
                    sums[0] + now - then,
                    sums[1] + used - had,
                    sums[2] + cost,
                )
        facts.corrections = {
            place: (requests, tokens, cost.quantize(OF_SUMS))
            for place, (requests, tokens, cost) in facts.corrections.items()
            if requests or tokens or cost.quantize(OF_SUMS)
        }
        months = {month_of(key[0]) for key in last.costs} | last.booked.keys()
        facts.statement = {
            month: usd
            for month in months
            if (
                usd := (
                    sum((c for k, c in last.costs.items() if month_of(k[0]) == month), ZERO)
                    + last.booked.get(month, ZERO)
                ).quantize(OF_SUMS)
            )
        }

    def has_ended(self, day: date, now: datetime) -> bool:
        """Whether the month of a day is over."""
        return next_month(month_of(day)) <= self._local(now)

    def _settle(self, now: datetime, book: Book, rerated: tuple[date, date] | None = None) -> None:
        self.money.settle(self._used(), book, now, rerated, self.buckets.bills())
        closed = self.closed[-1] if self.closed else None
        self.watch.look(self.money.charges, self._local(now), closed)

    def _local(self, at: datetime) -> date:
        return at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def _used(self) -> list[Used]:
        used = []
        for row in self.requests.accepted():
            if row.version.basis == "charge" and row.call is not None:
                call = row.call
                day = self._local(call.at)
                used.append(Used(call.at, day, call.project, call.model, call.tokens, 1))
        for page, bucket in self.buckets.holding():
            if bucket.kind == "costs":
                for project, item, usd in bucket.rows:
                    model, _, what = item.partition(", ")
                    if what != "training":
                        continue  # which usage records show
                    used.append(
                        Used(bucket.at, bucket.at.date(), project, model, 0, 0, Decimal(usd))
                    )
            elif page.basis == "charge":
                day = self._local(bucket.at)
                used += [Used(bucket.at, day, *row) for row in bucket.rows]
        return used

    def facts(self) -> Facts:
        """What readers should see."""
        facts = Facts(charges=dict(self.money.charges))
        facts.budgets = {
            key: (usd.quantize(OF_SUMS), state, low)
            for key, (usd, state, low) in self.watch.standing.items()
        }
        for row in self.requests.accepted():
            call, version = row.call, row.version
            assert call is not None
            facts.usage[
                version.basis, version.path, call.at, call.project, call.model, call.tokens, 1
            ] += 1
        for page, bucket in self.buckets.holding():
            for row_ in bucket.rows:
                if bucket.kind == "costs":
                    project, item, usd = row_
                    facts.bill[page.path, bucket.at.date(), project, item, Decimal(usd)] += 1
                else:
                    facts.usage[page.basis, page.path, bucket.at, *row_] += 1
        facts.daily = self._daily()
        self._close_facts(facts)
        fates = self.requests.fates() | self.buckets.fates()
        facts.fates = {path: tuple(counts) for path, counts in fates.items()}
        facts.held = Counter((r.version.path, r.text) for r in self.requests.held())
        facts.alerts = {key: alert.state for key, alert in self.watch.alerts.items()}
        return facts
