"""The built-in book: golden prices, golden days, traps, and what each row must say."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from pipeline import resources
from pipeline.pricing.aliases_and_allowances import Allowance
from pipeline.pricing.book import PriceBook, PriceKey
from pipeline.pricing.load import load_book
from pipeline.pricing.model_names import TOOL_MODELS
from pipeline.pricing.validity import boundaries
from pipeline.schemas import OPERATIONS
from tests.support.price_files import at

NOW = at("2026-11-01")
INPUT, CACHED, WRITE, OUTPUT = (
    "text_input_tokens",
    "cached_text_input_tokens",
    "cache_write_tokens",
    "text_output_tokens",
)


@pytest.fixture(scope="module")
def book() -> PriceBook:
    """The built-in book alone."""
    return load_book([], []).book


def unit_price(
    book: PriceBook,
    model: str,
    meter: str,
    tier: str = "default",
    context_class: str = "base",
    variant: str | None = None,
    when: datetime = NOW,
) -> Decimal | None:
    """The list price of one unit."""
    key = PriceKey("openai", model, meter, tier, context_class, variant, None)
    price = book.resolve(key, when)
    return None if price is None else price.list_unit_price_usd


def million(book: PriceBook, model: str, *meters: str, **options: str) -> str:
    """The prices of a million of each meter, as a pricing page shows them."""
    prices = [unit_price(book, model, meter, **options) for meter in meters]  # type: ignore[arg-type]  # tiers and classes only
    return "/".join(
        "-" if p is None else f"{p * 1_000_000:f}".rstrip("0").rstrip(".") for p in prices
    )


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("gpt-6-sol", "2/0.2/2.5/10"),
        ("gpt-6-luna", "0.1/0.01/0.125/0.5"),
        ("gpt-5.6-terra", "2/0.2/2.5/12"),
        ("gpt-5.6-luna", "0.2/0.02/0.25/1.2"),
        ("gpt-5.5", "5/0.5/5/30"),
        ("gpt-5.4", "2.5/0.25/2.5/15"),
        ("gpt-5.4-mini", "0.75/0.075/0.75/4.5"),
        ("gpt-5-mini-2025-08-07", "0.25/0.025/0.25/2"),
        ("gpt-4o", "2.5/1.25/2.5/10"),
        ("gpt-4o-2024-08-06", "2.5/1.25/2.5/10"),
        ("gpt-4o-2024-05-13", "5/5/5/15"),
        ("gpt-4o-mini-2024-07-18", "0.15/0.075/0.15/0.6"),
        ("ft:gpt-4o-2024-08-06:acme::id", "3.75/1.875/3.75/15"),
        ("ft:gpt-4o-mini-2024-07-18:acme:name:id", "0.3/0.15/0.3/1.2"),
        ("ft:gpt-4.1-2025-04-14:acme::id", "3/0.75/3/12"),
        ("chat-latest", "5/0.5/5/30"),
        ("o1-pro", "150/150/150/600"),
    ],
)
def test_text_prices(book: PriceBook, model: str, prices: str) -> None:
    """Input, cached input, cache writes, output. What no list prices apart costs as input does."""
    assert million(book, model, INPUT, CACHED, WRITE, OUTPUT) == prices


def test_price_before_and_from_the_day_it_changed(book: PriceBook) -> None:
    """gpt-5.6-luna fell on 2026-07-30, at midnight UTC."""
    model = "gpt-5.6-luna"
    before, from_then = at("2026-07-29T23:59:59.999999"), at("2026-07-30")
    assert unit_price(book, model, INPUT, when=before) == Decimal("0.000001")
    assert unit_price(book, model, OUTPUT, when=before) == Decimal("0.000006")
    assert unit_price(book, model, INPUT, when=from_then) == Decimal("0.0000002")
    assert unit_price(book, model, OUTPUT, when=from_then) == Decimal("0.0000012")


@pytest.mark.parametrize(
    ("model", "tokens", "amount"),
    [
        ("gpt-5-mini-2025-08-07", (80_992, 0, 274_770), "0.569788"),
        ("gpt-5-mini-2025-08-07", (124_784, 0, 154_852), "0.340900"),
        ("gpt-5-mini-2025-08-07", (22_688, 0, 33_191), "0.072054"),
        ("gpt-4o-2024-08-06", (53_440, 5_760, 10_646), "0.247260"),
        ("gpt-5-2025-08-07", (46_264 - 8_192 + 5_783, 8_192, 76_000), "0.81584275"),
        ("gpt-4o-mini-2024-07-18", (30, 0, 57), "0.0000387"),
        ("gpt-5.6-luna", (0, 0, 7_625), "0.00915"),
    ],
)
def test_golden_days(
    book: PriceBook, model: str, tokens: tuple[int, int, int], amount: str
) -> None:
    """Days of real bills: uncached input, cached input and output by list price."""
    prices = [unit_price(book, model, meter) for meter in (INPUT, CACHED, OUTPUT)]
    total = sum(price * count for price, count in zip(prices, tokens, strict=True) if price)
    assert total == Decimal(amount)


def test_golden_cache_writes_and_image_output(book: PriceBook) -> None:
    """Two more lines of real bills."""
    writes = unit_price(book, "gpt-5.6-luna", WRITE)
    images = unit_price(book, "gpt-image-2-2026-04-21", "image_output_tokens")
    assert writes is not None
    assert images is not None
    assert (writes * 4_671, images * 5_515) == (Decimal("0.00116775"), Decimal("0.16545"))


@pytest.mark.parametrize(
    ("model", "tier", "prices"),
    [
        ("gpt-4o", "batch", "1.25/0.625/5"),
        ("gpt-4o-mini", "batch", "0.075/0.0375/0.3"),
        ("gpt-4.1", "batch", "1/0.25/4"),
        ("o3", "batch", "1/0.25/4"),
        ("gpt-5.4", "batch", "1.25/0.13/7.5"),
        ("gpt-3.5-turbo-1106", "batch", "1/1/2"),
        ("text-embedding-3-small", "batch", "0.01/-/-"),
        ("gpt-5.5", "flex", "2.5/0.25/15"),
        ("gpt-4o", "priority", "4.25/2.125/17"),
        ("gpt-5.5", "priority", "12.5/1.25/75"),
        ("gpt-4o", "flex", "-/-/-"),
        ("gpt-4o", "scale", "-/-/-"),
        ("gpt-4o", "ultrafast", "-/-/-"),
        ("gpt-realtime", "batch", "-/-/-"),
        ("ft:gpt-4o-2024-08-06:acme::id", "batch", "2.225/0.9/12.5"),
        ("ft:gpt-4o-2024-08-06:acme::id", "priority", "-/-/-"),
    ],
)
def test_tiers(book: PriceBook, model: str, tier: str, prices: str) -> None:
    """Batch halves every token price, cached included, where no list has one."""
    assert million(book, model, INPUT, CACHED, OUTPUT, tier=tier) == prices


@pytest.mark.parametrize("when", ["2025-06-10", "2026-09-01", "2026-10-15"])
def test_tier_prices_hold_as_long_as_the_default_price(book: PriceBook, when: str) -> None:
    """The package learned of tiers in October 2026; the provider had them before."""
    for tier, price in (("batch", "1"), ("flex", "1"), ("priority", "3.5")):
        found = unit_price(book, "o3", INPUT, tier, when=at(when))
        assert found == Decimal(price) / 1_000_000


def test_tiers_of_an_older_price_are_halves_of_it(book: PriceBook) -> None:
    """Before 2025-06-10 o3 cost five times as much; its priority price then is not known."""
    before = at("2025-06-09")
    assert unit_price(book, "o3", INPUT, when=before) == Decimal("0.00001")
    assert unit_price(book, "o3", INPUT, "batch", when=before) == Decimal("0.000005")
    assert unit_price(book, "o3", INPUT, "flex", when=before) == Decimal("0.000005")
    assert unit_price(book, "o3", INPUT, "priority", when=before) is None


@pytest.mark.parametrize(
    ("model", "tier", "prices"),
    [
        ("gpt-5.4", "default", "5/0.5/22.5"),
        ("gpt-5.4", "batch", "2.5/0.25/11.25"),
        ("gpt-5.4", "priority", "-/-/-"),
        ("gpt-5.5", "priority", "-/-/-"),
        ("gpt-5.6-luna", "priority", "0.8/0.08/3.6"),
        ("gpt-5.5-pro", "batch", "30/30/135"),
        ("gpt-5.5-pro", "flex", "-/-/-"),
        ("gpt-4o", "default", "2.5/1.25/10"),
    ],
)
def test_long_context(book: PriceBook, model: str, tier: str, prices: str) -> None:
    """Twice the input and 1.5 times the output, where the provider serves long requests at all."""
    options = {"tier": tier, "context_class": "long"}
    assert million(book, model, INPUT, CACHED, OUTPUT, **options) == prices


def test_thresholds_of_recorded_ids(book: PriceBook) -> None:
    """A snapshot has its model's threshold, also across a change of price; others have none."""
    for model in ("gpt-5.4-2026-03-05", "gpt-5.6-luna", "gpt-6-sol"):
        (threshold,) = book.long_thresholds(model)
        assert (threshold.long_above_tokens, threshold.valid_from, threshold.valid_to) == (
            272_000,
            None,
            None,
        )
    for model in ("gpt-4o", "gpt-5.4-mini", "ft:gpt-5.4:acme::id", "unknown", ""):
        assert book.long_thresholds(model) == ()


