"""Write a month's report and the CSV beside it, in place, so that no reader meets half a file."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from pipeline.errors import TollbookError
from pipeline.reporting.month.csv_file import write_csv
from pipeline.reporting.month.gather import choose_period, gather
from pipeline.reporting.month.lines import month_lines
from pipeline.reporting.month.model import SignOff
from pipeline.reporting.month.page.render import render
from pipeline.reporting.month.reader import month_reader
from pipeline.reporting.month.written import LATEST, WrittenReport, save_written
from pipeline.storage.files import replace_file, replace_text


def write_report(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    *,
    month: date | None,
    now: datetime,
    zone: ZoneInfo,
    organization_name: str,
    run_id: str,
    near_percent: int = 80,
    fingerprint: str = "",
    sign_off: SignOff | None = None,
) -> WrittenReport:
    """Write ``YYYY-MM.html`` and ``YYYY-MM.csv`` into the folder `out`, over what was there.

    **Takes** the published snapshot; any day of the month, or None for the current month or, where
    that has no charges, the newest that has; the business clock (naive UTC); the organization's
    zone.
    The month that None would pick is also written as ``latest.html``. With the `fingerprint` of
    the snapshot, the next run can tell that the report is up to date. `sign_off`: the month is
    being closed, and the folder is for that alone.
    Fails: CheckFailedError where its sums do not agree; TollbookError where the folder cannot be
    written. Then the earlier report is unchanged.
    """
    period, bounds = choose_period(con, month, now, zone)
    reader = month_reader(con, period, bounds, run_id)
    report = gather(
        reader,
        made_at=now,
        organization=organization_name,
        run_id=run_id,
        near_percent=near_percent,
        sign_off=sign_off,
    )
    name = f"{period.month.since:%Y-%m}"
    html, csv = out / f"{name}.html", out / f"{name}.csv"
    page = render(report, csv.name)
    is_latest = sign_off is None and period.month.since == period.default_month
    written = WrittenReport(
        html=html,
        csv=csv,
        month=period.month.since,
        is_default_month=month is None,
        spent_usd=report.current.amount.usd,
        is_lower_bound=report.current.amount.is_lower_bound,
        is_empty=report.current.amount.is_absent,
        is_unknown=report.current.amount.is_unknown,
        budgets_near=len(report.budgets_in("near")),
        budgets_over=len(report.budgets_in("over")),
        quarantined=report.quarantined,
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        replace_file(csv, lambda path: write_csv(month_lines(reader), path), durable=True)
        replace_text(html, page, durable=True)
        if is_latest:
            replace_text(out / f"{LATEST}.html", page, durable=True)
        save_written(out, written, fingerprint, is_latest=is_latest)
    except OSError as error:
        raise TollbookError(
            f"the report cannot be written: {error.strerror or error}",
            file=error.filename or out,
            hint="Make the folder writable, or free some space.",
        ) from None
    return written
