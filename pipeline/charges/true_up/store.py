"""The table `bill_days`: which days follow the bill, and the files of their charges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.storage.database import Database


@dataclass(frozen=True, slots=True)
class BillDay:
    """One UTC day whose costs are there. Paths are absolute; None where charges are as rated."""

    usage_date: date
    content_mark: str
    costs_mark: str
    changed_at: datetime | None
    accounts: tuple[str, ...]  # provider and organization, where charges follow the bill
    is_settled: bool
    charge_path: Path | None = None
    daily_path: Path | None = None


_COLUMNS = (
    *("usage_date", "content_mark", "costs_mark", "changed_at", "accounts", "is_settled"),
    *("charge_path", "daily_path"),
)


def bill_days(db: Database, root: Path) -> dict[date, BillDay]:
    """All days whose costs are there, as the last run left them."""
    return {
        day: BillDay(
            day,
            content,
            costs,
            changed,
            tuple(accounts),
            settled,
            None if charges is None else root / charges,
            None if sums is None else root / sums,
        )
        for day, content, costs, changed, accounts, settled, charges, sums in db.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM bill_days ORDER BY usage_date"
        )
    }


def settled_days(db: Database) -> set[date]:
    """The days that are charged by a settled bill."""
    return {
        day
        for (day,) in db.rows(
            "SELECT usage_date FROM bill_days "
            "WHERE content_mark LIKE 'all|%' AND is_settled AND len(accounts) > 0"
        )
    }


def billed_accounts(db: Database) -> set[tuple[date, str]]:
    """The days that are charged by a settled bill, with the providers whose bill it is."""
    return {
        (day, account.split(" ", 1)[0])
        for day, accounts in db.rows(
            "SELECT usage_date, accounts FROM bill_days "
            "WHERE content_mark LIKE 'all|%' AND is_settled"
        )
        for account in accounts
    }


def save(
    db: Database, root: Path, days: Sequence[BillDay], gone: Iterable[date], run_id: str
) -> None:
    """Record days, and remove those whose costs are gone."""
    db.con.execute(
        "DELETE FROM bill_days WHERE list_contains(CAST($days AS DATE[]), usage_date)",
        {"days": [*(d.usage_date for d in days), *gone]},
    )
    db.insert(
        "bill_days",
        (*_COLUMNS, "run_id"),
        [
            (
                d.usage_date,
                d.content_mark,
                d.costs_mark,
                d.changed_at,
                list(d.accounts),
                d.is_settled,
                None if d.charge_path is None else str(d.charge_path.relative_to(root)),
                None if d.daily_path is None else str(d.daily_path.relative_to(root)),
                run_id,
            )
            for d in days
        ],
    )
