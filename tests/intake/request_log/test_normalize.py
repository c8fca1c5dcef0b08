"""Each kind of body becomes one record whose meters hold every token once."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import xxhash

from pipeline.intake.request_log.normalize import Segment, normalize, read_frames
from pipeline.schemas import LEDGER_SCHEMA
from tests.support.request_lines import (
    BESIDE,
    CREATED,
    batch,
    chat,
    chat_usage,
    connection,
    context,
    decision,
    embeddings,
    image,
    read,
    response,
    usage_of,
    write,
)


def test_a_chat_completion_becomes_one_whole_record(tmp_path: Path) -> None:
    """Every column of the ledger, spelled out; reasoning and predictions are inside the output."""
    result = read(tmp_path, [chat()], zone="America/New_York")
    record = result.records.row(0, named=True)
    meters = {m: record.pop(m) for m in usage_of(record)}
    assert {k: v for k, v in record.items() if v not in {None, 0, Decimal(0)}} == {
        "record_id": "chatcmpl-1",
        "source": "gateway",
        "basis": "charge",
        "provider": "openai",
        "started_at": datetime(2026, 11, 1),
        "usage_date": date(2026, 11, 1),
        "charge_date": date(2026, 10, 31),
        "organization_id": "org-acme",
        "project_id": "proj_chatbot",
        "api_key_id": "key_1",
        "user_id": "user_1",
        "model": "gpt-4o-2024-08-06",
        "scope": "models",
        "operation": "completions",
        "service_tier": "default",
        "recorded_at": datetime(2026, 11, 24, 8),
        "input_file": "logs/a.jsonl",
        "input_line": 1,
        "identity_hash": xxhash.xxh3_64_intdigest(b"org-acme\x1fchatcmpl-1"),
    }
    assert record["is_batch"] is False
    assert meters == {
        "text_input_tokens": 60,
        "cached_text_input_tokens": 40,
        "text_output_tokens": 50,
        "requests": 1,
    }
    assert (result.rows_read, result.not_usage, len(result.rejects)) == (1, 0, 0)


CASES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "a response: cached and written tokens are taken out of the input": (
        response(),
        "completions",
        {
            "text_input_tokens": 150,
            "cached_text_input_tokens": 100,
            "cache_write_tokens": 20,
            "cache_write_12h_tokens": 30,
            "text_output_tokens": 80,
            "requests": 1,
        },
    ),
    "cache writes of unknown lifetime count as 30 minutes": (
        chat_usage(prompt_tokens_details={"cached_tokens": 40, "cache_write_tokens": 25}),
        "completions",
        {
            "text_input_tokens": 35,
            "cached_text_input_tokens": 40,
            "cache_write_tokens": 25,
            "text_output_tokens": 50,
            "requests": 1,
        },
    ),
    "audio and images are inside both totals; cached tokens are text first": (
        chat_usage(
            prompt_tokens_details={"cached_tokens": 60, "audio_tokens": 30, "image_tokens": 20},
            completion_tokens_details={"reasoning_tokens": 0, "audio_tokens": 45},
        ),
        "completions",
        {  # text 50: all cached; the other 10 cached are image
            "cached_text_input_tokens": 50,
            "cached_image_input_tokens": 10,
            "image_input_tokens": 10,
            "audio_input_tokens": 30,
            "audio_output_tokens": 45,
            "text_output_tokens": 5,
            "requests": 1,
        },
    ),
    "written tokens are taken where there is room": (
        chat_usage(
            prompt_tokens_details={
                "cached_tokens": 10,
                "audio_tokens": 70,
                "cache_write_tokens": 25,
            }
        ),
        "completions",
        {  # text 30: 10 cached, 20 written; the other 5 written are audio
            "cached_text_input_tokens": 10,
            "audio_input_tokens": 65,
            "cache_write_tokens": 25,
            "text_output_tokens": 50,
            "requests": 1,
        },
    ),
    "embeddings": (
        embeddings(),
        "embeddings",
        {"text_input_tokens": 8, "requests": 1},
    ),
    "a decision": (
        decision(),
        "decisions",
        {
            "text_input_tokens": 50,
            "cached_text_input_tokens": 10,
            "text_output_tokens": 3,
            "requests": 1,
        },
    ),
    "an image by a token model: output without details is image": (
        image(),
        "images",
        {
            "text_input_tokens": 10,
            "image_input_tokens": 40,
            "image_output_tokens": 1756,
            "requests": 1,
        },
    ),
    "an image with output details": (
        image(
            usage={
                "input_tokens": 10,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
                "output_tokens": 100,
                "output_tokens_details": {"text_tokens": 20, "image_tokens": 80},
                "total_tokens": 110,
            }
        ),
        "images",
        {
            "text_input_tokens": 10,
            "text_output_tokens": 20,
            "image_output_tokens": 80,
            "requests": 1,
        },
    ),
    "images that are paid by piece": (
        image(usage=None, model="dall-e-3", data=[{"url": "a"}, {"url": "b"}]),
        "images",
        {"images": 2, "requests": 1},
    ),
    "a transcription by tokens": (
        {
            "text": "hello",
            "usage": {
                "type": "tokens",
                "input_tokens": 14,
                "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
                "output_tokens": 5,
                "total_tokens": 19,
            },
            "model": "gpt-4o-transcribe",
            "created": CREATED,
            **BESIDE,
        },
        "audio_transcriptions",
        {
            "text_input_tokens": 4,
            "audio_input_tokens": 10,
            "text_output_tokens": 5,
            "requests": 1,
        },
    ),
    "a transcription by tokens without details is audio": (
        {
            "text": "hello",
            "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19},
            "model": "gpt-4o-transcribe",
            "created": CREATED,
            **BESIDE,
        },
        "audio_transcriptions",
        {"audio_input_tokens": 14, "text_output_tokens": 5, "requests": 1},
    ),
    "a transcription by duration, half-even at six decimals": (
        {
            "text": "hello",
            "usage": {"type": "duration", "seconds": 8.4700025},
            "model": "whisper-1",
            "created": CREATED,
            **BESIDE,
        },
        "audio_transcriptions",
        {"audio_seconds": Decimal("8.470002"), "requests": 1},
    ),
    "speech, as the gateway notes it": (
        {"model": "tts-1", "characters": 1200, "created": CREATED, **BESIDE},
        "audio_speeches",
        {"characters": 1200, "requests": 1},
    ),
    "a moderation is a request without quantity": (
        {
            "id": "modr-1",
            "model": "omni-moderation-latest",
            "results": [{"flagged": False}],
            "created": CREATED,
            **BESIDE,
        },
        "moderations",
        {"requests": 1},
    ),
    "a completed video; its seconds are a string": (
        {
            "id": "video_1",
            "object": "video",
            "created_at": CREATED,
            "completed_at": CREATED + 60,
            "model": "sora-2",
            "seconds": "8",
            "size": "1280x720",
            "status": "completed",
            **BESIDE,
        },
        "videos",
        {"video_seconds": Decimal(8), "requests": 1},
    ),
    "a fine-tuning job that is done": (
        {
            "id": "ftjob-1",
            "object": "fine_tuning.job",
            "created_at": CREATED,
            "model": "gpt-4o-mini-2024-07-18",
            "fine_tuned_model": "ft:gpt-4o-mini:acme::1",
            "trained_tokens": 5768,
            "status": "succeeded",
            **BESIDE,
        },
        "fine_tuning",
        {"training_tokens": 5768, "requests": 1},
    ),
    "a realtime response: cached tokens are given by modality": (
        {
            "id": "resp_rt",
            "object": "realtime.response",
            "status": "completed",
            "model": "gpt-realtime",
            "created": CREATED,
            "usage": {
                "total_tokens": 253,
                "input_tokens": 132,
                "output_tokens": 121,
                "input_token_details": {
                    "text_tokens": 119,
                    "audio_tokens": 13,
                    "image_tokens": 0,
                    "cached_tokens": 64,
                    "cached_tokens_details": {"text_tokens": 60, "audio_tokens": 4},
                },
                "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
            },
            **BESIDE,
        },
        "realtime",
        {
            "text_input_tokens": 59,
            "cached_text_input_tokens": 60,
            "audio_input_tokens": 9,
            "cached_audio_input_tokens": 4,
            "text_output_tokens": 30,
            "audio_output_tokens": 91,
            "requests": 1,
        },
    ),
    "an old completion": (
        chat(object="text_completion", usage={"prompt_tokens": 5, "completion_tokens": 7}),
        "completions",
        {"text_input_tokens": 5, "text_output_tokens": 7, "requests": 1},
    ),
    "a compacted response": (
        response(object="response.compaction", usage={"input_tokens": 9, "output_tokens": 4}),
        "completions",
        {"text_input_tokens": 9, "text_output_tokens": 4, "requests": 1},
    ),
    "the last chunk of a stream": (
        chat(object="chat.completion.chunk", choices=[]),
        "completions",
        {
            "text_input_tokens": 60,
            "cached_text_input_tokens": 40,
            "text_output_tokens": 50,
            "requests": 1,
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_body(tmp_path: Path, name: str) -> None:
    """The name of the case is the rule."""
    line, operation, usage = CASES[name]
    result = read(tmp_path, [line])
    assert result.rejects.to_dicts() == []
    (record,) = result.records.to_dicts()
    assert (record["operation"], usage_of(record)) == (operation, usage)


@pytest.mark.parametrize(
    ("quality", "size", "variant"),
    [
        ("hd", "1024x1024", "hd/1024x1024"),
        (None, "512x512", "512x512"),
        ("low", None, "low"),
        (None, None, None),
    ],
)
def test_an_image_has_quality_and_size_as_its_variant(
    tmp_path: Path, quality: str | None, size: str | None, variant: str | None
) -> None:
    """Both where both are known, else what there is."""
    result = read(tmp_path, [image(quality=quality, size=size)])
    assert result.records["variant"].to_list() == [variant]


def test_an_svg_is_a_second_record_of_its_own_model(tmp_path: Path) -> None:
    """The author model's tokens are beside the rendering's, and are no request of their own."""
    svg = {"model": "gpt-6-sol", "input_tokens": 30, "output_tokens": 400, "total_tokens": 430}
    result = read(tmp_path, [image(svg_usage={**svg, "reasoning_tokens": 100})])
    rendering, author = result.records.to_dicts()
    assert (rendering["record_id"], rendering["model"]) == ("req_3", "gpt-image-2")
    assert (author["record_id"], author["model"]) == ("req_3#svg", "gpt-6-sol")
    assert usage_of(author) == {"text_input_tokens": 30, "text_output_tokens": 400}
    assert result.rows_read == 2


def test_tool_calls_are_counted_on_the_response(tmp_path: Path) -> None:
    """Searches and file searches; opening a page and a failed call are not billed."""
    output = [
        {"type": "web_search_call", "status": "completed", "action": {"type": "search"}},
        {"type": "web_search_call", "status": "completed", "action": {"type": "open_page"}},
        {"type": "web_search_call", "status": "failed", "action": {"type": "search"}},
        {"type": "web_search_call", "status": "completed"},
        {"type": "file_search_call", "status": "completed"},
        {"type": "code_interpreter_call", "status": "completed", "container_id": "c"},
    ]
    result = read(tmp_path, [response(output=output)])
    container, record = result.records.to_dicts()
    assert (record["web_search_calls"], record["file_search_calls"]) == (2, 1)
    assert record["operation"] == "completions"
    assert usage_of(container) == {"code_interpreter_sessions": 1}


def test_the_providers_own_count_of_searches_goes_first(tmp_path: Path) -> None:
    """`tool_usage` leaves out what is discounted, so it is nearer to the bill."""
    body = response(
        output=[{"type": "web_search_call", "status": "completed"}] * 3,
        tool_usage={"web_search": {"num_requests": 2}, "image_gen": {"total_tokens": 0}},
    )
    assert read(tmp_path, [body]).records["web_search_calls"].to_list() == [2]


def test_the_image_tool_of_a_response_is_a_second_record(tmp_path: Path) -> None:
    """Its tokens are not inside the response's usage, and its model is named by the tool."""
    body = response(
        tools=[{"type": "image_generation", "model": "gpt-image-2"}],
        output=[{"type": "image_generation_call", "status": "completed", "result": "aGk="}],
        tool_usage={
            "web_search": {"num_requests": 0},
            "image_gen": {
                "input_tokens": 20,
                "input_tokens_details": {"text_tokens": 15, "image_tokens": 5},
                "output_tokens": 900,
                "total_tokens": 920,
                "cached_tokens": 6,
                "cached_tokens_details": {"cached_text_tokens": 4, "cached_image_tokens": 2},
            },
        },
    )
    base, images = read(tmp_path, [body]).records.to_dicts()
    assert usage_of(base)["text_output_tokens"] == 80
    assert (images["record_id"], images["model"]) == ("resp_1#image_gen", "gpt-image-2")
    assert usage_of(images) == {
        "text_input_tokens": 11,
        "cached_text_input_tokens": 4,
        "image_input_tokens": 3,
        "cached_image_input_tokens": 2,
        "image_output_tokens": 900,
    }