@pytest.mark.parametrize(
    ("model", "meter", "price"),
    [
        ("gpt-4o-audio-preview-2025-06-03", "audio_input_tokens", "40"),
        ("gpt-4o-audio-preview", "audio_output_tokens", "80"),
        ("gpt-4o-audio-preview", INPUT, "2.5"),
        ("gpt-4o-mini-audio-preview-2024-12-17", "audio_output_tokens", "20"),
        ("gpt-audio-mini-2025-12-15", "audio_input_tokens", "10"),
        ("gpt-audio", "cached_audio_input_tokens", "32"),
        ("gpt-realtime", "cached_audio_input_tokens", "0.4"),
        ("gpt-realtime", "cached_image_input_tokens", "0.5"),
        ("gpt-realtime-2.1-mini", "cached_audio_input_tokens", "0.3"),
        ("gpt-4o-transcribe", "audio_input_tokens", "6"),
        ("gpt-4o-mini-tts", "audio_output_tokens", "12"),
        ("gpt-4o", "audio_input_tokens", "-"),
        ("gpt-4o", "audio_output_tokens", "-"),
        ("gpt-4o", "image_input_tokens", "2.5"),
        ("gpt-4o", "cached_image_input_tokens", "1.25"),
        ("gpt-4o", "image_output_tokens", "-"),
        ("gpt-image-1-2025-04-23", "image_output_tokens", "40"),
        ("gpt-image-1", "cached_image_input_tokens", "2.5"),
        ("gpt-image-1", CACHED, "1.25"),
        ("gpt-image-2", INPUT, "5"),
        ("gpt-image-2", "image_input_tokens", "8"),
        ("gpt-5.6-luna", "cache_write_12h_tokens", "0.25"),
        ("gpt-3.5-turbo", "image_input_tokens", "-"),
        ("text-embedding-ada-002-v2", INPUT, "0.1"),
        ("tts-1", "characters", "15"),
        ("tts-1-hd-1106", "characters", "30"),
        ("gpt-4o-2024-08-06", "training_tokens", "25"),
        ("gpt-4o-mini-2024-07-18", "training_tokens", "3"),
        ("gpt-4.1-nano-2025-04-14", "training_tokens", "1.5"),
        ("gpt-5", "training_tokens", "-"),
    ],
)
def test_other_meters(book: PriceBook, model: str, meter: str, price: str) -> None:
    """Each token is in one meter; audio is never priced as text."""
    assert million(book, model, meter) == price


