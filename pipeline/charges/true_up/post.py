"""Makes the charges of settled days equal to the provider's bill, and posts the differences.

Takes the states of days after rating and the current costs; writes charge and posting files that
are not live before the caller's transaction commits, and the table `bill_days`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, PostingFile, posting_relation
from pipeline.charges.rating.postings import register_days
from pipeline.charges.reconciliation.causes import USD
from pipeline.charges.reconciliation.load import (
    Fetch,
    both_sides,
    costs_mark,
    names_of,
)
from pipeline.charges.reconciliation.model import Day
from pipeline.charges.reconciliation.reconcile import pairs_of
from pipeline.charges.true_up import store
from pipeline.charges.true_up.files import (
    billed_charges,
    billed_sums,
    posted_lines,
    read,
    unpriced_lines,
)
from pipeline.charges.true_up.lines import BillLines, Mode, Places, bill_lines
from pipeline.charges.true_up.settle import is_settled
from pipeline.charges.true_up.store import BillDay
from pipeline.ledger.bill import BillNames, Bills
from pipeline.money import EXACT, total
from pipeline.pricing.aliases_and_allowances import Alias
from pipeline.pricing.book import PriceBook
from pipeline.resources import render_sql
from pipeline.schemas import CHARGE_SCHEMA
from pipeline.storage.database import Database
from pipeline.storage.parquet import write as write_parquet

REASON = "bill"
_DAYS_AT_ONCE = 100  # their lines are compared together: a statement takes 20 ms for each day, too


@dataclass(frozen=True, slots=True)
class Terms:
    """How the bill is followed: `[bill]` of the configuration, and the business clock."""

    mode: Mode
    lag_days: int
    now: datetime


@dataclass(slots=True)
class TrueUp:
    """What a run did to days because of the bill; its files are not live yet."""

    days: dict[date, ChargeDay] = field(default_factory=dict)  # of all days that moved
    fresh: dict[date, ChargeDay] = field(default_factory=dict)  # of them, without any charge before
    postings: list[PostingFile] = field(default_factory=list)
    posted_usd: Decimal = Decimal(0)
    foreign: set[str] = field(default_factory=set)  # currencies of costs that are not charged
    held: set[date] = field(default_factory=set)  # days whose costs have rows that are held back
    empty: set[date] = field(default_factory=set)  # days with usage and no line of the bill
    unbilled: set[str] = field(default_factory=set)  # projects with usage and without any cost
    followed: list[tuple[date, str]] = field(default_factory=list)  # providers whose bill is met


def true_up(
    db: Database,
    con: duckdb.DuckDBPyConnection,
    states: Mapping[date, ChargeDay],
    postings: Sequence[PostingFile],
    costs: Mapping[date, Sequence[Fetch]],
    *,
    terms: Terms,
    book: PriceBook,
    bills: Bills,
    root: Path,
    folder: Path,
    run_id: str,
    posted_at: datetime,
) -> TrueUp:
    """Post what the bill has above or below the rated charges of settled days.

    A day that followed its bill once follows it whatever comes later, at once; without costs it
    is charged as rated again. Takes the states and postings of all days, what is fetched of their
    costs, and the current book, which a day without any charge before gets. The same again posts
    nothing.
    """
    done = TrueUp()
    fetches = {} if terms.mode == "none" else _in_dollars(done, costs)
    known = store.bill_days(db, root)
    wanted = {day: _wanted(day, states, fetches[day], known.get(day), terms) for day in fetches}
    chosen = sorted(
        day
        for day, state in wanted.items()
        if day not in known or known[day].content_mark != state.content_mark
    )
    gone = sorted(known.keys() - wanted.keys())
    if not chosen and not gone:
        return done
    sides: dict[date, list[Day]] = defaultdict(list)
    following = [d for d in chosen if wanted[d].accounts]
    for both in both_sides(db, states, fetches, following, lambda _day, _fetch: False):
        if f"{both.provider} {both.organization_id}" in wanted[both.usage_date].accounts:
            sides[both.usage_date].append(both)
    posted: dict[date, list[PostingFile]] = defaultdict(list)
    for posting in postings:
        if posting.reason == REASON:
            posted[posting.usage_date].append(posting)
    done.held = {d for d in chosen if any(f.has_held_rows for f in fetches[d])}
    done.empty = {
        d
        for d in chosen
        if d in states and any(f.is_empty and _is_due(d, f, terms) for f in fetches[d])
    }
    done.foreign |= {c.currency for d in sides.values() for b in d for c in b.costs} - {USD}
    done.unbilled = {p for d in sides.values() for b in d for p in _projects_without_costs(b)}
    names = {p: names_of(bills, p, book) for p in {b.provider for d in sides.values() for b in d}}
    lines: dict[date, pl.DataFrame] = {}
    saved = []
    for day in [*chosen, *gone]:
        state, mine = states.get(day), sides.get(day, [])
        rated = read(None if state is None else state.rated_path, CHARGE_SCHEMA)
        found = _lines(mine, rated, book.aliases(), names, terms.mode)
        lines[day] = posted_lines(found)
        settled = {b.provider for b in mine} if terms.mode == "all" else set()
        if lines[day].height and state is None:
            state = done.fresh[day] = _without_usage(day, book.book_id, folder, run_id, posted_at)
        if state is not None:
            moved = _write(state, rated, found, settled, folder, run_id)
            if moved != state:
                done.days[day] = moved
        if day in wanted:
            if terms.mode == "all":
                done.followed += [(day, p) for p in _followed(wanted[day], fetches[day])]
            billed = done.days.get(day)
            saved.append(
                wanted[day]
                if billed is None
                else replace(
                    wanted[day],
                    charge_path=billed.billed_path,
                    daily_path=billed.billed_daily_path,
                )
            )
    for day, rows in _not_posted(con, lines, posted):
        path = _path(folder, "postings", day, run_id)
        write_parquet(rows, path)
        done.postings.append(PostingFile(path, day, REASON, rows.height, run_id, posted_at))
        usd = total(usd for usd in rows["cost_usd"] if usd is not None)
        done.posted_usd = EXACT.add(done.posted_usd, usd)
    store.save(db, root, saved, gone, run_id)
    return done


def _in_dollars(
    done: TrueUp, fetches: Mapping[date, Sequence[Fetch]]
) -> dict[date, Sequence[Fetch]]:
    """Without costs that are all in another currency, which are noted."""
    kept: dict[date, Sequence[Fetch]] = {}
    for day, found in fetches.items():
        done.foreign |= {f.other_currency for f in found if f.other_currency is not None}
        in_dollars = [f for f in found if f.other_currency is None]
        if in_dollars:
            kept[day] = in_dollars
    return kept


def _projects_without_costs(day: Day) -> set[str]:
    """Projects that used something on a day whose bill names projects, but not them."""
    named = {c.project_id for c in day.costs if c.project_id is not None}
    used = {c.project_id for c in day.charges if c.project_id is not None and c.quantity > 0}
    return used - named if named else set()


def _followed(row: BillDay, fetches: Sequence[Fetch]) -> list[str]:
    """The providers all of whose accounts follow the bill on a day."""
    apart = {f.provider for f in fetches if _account(f) not in row.accounts}
    return sorted({f.provider for f in fetches} - apart)


def _account(fetch: Fetch) -> str:
    return f"{fetch.provider} {fetch.organization_id}"


def _lines(
    sides: Sequence[Day],
    rated: pl.DataFrame,
    aliases: Sequence[Alias],
    names: Mapping[str, BillNames],
    mode: Mode,
) -> BillLines:
    """What the bill adds to a day's rated charges."""
    found = BillLines()
    unpriced = unpriced_lines(rated) if sides else {}
    for both in sides:
        of_provider = pl.col("provider") == both.provider
        places = rated.filter(of_provider).select(
            "project_id", "model", "meter", "scope", "operation"
        )
        mine = {n: row for n, row in unpriced.items() if row["provider"] == both.provider}
        pairs = pairs_of(both, aliases, names[both.provider])
        bill_lines(found, both, pairs, mine, Places(places.unique().rows()), mode)
    return found


