"""The seeded files are what the script writes, and cost what the package says."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from genai_prices import Usage, calc_price
from genai_prices.data import providers
from genai_prices.data_units import unit_data

from pipeline import resources
from pipeline.pricing.load import load_book
from pipeline.pricing.rows import PriceRow
from pipeline.pricing.seeding import models as seeding_models
from pipeline.pricing.seeding.seed import TOKEN_DIMENSIONS, seeded_files
from tests.support.price_files import at

OURS_ALONE = ("; Batch is half", "; Flex is the Batch price")
UNITS = {
    **{meter: {"family": "tokens", **which} for meter, which in TOKEN_DIMENSIONS.items()},
    "web_search_calls": {"family": "tool_calls", "tool_type": "web_search"},
    "file_search_calls": {"family": "tool_calls", "tool_type": "storage_search"},
    "characters": {"family": "characters", "direction": "input"},
    "audio_seconds": {"family": "durations", "direction": "input", "modality": "audio"},
}
CONTEXTS = {
    "default": None,
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "batch": {"processing": "batch"},
}


def seeded_rows() -> list[PriceRow]:
    """The rows of the seeded file."""
    rows = load_book([], []).book.rows()
    return [row for row in rows if row.file == "data/prices/openai-seeded.csv"]


def test_regenerating_gives_the_committed_bytes() -> None:
    """Nobody edits the seeded files by hand, and nobody forgets to write them again."""
    seeded = seeded_files()
    for name in ("openai-seeded.csv", "models.csv"):
        committed = Path(resources.folder("data") / "prices" / name).read_bytes()
        assert seeded[name].encode() == committed, name


def test_every_model_of_the_package_is_in_the_book() -> None:
    """Seeded, or hand-kept with more prices; one prefix is how Azure names a fine-tuned model."""
    rows = load_book([], []).book.rows()
    priced = {row.model for row in rows}
    models = next(provider for provider in providers if provider.id == "openai").models
    missing = {model.id for model in models} - priced
    assert missing == {"ft:gpt-3.5-turbo-", "gpt-4o-mini-2024-07-18.ft-"}
    assert "ft:gpt-3.5-turbo" in priced
    assert missing <= seeding_models.HAND_KEPT


def in_package(row: PriceRow, when: datetime) -> Decimal:
    """What the package charges for one more unit of a row's meter in a short or a long request.

    A unit and all those that contain it are given, as the package wants it.
    """
    count = 300_000 if row.context_class == "long" else 1_000
    request = Counter({"input_tokens": count} if row.unit == "tokens" else {})
    more = Counter(
        key
        for key, unit in unit_data.items()
        if unit["dimensions"].items() <= UNITS[row.meter].items()
    )
    model = row.model
    if row.model in seeding_models.SPLIT:
        model = seeding_models.SPLIT[row.model][0]
    without, with_it = (
        calc_price(
            Usage(**usage),
            model,
            provider_id="openai",
            genai_request_timestamp=when,
            price_context=CONTEXTS[row.service_tier],
        ).total_price
        for usage in (request, request + more)
    )
    return with_it - without


def test_seeded_prices_are_those_that_the_package_charges() -> None:
    """Every row that is not our own conclusion, by the package's own arithmetic.

    Tiers are asked on a day on which the package knows of them.
    """
    wrong = []
    compared = 0
    for row in seeded_rows():
        if row.source.endswith(OURS_ALONE):
            continue
        before_its_end = row.valid_to.replace(year=row.valid_to.year - 1) if row.valid_to else None
        when = before_its_end or at("2026-11-20")
        charged = in_package(row, when)
        if "rounded to 18 decimals" in row.source:
            charged = charged.quantize(Decimal("1e-18"))
        compared += 1
        if charged != row.unit_price_usd:
            wrong.append((row.price_id, row.unit_price_usd, charged))
    assert wrong == []
    assert compared > 1_500


def test_conclusions_are_halves_of_the_default_price() -> None:
    """What we add to the package is half of the default row beside it, and says so."""
    rows = {(row.key, row.valid_from): row for row in seeded_rows()}
    ours = [row for row in rows.values() if row.source.endswith(OURS_ALONE)]
    assert len(ours) > 300
    for row in ours:
        key = (*row.key[:3], "default", *row.key[4:])
        assert row.unit_price_usd == rows[key, row.valid_from].unit_price_usd / 2
