"""The provider's bill against our charges, over the UTC days of the month."""

from __future__ import annotations

from pipeline.published.reconciliation import Reconciliation, of_month
from pipeline.reporting.month.reader import MonthReader


def read(month: MonthReader) -> Reconciliation:
    """The month's comparison and its largest gaps."""
    return of_month(month.con, month.period.month.since, month.period.month.until)