def _not_posted(
    con: duckdb.DuckDBPyConnection,
    lines: Mapping[date, pl.DataFrame],
    posted: Mapping[date, Sequence[PostingFile]],
) -> Iterator[tuple[date, pl.DataFrame]]:
    """What is to be posted of the lines of days beyond what is; days alike give nothing."""
    moved = [day for day, frame in lines.items() if frame.height or posted.get(day)]
    for start in range(0, len(moved), _DAYS_AT_ONCE):
        days = moved[start : start + _DAYS_AT_ONCE]
        con.register("charge_lines", pl.concat([lines[day] for day in days]))
        register_days(con, "compared_days", dict.fromkeys(days, REASON))
        before = posting_relation(p for day in days for p in posted.get(day, ()))
        con.execute(f"CREATE OR REPLACE TEMP VIEW posted_charges AS FROM {before}")
        found = con.sql(render_sql("charges/rating/differences")).pl().drop("reason")
        con.execute("DROP VIEW posted_charges")
        con.unregister("charge_lines")
        for (day,), rows in found.sort("usage_date").group_by("usage_date", maintain_order=True):
            assert isinstance(day, date)  # noqa: S101  narrows for the type checker
            yield day, rows.cast(pl.Schema(CHARGE_SCHEMA))


def _without_usage(
    day: date, book_id: str, folder: Path, run_id: str, posted_at: datetime
) -> ChargeDay:
    """The state of a day that only the bill knows: empty files of rated charges."""
    charges, daily = (_path(folder, kind, day, run_id, "") for kind in ("charges", "daily"))
    write_parquet(pl.DataFrame(schema=CHARGE_SCHEMA), charges, statistics=True)
    write_parquet(pl.DataFrame(schema=DAILY_SCHEMA), daily, statistics=True)
    return ChargeDay(day, book_id, charges, daily, posted_at)


