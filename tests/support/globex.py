"""Globex, a made-up provider in one file: request logs of its own form, and costs by UTC day.

A log is JSON lines with `globex_id`, `at`, `team`, `model`, `in` and `out`. A costs file is one
JSON object with `globex_costs`, the day, and its lines; a line is about ``MODEL/in``, ``MODEL/out``
or something else, its quantity in thousands of tokens.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.config.model import Source
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_files import Decision
from pipeline.intake.kinds import Kind
from pipeline.intake.read_file import plain_copy, take_frames
from pipeline.intake.rejects import reject_frame
from pipeline.intake.session import IntakeSession, RunIntake
from pipeline.intake.source import Context
from pipeline.intake.tabular import normalize as tabular
from pipeline.intake.tabular.columns import LINE, OCCURRENCE, PROBLEM, RAW
from pipeline.ledger.bill import Bill, LineItem, item_values
from pipeline.ledger.bucket import COSTS, Bucket, OpenPage
from pipeline.ledger.cost_store import COSTS_SCHEMA
from pipeline.providers.provider import Provider
from pipeline.providers.read_pages import take_pages
from pipeline.storage.layout import StorageLayout

NAME = "globex"
METERS = {"in": "text_input_tokens", "out": "text_output_tokens"}


def parse_item(line_item: str | None, _: str | None) -> LineItem:
    """``alpha/in`` is the input of alpha, in thousands."""
    model, _bar, what = (line_item or "").partition("/")
    if what not in METERS:
        return LineItem("unknown")
    return LineItem("usage", METERS[what], model, unit_multiplier=1000)


class ParsedCosts(NamedTuple):
    """One file of costs."""

    records: pl.DataFrame
    buckets: tuple[Bucket, ...]
    rejects: pl.DataFrame
    notes: tuple[str, ...]
    rows_read: int
    open_pages: tuple[OpenPage, ...] = ()
    minute_records: None = None


def parse_costs(path: Path, context: Context) -> ParsedCosts:
    """The costs of one day."""
    document = json.loads(path.read_text())
    day = datetime.fromisoformat(document["day"])
    bucket = Bucket(
        endpoint=COSTS,
        started_at=day,
        width="1d",
        fetched_at=datetime.fromisoformat(document["globex_costs"]),
        input_file=context.input_file,
        input_line=1,
        dimensions=frozenset({"project_id", "line_item"}),
        rows=len(document["lines"]),
        organization_id=context.organization_id,
        organizations=frozenset(),
        provider=context.provider,
        position=0,
    )
    rows = [
        {
            "provider": context.provider,
            "usage_date": day.date(),
            "organization_id": context.organization_id,
            "project_id": line["team"],
            "line_item": line["item"],
            "item": item_values(parse_item(line["item"], None)),
            "amount": Decimal(line["usd"]),
            "currency": "usd",
            "quantity": Decimal(line["thousands"]),
            "fetched_at": bucket.fetched_at,
            "input_file": context.input_file,
            "input_line": 1,
            "bucket_key": bucket.bucket_key,
            "bucket_position": 0,
        }
        for line in document["lines"]
    ]
    records = pl.DataFrame(rows, schema=COSTS_SCHEMA)
    return ParsedCosts(records, (bucket,), reject_frame([]), (), len(rows))


def read_log(intake: IntakeSession, source: Source, file: RawFile, decision: Decision) -> None:
    """Read a log by the names of canonical columns; the rest is as for any table."""
    path, found = plain_copy(file, intake.temporary)
    context = intake.context(source, file)
    lines = path.read_text().splitlines()
    calls = [json.loads(line) for line in lines]
    frame = pl.DataFrame(
        {
            "record_id": [c["globex_id"] for c in calls],
            "started_at": [c["at"] for c in calls],
            "project_id": [c["team"] for c in calls],
            "model": [c["model"] for c in calls],
            "text_input_tokens": [str(c["in"]) for c in calls],
            "text_output_tokens": [str(c["out"]) for c in calls],
            LINE: range(1, len(calls) + 1),
            RAW: lines,
            OCCURRENCE: [1] * len(calls),
            PROBLEM: pl.Series([None] * len(calls), dtype=pl.String),
        },
        schema_overrides={LINE: pl.Int64, OCCURRENCE: pl.Int64},
    )
    entry = intake.files.add(
        intake.entry(source, file, content_hash=found.content_hash, read_bytes=found.size),
        decision.known,
    )
    take_frames(intake, entry, iter([frame]), lambda f: tabular.normalize(f, context))


def _take_costs(intake: RunIntake, storage: StorageLayout, source: Source) -> list[tuple[str, str]]:
    return take_pages(intake, storage, source, parse_costs)


GLOBEX = Provider(
    NAME,
    (
        Kind(
            name="globex_usage",
            provider=NAME,
            holds=frozenset({"requests"}),
            detect=lambda head: head.startswith(b'{"globex_id"'),
            read=read_log,
        ),
        Kind(
            name="globex_costs",
            provider=NAME,
            holds=frozenset({"costs"}),
            detect=lambda head: head.startswith(b'{"globex_costs"'),
            take=_take_costs,
        ),
    ),
    Bill(parse_item),
)


def call(name: str, when: str, tokens: int, out: int = 0, team: str = "proj_a") -> str:
    """A line of a log, for the model alpha."""
    facts = {"globex_id": name, "at": when, "team": team, "model": "alpha"}
    return json.dumps(facts | {"in": tokens, "out": out}) + "\n"


def day_costs(day: str, *lines: tuple[str, str, str, str]) -> str:
    """A file of costs: team, line item, thousands of tokens and US dollars a line."""
    names = ("team", "item", "thousands", "usd")
    fetched = datetime(2026, 11, 23, 6, tzinfo=UTC).replace(tzinfo=None).isoformat()
    return json.dumps(
        {
            "globex_costs": fetched,
            "day": day,
            "lines": [dict(zip(names, line, strict=True)) for line in lines],
        }
    )
