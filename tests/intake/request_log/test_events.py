"""Events of streams with usage are read as the bodies they carry; the others are not usage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake.request_log.detect import detect
from tests.support.request_lines import BESIDE, CREATED, chat, read, response, usage_of

Body = dict[str, Any]
TIMED = {"created": CREATED, **BESIDE}
SPEECH = {
    "type": "speech.audio.done",
    "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115},
    "model": "gpt-4o-mini-tts",
    "request_id": "req_1",
    **TIMED,
}
IMAGE = {
    "type": "image_generation.completed",
    "b64_json": "",
    "created_at": CREATED,
    "size": "1024x1024",
    "quality": "high",
    "usage": {
        "total_tokens": 100,
        "input_tokens": 50,
        "output_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    },
    "model": "gpt-image-1",
    "request_id": "req_2",
}
TRANSCRIPT = {
    "type": "conversation.item.input_audio_transcription.completed",
    "event_id": "event_9",
    "usage": {"type": "tokens", "total_tokens": 22, "input_tokens": 13, "output_tokens": 9},
    "model": "gpt-4o-transcribe",
    **TIMED,
}


def completed(kind: str = "response.completed", **body: Any) -> Body:
    """An event whose body is inside, attribution beside."""
    inside = {k: v for k, v in response(**body).items() if k not in BESIDE}
    return {"type": kind, "sequence_number": 42, "response": inside, **BESIDE}


REALTIME = {
    "type": "response.done",
    "event_id": "event_1",
    "response": {
        "object": "realtime.response",
        "id": "rt_1",
        "status": "completed",
        "usage": {
            "total_tokens": 300,
            "input_tokens": 200,
            "output_tokens": 100,
            "input_token_details": {"text_tokens": 90, "audio_tokens": 110, "cached_tokens": 0},
            "output_token_details": {"text_tokens": 40, "audio_tokens": 60},
        },
    },
    "model": "gpt-realtime",
    **TIMED,
}


@pytest.mark.parametrize(
    ("line", "operation", "record_id", "meters"),
    [
        (
            SPEECH,
            "audio_speeches",
            "req_1",
            {"text_input_tokens": 14, "audio_output_tokens": 101},
        ),
        (
            IMAGE,
            "images",
            "req_2",
            {"text_input_tokens": 10, "image_input_tokens": 40, "image_output_tokens": 50},
        ),
        (
            TRANSCRIPT,
            "audio_transcriptions",
            "event_9",
            {"audio_input_tokens": 13, "text_output_tokens": 9},
        ),
        (
            REALTIME,
            "realtime",
            "rt_1",
            {
                "text_input_tokens": 90,
                "audio_input_tokens": 110,
                "text_output_tokens": 40,
                "audio_output_tokens": 60,
            },
        ),
    ],
)
def test_an_event_with_usage_is_a_record(
    tmp_path: Path, line: Body, operation: str, record_id: str, meters: dict[str, int]
) -> None:
    """Its type tells what it is, and its file is told as a request log."""
    (record,) = read(tmp_path, [line]).records.to_dicts()
    assert (record["operation"], record["record_id"]) == (operation, record_id)
    assert usage_of(record) == {**meters, "requests": 1}
    assert detect(json.dumps(line).encode() + b"\n")


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete", "response.done"])
def test_the_response_inside_of_an_event_is_what_it_is_alone(tmp_path: Path, kind: str) -> None:
    """The same id, so that a response logged both ways counts once."""
    alone = read(tmp_path, [response()]).records
    inside = read(tmp_path, [completed(kind)]).records
    assert inside.to_dicts() == alone.to_dicts()
    assert detect(json.dumps(completed(kind)).encode())


@pytest.mark.parametrize(
    "line",
    [
        {"type": "response.created", "response": response(status="in_progress", usage=None)},
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.failed", "response": response(status="failed", usage=None)},
        {"type": "image_generation.partial_image", "b64_json": ""},
        {"type": "transcript.text.delta", "delta": "Hi"},
        {"type": "rate_limits.updated", "rate_limits": []},
        {"type": "error", "code": "server_error"},
        "event: response.completed",
        "data: [DONE]",
        "data:",
        ": keep-alive",
        "id: 7",
        "retry: 3000",
    ],
)
def test_what_happens_on_the_way_is_not_usage(tmp_path: Path, line: Body | str) -> None:
    """Neither a record nor a reject."""
    result = read(tmp_path, [line, chat()])
    assert result.records["record_id"].to_list() == ["chatcmpl-1"]
    assert (result.rejects.height, result.not_usage) == (0, 1)


def test_lines_of_server_sent_events_are_read(tmp_path: Path) -> None:
    """`data:` before the JSON, with and without a blank; what is broken behind it is named."""
    lines = [
        f"data: {json.dumps(chat(id='a'))}",
        f"data:{json.dumps(chat(id='b'))}",
        "data: {broken",
    ]
    result = read(tmp_path, lines)
    assert result.records["record_id"].to_list() == ["a", "b"]
    (reject,) = result.rejects.to_dicts()
    assert (reject["input_line"], reject["rule"]) == (3, "malformed_json")
    assert detect("\n".join(lines).encode())


def test_speech_is_billed_by_tokens_where_it_has_them(tmp_path: Path) -> None:
    """Tokens or characters, never both."""
    by_character = {k: v for k, v in SPEECH.items() if k not in {"type", "usage"}}
    both = {**SPEECH, "characters": 70}
    found = read(tmp_path, [{**by_character, "characters": 70}, both]).records.to_dicts()
    assert [usage_of(record) for record in found] == [
        {"characters": 70, "requests": 1},
        {"text_input_tokens": 14, "audio_output_tokens": 101, "requests": 1},
    ]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({}, 1000),
        (None, 1000),
        ({"text_tokens": 0}, 1000),
        ({"text_tokens": 300}, 700),
        ({"image_tokens": 900}, 900),
    ],
)
def test_output_of_images_is_images_where_nothing_else_is_said(
    tmp_path: Path, details: Body | None, expected: int
) -> None:
    """Empty details are as if they were not there."""
    usage = {"input_tokens": 100, "output_tokens": 1000, "output_tokens_details": details}
    line = {"data": [{"b64_json": ""}], "model": "gpt-image-1.5", "usage": usage, **TIMED}
    many = [{**line, "request_id": f"req_{n}"} for n in range(2)]
    records = read(tmp_path, many).records
    assert records["image_output_tokens"].to_list() == [expected] * 2
    assert records["text_output_tokens"].to_list() == [1000 - expected] * 2
