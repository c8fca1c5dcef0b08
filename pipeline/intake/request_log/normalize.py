"""Request logs: JSON lines of response bodies, with attribution beside them, to usage records.

The bodies are as the API returns them, or lines of a Batch API output file. Reading and
normalizing are two functions, so that one thread can read while another normalizes. Nothing is
written here, and a line that is not understood is never passed over: it is a reject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from pipeline.dates import local_dates, utc_dates
from pipeline.intake.files.segments import Segment
from pipeline.intake.rejects import REJECT_SCHEMA
from pipeline.intake.request_log.fast_read import (
    Lines,
    OccurrencesOf,
    choose_readers,
    of_one_file,
    read_lines,
)
from pipeline.intake.request_log.fields import ATTRIBUTION, count
from pipeline.intake.request_log.meters import disjoint_meters
from pipeline.intake.source import Context, Normalized
from pipeline.intake.validation import IMPLAUSIBLE_TIME, LATEST_AHEAD, foreign_rows, validate
from pipeline.ledger.identity import identity_hash
from pipeline.schemas import IDENTITY_HASH, IS_PARTIAL, LEDGER_SCHEMA, OPERATIONS, normalize_tier

__all__ = ["Context", "Normalized", "Segment", "normalize", "read_frames"]


def read_frames(
    con: duckdb.DuckDBPyConnection,
    segment: Segment,
    batch_rows: int = 250_000,
    occurrences: Counter[str] | OccurrencesOf | None = None,
    now: datetime | None = None,
    organizations: frozenset[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """The lines of a segment as frames for `normalize`.

    Takes: a connection with `produce_arrow_string_view`, `arrow_output_version` 1.4, insertion
    order preserved (or rows would not be lines) and no progress bar; how often each line without
    an id has occurred earlier in this file, by the hex XXH3-128 of the line, which is counted
    on (of a segment of several files, what gives that by the line's number); the clock that
    `normalize` will get, so that the text of a line from the future is kept (without it, the time
    of the file stands in); the organizations that rows may name (None: any), for the text of the
    others.
    Gives: frames of about `batch_rows` rows in the order of the file, then those with the lines
    that had to be read by hand.
    Fails: SourceError where the file cannot be read or does not have the lines.
    """
    numbers = segment.line_numbers
    if numbers is None:
        numbers = np.arange(segment.first_line, segment.first_line + segment.lines, dtype=np.int64)
    if segment.lines:
        lines = Lines(
            segment.path,
            numbers[: segment.lines].astype(np.int64, copy=False),
            (now or _last_written(segment.path)) + LATEST_AHEAD,
            organizations,
            segment.parts,
        )
        if not callable(occurrences):
            occurrences = of_one_file(Counter() if occurrences is None else occurrences)
        yield from read_lines(con, lines, choose_readers(segment.path), batch_rows, occurrences)


def normalize(frame: pl.DataFrame, context: Context) -> Normalized:
    """A frame of `read_frames` as ledger records and rejects.

    Gives: records with the columns of `schemas.LEDGER_SCHEMA`, text of few values as Enum or
    Categorical;
    rejects with `input_line`, `rule`, `detail`, `raw` and `tokens_held_back`.
    """
    usage = frame
    refused = pl.DataFrame(schema=REJECT_SCHEMA)
    not_usage = 0
    if "rule" in frame.columns:
        refused = frame.filter(pl.col("rule").is_not_null()).select(list(REJECT_SCHEMA))
        usage = frame.filter(pl.col("operation").is_not_null())
        not_usage = len(frame) - len(refused) - len(usage)
    records = _records(usage, context)
    foreign = foreign_rows(records, context.organizations)
    if len(foreign):
        own = pl.col("organization_id").cast(pl.String).is_in(context.organizations or ())
        records = records.filter(own)
    late = records.filter(pl.col("started_at") > context.now + LATEST_AHEAD).select(
        "input_line", rule=pl.lit(IMPLAUSIBLE_TIME.name), detail=IMPLAUSIBLE_TIME.detail
    )
    if len(late):
        records = records.filter(pl.col("started_at") <= context.now + LATEST_AHEAD)
    good, bad = validate(records)
    if len(bad) or len(late) or len(foreign):
        refused = pl.concat([refused, _rejects(usage, pl.concat([foreign, late, bad]))])
    return Normalized(good, refused, len(good) + len(refused), not_usage)


def _last_written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def _constant(value: str) -> pl.Expr:
    # A column of one value costs nothing as an Enum; DuckDB reads it back as VARCHAR.
    return pl.lit(value, dtype=pl.Enum([value]))


def _records(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The ledger's columns, not yet validated."""
    started_at = frame["started_at_us"]
    if "organization_id" not in frame or frame["organization_id"].null_count():
        frame = frame.with_columns(
            organization_id=_text(frame, "organization_id")
            .cast(pl.String)
            .fill_null(context.organization_id)
        )
    facts = {
        "source": _constant(context.source),
        "basis": _constant(context.basis),
        "provider": _constant(context.provider),
        "started_at": pl.col("started_at_us").cast(pl.Datetime("us")),
        "ended_at": pl.lit(None, dtype=pl.Datetime("us")),
        "usage_date": pl.lit(utc_dates(started_at)),
        "charge_date": pl.lit(local_dates(started_at, context.zone)),
        **{c: _text(frame, c) for c in (*ATTRIBUTION[1:], "model", "variant")},
        **_operation(frame),
        "service_tier": _tier(frame),
        "recorded_at": pl.lit(context.recorded_at, dtype=pl.Datetime("us")),
        "input_file": _constant(context.input_file),
        IDENTITY_HASH: identity_hash(),
        IS_PARTIAL: pl.col(IS_PARTIAL).fill_null(False),
    }
    meters = disjoint_meters(frame)
    return frame.select(
        facts[c].alias(c)
        if c in facts
        else meters[c]
        if c in meters.columns
        else pl.col(c)
        if c in frame.columns
        else pl.lit(None, dtype=dtype).alias(c)  # a column that this kind of source does not know
        for c, dtype in LEDGER_SCHEMA.items()
    )


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def _operation(frame: pl.DataFrame) -> dict[str, pl.Expr]:
    """Operation and scope; a frame of one kind has the operation as a constant already."""
    dtype = frame.schema["operation"]
    if isinstance(dtype, pl.Enum):
        scope = OPERATIONS[dtype.categories[0]]
        return {"operation": pl.col("operation"), "scope": _constant(scope)}
    scopes = pl.Enum(sorted(set(OPERATIONS.values())))
    return {
        "operation": pl.col("operation").cast(pl.Enum(list(OPERATIONS))),
        "scope": pl.col("operation").replace_strict(OPERATIONS, return_dtype=scopes),
    }


def _tier(frame: pl.DataFrame) -> pl.Expr:
    """The canonical tier: each tier of the frame is looked up once, not each row."""
    recorded: list[str | None] = [None]
    if "service_tier" in frame:
        recorded = frame["service_tier"].unique().to_list()
    is_batch = frame["is_batch"]
    tiers = {tier: normalize_tier(tier) for tier in recorded}
    if is_batch.all() or (len(set(tiers.values())) == 1 and not is_batch.any()):
        return _constant("batch" if is_batch.all() else tiers[recorded[0]])
    dtype = pl.Enum(sorted({*tiers.values(), "batch"}))
    tier = _text(frame, "service_tier").cast(pl.String).replace_strict(tiers, return_dtype=dtype)
    return pl.when("is_batch").then(pl.lit("batch", dtype=dtype)).otherwise(tier)


def _rejects(usage: pl.DataFrame, bad: pl.DataFrame) -> pl.DataFrame:
    """Broken rules with the raw line, which a reader keeps of every row that can break one."""
    held = usage.select(
        "input_line",
        raw=_text(usage, "raw").fill_null(""),
        tokens_held_back=count(usage, "input_tokens", "output_tokens"),
    )
    return bad.join(
        held.unique("input_line", keep="first"), on="input_line", maintain_order="left"
    ).select(list(REJECT_SCHEMA))