@pytest.mark.parametrize(
    ("model", "meter", "variant", "price"),
    [
        ("whisper-1", "audio_seconds", None, "0.0001"),
        ("gpt-4o-transcribe-diarize", "audio_seconds", None, "0.0001"),
        ("gpt-live-1", "audio_seconds", None, "0.000833333333333333"),
        ("dall-e-3", "images", "1024x1024", "0.04"),
        ("dall-e-3", "images", "hd/1792x1024", "0.12"),
        ("dall-e-2", "images", "256x256", "0.016"),
        ("dall-e-2", "images", "standard/512x512", "0.018"),
        ("dall-e-3", "images", None, None),
        ("sora-2", "video_seconds", "720x1280", "0.1"),
        ("sora-2-pro-2025-10-06", "video_seconds", "1792x1024", "0.5"),
        ("sora-2-pro", "video_seconds", None, None),
        ("vector_stores", "vector_store_gb_days", None, "0.1"),
        ("file_search_calls", "file_search_calls", None, "0.0025"),
        ("gpt-4o", "file_search_calls", None, "0.0025"),
        ("web_search_calls", "web_search_calls", "medium", "0.01"),
        ("web_search_calls", "web_search_calls", "preview_non_reasoning", "0.025"),
        ("gpt-4o-mini-2024-07-18", "web_search_calls", "high", "0.01"),
        ("gpt-4o-mini-2024-07-18", "web_search_calls", "preview_non_reasoning", "0.025"),
        ("gpt-4o-mini-search-preview-2025-03-11", "web_search_calls", "low", "0.025"),
        ("code_interpreter_sessions", "code_interpreter_sessions", "1g", "0.03"),
        ("code_interpreter_sessions", "code_interpreter_sessions", "64g", "1.92"),
        ("code_interpreter_sessions", "code_interpreter_sessions", "8g", None),
        ("code_interpreter_sessions", "code_interpreter_sessions", None, None),
    ],
)
def test_units_that_are_no_tokens(
    book: PriceBook, model: str, meter: str, variant: str | None, price: str | None
) -> None:
    """Seconds, images, calls, sessions and storage cost what the provider's page says."""
    found = unit_price(book, model, meter, variant=variant)
    assert found == (None if price is None else Decimal(price))


