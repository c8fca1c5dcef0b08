"""The counts that one response body names, each checked against the total it is part of.

Cached, written, audio and image tokens are inside the input; reasoning, predicted, audio and
image tokens inside the output. Nothing here makes meters: `request_meters` does.
"""

from __future__ import annotations

from pipeline.intake.rejects import RowError
from pipeline.intake.request_log.json_fields import Fields
from pipeline.meters import LARGEST_QUANTITY

Counts = dict[str, int | str | None]

_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
_MODALITIES = ("text", "audio", "image")


def token_counts(usage: Fields, *, has_output: bool = True) -> Counts:
    """The counts of a `usage` object in any of the API's spellings.

    Fails: RowError `missing_usage`, `not_a_count`, `token_identity`, `cached_exceeds_input`.
    """
    in_key = _spelling(usage, "prompt_tokens", "input_tokens")
    out_key = _spelling(usage, "completion_tokens", "output_tokens")
    total_in = usage.count(in_key)
    total_out = usage.count(out_key)
    for key, number in ((in_key, total_in), (out_key, total_out)):
        if number is None and (key == in_key or has_output):
            raise RowError("missing_usage", f"usage.{key} is missing")
    total_in, total_out = total_in or 0, total_out or 0
    total = usage.count("total_tokens", most=2 * LARGEST_QUANTITY)
    if total not in {None, total_in + total_out}:
        raise RowError(
            "token_identity",
            f"total_tokens {total} is not {in_key} {total_in} + {out_key} {total_out}",
        )
    return {
        "input_tokens": total_in,
        "output_tokens": total_out,
        "total_tokens": total,
        **_input_counts(_details(usage, _INPUT_DETAILS, in_key), in_key, total_in),
        **_output_counts(_details(usage, _OUTPUT_DETAILS, out_key), out_key, total_out),
    }


def image_tokens(usage: Fields) -> Counts:
    """The counts of `token_counts`, taking output of unknown modality for images."""
    return _with_rest(token_counts(usage), "output", "image")


def speech_tokens(usage: Fields) -> Counts:
    """The counts of `token_counts`, taking output of unknown modality for audio."""
    return _with_rest(token_counts(usage), "output", "audio")


def transcription_tokens(usage: Fields) -> Counts:
    """The counts of `token_counts`, taking input of unknown modality for audio."""
    return _with_rest(token_counts(usage), "input", "audio")


def svg_counts(usage: Fields) -> Counts:
    """What an author model spent on an SVG, beside the rendering."""
    counts = token_counts(usage)
    _check_parts(
        "output_tokens",
        _total(counts, "output_tokens"),
        {"reasoning_tokens": usage.count("reasoning_tokens") or 0},
    )
    return counts


def calls(body: Fields, kind: str) -> list[Fields]:
    """The items of a response's output that are calls of one tool."""
    return [item for item in body.parts("output") if item.values.get("type") == kind]


def tool_images(body: Fields) -> Counts | None:
    """Tokens of the image model that a response's tool used; None where it used none."""
    usage = body.part("tool_usage").part("image_gen")
    if not (usage.count("input_tokens") or usage.count("output_tokens")):
        return None
    counts = image_tokens(usage)
    cached = usage.count("cached_tokens")
    parts = usage.part("cached_tokens_details")
    return counts | _cached_counts(
        cached,
        {
            "text": parts.count("cached_text_tokens"),
            "image": parts.count("cached_image_tokens"),
            "audio": None,
        },
        "input_tokens",
        _total(counts, "input_tokens"),
        {m: _total(counts, f"input_{m}_tokens") for m in ("audio", "image")},
    )


def _with_rest(counts: Counts, direction: str, modality: str) -> Counts:
    """A count that the details leave out is what the others leave of the total."""
    key = f"{direction}_{modality}_tokens"
    if counts[key] is None:
        others = sum(
            _total(counts, f"{direction}_{m}_tokens") for m in _MODALITIES if m != modality
        )
        counts[key] = _total(counts, f"{direction}_tokens") - others
    return counts


