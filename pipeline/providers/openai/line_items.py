"""The provider's `line_item` strings, taken apart: surface, model, meter, and who else shows them.

Comes in: one string of the costs endpoint, as sent. Goes out: a `LineItem`. It never fails: what
it cannot read is of the kind `unknown`. The spellings are undocumented, and grow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache
from typing import Literal

from pipeline.meters import METER_UNITS
from pipeline.money import round_quantity

Kind = Literal["usage", "training", "video", "realtime_session", "container", "unknown"]

# The costs endpoint's short names of what the usage endpoints call otherwise.
MODEL_ALIASES = {"whisper": "whisper-1"}

_TOOLS: dict[str, tuple[str | None, Kind]] = {
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

_FACTORS: dict[str, tuple[str, int]] = {
    "tokens": ("tokens", 1),
    "1000_tokens": ("tokens", 1000),
    "duration_seconds": ("seconds", 1),
    "duration_minutes": ("seconds", 60),
    "duration_hours": ("seconds", 3600),
    "images": ("images", 1),
    "characters": ("characters", 1),
}
_HOURS_A_DAY = Decimal(24)
_PLENTY = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class LineItem:
    """One `line_item`: what it is about, and whether a usage endpoint shows the same."""

    surface: str | None  # such as "evals"; lower case
    model: str | None  # as written
    model_key: str | None  # see `model_key`
    is_fine_tuned: bool
    modality: str | None  # as written; None where the line says only "input"
    meter: str | None  # one of METER_NAMES
    kind: Kind


_UNKNOWN = LineItem(None, None, None, False, None, None, "unknown")


def parse(line_item: str | None) -> LineItem:
    """What a `line_item` is about.

    **Gives** the kind `usage` where some usage endpoint shows the same, whether or not anybody
    knows the model; training, video, realtime and voice sessions, containers are on the bill
    only; `unknown` is all that cannot be read, None and "" among it.
    **Source** the spellings met so far, in the reference of the admin API, section 3.4.
    """
    text = " ".join((line_item or "").split())
    surface, bar, rest = text.partition(" | ")
    if not bar:
        surface, rest = "", text
    return _parse(rest.strip(), surface.strip().lower() or None)


@lru_cache(maxsize=4096)
def model_key(model: str) -> str:
    """A model id as usage and costs can be compared by it: lower case, no date, `ft:BASE`.

    ``gpt-4o-2024-08-06`` → ``gpt-4o``; ``ft:gpt-4o-2024-08-06:acme::id`` and
    ``ft-gpt-4o-2024-08-06`` → ``ft:gpt-4o``; ``whisper`` → ``whisper-1``.
    """
    return _DATE.sub("", dated_key(model))


@lru_cache(maxsize=4096)
def dated_key(model: str) -> str:
    """The same with the date that the id carries: the most that the bill says of a model."""
    name = model.strip().lower()
    tuned = _FINE_TUNED.fullmatch(name)
    if tuned:
        return f"ft:{tuned[1]}"
    return MODEL_ALIASES.get(name, name)


def in_unit_of(meter: str, quantity: Decimal, quantity_unit: str | None) -> Decimal | None:
    """The provider's quantity in the unit of our meter; None where its unit is another thing.

    Without a unit, and with one that nobody knows, it is taken as it is: the provider's own list
    of units is open, and a call has none. Half-even at 6 decimals.
    """
    unit = METER_UNITS[meter]
    if quantity_unit == "gibibyte_hours":
        if unit != "gb_days":
            return None
        with localcontext(_PLENTY):
            return round_quantity(quantity / _HOURS_A_DAY)
    known = _FACTORS.get(quantity_unit or "")
    if known is None:
        return quantity
    of_unit, factor = known
    if of_unit != unit:
        return None
    with localcontext(_PLENTY):
        return round_quantity(quantity * factor)


def _parse(text: str, surface: str | None) -> LineItem:
    words = text.lower()
    if surface is not None and (surface, words) in _OF_SURFACE:
        return LineItem(surface, None, None, False, None, _OF_SURFACE[surface, words], "usage")
    if words in _TOOLS:
        meter, kind = _TOOLS[words]
        return LineItem(surface, None, None, False, None, meter, kind)
    if _CONTAINER.search(words):
        return LineItem(surface, None, None, False, None, "code_interpreter_sessions", "container")
    name, comma, what = text.rpartition(",")
    if comma:
        return _of_model(name.strip(), what.strip().lower(), surface)
    if not text or _CATEGORIES.fullmatch(words):
        return _UNKNOWN if surface is None else LineItem(*_with(surface))
    return _bare(text, surface)


def _of_model(name: str, what: str, surface: str | None) -> LineItem:
    """``MODEL, KIND`` and ``MODEL MODALITY, KIND`` and ``MODEL, MODALITY KIND``."""
    model, what, modality = _modality(name, what)
    if not _MODEL.fullmatch(model):
        return LineItem(*_with(surface))
    key = model_key(model)
    meter = _TOKENS.get((modality or "text", what)) or _COUNTS.get(what)
    kind: Kind = "usage" if meter else "unknown"
    if _TRAINING.search(what):
        meter, kind = ("training_tokens", "training")
    elif key.startswith("sora") or what.startswith("video"):
        meter, kind = "video_seconds", "video"
    elif _REALTIME.match(key) or what.endswith(("session", "sessions")):
        meter, kind = meter or "audio_seconds", "realtime_session"
    return LineItem(surface, model, key, key.startswith("ft:"), modality, meter, kind)


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
        return LineItem(*_with(surface))
    key = model_key(text)
    is_fine_tuned = key.startswith("ft:")
    if key.startswith("sora"):
        return LineItem(surface, text, key, is_fine_tuned, None, "video_seconds", "video")
    if _REALTIME.match(key):
        return LineItem(surface, text, key, is_fine_tuned, None, None, "realtime_session")
    for names, meter in _BARE:
        if names.fullmatch(key.removeprefix("ft:")):
            return LineItem(surface, text, key, is_fine_tuned, None, meter, "usage")
    return LineItem(*_with(surface))


def _with(surface: str | None) -> tuple[str | None, None, None, bool, None, None, Kind]:
    return surface, None, None, False, None, None, "unknown"