@pytest.mark.parametrize(
    ("recorded", "tier"),
    [
        (None, "default"),
        ("auto", "default"),
        ("", "default"),
        ("standard", "default"),
        ("fast", "priority"),
        ("priority", "priority"),
        ("flex", "flex"),
        ("scale", "scale"),
        ("ultrafast", "ultrafast"),
    ],
)
def test_service_tiers_are_normalized(tmp_path: Path, recorded: str | None, tier: str) -> None:
    """A tier that nobody knows stays as recorded, beside others in the same frame."""
    result = read(tmp_path, [chat(service_tier=recorded), chat(id="b", service_tier="flex")])
    assert result.records["service_tier"].to_list() == [tier, "flex"]


@pytest.mark.parametrize("body", [chat(), response(), embeddings(), decision(), image()])
def test_a_batch_line_is_batch_priced(tmp_path: Path, body: dict[str, Any]) -> None:
    """Whatever tier the body names; the meters are those of the body alone."""
    alone = read(tmp_path, [body]).records.to_dicts()[0]
    line = batch(body)
    line["response"]["body"].setdefault("created", CREATED)
    result = read(tmp_path, [line])
    assert result.rejects.to_dicts() == []
    (record,) = result.records.to_dicts()
    assert (record["service_tier"], record["is_batch"]) == ("batch", True)
    assert record["record_id"] == body.get("id", "req_batch_1")
    assert usage_of(record) == usage_of(alone)
    assert record["project_id"] == "proj_chatbot"


