"""The sections [schedule], [metrics] and [retention]: when jobs run, what is told, what is kept.

A validator fails with ValueError and a sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from pipeline.config.cron import parse as parse_cron
from pipeline.config.values import SectionModel

Days = Annotated[int, Field(ge=0, le=36_600)]


class Schedule(SectionModel):
    """Cron expressions in the organization's zone; an empty one is off."""

    run: str = "0 * * * *"
    daily_report: str = "0 6 * * *"
    monthly_report: str = "0 7 1 * *"
    digest: str = ""
    close_check: str = ""

    @field_validator("run", "daily_report", "monthly_report", "digest", "close_check")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        if cron.strip():
            parse_cron(cron)
        return cron


class Metrics(SectionModel):
    """Figures for Prometheus, in a file for the textfile collector of node_exporter."""

    textfile: Path | None = None

    @field_validator("textfile")
    @classmethod
    def _is_collected(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix != ".prom":
            raise ValueError(
                f"{str(path)!r} would not be collected: write a name that ends in .prom"
            )
        return path


class Retention(SectionModel):
    """What is kept of what no total needs; ledger, postings, runs and reports stay for ever."""

    snapshots: Annotated[int, Field(ge=1, le=10_000)] = 3
    snapshot_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 366)] = 15
    snapshot_hours: Annotated[int, Field(ge=0, le=24 * 366)] = 24
    raw_days: Days = 0
    compact_files: Annotated[int, Field(ge=0, le=100_000)] = 50