def _write(
    state: ChargeDay,
    rated: pl.DataFrame,
    found: BillLines,
    settled: Collection[str],
    folder: Path,
    run_id: str,
) -> ChargeDay:
    """Write the charges and sums of a day as billed, where they are not as rated.

    `settled`: the providers all of whose bill is known, so that nothing about them is in doubt.
    """
    state = replace(state, billed_path=None, billed_daily_path=None)
    charges, daily = (
        _path(folder, kind, state.usage_date, run_id) for kind in ("charges", "daily")
    )
    known = rated.filter(pl.col("provider").is_in(list(settled))).select(
        "project_id", "model", "scope"
    )
    before = read(state.rated_daily_path, DAILY_SCHEMA)
    sums = billed_sums(before, found, set(known.rows()))
    if found.added:
        write_parquet(billed_charges(rated, found), charges, statistics=True)
        state = replace(state, billed_path=charges)
    if found.added or not sums.equals(before):
        write_parquet(sums, daily, statistics=True)
        state = replace(state, billed_daily_path=daily)
    return state


def _is_due(day: date, fetch: Fetch, terms: Terms) -> bool:
    return is_settled(day, fetch.fetched_at, None, now=terms.now, lag_days=terms.lag_days)


def _path(folder: Path, kind: str, day: date, run_id: str, suffix: str = "-bill") -> Path:
    place = folder / kind / f"usage_month={day:%Y-%m}"
    place.mkdir(parents=True, exist_ok=True)
    return place / f"{day}-{run_id}{suffix}.parquet"


def _wanted(
    day: date,
    states: Mapping[date, ChargeDay],
    fetches: Sequence[Fetch],
    known: BillDay | None,
    terms: Terms,
) -> BillDay:
    """What `bill_days` is to say of a day; its files are not known yet."""
    costs = costs_mark(fetches)
    changed_at = None if known is None else known.changed_at
    if known is not None and known.costs_mark != costs:
        changed_at = max((f.fetched_at for f in fetches if f.fetched_at is not None), default=None)
    before = set() if known is None else set(known.accounts)
    # usage without any line is not yet billed, rather than free
    usable = [f for f in fetches if not f.has_held_rows and not (f.is_empty and day in states)]
    settled = {
        _account(f)
        for f in usable
        if is_settled(day, f.fetched_at, changed_at, now=terms.now, lag_days=terms.lag_days)
    }
    present = {_account(f) for f in fetches}
    accounts = tuple(sorted((settled | before) & {_account(f) for f in usable}))
    rated = states[day].rated_path.name if day in states else ""
    is_whole = settled == present
    marks = (terms.mode, rated, costs, ",".join(accounts), str(is_whole))
    return BillDay(day, "|".join(marks), costs, changed_at, accounts, is_whole)