def test_batch_attribution_may_stand_in_the_body(tmp_path: Path) -> None:
    """Beside `custom_id` or in the body; beside it goes first."""
    line = batch(chat())
    for name in BESIDE:
        del line[name]
    line["response"]["body"] |= {"project_id": "proj_inside", "user_id": "user_inside"}
    line["user_id"] = "user_beside"
    (record,) = read(tmp_path, [line]).records.to_dicts()
    assert (record["project_id"], record["user_id"]) == ("proj_inside", "user_beside")
    assert record["organization_id"] == "org-default"


NOT_USAGE: dict[str, dict[str, Any]] = {
    "batch line that failed": batch(
        chat(), response={"status_code": 429, "request_id": "r", "body": {"error": {"code": "x"}}}
    ),
    "batch line without an answer": batch(chat(), response=None, error={"code": "expired"}),
    "batch object with its own total": {
        "id": "batch_1",
        "object": "batch",
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
    },
    "error body": {"error": {"message": "no", "code": "rate_limit_exceeded"}, **BESIDE},
    "video in progress": {
        "id": "video_1",
        "object": "video",
        "created_at": CREATED,
        "model": "sora-2",
        "seconds": "8",
        "status": "in_progress",
    },
    "fine-tuning job that is running": {
        "id": "ftjob-1",
        "object": "fine_tuning.job",
        "created_at": CREATED,
        "model": "gpt-4o-mini",
        "trained_tokens": None,
        "status": "running",
    },
    "response in progress": response(status="in_progress", usage=None),
    "response that failed": response(status="failed", usage=None, error={"code": "server_error"}),
    "chunk before the last": chat(object="chat.completion.chunk", usage=None),
    "list of files": {"object": "list", "data": [{"object": "file"}]},
    "deleted response": {"id": "resp_1", "object": "response.deleted", "deleted": True},
}


