"""A controller's checklist: what stands in the way of closing a month, by what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from pipeline.dates import Days
from pipeline.money import display_usd, plain, total
from pipeline.published.gaps import LineFilter, counted_gaps
from pipeline.published.queries import rows


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist."""

    name: str
    number: int  # of what is in the way; 0: nothing
    what: str  # in words
    usd: Decimal | None = None  # how much it is about, where that is known
    command: str | None = None  # that shows it

    @property
    def is_ok(self) -> bool:
        """Whether nothing is in the way."""
        return not self.number

    @property
    def text(self) -> str:
        """The line without the command."""
        amount = f" ({display_usd(self.usd)})" if self.usd is not None and not self.is_ok else ""
        return f"{self.what}{amount}"

    def as_json(self) -> dict[str, object]:
        """The line for a program to read."""
        return {
            "check": self.name,
            "state": "ok" if self.is_ok else "in the way",
            "number": self.number,
            "usd": None if self.usd is None else plain(self.usd),
            "text": self.what,
            "command": self.command,
        }


def checklist(
    con: duckdb.DuckDBPyConnection,
    month: Days,
    tolerance_usd: Decimal,
    before: Sequence[date],
    since_run: Days,
) -> list[Item]:
    """Everything that is looked at before a month is closed, in a fixed order.

    Takes the published snapshot, the tolerance of gaps to the provider's costs, the months before
    that are not closed, and the days from that of the snapshot's run to today, which it cannot have
    covered.
    """
    span = {
        "since": month.since,
        "until": month.until,
        "run_date": since_run.since,
        "today": since_run.until,
    }
    found = {name: (number, usd) for name, number, usd in rows(con, "runs/closure/checklist", span)}
    [(covered_days, first_date)] = rows(con, "runs/closure/covered_days", span)
    gaps = counted_gaps(con, LineFilter(tolerance_usd, month.since, month.until))

    def item(key: str, what: str, nothing: str, command: str) -> Item:
        number, usd = found[key]
        if not number:
            return Item(key, 0, nothing)
        return Item(key, number, f"{what}: {number:,}", usd, command)

    charged = f"charge_date >= '{month.since}' AND charge_date < '{month.until}'"
    days = f"calendar_date >= '{month.since}' AND calendar_date < '{month.until}'"
    names = ", ".join(f"{m:%Y-%m}" for m in before)
    return [
        Item(
            "months before",
            len(before),
            f"not closed yet: {names}",
            None,
            f"tollbook close --check {before[0]:%Y-%m}",
        )
        if before
        else Item("months before", 0, "every month before is closed, or has no charges"),
        item(
            "provisional",
            "days that may still change by themselves",
            "every day is final, or as the provider has settled it",
            f'tollbook sql "SELECT charge_date, sum(cost_usd) FROM charges WHERE {charged} '
            'AND is_provisional GROUP BY ALL ORDER BY ALL"',
        ),
        item(
            "days",
            "days that a source has not covered to their end",
            "every source has covered every day",
            f'tollbook sql "SELECT calendar_date, source, covers, state, utc_state FROM calendar '
            f"WHERE {days} AND 'missing' IN (state, utc_state)\"",
        )
        if covered_days or (found["days"][0] and first_date < month.until)
        else Item("days", month.count, nothing_covered(first_date, month), None, "tollbook doctor"),
        item(
            "pages",
            "ranges that pages announce and that were not read",
            "every page that is announced was read",
            'tollbook sql "FROM missing_pages"',
        ),
        item(
            "quarantine",
            "rows held back, of the month or of no known day",
            "no row is held back",
            "tollbook quarantine list",
        ),
        item(
            "unpriced",
            "charges without a price",
            "everything has a price",
            f"tollbook query unpriced_usage --since {month.since} --until {month.until}",
        ),
        Item(
            "reconciliation",
            len(gaps),
            f"gaps to the provider's costs above {plain(tolerance_usd)} USD: {len(gaps):,}",
            total(gap.gross_usd for gap in gaps),
            f"tollbook reconcile --month {month.since:%Y-%m}",
        )
        if gaps
        else Item("reconciliation", 0, "no gap to the provider's costs is to clear"),
        item(
            "runs",
            "runs that were not done, since the last one that was",
            "the last run is done",
            'tollbook sql "FROM runs ORDER BY started_at DESC LIMIT 5"',
        ),
        item(
            "messages",
            "alert messages that no channel has accepted",
            "every alert is delivered",
            "tollbook alerts list",
        ),
    ]


def nothing_covered(first_date: date | None, month: Days) -> str:
    """What to say of a month of which no source has covered a day, nor should have."""
    if first_date is None:
        return "no source has any record"
    if first_date >= month.until:
        return f"no source has a record before {first_date}"
    return f"no source has a record of {month.since:%Y-%m}"


def in_the_way(items: Sequence[Item]) -> tuple[str, ...]:
    """What stands in the way, one text each."""
    return tuple(f"{i.name}: {i.text}" for i in items if not i.is_ok)


def verdict(items: Sequence[Item], month: Days) -> str:
    """What it comes to, in one sentence."""
    number = sum(not i.is_ok for i in items)
    if not number:
        return f"{month.since:%Y-%m} can be closed."
    are = "thing is" if number == 1 else "things are"
    return f"{number} {are} in the way of closing {month.since:%Y-%m}."
