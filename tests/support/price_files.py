"""Price files and price keys, with defaults for all that a test does not care about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pipeline.pricing.book import PriceKey
from pipeline.pricing.rows import COLUMNS, Layer, PriceRow, read_prices

HEADER = ",".join((*COLUMNS, "variant", "long_above_tokens"))
KEY = PriceKey("openai", "m", "text_input_tokens", "default", "base", None, None)


def line(**values: str) -> str:
    """One line of a price file: $1 per million text input tokens of `m`, unless said otherwise."""
    defaults = {
        "provider": "openai",
        "model": "m",
        "meter": "text_input_tokens",
        "service_tier": "default",
        "context_class": "base",
        "price_usd": "1.00",
        "per": "1000000",
        "unit": "tokens",
        "valid_from": "",
        "valid_to": "",
        "source": "a test",
        "recorded_at": "2026-01-01",
        "variant": "",
        "long_above_tokens": "",
    }
    assert values.keys() <= defaults.keys()
    return ",".join((defaults | values).values())


def price_file(folder: Path, *lines: str, name: str = "prices.csv", header: str = HEADER) -> Path:
    """A price file with a header and the given lines."""
    path = folder / name
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def rows(path: Path, layer: Layer = "list") -> tuple[PriceRow, ...]:
    """The rows of a file that has no errors."""
    read, table = read_prices(path, path.name, "list")
    assert [str(error) for error in table.errors] == []
    return tuple(replace(row, layer=layer) for row in read)


def at(text: str) -> datetime:
    """An instant, such as `2026-07-30` or `2026-07-30T12:00`."""
    return datetime.fromisoformat(text)