@pytest.mark.parametrize("name", NOT_USAGE)
def test_what_is_not_usage_is_only_counted(tmp_path: Path, name: str) -> None:
    """Neither a record nor a reject."""
    result = read(tmp_path, [chat(), NOT_USAGE[name]])
    assert (len(result.records), len(result.rejects), result.not_usage) == (1, 0, 1)
    assert result.rows_read == 1


def test_an_empty_name_is_missing(tmp_path: Path) -> None:
    """Empty strings are NULL, and the organization is then the configured one."""
    line = chat(organization_id="", project_id="", api_key_id="", user_id=None)
    (record,) = read(tmp_path, [line]).records.to_dicts()
    names = ("organization_id", "project_id", "api_key_id", "user_id", "service_account_id")
    assert [record[n] for n in names] == ["org-default", None, None, None, None]


def test_the_model_is_kept_as_recorded(tmp_path: Path) -> None:
    """No alias, no snapshot date and no fine-tuning suffix is touched."""
    models = ["gpt-4o", "ft:gpt-4o-mini:acme::1", "GPT-4o ", "publishers/x/gpt"]
    lines = [chat(id=f"c{i}", model=m) for i, m in enumerate(models)]
    assert read(tmp_path, lines).records["model"].to_list() == models


@pytest.mark.parametrize(
    ("created", "started_at"),
    [
        (CREATED, datetime(2026, 11, 1)),
        (CREATED + 0.25, datetime(2026, 11, 1, 0, 0, 0, 250_000)),
        (str(CREATED), datetime(2026, 11, 1)),
        ("2026-11-01T02:30:00+02:00", datetime(2026, 11, 1, 0, 30)),
        ("2026-11-01T00:00:00.5Z", datetime(2026, 11, 1, 0, 0, 0, 500_000)),
        ("2026-11-01T00:00:00", datetime(2026, 11, 1)),
        ("2026-11-01 00:00:01", datetime(2026, 11, 1, 0, 0, 1)),
        ("2026-11-01", datetime(2026, 11, 1)),
    ],
)
def test_created_is_seconds_or_an_iso_instant(
    tmp_path: Path, created: object, started_at: datetime
) -> None:
    """Without a zone it is UTC."""
    result = read(tmp_path, [chat(created=created)])
    assert result.records["started_at"].to_list() == [started_at]


