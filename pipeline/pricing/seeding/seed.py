"""Writes the seeded part of the price book from the installed package `genai-prices`.

`python -m pipeline.pricing.seeding.seed` writes data/prices/openai-seeded.csv and models.csv. The
package is needed for this only; a test compares its output with the committed files.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from genai_prices import types
from genai_prices.data import providers
from genai_prices.data_units import unit_data

from pipeline import resources
from pipeline.errors import ConfigError
from pipeline.meters import METER_UNITS
from pipeline.money import EXACT, UNIT_PRICE_STEP, plain
from pipeline.pricing.aliases_and_allowances import ALIAS_COLUMNS, PROVIDER_COLUMN
from pipeline.pricing.rows import COLUMNS, OPTIONAL_COLUMNS
from pipeline.pricing.seeding import models as known

PROVIDER = "openai"
RECORDED_ON = "2026-11-24"
HALF = Decimal("0.5")
TIERS = ("default", "flex", "priority", "batch")

# What each of our meters is among the package's units: the most special unit that has a price and
# says nothing that the meter does not say. So a child that has no price costs its parent's.
TOKEN_DIMENSIONS: dict[str, dict[str, str]] = {
    "text_input_tokens": {"direction": "input", "modality": "text"},
    "cached_text_input_tokens": {
        "direction": "input",
        "modality": "text",
        "token_type": "cache_read",
    },
    "cache_write_tokens": {"direction": "input", "token_type": "cache_write"},
    "cache_write_12h_tokens": {
        "direction": "input",
        "token_type": "cache_write",
        "cache_ttl": "12h",
    },
    "text_output_tokens": {"direction": "output", "modality": "text"},
    "audio_input_tokens": {"direction": "input", "modality": "audio"},
    "cached_audio_input_tokens": {
        "direction": "input",
        "modality": "audio",
        "token_type": "cache_read",
    },
    "audio_output_tokens": {"direction": "output", "modality": "audio"},
    "image_input_tokens": {"direction": "input", "modality": "image"},
    "cached_image_input_tokens": {
        "direction": "input",
        "modality": "image",
        "token_type": "cache_read",
    },
    "image_output_tokens": {"direction": "output", "modality": "image"},
}
TOOL_PRICES = {
    "web_search_calls": "web_searches_kcount",
    "file_search_calls": "storage_searches_kcount",
}

Prices = Mapping[str, Decimal | types.TieredPrices]
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class PriceSpan:
    """The prices of a model from one date to another, by tier; only what the package says."""

    valid_from: date | None
    valid_to: date | None
    tiers: Mapping[str, Prices]


@dataclass(frozen=True, slots=True)
class SeedAmount:
    """A price for a million units, the long one where the package has tiers, and whose it is."""

    base: Decimal
    long: Decimal | None
    long_above: int | None
    said: str
    long_said: str = ""  # where the long price is not from the same place


def main() -> None:
    """Write the two files, and name them."""
    folder = resources.folder("data") / "prices"
    for name, text in seeded_files().items():
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8", newline="")
        sys.stdout.write(f"{path}\n")


def seeded_files() -> dict[str, str]:
    """The text of each seeded file by its name; the same package always gives the same bytes.

    Fails: ConfigError where the package has something that the tables do not foresee.
    """
    models = {m.id: m for m in next(p for p in providers if p.id == PROVIDER).models}
    rows: list[Row] = []
    for model in models.values():
        if model.id not in known.HAND_KEPT:
            rows += _token_rows(model, model.id, TIERS)
            rows += _unit_rows(model)
    for name, (like, _) in known.SPLIT.items():
        rows += _token_rows(models[like], name, ("default", "batch"))
    return {
        "openai-seeded.csv": _csv((*COLUMNS, *OPTIONAL_COLUMNS), rows),
        "models.csv": _csv(
            (*PROVIDER_COLUMN, *ALIAS_COLUMNS),
            ({"provider": PROVIDER} | row for row in _alias_rows(models)),
        ),
    }


def _token_rows(model: types.ModelInfo, name: str, tiers: Sequence[str]) -> Iterator[Row]:
    for period in _periods(model):
        for tier in tiers:
            amounts = list(_amounts(model, period, tier))
            for meter, amount in amounts:
                yield _row(name, meter, tier, period, amount.base, amount.said)
            for meter, amount in amounts:
                if amount.long is not None:
                    said = amount.long_said or amount.said
                    yield _row(name, meter, tier, period, amount.long, said) | {
                        "context_class": "long",
                        "long_above_tokens": str(amount.long_above),
                    }


def _amounts(
    model: types.ModelInfo, period: PriceSpan, tier: str
) -> Iterator[tuple[str, SeedAmount]]:
    """The price of each meter at a tier, where the package or a rule of the provider gives one."""
    default = period.tiers["default"]
    for meter in _meters(model):
        key = _price_key(meter, default)
        if key is None:
            continue
        listed = _amount(model, key, default[key], "")
        if tier == "default":
            yield meter, listed
        elif tier in period.tiers:
            yield meter, _variant_amount(model, key, listed, tier, period.tiers[tier])
        elif tier == "batch" and model.id not in known.NOT_BATCHABLE:
            yield meter, _half(listed, "; Batch is half")
        elif tier == "flex" and model.price_variants and _has_flex(model):
            # A period before the one that the variant belongs to.
            yield meter, _half(listed, "; Flex is the Batch price")


def _variant_amount(
    model: types.ModelInfo, key: str, listed: SeedAmount, tier: str, prices: Prices
) -> SeedAmount:
    if not prices:
        # The package lists the tier without any price: it costs what default does.
        return SeedAmount(listed.base, listed.long, listed.long_above, f"{listed.said} ({tier})")
    if key not in prices:
        if tier != "batch":
            raise ConfigError(f"{model.id}: genai-prices has no {key} at tier {tier}")
        return _half(listed, "; Batch is half")
    amount = _amount(model, key, prices[key], f" ({tier})")
    if tier == "batch" and amount.long is None and listed.long is not None:
        # Where a list has the batch price of short requests only, that of long ones is half.
        half = _half(listed, "; Batch is half")
        return SeedAmount(amount.base, half.long, half.long_above, amount.said, half.said)
    return amount


def _amount(
    model: types.ModelInfo, key: str, price: Decimal | types.TieredPrices, remark: str
) -> SeedAmount:
    said = f"{_package()}: {model.id} {key}{remark}"
    if isinstance(price, Decimal):
        return SeedAmount(price, None, None, said)
    if len(price.tiers) != 1:
        raise ConfigError(f"{model.id} {key}: {len(price.tiers)} thresholds, only one is foreseen")
    return SeedAmount(price.base, price.tiers[0].price, price.tiers[0].start, said)


def _half(amount: SeedAmount, remark: str) -> SeedAmount:
    long = None if amount.long is None else amount.long * HALF
    return SeedAmount(amount.base * HALF, long, amount.long_above, amount.said + remark)


def _unit_rows(model: types.ModelInfo) -> Iterator[Row]:
    """Prices that are not for tokens: tool calls, which cost the same at every tier, and audio."""
    for period in _periods(model):
        prices = period.tiers["default"]
        tiers = [t for t in TIERS if next(_amounts(model, period, t), None) is not None]
        for meter, key in TOOL_PRICES.items():
            if key in prices:
                for tier in tiers:
                    amount = _amount(model, key, prices[key], "")
                    yield _row(model.id, meter, tier, period, amount.base, amount.said) | {
                        "per": "1000"
                    }
        if "input_mchars" in prices:
            amount = _amount(model, "input_mchars", prices["input_mchars"], "")
            yield _row(model.id, "characters", "default", period, amount.base, amount.said)
        key = "input_audio_hours" if "input_audio_hours" in prices else "audio_hours"
        if key in prices:
            amount = _amount(model, key, prices[key], "")
            second, remark = _a_second(amount.base)
            yield _row(
                model.id, "audio_seconds", "default", period, second, amount.said + remark
            ) | {"per": "1"}


def _a_second(hour: Decimal) -> tuple[Decimal, str]:
    """An hour's price for a second, rounded to 18 decimals; the remark says where it was."""
    second = EXACT.divide(hour, Decimal(3600))
    rounded = second.quantize(UNIT_PRICE_STEP, context=EXACT)
    exact = rounded == second
    return rounded, f" {plain(hour)} an hour" + ("" if exact else ", rounded to 18 decimals")


