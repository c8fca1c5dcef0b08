"""Saved pages of the usage endpoints → canonical records, bucket by bucket.

A bucket is (organization, endpoint, floored start, width) and is replaced whole. Minute buckets
come out apart and are never charged. Images of models that bill by tokens have their tokens in the
completions pages: their rows keep no `images`, so that nothing is charged twice. Web searches and
such images do not count as requests again: the model's own rows have these requests.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.dates import local_date
from pipeline.intake.rejects import RowError, reject_frame
from pipeline.intake.source import Context
from pipeline.ledger.bucket import WIDTH_SECONDS, Bucket, HasBuckets, OpenPage, order, versions
from pipeline.ledger.identity import identity_hash
from pipeline.meters import LARGEST_QUANTITY, METER_NAMES
from pipeline.providers.openai.pages.buckets import (
    RawBucket,
    Reading,
    Report,
    organization_of,
    raw_buckets,
    text,
)
from pipeline.providers.openai.pages.saved_file import read
from pipeline.providers.openai.pages.tokens import held_back, optional, required, split
from pipeline.schemas import IDENTITY_HASH, LEDGER_SCHEMA, OPERATIONS, normalize_tier

__all__ = ["Bucket", "HasBuckets", "ParsedUsage", "order", "parse", "versions"]

USAGE_BUCKET_SCHEMA: dict[str, pl.DataType] = {
    **LEDGER_SCHEMA,
    "bucket_key": pl.String(),
    "bucket_position": pl.Int64(),  # which version of the bucket: `Bucket.position` in this file
}

_OBJECT = re.compile(r"organization\.usage\.([a-z0-9_]+)\.result")
_RESULT_NAMES = {"file_searches": "file_search_calls", "web_searches": "web_search_calls"}
# The two image families whose usage rows are tokens, in completions; dall-e bills by the image.
_BILLED_BY_TOKEN = re.compile(r"(chat)?gpt-image-")
_GB_DAY = 2**30 * 86_400
_FRAME_ROWS = 20_000

_COMMON = ("project_id", "user_id", "api_key_id", "model")
_TEXT = (*_COMMON, "batch", "service_tier", "api_source")
# Fields beside counts and dimensions that some answers carry; they say nothing about usage.
_KNOWN_EXTRA = frozenset(
    {"object", "organization_id", "organization_name", "project_name", "user_email", "api_key_name"}
)

Meters = Mapping[str, int | Decimal]


class _Converted(NamedTuple):
    meters: Meters
    requests: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Endpoint:
    dimensions: tuple[str, ...]
    counts: frozenset[str]
    convert: Callable[[Mapping[str, Any], int], _Converted]  # row, seconds covered
    variant: str | None = None  # the dimension that prices may depend on


class ParsedUsage(NamedTuple):
    """One file of usage pages. `records`, `minute_records` and `rejects` add up to `rows_read`."""

    records: pl.DataFrame  # USAGE_BUCKET_SCHEMA, in the file's order
    buckets: tuple[Bucket, ...]  # every bucket that the pages cover, minutes and empty ones too
    rejects: pl.DataFrame  # REJECT_SCHEMA
    notes: tuple[str, ...]
    rows_read: int  # result rows
    open_pages: tuple[OpenPage, ...]
    minute_records: pl.DataFrame  # as `records`; never charged


def parse(path: Path, context: Context) -> ParsedUsage:
    """Read one file of saved usage pages.

    **Fails** with SourceError (file, line, hint) where the file cannot be read as such pages.
    """
    pages, unreadable = read(path, context.input_file)
    report = Report(list(unreadable), [], rows_read=len(unreadable))
    reading = Reading(_endpoint_of, _dimensions_of, "openai_usage", held_back)
    buckets: list[Bucket] = []
    charged, by_minute = _Table(context), _Table(context)
    seen = _Seen(Counter(), Counter())
    for raw in raw_buckets(pages, reading, report, context.now, context.input_file):
        found = _bucket_rows(raw, context, report, seen)
        bucket = raw.bucket(context, len(buckets), len(found))
        buckets.append(bucket)
        _identify(found, bucket)
        (by_minute if raw.width == "1m" else charged).extend(found)
    report.notes += seen.sentences(context.input_file)
    return ParsedUsage(
        charged.frame(),
        tuple(buckets),
        reject_frame(report.rejects),
        tuple(report.notes),
        report.rows_read,
        tuple(report.open_pages),
        by_minute.frame(),
    )


class _Seen(NamedTuple):
    """Remarks and new fields, counted by file to be noted once."""

    remarks: Counter[str]
    new_fields: Counter[str]

    def sentences(self, input_file: str) -> list[str]:
        return [f"{input_file}: {said} ({n} rows)" for said, n in sorted(self.remarks.items())] + [
            f"{input_file}: the new field {name!r} was not used ({n} rows)"
            for name, n in sorted(self.new_fields.items())
        ]


def _endpoint_of(name: str) -> str | None:
    found = _OBJECT.fullmatch(name)
    short = found[1] if found else name
    endpoint = _RESULT_NAMES.get(short, short)
    return endpoint if endpoint in _ENDPOINTS else None


def _dimensions_of(endpoint: str) -> Sequence[str]:
    return _ENDPOINTS[endpoint].dimensions


def _bucket_rows(
    raw: RawBucket, context: Context, report: Report, seen: _Seen
) -> list[dict[str, Any]]:
    """The rows of one bucket that hold, without their identity."""
    endpoint = _ENDPOINTS[raw.endpoint]
    rows: list[dict[str, Any]] = []
    for part in raw.rows:
        try:
            row = _row(part.value, raw, endpoint, context, seen)
        except RowError as error:
            report.refuse(part, error.rule, error.detail, held_back(part.value))
            continue
        report.rows_read += 1
        rows.append({**row, "input_line": part.line})
    return rows


def _row(
    value: Any, raw: RawBucket, endpoint: _Endpoint, context: Context, seen: _Seen
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RowError("not_a_row", "a result is an object")
    name = value.get("object")
    if name is not None and _endpoint_of(str(name)) != raw.endpoint:
        raise RowError("wrong_object", f"object {name!r} stands among results of {raw.endpoint}")
    dimensions = {field: _dimension(value, field) for field in endpoint.dimensions}
    is_batch = {"true": True, "false": False, None: None}[dimensions.get("batch")]
    converted = endpoint.convert(value, raw.seconds)
    for counted, number in {**converted.meters, "num_model_requests": converted.requests}.items():
        if number > LARGEST_QUANTITY:
            raise RowError(
                "implausible_quantity", f"{counted} {number:,} is more than {LARGEST_QUANTITY:,}"
            )
    if converted.note:
        seen.remarks[converted.note] += 1
    seen.new_fields.update(value.keys() - endpoint.counts - _KNOWN_EXTRA - set(endpoint.dimensions))
    scope = OPERATIONS[raw.endpoint]
    # Tools and storage are priced under the operation's name where no model is named.
    stand_in = raw.endpoint if scope in {"tools", "storage"} else None
    day = raw.started_at.date()
    return {
        "record_id": "|".join(f"{k}={v}" for k, v in dimensions.items() if v is not None),
        "started_at": raw.started_at,
        "ended_at": raw.started_at + timedelta(seconds=WIDTH_SECONDS[raw.width]),
        "usage_date": day,
        # A UTC day has no single local day: it keeps its date, which is where most of it lies.
        "charge_date": day if raw.width == "1d" else local_date(raw.started_at, context.zone),
        "organization_id": organization_of(value, context),
        "project_id": dimensions.get("project_id"),
        "api_key_id": dimensions.get("api_key_id"),
        "user_id": dimensions.get("user_id"),
        "model": dimensions.get("model") or stand_in,
        "scope": scope,
        "operation": raw.endpoint,
        "variant": dimensions.get(endpoint.variant) if endpoint.variant else None,
        "service_tier": normalize_tier(dimensions.get("service_tier"), is_batch=is_batch is True),
        "is_batch": is_batch,
        "requests": converted.requests,
        "meters": converted.meters,
    }


def _dimension(row: Mapping[str, Any], field: str) -> str | None:
    if field != "batch":
        return text(row, field)
    value = row.get("batch")
    if value is None:
        return None
    answer = str(value).lower() if isinstance(value, bool | str) else ""
    if answer not in {"true", "false"}:
        raise RowError("wrong_type", f"batch is {value!r}, not true or false")
    return answer


def _identify(rows: list[dict[str, Any]], bucket: Bucket) -> None:
    """Give the rows of one bucket their identity; repeated dimensions get different ones.

    Repeats are numbered by content, so that their order in an answer does not matter.
    """
    repeats: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        repeats[row["record_id"]].append(row)
    key = bucket.bucket_key
    for dimensions, same in repeats.items():
        if len(same) > 1:
            same.sort(key=_content)
        for n, row in enumerate(same, 1):
            row["record_id"] = f"{key}|{dimensions}" + (f"#{n}" if n > 1 else "")
            row["bucket_key"] = key
            row["bucket_position"] = bucket.position


def _content(row: Mapping[str, Any]) -> list[int | Decimal]:
    return [row["requests"], *(row["meters"].get(meter, 0) for meter in METER_NAMES)]


class _Table:
    """Rows on their way to one frame, turned into columns now and then to keep them small."""

    def __init__(self, context: Context) -> None:
        self._constants = {
            "source": context.source,
            "basis": context.basis,
            "provider": context.provider,
            "service_account_id": None,
            "is_partial": False,
            "recorded_at": context.recorded_at,
            "input_file": context.input_file,
        }
        # a row may name its own organization; a bucket is the configured one's
        self._identity_hash = identity_hash(pl.lit(context.organization_id), "bucket_key")
        self._rows: list[dict[str, Any]] = []
        self._made = {IDENTITY_HASH, *self._constants, *METER_NAMES}
        self._frames = [pl.DataFrame(schema=USAGE_BUCKET_SCHEMA)]

    def extend(self, rows: Sequence[dict[str, Any]]) -> None:
        self._rows.extend(rows)
        if len(self._rows) >= _FRAME_ROWS:
            self._flush()

    def frame(self) -> pl.DataFrame:
        self._flush()
        return pl.concat(self._frames)

    def _flush(self) -> None:
        rows = self._rows
        if not rows:
            return
        present = {meter for row in rows for meter in row["meters"]}
        varying = [
            pl.Series(name, [row["meters"].get(name, 0) for row in rows], dtype=dtype)
            if name in present
            else pl.Series(name, [row.get(name) for row in rows], dtype=dtype)
            for name, dtype in USAGE_BUCKET_SCHEMA.items()
            if name in present or name not in self._made
        ]
        constants = self._constants | {m: 0 for m in METER_NAMES if m not in present}
        self._frames.append(
            pl.DataFrame(varying)
            .with_columns(
                pl.lit(value, dtype=USAGE_BUCKET_SCHEMA[name]).alias(name)
                for name, value in constants.items()
            )
            .with_columns(self._identity_hash.alias(IDENTITY_HASH))
            .select(*USAGE_BUCKET_SCHEMA)
        )
        self._rows = []


def _tokens(row: Mapping[str, Any], _: int) -> _Converted:
    meters, is_text_derived = split(row)
    return _Converted(
        meters,
        required(row, "num_model_requests"),
        "stated text tokens do not fit the totals; text was taken as what remains of them"
        if is_text_derived
        else None,
    )


def _input_only(row: Mapping[str, Any], _: int) -> _Converted:
    tokens = required(row, "input_tokens")
    return _Converted({"text_input_tokens": tokens}, required(row, "num_model_requests"))


def _images(row: Mapping[str, Any], _: int) -> _Converted:
    images, requests = required(row, "images"), required(row, "num_model_requests")
    model = row.get("model")
    if isinstance(model, str) and _BILLED_BY_TOKEN.match(model):
        return _Converted(
            {}, 0, f"images of {model} are billed by tokens, which the completions pages have"
        )
    return _Converted({"images": images}, requests)


def _characters(row: Mapping[str, Any], _: int) -> _Converted:
    return _Converted(
        {"characters": required(row, "characters")}, required(row, "num_model_requests")
    )


def _seconds(row: Mapping[str, Any], _: int) -> _Converted:
    return _Converted(
        {"audio_seconds": Decimal(required(row, "seconds"))}, required(row, "num_model_requests")
    )


def _stored(row: Mapping[str, Any], seconds: int) -> _Converted:
    """A level of bytes over the part of the day that the bucket covers, rounded half-even once."""
    whole, rest = divmod(required(row, "usage_bytes") * seconds * 10**6, _GB_DAY)
    whole += 2 * rest > _GB_DAY or (2 * rest == _GB_DAY and whole % 2 == 1)
    return _Converted({"vector_store_gb_days": Decimal(whole).scaleb(-6)}, 0)


def _sessions(row: Mapping[str, Any], _: int) -> _Converted:
    return _Converted({"code_interpreter_sessions": required(row, "num_sessions")}, 0)


def _file_searches(row: Mapping[str, Any], _: int) -> _Converted:
    return _Converted({"file_search_calls": required(row, "num_requests")}, 0)


def _web_searches(row: Mapping[str, Any], _: int) -> _Converted:
    optional(row, "num_model_requests")  # must be a count; the completions rows have it too
    return _Converted({"web_search_calls": required(row, "num_requests")}, 0)


_TOKEN_COUNTS = frozenset(
    {
        "input_tokens", "input_uncached_tokens", "input_cached_tokens",
        "input_cache_write_tokens", "input_cache_write_30m_tokens", "input_cache_write_12h_tokens",
        "input_text_tokens", "input_audio_tokens", "input_image_tokens",
        "input_cached_text_tokens", "input_cached_audio_tokens", "input_cached_image_tokens",
        "output_tokens", "output_text_tokens", "output_audio_tokens", "output_image_tokens",
        "num_model_requests",
    }
)  # fmt: skip
_REQUESTS = frozenset({"num_model_requests"})

_ENDPOINTS = {
    "completions": _Endpoint(_TEXT, _TOKEN_COUNTS, _tokens),
    "decisions": _Endpoint(_TEXT, _TOKEN_COUNTS, _tokens),
    "embeddings": _Endpoint(_COMMON, _REQUESTS | {"input_tokens"}, _input_only),
    "moderations": _Endpoint(_COMMON, _REQUESTS | {"input_tokens"}, _input_only),
    "images": _Endpoint((*_COMMON, "size", "source"), _REQUESTS | {"images"}, _images, "size"),
    "audio_speeches": _Endpoint(_COMMON, _REQUESTS | {"characters"}, _characters),
    "audio_transcriptions": _Endpoint(_COMMON, _REQUESTS | {"seconds"}, _seconds),
    "vector_stores": _Endpoint(("project_id",), frozenset({"usage_bytes"}), _stored),
    "code_interpreter_sessions": _Endpoint(
        ("project_id",), frozenset({"num_sessions"}), _sessions
    ),
    "file_search_calls": _Endpoint(
        ("project_id", "user_id", "api_key_id", "vector_store_id"),
        frozenset({"num_requests"}),
        _file_searches,
    ),
    "web_search_calls": _Endpoint(
        (*_COMMON, "context_level", "api_source"),
        _REQUESTS | {"num_requests"},
        _web_searches,
        "context_level",
    ),
}  # fmt: skip
