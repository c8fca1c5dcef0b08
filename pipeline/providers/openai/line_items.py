"""The provider's `line_item` strings, taken apart: surface, model, meter, and who else shows them.

Comes in: one string of the costs endpoint, as sent. Goes out: a `LineItem`. It never fails: what
it cannot read is of the kind `unknown`. The spellings are undocumented, and grow.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from pipeline.ledger.bill import UNKNOWN, Bill, BillNames, ItemKind, LineItem
from pipeline.meters import METER_UNITS

# The costs endpoint's short names of what the usage endpoints call otherwise.
MODEL_ALIASES = {"whisper": "whisper-1"}

_TOOLS: dict[str, tuple[str | None, ItemKind]] = {
    "web search tool calls": ("web_search_calls", "usage"),
    "web search calls": ("web_search_calls", "usage"),
    "web search": ("web_search_calls", "usage"),
    "file search tool calls": ("file_search_calls", "usage"),
    "file search calls": ("file_search_calls", "usage"),
    "file search storage": ("vector_store_gb_days", "usage"),
    "vector store storage": ("vector_store_gb_days", "usage"),
    "vector stores": ("vector_store_gb_days", "usage"),
    "code interpreter": ("code_interpreter_sessions", "usage"),
    "code interpreter sessions": ("code_interpreter_sessions", "usage"),
    "code interpreter tool calls": ("code_interpreter_sessions", "usage"),
}
# On this surface the words mean what is stored, not the calls.
_OF_SURFACE = {("assistants api", "file search"): "vector_store_gb_days"}

_TOKENS = {
    ("text", "input"): "text_input_tokens",
    ("text", "cached input"): "cached_text_input_tokens",
    ("text", "cache writes"): "cache_write_tokens",
    ("text", "cache write"): "cache_write_tokens",
    ("text", "cache writes 12h"): "cache_write_12h_tokens",
    ("text", "output"): "text_output_tokens",
    ("audio", "input"): "audio_input_tokens",
    ("audio", "cached input"): "cached_audio_input_tokens",
    ("audio", "output"): "audio_output_tokens",
    ("image", "input"): "image_input_tokens",
    ("image", "cached input"): "cached_image_input_tokens",
    ("image", "output"): "image_output_tokens",
}
_COUNTS = {
    "characters": "characters",
    "images": "images",
    "image generation": "images",
    "duration": "audio_seconds",
    "seconds": "audio_seconds",
    "minutes": "audio_seconds",
    "web search": "web_search_calls",
    "web search calls": "web_search_calls",
    "file search calls": "file_search_calls",
}
_MODALITIES = ("text", "audio", "image")

# Categories of the old dashboard, and words of the reference's own examples: no model, no kind.
_CATEGORIES = re.compile(r"(\S+ )*models?|gpt-4|(input|output)_tokens")
_MODEL = re.compile(r"[^\s|,]+")
_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}(?=$|:)")
_FINE_TUNED = re.compile(r"ft[-:]([^:]+)(:.*)?")
_REALTIME = re.compile(r"(ft:)?gpt-(\S+-)?(realtime|live)\b")
_CONTAINER = re.compile(r"\bcontainers?\b|\bhosted[ _-]shell\b")
_TRAINING = re.compile(r"\btraining\b|\bfine[- ]tuning\b")
# A model's name alone is what it counts, if it counts one thing.
_BARE: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (re.compile(r"whisper\b\S*|gpt-\S*transcribe\S*"), "audio_seconds"),
    (re.compile(r"tts\b\S*|gpt-\S*-tts\b\S*"), "characters"),
    (re.compile(r"dall-e\b\S*|(chatgpt|gpt)-image\b\S*"), "images"),
    (re.compile(r"text-embedding-\S+|(text|omni)-moderation\S*"), "text_input_tokens"),
    (re.compile(r"(gpt|chatgpt|codex|davinci|babbage|o\d)(-\S+)?|chat-latest"), None),
)

# How the bill would write a meter of a model.
_SPELLED = {
    "text_input_tokens": "{}, input",
    "cached_text_input_tokens": "{}, cached input",
    "cache_write_tokens": "{}, cache writes",
    "cache_write_12h_tokens": "{}, cache writes 12h",
    "text_output_tokens": "{}, output",
    "audio_input_tokens": "{} audio, input",
    "cached_audio_input_tokens": "{} audio, cached input",
    "audio_output_tokens": "{} audio, output",
    "image_input_tokens": "{} image, input",
    "cached_image_input_tokens": "{} image, cached input",
    "image_output_tokens": "{} image, output",
    "training_tokens": "{}, training",
    "audio_seconds": "{}",
    "characters": "{}",
    "images": "{}",
    "vector_store_gb_days": "assistants api | file search",
    "code_interpreter_sessions": "code interpreter sessions",
    "web_search_calls": "web search tool calls",
    "file_search_calls": "file search tool calls",
}

_FACTORS: dict[str, tuple[str, int]] = {
    "tokens": ("tokens", 1),
    "1000_tokens": ("tokens", 1000),
    "duration_seconds": ("seconds", 1),
    "duration_minutes": ("seconds", 60),
    "duration_hours": ("seconds", 3600),
    "images": ("images", 1),
    "characters": ("characters", 1),
}
_STORED = "gibibyte_hours"
_HOURS_A_DAY = 24


@lru_cache(maxsize=4096)
def parse(line_item: str | None, quantity_unit: str | None = None) -> LineItem:
    """What a `line_item` is about, and how its quantity becomes one of the meter.

    **Gives** the kind `unknown` for all that cannot be read, None and "" among it. Without a unit,
    and with one that nobody knows, a quantity is taken as it is: the provider's own list of units
    is open, and a call has none.
    **Source** the spellings met so far, in the reference of the admin API, section 3.4.
    """
    text = " ".join((line_item or "").split())
    surface, bar, rest = text.partition(" | ")
    if not bar:
        surface, rest = "", text
    item = _parse(rest.strip(), surface.strip().lower() or None)
    multiplier, divisor = _ratio(item.meter, quantity_unit)
    is_stored = item.kind == "unknown" and quantity_unit == _STORED
    return replace(
        item,
        unit_multiplier=multiplier,
        unit_divisor=divisor,
        scope="storage" if is_stored else None,
    )


@lru_cache(maxsize=4096)
def model_key(model: str) -> str:
    """A model id as usage and costs can be compared by it: lower case, no date, `ft:BASE`.

    ``gpt-4o-2024-08-06`` → ``gpt-4o``; ``ft:gpt-4o-2024-08-06:acme::id`` and
    ``ft-gpt-4o-2024-08-06`` → ``ft:gpt-4o``; ``whisper`` → ``whisper-1``.
    """
    return _DATE.sub("", dated_key(model))


@lru_cache(maxsize=4096)
def dated_key(model: str) -> str:
    """A model id as the bill writes it: with its date, `ft:BASE` for a fine-tuned model."""
    name = model.strip().lower()
    tuned = _FINE_TUNED.fullmatch(name)
    if tuned:
        return f"ft:{tuned[1]}"
    return MODEL_ALIASES.get(name, name)


def spell(model: str | None, meter: str) -> str:
    """The line item under which the bill would show a meter of a model."""
    return _SPELLED.get(meter, "{}, " + meter).format(_spelled(model))


BILL = Bill(parse, BillNames(family=model_key, version=dated_key, line_item=spell))


def _spelled(model: str | None) -> str:
    if model is None:
        return "no model"
    if model.lower().startswith("ft:"):
        return "ft-" + (model.split(":")[1] or model_key(model))
    return model


def _ratio(meter: str | None, quantity_unit: str | None) -> tuple[int | None, int | None]:
    """Multiplier and divisor from a unit of the bill to that of a meter; None: another thing."""
    if meter is None:
        return 1, 1
    unit = METER_UNITS[meter]
    if quantity_unit == _STORED:
        return (1, _HOURS_A_DAY) if unit == "gb_days" else (None, None)
    of_unit, factor = _FACTORS.get(quantity_unit or "", (unit, 1))
    return (factor, 1) if of_unit == unit else (None, None)


def _parse(text: str, surface: str | None) -> LineItem:
    words = text.lower()
    if surface is not None and (surface, words) in _OF_SURFACE:
        return LineItem("usage", _OF_SURFACE[surface, words], surface=surface)
    if words in _TOOLS:
        meter, kind = _TOOLS[words]
        return LineItem(kind, meter, surface=surface)
    if _CONTAINER.search(words):
        return LineItem("container", "code_interpreter_sessions", surface=surface)
    name, comma, what = text.rpartition(",")
    if comma:
        return _of_model(name.strip(), what.strip().lower(), surface)
    if not text or _CATEGORIES.fullmatch(words):
        return _unknown(surface)
    return _bare(text, surface)


def _of_model(name: str, what: str, surface: str | None) -> LineItem:
    """``MODEL, KIND`` and ``MODEL MODALITY, KIND`` and ``MODEL, MODALITY KIND``."""
    model, what, modality = _modality(name, what)
    if not _MODEL.fullmatch(model):
        return _unknown(surface)
    key = model_key(model)
    meter = _TOKENS.get((modality or "text", what)) or _COUNTS.get(what)
    kind: ItemKind = "usage" if meter else "unknown"
    if _TRAINING.search(what):
        meter, kind = ("training_tokens", "training")
    elif key.startswith("sora") or what.startswith("video"):
        meter, kind = "video_seconds", "video"
    elif _REALTIME.match(key) or what.endswith(("session", "sessions")):
        meter, kind = meter or "audio_seconds", "realtime_session"
    return LineItem(kind, meter, model, surface, modality)


def _modality(name: str, what: str) -> tuple[str, str, str | None]:
    for modality in _MODALITIES:
        if name.lower().endswith(f" {modality}"):
            return name[: -len(modality)].rstrip(), what, modality
        if (modality, rest := _without(what, modality)) in _TOKENS:
            return name, rest, modality
    return name, what, None


def _without(what: str, modality: str) -> str:
    """``audio input`` → ``input``, ``cached audio input`` → ``cached input``; else empty."""
    words = what.split()
    return " ".join(w for w in words if w != modality) if modality in words else ""


def _bare(text: str, surface: str | None) -> LineItem:
    if not _MODEL.fullmatch(text):
        return _unknown(surface)
    key = model_key(text)
    if key.startswith("sora"):
        return LineItem("video", "video_seconds", text, surface)
    if _REALTIME.match(key):
        return LineItem("realtime_session", None, text, surface)
    for names, meter in _BARE:
        if names.fullmatch(key.removeprefix("ft:")):
            return LineItem("usage", meter, text, surface)
    return _unknown(surface)


def _unknown(surface: str | None) -> LineItem:
    return replace(UNKNOWN, surface=surface)
