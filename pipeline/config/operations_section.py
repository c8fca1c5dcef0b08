"""The sections [schedule], [metrics], [retention], [engine] and [network]: jobs, figures, what is
kept, where files are read, what may be connected to.

A validator fails with ValueError and a sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

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
    version_days: Days = 0
    compact_files: Annotated[int, Field(ge=0, le=100_000)] = 50


_MASTERS = ("spark://", "local", "yarn", "k8s://")


class Engine(SectionModel):
    """Where files are read: in one process, in several of this machine, or on a Spark cluster."""

    kind: Literal["duckdb", "processes", "spark"] = "duckdb"
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    master: str | None = None
    connect: str | None = None

    @field_validator("connect")
    @classmethod
    def _is_of_connect(cls, address: str | None) -> str | None:
        if address is not None and not address.startswith("sc://"):
            raise ValueError(
                f'{address!r} is not an address such as "sc://spark.example.com:15002"'
            )
        return address

    @field_validator("master")
    @classmethod
    def _is_of_a_master(cls, address: str | None) -> str | None:
        if address is not None and address.startswith("sc://"):
            raise ValueError(f"{address!r} is an address of Spark Connect: write it as `connect`")
        if address is not None and not address.startswith(_MASTERS):
            raise ValueError(f'{address!r} is not an address such as "spark://10.0.0.1:7077"')
        return address

    @model_validator(mode="after")
    def _keys_suit_the_kind(self) -> Engine:
        # keys of another kind are of no account, so that one word switches
        if self.kind == "spark" and (self.master is None) == (self.connect is None):
            raise ValueError('kind = "spark" needs either `master` or `connect`')
        return self


class Network(SectionModel):
    """Where the program may connect to beside public addresses that are named."""

    allow_private_addresses: tuple[str, ...] = ()
    allow_redirects: bool = False

    @field_validator("allow_private_addresses")
    @classmethod
    def _are_networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        if texts:
            from pipeline.network.addresses import parse_network  # noqa: PLC0415  rarely given

            for text in texts:
                parse_network(text)
        return texts
