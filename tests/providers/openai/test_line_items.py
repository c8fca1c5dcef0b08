"""The provider's line items: every spelling that was met, and anything else without a failure."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.bill import LineItem
from pipeline.meters import METER_NAMES
from pipeline.providers.openai.line_items import dated_key, model_key, parse

TEXT_IN, CACHED, WRITES, OUT = (
    "text_input_tokens",
    "cached_text_input_tokens",
    "cache_write_tokens",
    "text_output_tokens",
)

# line item, model_key, meter, kind
SPELLINGS = [
    ("gpt-4o-2024-08-06, input", "gpt-4o", TEXT_IN, "usage"),
    ("gpt-4o-2024-08-06, output", "gpt-4o", OUT, "usage"),
    ("gpt-4o-2024-08-06, cached input", "gpt-4o", CACHED, "usage"),
    ("gpt-4o-mini-2024-07-18, input", "gpt-4o-mini", TEXT_IN, "usage"),
    ("gpt-4o-mini-2024-07-18, output", "gpt-4o-mini", OUT, "usage"),
    ("gpt-4o-mini-2024-07-18, cached input", "gpt-4o-mini", CACHED, "usage"),
    ("gpt-4.1-2025-04-14, input", "gpt-4.1", TEXT_IN, "usage"),
    ("gpt-5-mini-2025-08-07, input", "gpt-5-mini", TEXT_IN, "usage"),
    ("gpt-5.4-2026-03-05, output", "gpt-5.4", OUT, "usage"),
    ("gpt-5.4-2026-03-05, cached input", "gpt-5.4", CACHED, "usage"),
    ("gpt-5.4-nano-2026-03-17, output", "gpt-5.4-nano", OUT, "usage"),
    ("gpt-5.4-mini-2026-03-17, cached input", "gpt-5.4-mini", CACHED, "usage"),
    ("gpt-5.6-terra, input", "gpt-5.6-terra", TEXT_IN, "usage"),
    ("gpt-5.6-terra, output", "gpt-5.6-terra", OUT, "usage"),
    ("gpt-5.6-terra, cached input", "gpt-5.6-terra", CACHED, "usage"),
    ("gpt-5.6-terra, cache writes", "gpt-5.6-terra", WRITES, "usage"),
    ("gpt-5.6-luna, cache writes", "gpt-5.6-luna", WRITES, "usage"),
    ("gpt-5.6-sol, input", "gpt-5.6-sol", TEXT_IN, "usage"),
    ("chat-latest, input", "chat-latest", TEXT_IN, "usage"),
    ("gpt-image-1 image, output", "gpt-image-1", "image_output_tokens", "usage"),
    ("gpt-image-1 image, input", "gpt-image-1", "image_input_tokens", "usage"),
    ("gpt-image-1 image, cached input", "gpt-image-1", "cached_image_input_tokens", "usage"),
    ("gpt-image-1 text, input", "gpt-image-1", TEXT_IN, "usage"),
    ("gpt-image-1 text, cached input", "gpt-image-1", CACHED, "usage"),
    ("gpt-image-2-2026-04-21 image, output", "gpt-image-2", "image_output_tokens", "usage"),
    ("gpt-image-2-2026-04-21 image, input", "gpt-image-2", "image_input_tokens", "usage"),
    (
        "gpt-image-2-2026-04-21 image, cached input",
        "gpt-image-2",
        "cached_image_input_tokens",
        "usage",
    ),
    ("gpt-image-2-2026-04-21 text, input", "gpt-image-2", TEXT_IN, "usage"),
    ("gpt-image-2-2026-04-21 text, output", "gpt-image-2", OUT, "usage"),
    ("gpt-audio-mini-2025-12-15 audio, input", "gpt-audio-mini", "audio_input_tokens", "usage"),
    ("gpt-audio-mini-2025-12-15 text, output", "gpt-audio-mini", OUT, "usage"),
    ("text-embedding-3-small, input", "text-embedding-3-small", TEXT_IN, "usage"),
    ("o1-pro, output", "o1-pro", OUT, "usage"),
    ("ft-gpt-4o-2024-08-06, input", "ft:gpt-4o", TEXT_IN, "usage"),
    ("ft-gpt-4o-2024-08-06, output", "ft:gpt-4o", OUT, "usage"),
    ("evals | gpt-4o-mini-2024-07-18, input", "gpt-4o-mini", TEXT_IN, "usage"),
    ("assistants api | file search", None, "vector_store_gb_days", "usage"),
    ("whisper", "whisper-1", "audio_seconds", "usage"),
    ("web search tool calls", None, "web_search_calls", "usage"),
    ("file search tool calls", None, "file_search_calls", "usage"),
    ("gpt-live-1, voice session", "gpt-live-1", "audio_seconds", "realtime_session"),
    (
        "gpt-realtime-2.1-mini-2026-08-28, audio input",
        "gpt-realtime-2.1-mini",
        "audio_input_tokens",
        "realtime_session",
    ),
    ("Image models", None, None, "unknown"),
    ("input_tokens", None, None, "unknown"),
    ("Instruct models", None, None, "unknown"),
    ("Chat models", None, None, "unknown"),
    ("GPT-4", None, None, "unknown"),
    ("Fine-tuned models", None, None, "unknown"),
    ("Embedding models", None, None, "unknown"),
    ("Audio models", None, None, "unknown"),
]

# Not met in the wild yet; what they would mean is plain.
LIKELY = [
    ("ft-gpt-4o-mini-2024-07-18, training", "ft:gpt-4o-mini", "training_tokens", "training"),
    ("code interpreter sessions", None, "code_interpreter_sessions", "usage"),
    ("hosted shell", None, "code_interpreter_sessions", "container"),
    ("containers, 4g", None, "code_interpreter_sessions", "container"),
    ("sora-2, video seconds", "sora-2", "video_seconds", "video"),
    ("sora-2", "sora-2", "video_seconds", "video"),
    ("dall-e-3", "dall-e-3", "images", "usage"),
    ("tts-1", "tts-1", "characters", "usage"),
    ("tts-1-hd, characters", "tts-1-hd", "characters", "usage"),
    ("gpt-4o-transcribe", "gpt-4o-transcribe", "audio_seconds", "usage"),
    ("gpt-realtime, output", "gpt-realtime", OUT, "realtime_session"),
    ("gpt-4o-realtime-preview, input", "gpt-4o-realtime-preview", TEXT_IN, "realtime_session"),
    ("gpt-9-new, input", "gpt-9-new", TEXT_IN, "usage"),
    ("gpt-9-new", "gpt-9-new", None, "usage"),
    ("gpt-9-new, thoughts", "gpt-9-new", None, "unknown"),
    ("gpt-4o, cached audio input", "gpt-4o", "cached_audio_input_tokens", "usage"),
    ("  gpt-4o ,  INPUT ", "gpt-4o", TEXT_IN, "usage"),
]


@pytest.mark.parametrize(("text", "key", "meter", "kind"), SPELLINGS + LIKELY)
def test_a_spelling_is_read_as_what_it_means(
    text: str, key: str | None, meter: str | None, kind: str
) -> None:
    """Model, meter and who else shows it, for every string that the bill was seen with."""
    found = parse(text)
    named = None if found.model is None else model_key(found.model)
    assert (named, found.meter, found.kind) == (key, meter, kind)


def test_all_that_a_line_says_is_kept() -> None:
    """Surface, the model as written, the fine-tuned mark and the modality word."""
    assert parse("evals | ft-gpt-4o-2024-08-06 audio, cached input") == LineItem(
        surface="evals",
        model="ft-gpt-4o-2024-08-06",
        modality="audio",
        meter="cached_audio_input_tokens",
        kind="usage",
    )


@pytest.mark.parametrize(
    "text",
    [None, "", " ", ",", "|", " | ", ", input", "a b c, input", "=1+1", "<b>x</b>", "x" * 9_999,
     "'; DROP TABLE charges; --", "\x00", "gpt\n4o", "gpt\u202e4o\n4o, x", ",,,", "foo",
     "foo | bar | baz"],
)  # fmt: skip
def test_what_cannot_be_read_is_unknown(text: str | None) -> None:
    """A string of any form is of the kind `unknown`, without a failure."""
    assert parse(text).kind == "unknown"


@given(st.text())
def test_no_text_fails(text: str) -> None:
    """Whatever comes, a line item with a meter of ours or none comes out."""
    found = parse(text)
    assert found.meter is None or found.meter in METER_NAMES


def test_usage_and_costs_meet_in_one_key() -> None:
    """The id of a usage record and the name on the bill have the same key."""
    pairs = [
        ("ft:gpt-4o-2024-08-06:acme:support:AbC", "ft-gpt-4o-2024-08-06"),
        ("gpt-image-1-2025-04-23", "gpt-image-1"),
        ("gpt-image-2", "gpt-image-2-2026-04-21"),
        ("whisper-1", "whisper"),
    ]
    assert [model_key(used) == model_key(billed) for used, billed in pairs] == [True] * 4
    assert dated_key("ft:gpt-4o-2024-08-06:acme::x") == "ft:gpt-4o-2024-08-06"
    assert model_key("gpt-4-1106-preview") == "gpt-4-1106-preview"


@pytest.mark.parametrize(
    ("line_item", "quantity", "unit", "expected"),
    [
        ("gpt-4o, input", "2805.0", "tokens", "2805.0"),
        ("gpt-4o, input", "2.805", "1000_tokens", "2805"),
        ("whisper", "1.5", "duration_minutes", "90"),
        ("whisper", "2", "duration_hours", "7200"),
        ("file search storage", "25", "gibibyte_hours", "1.041667"),
        ("gpt-4o, input", "1", "gibibyte_hours", None),
        ("gpt-4o, input", "1", "images", None),
        ("web search", "7", None, "7"),
        ("web search", "7", "calls", "7"),
    ],
)
def test_a_quantity_comes_in_the_unit_of_our_meter(
    line_item: str, quantity: str, unit: str | None, expected: str | None
) -> None:
    """Thousands, minutes, hours and GiB-hours are converted; another thing's unit is None."""
    found = parse(line_item, unit).in_unit_of_meter(Decimal(quantity))
    assert found == (None if expected is None else Decimal(expected))
