"""The book's answer is that of reading every row, for any rows, aliases and discounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.pricing.aliases_and_allowances import Alias
from pipeline.pricing.book import PriceBook, PriceKey
from pipeline.pricing.discounts import Terms
from pipeline.pricing.rows import PriceRow

START = datetime(2026, 1, 1)
MODELS = ("a", "a-2024", "b", "ft:a", "ft:a-2024", "ft:a-2024:o::1")
METERS = {"text_input_tokens": "tokens", "web_search_calls": "calls"}

instants = st.none() | st.integers(0, 6).map(lambda hours: START + timedelta(hours=6 * hours))


@st.composite
def spans(draw: st.DrawFn) -> tuple[datetime | None, datetime | None]:
    """A validity that is not empty."""
    start, end = draw(instants), draw(instants)
    if start is not None and end is not None and end <= start:
        end = start + timedelta(hours=6)
    return start, end


@st.composite
def price_rows(draw: st.DrawFn, layer: str) -> PriceRow:
    """Any row of a small world."""
    meter = draw(st.sampled_from(sorted(METERS)))
    context_class = draw(st.sampled_from(["base", "base", "long"]))
    start, end = draw(spans())
    values: dict[str, Any] = {
        "provider": "openai",
        "model": draw(st.sampled_from([*MODELS, "web_search_calls"])),
        "meter": meter,
        "service_tier": draw(st.sampled_from(["default", "flex"])),
        "context_class": context_class,
        "variant": draw(st.sampled_from([None, None, "v"])),
        "price_usd": Decimal(draw(st.integers(0, 50))),
        "per": Decimal(1000),
        "unit": METERS[meter],
        "valid_from": start,
        "valid_to": end,
        "long_above_tokens": 10 if context_class == "long" else None,
        "source": "",
        "recorded_at": None,
        "layer": layer,
        "file": layer,
        "line": 2,
    }
    return PriceRow(**values)


def holding(fact: Any, at: datetime) -> bool:
    """Half-open, as the contract says it."""
    return not (fact.valid_from and at < fact.valid_from) and not (
        fact.valid_to and at >= fact.valid_to
    )


@st.composite
def layers(draw: st.DrawFn) -> list[list[PriceRow]]:
    """The built-in rows and up to two files, none of which overlaps itself."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        kept: list[PriceRow] = []
        for row in draw(st.lists(price_rows("contracted" if number else "list"), max_size=12)):
            clash = any(
                row.key == other.key
                and (other.valid_from or datetime.min) < (row.valid_to or datetime.max)
                and (row.valid_from or datetime.min) < (other.valid_to or datetime.max)
                for other in kept
            )
            if not clash:
                kept.append(row)
        made.append(kept)
    return made


aliases = st.lists(
    st.builds(
        lambda names, span: Alias(*names, *span),
        st.sampled_from([("a-2024", "a"), ("a-2024", "b"), ("ft:a-2024", "ft:a")]),
        spans(),
    ),
    max_size=1,
)
discounts = st.lists(
    st.builds(
        lambda percent, project, model, span: Terms(Decimal(percent), project, model, *span),
        st.integers(0, 100),
        st.sampled_from([None, "p"]),
        st.sampled_from([None, "a", "a-2024"]),
        spans(),
    ),
    max_size=3,
)
keys = st.builds(
    PriceKey,
    st.just("openai"),
    st.sampled_from(MODELS),
    st.sampled_from(sorted(METERS)),
    st.sampled_from(["default", "flex"]),
    st.sampled_from(["base", "long"]),
    st.sampled_from([None, "v", "w"]),
    st.sampled_from([None, "p", "q"]),
)


def names_of(key: PriceKey, table: list[Alias], at: datetime) -> list[str]:
    """The ids that may price a key, by the words of the contract."""
    assert key.model is not None
    means = {alias.alias: alias.model for alias in table if holding(alias, at)}
    names = [key.model, means.get(key.model)]
    if key.model.startswith("ft:"):
        base = key.model.split(":")[1]
        for name in (base, means.get(base)):
            if name is not None:
                names += [f"ft:{name}", means.get(f"ft:{name}")]
    if key.meter == "web_search_calls":
        names.append("web_search_calls")
    return [name for name in names if name is not None]