def _periods(model: types.ModelInfo) -> Iterator[PriceSpan]:
    """The dated prices in order. The package dates a tier's price by when it learned of it, so
    the price holds as long as the default one that it belongs to: the one of that date.
    """
    if isinstance(model.prices, types.ModelPrice):
        dated: list[tuple[date | None, Prices]] = [(None, _stored(model.prices))]
    else:
        dated = [(_start(model, p.constraint), _stored(p.prices)) for p in model.prices]
    for (start, prices), end in zip(dated, [*(d[0] for d in dated[1:]), None], strict=True):
        tiers = {"default": prices}
        for variant in model.price_variants or ():
            learned = _start(model, variant.constraint)
            if learned is None or (
                (start is None or start <= learned) and (end is None or learned < end)
            ):
                _add_variant(model, tiers, variant)
        yield PriceSpan(start, end, tiers)


def _add_variant(
    model: types.ModelInfo, tiers: dict[str, Prices], variant: types.PriceVariant
) -> None:
    if variant.when == {"processing": "batch"}:
        tier = "batch"
    elif set(variant.when) == {"service_tier"}:
        tier = {"fast": "priority"}.get(variant.when["service_tier"], variant.when["service_tier"])
    else:
        raise ConfigError(f"{model.id}: genai-prices has an unknown variant {variant.when}")
    prices = _stored(variant.prices)
    if tier == "default" and not prices:
        return
    if tier not in TIERS[1:] or tiers.get(tier, prices) != prices:
        raise ConfigError(f"{model.id}: genai-prices has two prices for {variant.when}")
    tiers[tier] = prices


