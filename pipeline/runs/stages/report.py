"""The report of a month from what is published, without a run.

It imports none of what a run needs.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.config.model import Config
from pipeline.reporting.month.written import WrittenReport
from pipeline.runs.stage_times import begin
from pipeline.storage.layout import StorageLayout


def report(
    config: Config,
    *,
    month: date | None,
    now: datetime,
    run_id: str | None = None,
    fingerprint: str = "",
) -> WrittenReport:
    """Write the report of a month from what is published; of a closed month it is the closed one.

    Fails: ConfigError without a run; RunFailedError where the closed report is damaged.
    """
    from pipeline.charges.periods.store import closings
    from pipeline.published.reader import needs_this_version, open_published
    from pipeline.reporting.month.write import write_report

    begin("report")
    storage = StorageLayout(config.storage.root.absolute())
    with needs_this_version(storage.published), open_published(storage.published) as con:
        closed = [period for period in closings(con, schema="stored") if period.is_closed]
        if closed:
            from pipeline.runs.closure.evidence import closed_report

            zone = config.organization.zone
            written = closed_report(con, storage, closed, month, now, zone, fingerprint)
            if written is not None:
                return written
        newest = con.execute("SELECT max(run_id) FROM runs WHERE outcome <> 'failed'").fetchall()
        return write_report(
            con,
            storage.reports,
            month=month,
            now=now,
            zone=config.organization.zone,
            organization_name=config.organization.shown_name,
            run_id=run_id or newest[0][0],
            near_percent=config.headroom.near_percent,
            fingerprint=fingerprint,
        )
