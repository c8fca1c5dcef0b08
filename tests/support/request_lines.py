"""Realistic request-log lines, and the whole way from lines to records, for the tests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl

from pipeline.intake.request_log.fast_read import Lines, Reader, of_one_file, read_lines
from pipeline.intake.request_log.normalize import (
    Context,
    Normalized,
    Segment,
    normalize,
    read_frames,
)
from pipeline.meters import METER_NAMES

Line = Mapping[str, Any] | bytes | str

CREATED = 1_793_491_200  # 2026-11-01T00:00:00Z
NOW = datetime(2026, 11, 24, 8)
BESIDE = {
    "organization_id": "org-acme",
    "project_id": "proj_chatbot",
    "api_key_id": "key_1",
    "user_id": "user_1",
}


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """A connection with the settings of a run."""
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    con.execute("SET produce_arrow_string_view = true")
    con.execute("SET arrow_output_version = '1.4'")
    return con


def context(zone: str = "UTC", now: datetime = NOW) -> Context:
    """A context of the organization org-default."""
    return Context(
        organization_id="org-default",
        source="gateway",
        provider="openai",
        basis="charge",
        zone=ZoneInfo(zone),
        recorded_at=now,
        now=now,
        input_file="logs/a.jsonl",
    )


def write(path: Path, lines: Sequence[Line]) -> Path:
    """The lines as a file; objects as compact JSON."""
    with path.open("wb") as file:
        for line in lines:
            if isinstance(line, Mapping):
                file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            else:
                file.write((line if isinstance(line, bytes) else line.encode()) + b"\n")
    return path


def together(parts: Sequence[Normalized]) -> Normalized:
    """All frames of a file as one, text as String, in the order of the input."""
    records = [
        p.records.with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String)) for p in parts
    ]
    return Normalized(
        pl.concat(records).sort("input_line", "record_id"),
        pl.concat([p.rejects for p in parts]).sort("input_line"),
        sum(p.rows_read for p in parts),
        sum(p.not_usage for p in parts),
    )


def read(
    path: Path,
    lines: Sequence[Line],
    *,
    zone: str = "UTC",
    batch_rows: int = 250_000,
    occurrences: Counter[str] | None = None,
) -> Normalized:
    """The lines the whole way: file, frames, records and rejects."""
    segment = Segment(write(path / "log.jsonl", lines), 1, len(lines))
    frames = read_frames(connection(), segment, batch_rows, occurrences, now=NOW)
    return together([normalize(f, context(zone)) for f in frames])


def read_with(path: Path, lines: Sequence[Line], *readers: Reader) -> Normalized:
    """As `read`, but with these readers; none: by hand."""
    file = write(path / "log.jsonl", lines)
    numbers = np.arange(1, len(lines) + 1, dtype=np.int64)
    frames = read_lines(
        connection(), Lines(file, numbers, NOW), readers, 250_000, of_one_file(Counter())
    )
    return together([normalize(f, context()) for f in frames])


def usage_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities of a record that are not zero, with the number of requests."""
    return {m: record[m] for m in (*METER_NAMES, "requests") if record[m]}


def chat(**changes: Any) -> dict[str, Any]:
    """A chat completion: 100 prompt tokens, 40 of them cached, and 50 completion tokens."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": CREATED,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 20,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 5,
                "rejected_prediction_tokens": 5,
            },
        },
        "service_tier": "default",
        **BESIDE,
        **changes,
    }


def chat_usage(**usage: Any) -> dict[str, Any]:
    """A chat completion with another usage object."""
    return chat(usage={**chat()["usage"], **usage})


def response(**changes: Any) -> dict[str, Any]:
    """A response: 300 input tokens, 100 cached and 50 written, and 80 output tokens."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED + 0.5,
        "status": "completed",
        "error": None,
        "model": "gpt-6-sol",
        "output": [
            {"id": "rs_1", "type": "reasoning", "summary": []},
            {"id": "msg_1", "type": "message", "status": "completed", "content": []},
        ],
        "usage": {
            "input_tokens": 300,
            "input_tokens_details": {
                "cached_tokens": 100,
                "cache_write_tokens": 50,
                "cache_write_tokens_details": {"ttl_30m_tokens": 20, "ttl_12h_tokens": 30},
            },
            "output_tokens": 80,
            "output_tokens_details": {"reasoning_tokens": 64},
            "total_tokens": 380,
        },
        "service_tier": "priority",
        **BESIDE,
        **changes,
    }


def embeddings(**changes: Any) -> dict[str, Any]:
    """Embeddings of 8 tokens; the body has neither id nor time, the gateway notes both."""
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
        "request_id": "req_1",
        "created": CREATED,
        **BESIDE,
        **changes,
    }


def decision(**changes: Any) -> dict[str, Any]:
    """A decision: neither object, id nor time of its own."""
    return {
        "answers": [{"type": "predicate", "name": "spam", "probability": 0.25}],
        "model": "gpt-6-luna",
        "usage": {
            "input_tokens": 60,
            "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 0},
            "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 63,
        },
        "request_id": "req_2",
        "created": CREATED,
        **BESIDE,
        **changes,
    }


def image(**changes: Any) -> dict[str, Any]:
    """An image by a model that is paid by token; the model is noted by the gateway."""
    return {
        "created": CREATED,
        "data": [{"b64_json": "aGk="}],
        "quality": "high",
        "size": "1024x1024",
        "output_format": "png",
        "usage": {
            "input_tokens": 50,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
            "output_tokens": 1756,
            "total_tokens": 1806,
        },
        "model": "gpt-image-2",
        "request_id": "req_3",
        **BESIDE,
        **changes,
    }


def batch(body: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A line of a Batch API output file, attribution beside `custom_id`."""
    inside = {k: v for k, v in body.items() if k not in {*BESIDE, "request_id"}}
    return {
        "id": "batch_req_1",
        "custom_id": "task-1",
        "response": {"status_code": 200, "request_id": "req_batch_1", "body": inside},
        "error": None,
        **BESIDE,
        **changes,
    }
