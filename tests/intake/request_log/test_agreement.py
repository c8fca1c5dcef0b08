"""Whatever is wrong with a line, the fast readers and the reading by hand say the same of it."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.request_log.fast_read import ANY, BATCH, CHAT, EMBEDDINGS, RESPONSE
from tests.support.request_lines import (
    CREATED,
    batch,
    chat,
    decision,
    embeddings,
    image,
    read_with,
    response,
)

Key = str | int

TRANSCRIPT = {"text": "hello", "model": "gpt-4o-transcribe", "created": CREATED}
BODIES: tuple[dict[str, Any], ...] = (
    chat(),
    response(),
    embeddings(),
    decision(),
    image(),
    batch(chat()),
    batch(response()),
    batch(embeddings(created=CREATED)),
    chat(object="chat.completion.chunk"),
    chat(model="gpt-5-search-api"),
    response(
        model="gpt-4o",
        tools=[{"type": "web_search"}],
        output=[{"type": "web_search_call", "status": "completed"}, {"type": "message"}],
    ),
    image(usage={**image()["usage"], "output_tokens_details": {"image_tokens": 1756}}),
    {
        "type": "speech.audio.done",
        "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115},
        "model": "gpt-4o-mini-tts",
        "created": CREATED,
    },
    response(
        output=[
            {"type": "web_search_call", "status": "completed", "action": {"type": "search"}},
            {"type": "file_search_call"},
        ],
        tool_usage={"web_search": {"num_requests": 2}, "image_gen": {"total_tokens": 0}},
    ),
    {
        **TRANSCRIPT,
        "usage": {
            "type": "tokens",
            "input_tokens": 14,
            "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
            "output_tokens": 5,
            "total_tokens": 19,
        },
    },
    {**TRANSCRIPT, "usage": {"type": "duration", "seconds": 8.5}},
    {"id": "modr-1", "model": "omni", "results": [{"flagged": False}], "created": CREATED},
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 5, 1.5, 1e3, 1e300, 10**17, 10**18),
    *("", "x", "5", "+5", "{", "[x", "null", "tokens", "duration", "completed", "failed"),
    *(5.0, 1000.0, 10**12, 10**12 + 1, 2 * 10**12, CREATED + 0.25, CREATED + 0.123456),
    *(" 5", "5 ", "5.0", "1e3", "1_000", "0x10", "inf", "\u0661", "-0", "007", "5."),
    *(CREATED + 0.1234567, "1793491200.5", "2026-11-01T00:00:00 UTC", "2026-06-30T23:59:60Z"),
    *("2026-11-01T00:00:00+14:00", "2026-11-01T00:00:00.1234567Z", "20261101T000000Z"),
    *("2026-11-01 00:00:00Z", "2026-11-01", "2026-11-01T00:00", "2026-11-01T24:00:00Z"),
    *("gpt-4o-search-preview", "web_search_call", "web_search_preview", "code_interpreter_call"),
    *("response", "list", "chat.completion", "2026-11-01T00:00:00Z", CREATED, CREATED * 1_000),
    *([], {}, [1], ["x"], [{}], {"a": 1}, {"cached_tokens": 3}, {"code": "server_error"}),
)
FURTHER: dict[str, Any] = {
    "answers": [],
    "cached_tokens_details": {"audio_tokens": 1},
    "characters": 3,
    "created_at": CREATED,
    "custom_id": "task-1",
    "data": [],
    "error": {"code": "server_error"},
    "object": "x",
    "response": {"status_code": 500},
    "results": [],
    "status": "failed",
    "tools": [{"type": "web_search_preview"}],
    "type": "image_generation.partial_image",
    "event_id": "event_1",
    "svg_usage": {"model": "m", "input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}
# Where DOUBLE is read for speed and no total bears the value out, `true` passes for 1 or 0. Both
# are no meter's whole quantity: reasoning is inside the output, one cached token does not occur.
LENIENT = frozenset({"reasoning_tokens", "cached_tokens"})


def places(value: object, path: tuple[Key, ...] = ()) -> list[tuple[Key, ...]]:
    """The path to every value in a line."""
    items: list[tuple[Key, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found: list[tuple[Key, ...]] = []
    for key, inner in items:
        found += [(*path, key), *places(inner, (*path, key))]
    return found


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A good line with one or two values replaced or removed, or a key that should not be."""
    line: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(BODIES)))
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from(places(line)))
        target: Any = line
        for key in above:
            target = target[key]
        value = copy.deepcopy(draw(st.sampled_from(VALUES)))
        if isinstance(target, dict) and draw(st.integers(0, 6)) == 0:
            del target[last]
        elif not (last in LENIENT and isinstance(value, bool)):
            target[last] = value
    if draw(st.integers(0, 4)) == 0:
        key = draw(st.sampled_from(sorted(FURTHER)))
        usage = line.get("usage")
        target = usage if isinstance(usage, dict) and draw(st.booleans()) else line
        target[key] = copy.deepcopy(FURTHER[key])
    return line


@settings(max_examples=7)
@given(st.lists(spoiled(), min_size=20, max_size=60))
@pytest.mark.slow
def test_the_readers_agree_about_spoiled_lines(lines: list[dict[str, Any]]) -> None:
    """The same records, the same rejects with the same rule and detail, the same not usage."""
    with tempfile.TemporaryDirectory() as folder:
        slowly_read = read_with(Path(folder), lines)
        for reader in (ANY, CHAT, RESPONSE, EMBEDDINGS, BATCH):
            result = read_with(Path(folder), lines, reader)
            assert result.records.to_dicts() == slowly_read.records.to_dicts(), reader.statement
            assert result.rejects.to_dicts() == slowly_read.rejects.to_dicts(), reader.statement
            assert result[2:] == slowly_read[2:], reader.statement
