"""The token fields of a usage row as disjoint meters: each token lands in exactly one.

The totals (`input_tokens`, cached, cache writes, `output_tokens`) are the measure. The splits by
kind are taken as they are; text is what remains, so that a split that is missing or old never
loses or doubles a token. What cannot be true is refused with RowError.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from pipeline.intake.rejects import RowError

MOST = 10**18 - 1  # the most a count may be; what it means must be plausible besides


class Tokens(NamedTuple):
    """The meters of one row, and whether a stated text count gave way to the totals."""

    meters: dict[str, int]
    is_text_derived: bool


class _Cached(NamedTuple):
    text: int
    audio: int
    image: int
    is_split: bool  # the row says how much of it is audio


def whole_number(value: Any, field: str) -> int:
    """A count from an integer, a whole float (``59200.0``) or digits. Fails: RowError."""
    number = value
    if isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit():
        number = Decimal(value)
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise RowError("not_a_count", f"{field} is {_shown(value)}, not a whole number")
    if isinstance(number, Decimal):
        if number.adjusted() >= 18 or number != number.to_integral_value():
            raise RowError("not_a_count", f"{field} is {_shown(value)}, not a whole number")
        number = int(number)
    if not 0 <= number <= MOST:
        raise RowError("not_a_count", f"{field} is {_shown(value)}, not between 0 and 18 digits")
    return number


def optional(row: Mapping[str, Any], field: str) -> int | None:
    """The count in a field; None where it is absent or null. Fails: RowError."""
    value = row.get(field)
    return None if value is None else whole_number(value, field)


def required(row: Mapping[str, Any], field: str) -> int:
    """The count in a field that every row has. Fails: RowError."""
    count = optional(row, field)
    if count is None:
        raise RowError("not_a_count", f"{field} is missing")
    return count


def split(row: Mapping[str, Any]) -> Tokens:
    """The meters of a completions or decisions row.

    **Gives** meters whose inputs add up to `input_tokens` and whose outputs to `output_tokens`.
    **Fails** with RowError: `not_a_count`, `cached_exceeds_input`, `token_identity`.
    **Source** the spec's identities; before about 2026 `input_audio_tokens` included cached audio.
    """
    total = required(row, "input_tokens")
    uncached_stated = optional(row, "input_uncached_tokens")
    written, written_12h = _cache_writes(row)
    cached_total = _cached_total(row, total, uncached_stated, written + written_12h)
    uncached = total - cached_total - written - written_12h
    if uncached < 0:
        raise RowError(
            "cached_exceeds_input",
            f"{cached_total} cached and {written + written_12h} cache-write tokens are more than "
            f"input_tokens {total}",
        )
    if uncached_stated is not None and uncached_stated != uncached:
        raise RowError(
            "token_identity",
            f"input_tokens {total} is not uncached {uncached_stated} + cached {cached_total} + "
            f"cache writes {written + written_12h}",
        )
    cached = _cached_kinds(row, cached_total)
    text, audio, image, cached = _uncached_kinds(row, uncached, cached)
    text_out, audio_out, image_out = _output_kinds(row)
    stated = (
        ("input_text_tokens", text),
        ("input_cached_text_tokens", cached.text),
        ("output_text_tokens", text_out),
    )
    return Tokens(
        {
            "text_input_tokens": text,
            "cached_text_input_tokens": cached.text,
            "cache_write_tokens": written,
            "cache_write_12h_tokens": written_12h,
            "text_output_tokens": text_out,
            "audio_input_tokens": audio,
            "cached_audio_input_tokens": cached.audio,
            "audio_output_tokens": audio_out,
            "image_input_tokens": image,
            "cached_image_input_tokens": cached.image,
            "image_output_tokens": image_out,
        },
        any(optional(row, field) not in (None, count) for field, count in stated),
    )


def held_back(row: Any) -> int:
    """The input and output tokens that a refused row names, as far as they are readable."""
    tokens = 0
    for field in ("input_tokens", "output_tokens"):
        try:
            tokens += (optional(row, field) if isinstance(row, dict) else None) or 0
        except RowError:
            continue
    return min(tokens, MOST)


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _cache_writes(row: Mapping[str, Any]) -> tuple[int, int]:
    """Cache writes kept for 30 minutes (or for an unknown time), and for 12 hours."""
    total = optional(row, "input_cache_write_tokens")
    short = optional(row, "input_cache_write_30m_tokens")
    long = optional(row, "input_cache_write_12h_tokens")
    if total is None:
        return short or 0, long or 0
    parts = (short or 0) + (long or 0)
    if parts > total or (short is not None and long is not None and parts != total):
        raise RowError(
            "token_identity",
            f"input_cache_write_tokens {total} is not {short or 0} (30m) + {long or 0} (12h)",
        )
    return total - (long or 0), long or 0


def _cached_total(row: Mapping[str, Any], total: int, uncached: int | None, written: int) -> int:
    cached = optional(row, "input_cached_tokens")
    if cached is not None:
        return cached
    kinds = [optional(row, f"input_cached_{kind}_tokens") for kind in ("text", "audio", "image")]
    if any(k is not None for k in kinds):
        return sum(k or 0 for k in kinds)
    return 0 if uncached is None else max(0, total - uncached - written)


def _cached_kinds(row: Mapping[str, Any], total: int) -> _Cached:
    audio = optional(row, "input_cached_audio_tokens")
    image = optional(row, "input_cached_image_tokens") or 0
    text = total - (audio or 0) - image
    if text < 0:
        raise RowError(
            "token_identity",
            f"cached audio {audio or 0} and cached image {image} are more than "
            f"input_cached_tokens {total}",
        )
    return _Cached(text, audio or 0, image, is_split=audio is not None)


def _uncached_kinds(
    row: Mapping[str, Any], uncached: int, cached: _Cached
) -> tuple[int, int, int, _Cached]:
    """Uncached text, audio and image, and the cached kinds again."""
    audio = optional(row, "input_audio_tokens") or 0
    image = optional(row, "input_image_tokens") or 0
    text = optional(row, "input_text_tokens")
    is_old_definition = text is not None and text + audio - cached.audio + image == uncached
    if cached.is_split and audio >= cached.audio and is_old_definition:
        audio -= cached.audio
    elif audio + image > uncached:
        # Only the old definition makes this true: as much of the audio as must be is cached.
        if not cached.is_split:
            inside = audio + image - uncached
            cached = _Cached(cached.text - inside, inside, cached.image, is_split=True)
            audio -= inside
        else:
            audio -= cached.audio
    if audio < 0 or cached.text < 0 or audio + image > uncached:
        raise RowError(
            "token_identity",
            f"audio {row.get('input_audio_tokens') or 0} and image {image} are more than the "
            f"{uncached} uncached input tokens",
        )
    return uncached - audio - image, audio, image, cached


def _output_kinds(row: Mapping[str, Any]) -> tuple[int, int, int]:
    total = required(row, "output_tokens")
    audio = optional(row, "output_audio_tokens") or 0
    image = optional(row, "output_image_tokens") or 0
    if audio + image > total:
        raise RowError(
            "token_identity",
            f"audio {audio} and image {image} are more than output_tokens {total}",
        )
    return total - audio - image, audio, image