def test_containers_had_one_price_before_they_had_sizes(book: PriceBook) -> None:
    """Until 2026-03-31 a session cost $0.03, whatever was recorded about its memory."""
    meter = "code_interpreter_sessions"
    for variant in (None, "4g"):
        before = unit_price(book, meter, meter, variant=variant, when=at("2026-03-30T23:59:59"))
        assert before == Decimal("0.03")
    assert unit_price(book, meter, meter, variant="4g", when=at("2026-03-31")) == Decimal("0.12")


@pytest.mark.parametrize("model", ["omni-moderation-latest", "text-moderation", "moderation"])
def test_moderation_is_free(book: PriceBook, model: str) -> None:
    """A price of 0 that is written down, not usage without a price."""
    price = book.resolve(PriceKey("openai", model, INPUT, "default", "base", None, None), NOW)
    assert price is not None
    assert price.status == "free"


def test_first_gigabyte_day_is_free(book: PriceBook) -> None:
    """For each organization and UTC day, as the provider's page says."""
    (allowance,) = book.allowances()
    assert allowance == Allowance(
        "vector_store_gb_days",
        Decimal(1),
        "organization_day",
        None,
        None,
        allowance.source,
        "openai",
    )


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o-realtime",
        "gpt-4o-2024",
        "gpt-4o-2024-08-06-extra",
        "GPT-4o",
        "openai/gpt-4o",
        "gpt-5-nano-2099-01-01",
        "gpt-5.6-luna-2099-01-01",
        "ft:gpt-4o-2024-05-13:acme::id",
        "ft:gpt-5:acme::id",
        "ft:gpt-4o-audio-preview:acme::id",
        "gpt-4o-audio-preview-2024-10-01",
    ],
)
def test_unknown_id_is_unpriced(book: PriceBook, model: str) -> None:
    """No prefix, no pattern, no nearest model."""
    assert million(book, model, INPUT, OUTPUT) == "-/-"


def test_aliases_lead_to_priced_models_and_never_from_fine_tuned_to_base(book: PriceBook) -> None:
    """Every alias means a model with a price, and a fine-tuned one a fine-tuned one."""
    priced = {row.model for row in book.rows()}
    for alias in book.aliases():
        assert alias.model in priced
        assert alias.model.startswith("ft:") is alias.alias.startswith("ft:")


def test_every_row_names_its_source_and_day(book: PriceBook) -> None:
    """A price without a source is a rumour."""
    assert all(row.source and row.recorded_at for row in book.rows())
    assert all(allowance.source for allowance in book.allowances())


def test_price_ids_are_unique(book: PriceBook) -> None:
    """An id leads to one row of the view `prices`."""
    ids = [row.price_id for row in book.rows()]
    assert len(set(ids)) == len(ids)


def test_tools_stand_under_their_operation(book: PriceBook) -> None:
    """Where a record has no model, its operation's name is the model of the price."""
    priced = {(row.meter, row.model) for row in book.rows()}
    assert set(TOOL_MODELS.values()) <= OPERATIONS.keys()
    assert set(TOOL_MODELS.items()) <= priced


def test_built_in_prices_change_at_midnight(book: PriceBook) -> None:
    """The list is dated by day, so that no UTC day is split by it."""
    assert book.instants_within_days() == ()
    assert len(boundaries(book.rows())) > 3


def test_readme_names_every_file() -> None:
    """The folder's page does not forget a file."""
    folder = resources.folder("data") / "prices"
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.glob("*.csv") if f"`{path.name}`" not in text] == []