def _input_counts(details: list[Fields], key: str, total: int) -> Counts:
    parts = {m: _first(details, f"{m}_tokens") for m in _MODALITIES}
    _check_parts(key, total, {f"{m}_tokens": n or 0 for m, n in parts.items()})
    written = _first(details, "cache_write_tokens")
    lifetimes = [d.part("cache_write_tokens_details") for d in details]
    short = _first(lifetimes, "ttl_30m_tokens")
    long = _first(lifetimes, "ttl_12h_tokens")
    if written is None and (short or long):
        written = (short or 0) + (long or 0)
    _check_parts(
        "cache_write_tokens",
        written or 0,
        {"ttl_30m_tokens": short or 0, "ttl_12h_tokens": long or 0},
    )
    by_modality = [d.part("cached_tokens_details") for d in details]
    cached = _cached_counts(
        _first(details, "cached_tokens"),
        {m: _first(by_modality, f"{m}_tokens") for m in _MODALITIES},
        key,
        total,
        {m: parts[m] or 0 for m in ("audio", "image")},
    )
    both = _total(cached, "cached_tokens") + (written or 0)
    if both > total:
        raise RowError(
            "cached_exceeds_input",
            f"cached_tokens {cached['cached_tokens'] or 0} + cache_write_tokens {written} "
            f"exceed {key} {total}",
        )
    return {
        **{f"input_{m}_tokens": n for m, n in parts.items()},
        **cached,
        "cache_write_tokens": written,
        "cache_write_30m_tokens": short,
        "cache_write_12h_tokens": long,
    }


def _cached_counts(
    cached: int | None, parts: dict[str, int | None], key: str, total: int, room: dict[str, int]
) -> Counts:
    known = sum(n or 0 for n in parts.values())
    if cached is None and known:
        cached = known
    if cached is not None and cached > total:
        raise RowError("cached_exceeds_input", f"cached_tokens {cached} exceeds {key} {total}")
    _check_parts("cached_tokens", cached or 0, {f"cached {m}": n or 0 for m, n in parts.items()})
    room = {"text": total - sum(room.values()), **room}
    for modality, number in parts.items():
        if (number or 0) > room[modality]:
            raise RowError(
                "cached_exceeds_input",
                f"cached {modality} tokens {number} exceed the {modality} tokens "
                f"{room[modality]} of {key} {total}",
            )
    return {"cached_tokens": cached, **{f"cached_{m}_tokens": n for m, n in parts.items()}}


def _output_counts(details: list[Fields], key: str, total: int) -> Counts:
    parts = {m: _first(details, f"{m}_tokens") for m in _MODALITIES}
    _check_parts(key, total, {f"{m}_tokens": n or 0 for m, n in parts.items()})
    reasoning = _first(details, "reasoning_tokens")
    _check_parts(key, total, {"reasoning_tokens": reasoning or 0})
    return {**{f"output_{m}_tokens": n for m, n in parts.items()}, "reasoning_tokens": reasoning}


def _check_parts(key: str, total: int, parts: dict[str, int]) -> None:
    """Check that the parts of a total do not exceed it. Fails: RowError."""
    if sum(parts.values()) > total:
        named = " + ".join(f"{name} {number}" for name, number in parts.items() if number)
        verb = "exceed" if "+" in named else "exceeds"
        raise RowError("token_identity", f"{named} {verb} {key} {total}")


def _spelling(usage: Fields, first: str, second: str) -> str:
    return second if usage.has(second) and not usage.has(first) else first


def _details(usage: Fields, names: tuple[str, ...], total_key: str) -> list[Fields]:
    """The details of a total; those in its own spelling go first."""
    own = f"{total_key}_details"
    return [usage.part(name) for name in sorted(names, key=lambda name: name != own)]


def _first(objects: list[Fields], key: str) -> int | None:
    counts = [fields.count(key) for fields in objects if fields.has(key)]
    return counts[0] if counts else None


def _total(counts: Counts, key: str) -> int:
    value = counts.get(key)
    return value if isinstance(value, int) else 0
