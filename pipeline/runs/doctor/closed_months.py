"""The check of closed months: their files against their hashes, their figures against the books."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.charges import store as charge_store
from pipeline.charges.periods import store as period_store
from pipeline.errors import CheckFailedError, TollbookError
from pipeline.runs.closure.evidence import faults, is_given_out
from pipeline.runs.commit import check_closed_periods
from pipeline.runs.doctor.check import Check
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.text import counted

_NAME = "closed months"


def closed_months(db: Database, storage: StorageLayout) -> Iterator[Check]:
    """A check for each closed month that is not as it was closed; else one for all of them.

    What a month was closed with before it was opened again stops nothing: a warning.
    """
    periods = period_store.closings(db.con)
    if not periods:
        return
    held = [period for period in periods if period.is_closed]
    is_fine = True
    for period in periods:  # what a reopened month was closed with is kept as well
        for fault in faults(storage, period):
            is_fine = False
            yield Check(
                "storage",
                _NAME,
                f"{period.month.since:%Y-%m}: {fault}",
                "error" if period.is_closed else "warning",
                "Take it from a backup; the figures themselves are in the database.",
                TollbookError.exit_code if period.is_closed else 0,
            )
    try:
        days = charge_store.days(db, storage.root)
        check_closed_periods(db, [p.month.since for p in held], list(days.values()))
    except CheckFailedError as error:
        is_fine = False
        yield Check(
            "storage",
            _NAME,
            f"{error.file}: {error.what}",
            "error",
            "Please report this.",
            TollbookError.exit_code,
        )
    if not is_fine:
        return
    for period in held:
        if not is_given_out(storage, period):
            yield Check(
                "storage",
                _NAME,
                f"the report of {period.month.since:%Y-%m} is not the one it was closed with",
                "warning",
                f"tollbook report --month {period.month.since:%Y-%m} puts it back.",
            )
            is_fine = False
    if held and is_fine:
        last = f"{max(p.month.since for p in held):%Y-%m}"
        yield Check("storage", _NAME, f"{counted(len(held), 'month')} to {last}, as closed")
