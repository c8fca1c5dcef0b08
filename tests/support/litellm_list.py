"""The public price list of LiteLLM in the form of ours, to compare the price book with.

`litellm-openai.json` holds the OpenAI entries of `model_prices_and_context_window_backup.json` from
the package litellm 1.106.2 (MIT, Copyright (c) 2023 Berri AI), prices only, numbers as the text
they are written with. The package itself is no test dependency: it needs an older `openai` and a
hundred megabytes for this one file. To renew the extract: `pip download --no-deps litellm`, unpack
the wheel, and run `python -m tests.support.litellm_list PATH_OF_THE_JSON_FILE`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

EXTRACT = Path(__file__).with_name("litellm-openai.json")
PROVIDERS = ("openai", "text-completion-openai")

METERS = {
    "input_cost_per_token": "text_input_tokens",
    "cache_read_input_token_cost": "cached_text_input_tokens",
    "cache_creation_input_token_cost": "cache_write_tokens",
    "output_cost_per_token": "text_output_tokens",
    "input_cost_per_audio_token": "audio_input_tokens",
    "cache_read_input_audio_token_cost": "cached_audio_input_tokens",
    "output_cost_per_audio_token": "audio_output_tokens",
    "input_cost_per_image_token": "image_input_tokens",
    "cache_read_input_image_token_cost": "cached_image_input_tokens",
    "output_cost_per_image_token": "image_output_tokens",
    "input_cost_per_character": "characters",
    "input_cost_per_second": "audio_seconds",
    "output_cost_per_video_per_second": "video_seconds",
    "code_interpreter_cost_per_session": "code_interpreter_sessions",
    "search_context_cost_per_query": "web_search_calls",
}
TIERS = {"_batches": "batch", "_flex": "flex", "_priority": "priority"}
LONG = "_above_272k_tokens"

# Keys that are prices but none that the book could have.
IGNORED = {
    "cache_creation_input_audio_token_cost": "a copy of the cached audio price",
    "input_cost_per_image": "images of models that the provider bills by tokens",
    "input_cost_per_pixel": "as above",
    "output_cost_per_pixel": "as above",
    "output_cost_per_second": "an estimate beside the price by tokens or by input second",
    "_ultrafast": "a tier that the book does not have, so that it is unpriced",
    "_decisions": "one model's prices at one endpoint",
}


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """One price of the list, for one unit, as our keys name it."""

    model: str
    meter: str
    service_tier: str
    context_class: str
    price: Decimal


def prices() -> Iterator[Listed]:
    """Every price of the extract. Fails: KeyError for a key that nobody has thought about."""
    entries: dict[str, dict[str, str]] = json.loads(EXTRACT.read_text(encoding="utf-8"))
    for name, costs in entries.items():
        for key, price in costs.items():
            if any(key == ignored or key.endswith(ignored) for ignored in IGNORED):
                continue
            stem, tier, context_class = key, "default", "base"
            for suffix, named in TIERS.items():
                if stem.endswith(suffix):
                    stem, tier = stem.removesuffix(suffix), named
            if stem.endswith(LONG):
                stem, context_class = stem.removesuffix(LONG), "long"
            model = "code_interpreter_sessions" if name == "openai/container" else name
            yield Listed(model, METERS[stem], tier, context_class, Decimal(price))


def extract(raw: str) -> str:
    """The OpenAI prices of LiteLLM's file, as the text of `litellm-openai.json`."""
    entries: Mapping[str, Mapping[str, object]] = json.loads(raw, parse_float=str)
    kept = {
        name: dict(_costs(entry))
        for name, entry in sorted(entries.items())
        if entry.get("litellm_provider") in PROVIDERS
    }
    return json.dumps({name: costs for name, costs in kept.items() if costs}, indent=1) + "\n"


def _costs(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in sorted(entry.items()):
        if key == "search_context_cost_per_query" and isinstance(value, dict):
            # Low, medium and high cost the same for every model of this provider.
            (one,) = set(value.values())
            yield key, str(one)
        elif "cost" in key:
            yield key, str(value)


if __name__ == "__main__":
    EXTRACT.write_text(extract(Path(sys.argv[1]).read_text(encoding="utf-8")), encoding="utf-8")