def by_reading_every_row(
    files: list[list[PriceRow]],
    key: PriceKey,
    names: list[str],
    at: datetime,
    own: bool,  # noqa: FBT001
) -> PriceRow | None:
    """The row that prices a key, found by ranking all rows of the list, or of the user's files."""

    def ranked(context_class: str) -> PriceRow | None:
        fitting = [
            (-number, names.index(row.model), row.variant is None, row.price_id, row)
            for number, rows in enumerate(files)
            for row in rows
            if (number > 0) is own
            and row.model in names
            and row.meter == key.meter
            and row.service_tier == key.service_tier
            and row.context_class == context_class
            and row.variant in {None, key.variant}
            and holding(row, at)
        ]
        return min(fitting)[-1] if fitting else None

    if key.context_class == "long":
        found = ranked("long")
        seen = files if own else files[:1]
        is_split = any(
            row.long_above_tokens and row.model in names and holding(row, at)
            for rows in seen
            for row in rows
        )
        if found or (is_split and METERS[key.meter] == "tokens"):
            return found
    return ranked("base")


@settings(max_examples=40)
@given(layers(), aliases, discounts, st.lists(keys, min_size=1, max_size=6), st.data())
def test_resolving_is_reading_every_row(
    files: list[list[PriceRow]],
    table: list[Alias],
    terms: list[Terms],
    asked: list[PriceKey],
    data: st.DataObject,
) -> None:
    """Layer, then model, then variant; long by its own rows; the best discount off the list."""
    book = PriceBook(files, table, terms)
    again = PriceBook.from_json(book.to_json())
    for key in asked:
        at = START + timedelta(hours=data.draw(st.integers(-1, 42)))
        names = names_of(key, table, at)
        listed = by_reading_every_row(files, key, names, at, own=False)
        own = by_reading_every_row(files, key, names, at, own=True)
        price = book.resolve(key, at)
        assert again.resolve(key, at) == price
        if own is not None:
            assert price is not None
            assert price.contracted_unit_price_usd == own.unit_price_usd
            assert price.list_unit_price_usd == (listed or own).unit_price_usd
            assert price.price_id.split()[0] == own.price_id
        elif listed is not None:
            assert price is not None
            matching = [
                discount
                for discount in terms
                if holding(discount, at)
                and discount.project in {None, key.project_id}
                and (discount.model is None or discount.model in names)
            ]
            matching.sort(
                key=lambda d: (
                    d.project is None,
                    d.model is None,
                    names.index(d.model) if d.model else 0,
                    -d.percent,
                )
            )
            percent = matching[0].percent if matching else Decimal(0)
            expected = listed.unit_price_usd * (100 - percent) / 100
            assert price.contracted_unit_price_usd == expected
            assert price.list_unit_price_usd == listed.unit_price_usd
        else:
            assert price is None
        if price is not None:
            assert price.status == ("priced" if price.contracted_unit_price_usd else "free")


@settings(max_examples=40)
@given(layers(), aliases, st.sampled_from(MODELS))
def test_thresholds_are_those_of_the_rows_at_every_hour(
    files: list[list[PriceRow]], table: list[Alias], model: str
) -> None:
    """A model has a threshold at exactly the instants at which a long row can price it."""
    thresholds = PriceBook(files, table).long_thresholds(model)
    for hour in range(-1, 43):
        at = START + timedelta(hours=hour)
        names = names_of(PriceKey("openai", model, "images", "", "", None, None), table, at)
        expected = any(
            row.long_above_tokens and row.model in names and holding(row, at)
            for rows in files
            for row in rows
        )
        assert any(holding(threshold, at) for threshold in thresholds) is expected
    assert list(thresholds) == sorted(thresholds, key=lambda t: t.valid_from or datetime.min)


def test_a_negative_discount_is_a_surcharge() -> None:
    """Ten percent on two dollars a million; its name in price ids says so."""
    terms = Terms(Decimal(-10), None, None, None, None)
    assert terms.apply(Decimal("0.000002")) == Decimal("0.0000022")
    assert terms.name == "plus 10%"
