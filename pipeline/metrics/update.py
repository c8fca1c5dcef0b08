"""Brings the textfile up to date after a run or a job. A failure is logged, never more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from pipeline.config.log import get_logger
from pipeline.config.model import Config
from pipeline.errors import TollbookError
from pipeline.metrics.gather import JobFacts, RunEnd, gather
from pipeline.metrics.textfile import earlier_values, write_textfile


def update_metrics(
    config: Config, *, now: datetime, run: RunEnd | None = None, jobs: Sequence[JobFacts] = ()
) -> None:
    """Write the file that the configuration names, if any.

    Takes the business clock; how a run ended, where one has; the jobs, where there is a schedule.
    """
    path = config.metrics.textfile
    if path is None:
        return
    try:
        earlier = earlier_values(path)
        write_textfile(path, gather(config, now=now, run=run, jobs=jobs, earlier=earlier))
    except (OSError, duckdb.Error, TollbookError) as error:
        get_logger().warning("metrics_not_written", file=str(path), reason=str(error))
