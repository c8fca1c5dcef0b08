"""What the provider bills the made-up organization for a call: line items of its costs endpoint.

The prices stand here and are not read from the price book, so that the sample's costs are a
second opinion about its charges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from pipeline.demo.cast import Call
from pipeline.demo.workloads import LONG_CONTEXT_ABOVE, SUPPORT_MODEL, UNPRICED_MODEL

CONTRACT_SINCE = datetime.combine(date(2026, 10, 1), time())
DISCOUNT_SINCE = datetime.combine(date(2026, 11, 1), time())
DISCOUNT_PERCENT = Decimal(5)
DISCOUNT_PROJECT = "enrichment"
CONTRACT_MODEL = "gpt-5-mini-2025-08-07"

# USD per million tokens, by what the line item calls them.
_LIST: dict[str, dict[str, str]] = {
    "gpt-4o-mini-2024-07-18": {"input": "0.15", "cached input": "0.075", "output": "0.60"},
    "gpt-4o-2024-08-06": {"input": "2.50", "cached input": "1.25", "output": "10.00"},
    "gpt-4.1-2025-04-14": {"input": "2.00", "cached input": "0.50", "output": "8.00"},
    "gpt-5-2025-08-07": {"input": "1.25", "cached input": "0.125", "output": "10.00"},
    CONTRACT_MODEL: {"input": "0.25", "cached input": "0.025", "output": "2.00"},
    "gpt-5.4-2026-03-05": {"input": "2.50", "cached input": "0.25", "output": "15.00"},
    "gpt-5.4-mini-2026-03-17": {"input": "0.75", "cached input": "0.075", "output": "4.50"},
    "gpt-5.6-terra": {
        "input": "2.00",
        "cached input": "0.20",
        "cache writes": "2.50",
        "output": "12.00",
    },
    "o3-2025-04-16": {"input": "2.00", "cached input": "0.50", "output": "8.00"},
    SUPPORT_MODEL: {"input": "0.30", "cached input": "0.15", "output": "1.20"},
    UNPRICED_MODEL: {"input": "4.00", "cached input": "0.40", "output": "20.00"},
    "text-embedding-3-small": {"input": "0.02"},
    "text-embedding-3-large": {"input": "0.13"},
    "gpt-4o-transcribe": {"input": "2.50", "audio input": "6.00", "output": "10.00"},
    "gpt-audio-mini-2025-12-15": {
        "input": "0.60",
        "output": "2.40",
        "audio input": "10.00",
        "audio output": "20.00",
    },
    "gpt-image-2": {"input": "5.00", "image input": "8.00", "image output": "30.00"},
}
CONTRACT: dict[str, str] = {"input": "0.225", "cached input": "0.0225", "output": "1.80"}
_TIERS = {"default": Decimal(1), "flex": Decimal("0.5"), "priority": Decimal(2)}
_BATCH = Decimal("0.5")
_LONG = {"input": Decimal(2), "cached input": Decimal(2), "output": Decimal("1.5")}
_WHISPER_A_SECOND = Decimal("0.0001")
_SPEECH_A_CHARACTER = Decimal("0.000015")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bill has beside list prices."""

    contract: bool = True
    discount: bool = True
    long_context: bool = True


AGREED = Terms()


@dataclass(frozen=True, slots=True)
class Billed:
    """One amount on the bill."""

    at: datetime
    project_id: str
    line_item: str
    quantity: int
    unit: str | None
    amount_usd: Decimal


def billed(call: Call, terms: Terms = AGREED) -> Iterator[Billed]:
    """The line items of one call; nothing for what is free."""
    match call.workload.kind:
        case "moderation":
            return
        case "timed_transcription":
            amount = call.seconds * _WHISPER_A_SECOND
            yield _item(call, "whisper", call.seconds, "duration_seconds", amount)
        case "speech":
            amount = call.characters * _SPEECH_A_CHARACTER
            yield _item(call, call.model, call.characters, "characters", amount)
        case _:
            for kind, count in _tokens(call).items():
                if count:
                    amount = count * _price(call, kind, terms) / _MILLION
                    yield _item(call, _line_item(call.model, kind), count, "tokens", amount)


def _tokens(call: Call) -> dict[str, int]:
    """The call's tokens, each in exactly one kind."""
    picture_out = call.output_tokens if call.images else 0
    special = call.cached_tokens + call.cache_write_tokens
    special += call.audio_input_tokens + call.image_input_tokens
    return {
        "input": call.input_tokens - special,
        "cached input": call.cached_tokens,
        "cache writes": call.cache_write_tokens,
        "audio input": call.audio_input_tokens,
        "image input": call.image_input_tokens,
        "output": call.output_tokens - call.audio_output_tokens - picture_out,
        "audio output": call.audio_output_tokens,
        "image output": picture_out,
    }


def _price(call: Call, kind: str, terms: Terms) -> Decimal:
    contracted = (
        terms.contract
        and call.model == CONTRACT_MODEL
        and call.service_tier == "default"
        and call.at >= CONTRACT_SINCE
    )
    if contracted:
        return Decimal(CONTRACT[kind])
    price = Decimal(_LIST[call.model][kind]) * _TIERS[call.service_tier]
    if call.workload.is_batch:
        price *= _BATCH
    # Above the border the whole call costs more, not just the excess.
    is_long = call.model.startswith("gpt-5.4-2026") and call.input_tokens > LONG_CONTEXT_ABOVE
    if terms.long_context and is_long:
        price *= _LONG[kind]
    if terms.discount and call.project.slug == DISCOUNT_PROJECT and call.at >= DISCOUNT_SINCE:
        price *= 1 - DISCOUNT_PERCENT / 100
    return price


def _line_item(model: str, kind: str) -> str:
    """The provider's spelling: ``MODEL, input``, ``MODEL audio, input``, ``ft-BASE, input``."""
    name = f"ft-{model.split(':')[1]}" if model.startswith("ft:") else model
    if name == "gpt-image-2":
        name = "gpt-image-2-2026-04-21"  # the costs endpoint dates it, the usage endpoints do not
    first, _, rest = kind.partition(" ")
    if first in {"audio", "image"}:
        return f"{name} {first}, {rest}"
    if name.startswith(("gpt-image", "gpt-audio")) or name == "gpt-4o-transcribe":
        return f"{name} text, {kind}"
    return f"{name}, {kind}"


def _item(call: Call, line_item: str, quantity: int, unit: str, amount_usd: Decimal) -> Billed:
    return Billed(call.at, call.project.id, line_item, quantity, unit, amount_usd)
