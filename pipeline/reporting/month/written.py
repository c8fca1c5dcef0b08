"""What a written report says in short, kept beside it with the fingerprint it was made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.storage.files import replace_text

LATEST = "latest"  # the month that a report without --month covers


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """Where a report is, and what it says in short."""

    html: Path
    csv: Path
    month: date
    is_default_month: bool  # no month was asked for
    spent_usd: Decimal
    is_lower_bound: bool
    is_empty: bool  # nothing was charged, not even at an unknown price
    budgets_near: int
    budgets_over: int
    quarantined: int
    is_unknown: bool = False  # nothing of what was charged has a price


def save_written(out: Path, written: WrittenReport, fingerprint: str, *, is_latest: bool) -> None:
    """Keep a report's short form beside it in the folder `out`, as `.YYYY-MM.json`."""
    facts = asdict(written) | {
        "fingerprint": fingerprint,
        "html": written.html.name,
        "csv": written.csv.name,
        "month": written.month.isoformat(),
        "spent_usd": str(written.spent_usd),
    }
    for name in (f"{written.month:%Y-%m}", *([LATEST] if is_latest else [])):
        replace_text(out / f".{name}.json", json.dumps(facts))


def load_written(out: Path, month: date | None, fingerprint: str) -> WrittenReport | None:
    """The short form of a month's report, if it is there and made from this fingerprint.

    Takes None for the month that a report without --month covers.
    """
    name = LATEST if month is None else f"{month:%Y-%m}"
    try:
        facts = json.loads((out / f".{name}.json").read_text(encoding="utf-8"))
        if facts.pop("fingerprint") != fingerprint:
            return None
        written = WrittenReport(
            **facts
            | {
                "html": out / facts["html"],
                "csv": out / facts["csv"],
                "month": date.fromisoformat(facts["month"]),
                "spent_usd": Decimal(facts["spent_usd"]),
            }
        )
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, AttributeError):
        return None
    files = [written.html, written.csv, *([out / f"{LATEST}.html"] if month is None else [])]
    if not all(file.is_file() for file in files):
        return None
    return replace(written, is_default_month=month is None)