def test_days_follow_the_zone_across_a_clock_change(tmp_path: Path) -> None:
    """Berlin went back at 01:00 UTC on 2026-10-25: 22:30 UTC is the next day before, not after."""
    times = ["2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:30:00Z"]
    lines = [chat(id=t, created=t) for t in times]
    records = read(tmp_path, lines, zone="Europe/Berlin").records
    assert records["charge_date"].to_list() == [
        date(2026, 10, 24),
        date(2026, 10, 25),
        date(2026, 10, 25),
    ]
    assert records["usage_date"].to_list() == [
        date(2026, 10, 24),
        date(2026, 10, 24),
        date(2026, 10, 25),
    ]


def test_records_have_the_ledgers_types_and_are_text_in_duckdb(tmp_path: Path) -> None:
    """Text of few values comes as Enum or Categorical; from Parquet DuckDB gives VARCHAR back."""
    segment = Segment(write(tmp_path / "a.jsonl", [chat(), decision()]), 1, 2)
    (frame,) = read_frames(connection(), segment)
    records = normalize(frame, context()).records
    assert records.columns == list(LEDGER_SCHEMA)
    for name, dtype in LEDGER_SCHEMA.items():
        found = records.schema[name]
        assert found == dtype or (
            dtype == pl.String() and isinstance(found, pl.Enum | pl.Categorical)
        )
    records.write_parquet(tmp_path / "a.parquet", compression="lz4", statistics=False)
    columns = duckdb.connect().read_parquet(str(tmp_path / "a.parquet"))
    types = dict(zip(columns.columns, map(str, columns.types), strict=True))
    assert {types[n] for n, t in LEDGER_SCHEMA.items() if t == pl.String()} == {"VARCHAR"}
    assert types["started_at"] == "TIMESTAMP"
    assert types["audio_seconds"] == "DECIMAL(22,6)"