def _stored(prices: types.ModelPrice) -> Prices:
    return {key: price for key, price in vars(prices).items() if price is not None}


def _start(model: types.ModelInfo, constraint: object) -> date | None:
    if constraint is None:
        return None
    if not isinstance(constraint, types.StartDateConstraint):
        raise ConfigError(f"{model.id}: genai-prices has a price by time of day")
    return constraint.start_date


def _has_flex(model: types.ModelInfo) -> bool:
    return any(v.when == {"service_tier": "flex"} for v in model.price_variants or ())


def _meters(model: types.ModelInfo) -> Iterator[str]:
    """The token meters that a model can have: what it cannot take or give has no price."""
    prices = next(_periods(model)).tiers["default"]
    is_embedding = "output_mtok" not in prices
    for meter in TOKEN_DIMENSIONS:
        if is_embedding and meter != "text_input_tokens":
            continue
        if "audio_input" in meter and "input_audio_mtok" not in prices:
            continue
        if meter == "audio_output_tokens" and not (
            "output_audio_mtok" in prices or model.id in known.AUDIO_OUTPUT
        ):
            continue
        if "image_input" in meter and model.id in known.NO_IMAGE_INPUT:
            continue
        if meter == "image_output_tokens" and model.id not in known.IMAGE_OUTPUT:
            continue
        yield meter


def _price_key(meter: str, prices: Prices) -> str | None:
    wanted = TOKEN_DIMENSIONS[meter] | {"family": "tokens"}
    fitting = {
        unit["price_key"]: unit["dimensions"]
        for unit in unit_data.values()
        if unit["price_key"] in prices and unit["dimensions"].items() <= wanted.items()
    }
    if not fitting:
        return None
    key: str = max(fitting, key=lambda candidate: len(fitting[candidate]))
    if any(not dimensions.items() <= fitting[key].items() for dimensions in fitting.values()):
        raise ConfigError(f"genai-prices prices {meter} in two ways: {', '.join(fitting)}")
    return key


def _alias_rows(models: Mapping[str, types.ModelInfo]) -> Iterator[Row]:
    split = {name for name, (_, more) in known.SPLIT.items() for name in (name, *more)}
    for model in models.values():
        if model.id in known.HAND_KEPT:
            continue
        ids = [*_matched_ids(model), *known.MORE_IDS.get(model.id, ())]
        for alias in dict.fromkeys(ids):
            if alias not in models and alias not in split:
                yield {"alias": alias, "model": model.id}
    for name, (_, more) in known.SPLIT.items():
        for alias in more:
            yield {"alias": alias, "model": name}
    for alias, name in known.HAND_KEPT_ALIASES.items():
        yield {"alias": alias, "model": name}


def _matched_ids(model: types.ModelInfo) -> Iterator[str]:
    clauses = model.match.or_ if isinstance(model.match, types.ClauseOr) else [model.match]
    for clause in clauses:
        if isinstance(clause, types.ClauseEquals):
            yield clause.equals
    if not all(isinstance(clause, types.ClauseEquals) for clause in clauses):
        if model.id not in known.KNOWN_IDS:
            raise ConfigError(f"{model.id}: say in seed_models.KNOWN_IDS which ids {clauses} has")
        yield from known.KNOWN_IDS[model.id]


def _row(model: str, meter: str, tier: str, period: PriceSpan, price: Decimal, source: str) -> Row:
    return {
        "provider": PROVIDER,
        "model": model,
        "meter": meter,
        "service_tier": tier,
        "context_class": "base",
        "price_usd": plain(price),
        "per": "1000000",
        "unit": METER_UNITS[meter],
        "valid_from": period.valid_from.isoformat() if period.valid_from else "",
        "valid_to": period.valid_to.isoformat() if period.valid_to else "",
        "source": source,
        "recorded_at": RECORDED_ON,
    }


def _package() -> str:
    return f"genai-prices {version('genai-prices')}"


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    main()
