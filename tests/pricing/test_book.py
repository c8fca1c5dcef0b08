"""Which price a key has at an instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.model import Discount
from pipeline.errors import ConfigError, TollbookError
from pipeline.pricing.aliases_and_allowances import Alias, Allowance, read_aliases
from pipeline.pricing.book import LongThreshold, Price, PriceBook, PriceKey
from pipeline.pricing.discounts import Terms
from pipeline.pricing.load import load_book
from tests.support.price_files import KEY, at, line, price_file, rows

NOW = at("2026-11-01")
LONG = {"context_class": "long", "long_above_tokens": "272000"}
LONG_KEY = replace(KEY, context_class="long")


def book(
    folder: Path,
    *lines: str,
    own: tuple[tuple[str, ...], ...] = (),
    aliases: tuple[Alias, ...] = (),
    discounts: tuple[Terms, ...] = (),
) -> PriceBook:
    """A book of list prices and of the user's files."""
    layers = [rows(price_file(folder, *lines))]
    layers += [
        rows(price_file(folder, *file, name=f"own-{number}.csv"), "contracted")
        for number, file in enumerate(own)
    ]
    return PriceBook(layers, aliases, discounts)


def contracted(price: Price | None) -> str | None:
    """The contracted price of a million, as text."""
    return None if price is None else str((price.contracted_unit_price_usd * 1_000_000).normalize())


def test_boundary_instant_belongs_to_the_new_price(tmp_path: Path) -> None:
    """Validity is half-open: in from, out to, to the microsecond."""
    prices = book(
        tmp_path,
        line(price_usd="1", valid_to="2026-07-30T12:00:00Z"),
        line(price_usd="2", valid_from="2026-07-30T12:00:00Z", valid_to="2026-08-01"),
    )
    boundary = at("2026-07-30T12:00")
    assert contracted(prices.resolve(KEY, boundary - timedelta(microseconds=1))) == "1"
    assert contracted(prices.resolve(KEY, boundary)) == "2"
    assert prices.resolve(KEY, at("2026-08-01")) is None


def test_nothing_matches_by_prefix_or_case(tmp_path: Path) -> None:
    """An id is exact: what is not known is unpriced."""
    prices = book(tmp_path, line(model="gpt-4o"))
    for model in ("gpt-4o-audio-preview", "gpt-4", "GPT-4o", "gpt-4o ", ""):
        assert prices.resolve(replace(KEY, model=model), NOW) is None


def test_other_provider_meter_or_tier_is_unpriced(tmp_path: Path) -> None:
    """An unknown tier never becomes the default one."""
    prices = book(tmp_path, line())
    assert prices.resolve(replace(KEY, provider="azure"), NOW) is None
    assert prices.resolve(replace(KEY, meter="audio_input_tokens"), NOW) is None
    assert prices.resolve(replace(KEY, service_tier="ultrafast"), NOW) is None


def test_price_of_zero_is_free(tmp_path: Path) -> None:
    """Free is a price that somebody wrote down; it is not the lack of one."""
    price = book(tmp_path, line(price_usd="0")).resolve(KEY, NOW)
    assert price is not None
    assert (price.status, price.contracted_unit_price_usd) == ("free", Decimal(0))


def test_exact_variant_wins_and_an_empty_one_is_any(tmp_path: Path) -> None:
    """A row without a variant prices every variant that has no row of its own."""
    prices = book(tmp_path, line(price_usd="1"), line(price_usd="4", variant="4g"))
    assert contracted(prices.resolve(replace(KEY, variant="4g"), NOW)) == "4"
    assert contracted(prices.resolve(replace(KEY, variant="8g"), NOW)) == "1"
    assert contracted(prices.resolve(replace(KEY, variant=""), NOW)) == "1"


def test_variants_alone_leave_an_unknown_variant_unpriced(tmp_path: Path) -> None:
    """Where the price depends on the variant, a record without one has no price."""
    prices = book(tmp_path, line(price_usd="4", variant="4g"))
    assert prices.resolve(KEY, NOW) is None
    assert prices.resolve(replace(KEY, variant="8g"), NOW) is None


def test_recorded_id_wins_over_its_alias(tmp_path: Path) -> None:
    """The id as recorded first, then what the alias table says at that instant."""
    aliases = (
        Alias("m-2024", "m", None, None),
        Alias("m-latest", "m", None, at("2026-01-01")),
        Alias("m-latest", "n", at("2026-01-01"), None),
    )
    prices = book(
        tmp_path,
        line(price_usd="1"),
        line(model="n", price_usd="2"),
        line(model="m-2024", price_usd="3", meter="text_output_tokens"),
        aliases=aliases,
    )
    snapshot = replace(KEY, model="m-2024")
    latest = replace(KEY, model="m-latest")
    assert contracted(prices.resolve(snapshot, NOW)) == "1"
    assert contracted(prices.resolve(replace(snapshot, meter="text_output_tokens"), NOW)) == "3"
    assert contracted(prices.resolve(latest, at("2025-12-31T23:59:59"))) == "1"
    assert contracted(prices.resolve(latest, at("2026-01-01"))) == "2"


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("ft:base-2024:acme::id", "1"),
        ("ft:base-2024:acme:name:id:ckpt-step-9", "1"),
        ("ft:base-2024", "1"),
        ("ft:base-2024:acme::own", "2"),
        ("ft:other-2024:acme::id", "3"),
        ("ft:unknown:acme::id", None),
        ("ft:plain:acme::id", None),
        ("ft:", None),
        ("ft", None),
    ],
)
def test_fine_tuned_model_takes_its_own_kind_of_price(
    tmp_path: Path, model: str, price: str | None
) -> None:
    """Its own id, then `ft:BASE`, then `ft:` with the base's alias; never the base's price."""
    prices = book(
        tmp_path,
        line(model="ft:base-2024", price_usd="1"),
        line(model="ft:base-2024:acme::own", price_usd="2"),
        line(model="ft:other", price_usd="3"),
        *(line(model=base, price_usd="9") for base in ("base-2024", "base", "other", "plain")),
        aliases=(Alias("base-2024", "base", None, None), Alias("other-2024", "other", None, None)),
    )
    assert contracted(prices.resolve(replace(KEY, model=model), NOW)) == price


def test_tool_without_a_row_of_its_model_has_the_tools_price(tmp_path: Path) -> None:
    """A search costs the same whatever model asks for it, unless that model has a row."""
    prices = book(
        tmp_path,
        line(model="web_search_calls", meter="web_search_calls", unit="calls"),
        line(model="m", meter="web_search_calls", unit="calls", price_usd="2"),
    )
    search = replace(KEY, meter="web_search_calls")
    assert contracted(prices.resolve(search, NOW)) == "2"
    assert contracted(prices.resolve(replace(search, model="unheard-of"), NOW)) == "1"
    assert prices.resolve(replace(search, model="web_search_calls", provider="azure"), NOW) is None


def test_later_file_wins_for_the_instants_it_covers(tmp_path: Path) -> None:
    """The user's files win over the book, a later file over an earlier one, each in its time."""
    prices = book(
        tmp_path,
        line(price_usd="9"),
        own=(
            (line(price_usd="5", valid_from="2026-01-01"),),
            (line(price_usd="4", valid_from="2026-03-01", valid_to="2026-04-01"),),
        ),
    )
    told = [
        contracted(prices.resolve(KEY, at(day)))
        for day in ("2025-12-31", "2026-01-01", "2026-03-01", "2026-03-31", "2026-04-01")
    ]
    assert told == ["9", "5", "4", "4", "5"]


def test_users_general_row_wins_over_a_more_exact_one_in_the_book(tmp_path: Path) -> None:
    """The layer decides first, exactness only inside it."""
    prices = book(
        tmp_path,
        line(model="m-2024", variant="v", price_usd="9"),
        own=((line(model="m", price_usd="5"),),),
        aliases=(Alias("m-2024", "m", None, None),),
    )
    price = prices.resolve(replace(KEY, model="m-2024", variant="v"), NOW)
    assert price is not None
    assert contracted(price) == "5"
    assert price.list_unit_price_usd == Decimal("0.000009")


def test_both_costs_are_kept_and_named(tmp_path: Path) -> None:
    """List and contracted price stand side by side; the id's first word is a row of the book."""
    prices = book(tmp_path, line(price_usd="9"), own=((line(price_usd="5"),),))
    listed, own = prices.rows()
    price = prices.resolve(KEY, NOW)
    assert price == Price(
        f"{own.price_id} list#{listed.price_hash}",
        Decimal("0.000009"),
        Decimal("0.000005"),
        "priced",
    )
    assert listed.price_id != own.price_id


def test_list_equals_contracted_where_the_book_has_no_price(tmp_path: Path) -> None:
    """A model of the user's own has one price, and it is both."""
    prices = book(tmp_path, line(model="n"), own=((line(price_usd="5"),),))
    price = prices.resolve(KEY, NOW)
    assert price is not None
    assert price.price_id == prices.rows()[1].price_id
    assert price.list_unit_price_usd == price.contracted_unit_price_usd == Decimal("0.000005")


def test_long_request_costs_the_long_price(tmp_path: Path) -> None:
    """Base and long rows are two prices of one model."""
    prices = book(tmp_path, line(price_usd="1"), line(price_usd="2", **LONG))
    assert contracted(prices.resolve(KEY, NOW)) == "1"
    assert contracted(prices.resolve(LONG_KEY, NOW)) == "2"


def test_long_request_at_a_tier_without_long_rows_is_unpriced(tmp_path: Path) -> None:
    """The provider does not serve long requests there, so that there is no price to take."""
    prices = book(
        tmp_path, line(), line(price_usd="2", **LONG), line(service_tier="priority", price_usd="3")
    )
    priority = replace(LONG_KEY, service_tier="priority")
    assert prices.resolve(priority, NOW) is None
    assert contracted(prices.resolve(replace(priority, context_class="base"), NOW)) == "3"


def test_tool_call_in_a_long_request_costs_the_same(tmp_path: Path) -> None:
    """Only tokens have a long price."""
    search = {"meter": "web_search_calls", "unit": "calls"}
    prices = book(tmp_path, line(**LONG), line(price_usd="7", **search))
    assert contracted(prices.resolve(replace(LONG_KEY, meter="web_search_calls"), NOW)) == "7"


def test_model_without_a_threshold_is_always_base(tmp_path: Path) -> None:
    """Where no long row holds, what is called long costs the base price."""
    prices = book(tmp_path, line(price_usd="1"), line(**LONG, valid_to="2026-01-01"))
    assert contracted(prices.resolve(LONG_KEY, NOW)) == "1"


def test_contracted_base_price_is_not_that_of_long_requests(tmp_path: Path) -> None:
    """A contract that only names the base price leaves long requests at the list price."""
    prices = book(
        tmp_path, line(price_usd="2"), line(price_usd="4", **LONG), own=((line(price_usd="1"),),)
    )
    assert contracted(prices.resolve(KEY, NOW)) == "1"
    assert contracted(prices.resolve(LONG_KEY, NOW)) == "4"


def test_users_threshold_leaves_the_list_price_base(tmp_path: Path) -> None:
    """The list knows no long requests of a model, so its price for them is the base one."""
    prices = book(tmp_path, line(price_usd="2"), own=((line(price_usd="3", **LONG),),))
    price = prices.resolve(LONG_KEY, NOW)
    assert price is not None
    assert (contracted(price), price.list_unit_price_usd) == ("3", Decimal("0.000002"))


def test_thresholds_follow_alias_time_and_layer(tmp_path: Path) -> None:
    """The threshold of a recorded id at each time is that of the row that would price it."""
    prices = book(
        tmp_path,
        line(**LONG, valid_to="2026-06-01"),
        line(price_usd="3", **LONG, valid_from="2026-06-01"),
        own=((line(context_class="long", long_above_tokens="200000", valid_from="2026-09-01"),),),
        aliases=(Alias("m-2024", "m", at("2026-03-01"), None),),
    )
    september = at("2026-09-01")
    assert prices.long_thresholds("m") == (
        LongThreshold(272_000, None, september),
        LongThreshold(200_000, september, None),
    )
    assert prices.long_thresholds("m-2024") == (
        LongThreshold(272_000, at("2026-03-01"), september),
        LongThreshold(200_000, september, None),
    )
    assert prices.long_thresholds("ft:m") == ()
    assert prices.long_thresholds("m", "azure") == ()


def test_lower_threshold_is_given_where_two_providers_share_an_id(tmp_path: Path) -> None:
    """Without a provider the answer errs on the side of asking for the long price."""
    high = line(provider="other", context_class="long", long_above_tokens="300000")
    prices = book(tmp_path, high, line(**LONG))
    assert prices.long_thresholds("m") == (LongThreshold(272_000, None, None),)
    assert prices.long_thresholds("m", "other") == (LongThreshold(300_000, None, None),)


def test_alias_discount_and_allowance_may_be_of_one_provider(tmp_path: Path) -> None:
    """One model id at two providers: each has its price, its aliases and its discount."""
    ours = line(provider="other", price_usd="5")
    prices = book(
        tmp_path,
        line(price_usd="2"),
        ours,
        aliases=(
            Alias("m-1", "m", None, None, "openai"),
            Alias("m-x", "m", None, None, "other"),
            Alias("m-all", "m", None, None),
        ),
        discounts=(
            Terms(Decimal(50), None, None, None, None),
            Terms(Decimal(10), None, None, None, None, "other"),
        ),
    )
    found = {
        (provider, model): contracted(
            prices.resolve(replace(KEY, provider=provider, model=model), NOW)
        )
        for provider in ("openai", "other")
        for model in ("m", "m-1", "m-x", "m-all")
    }
    assert found == {
        ("openai", "m"): "1",
        ("openai", "m-1"): "1",
        ("openai", "m-x"): None,
        ("openai", "m-all"): "1",
        ("other", "m"): "4.5",
        ("other", "m-1"): None,
        ("other", "m-x"): "4.5",
        ("other", "m-all"): "4.5",
    }
    assert PriceBook.from_json(prices.to_json()) == prices


def test_alias_table_without_providers_is_of_the_built_in_one(tmp_path: Path) -> None:
    """A table without the column keeps its meaning; with it, an alias may be taken twice."""
    (tmp_path / "old.csv").write_text("alias,model,valid_from,valid_to\nm-1,m,,\n")
    (tmp_path / "new.csv").write_text(
        "provider,alias,model,valid_from,valid_to\nother,m-1,n,,\n,m-1,m,,\nother,m-1,o,,\n"
    )
    old, table = read_aliases(tmp_path / "old.csv", "old.csv", "openai")
    assert (old, table.errors) == ((Alias("m-1", "m", None, None, "openai"),), [])
    new, table = read_aliases(tmp_path / "new.csv", "new.csv", "openai")
    assert new == (
        Alias("m-1", "n", None, None, "other"),
        Alias("m-1", "m", None, None, "openai"),
    )
    assert [str(f) for f in table.errors] == [
        "new.csv:4 alias: 'm-1' already means a model at that time."
    ]


def test_instants_within_days_are_those_off_midnight(tmp_path: Path) -> None:
    """A price that changes at noon splits the day; one that changes at midnight does not."""
    prices = book(
        tmp_path,
        line(valid_from="2026-01-01", valid_to="2026-02-01T06:00:00Z"),
        line(model="n", valid_from="2026-01-01T00:00:00.000001Z"),
        aliases=(Alias("a", "m", at("2026-01-05T12:00"), at("2026-02-01T06:00")),),
    )
    assert prices.instants_within_days() == (
        at("2026-01-01T00:00:00.000001"),
        at("2026-01-05T12:00"),
        at("2026-02-01T06:00"),
    )


def test_book_id_is_of_what_can_change_a_price(tmp_path: Path) -> None:
    """Paths, sources, notation and the order of rows do not count; everything else does."""
    one = book(tmp_path, line(), line(model="n", source="a"))
    assert one.book_id == book(tmp_path, line(model="n", source="b"), line()).book_id
    assert (
        one.book_id == book(tmp_path, line(price_usd="0.001", per="1000"), line(model="n")).book_id
    )
    others = [
        book(tmp_path, line(), line(model="N")),
        book(tmp_path, line(price_usd="2"), line(model="n")),
        book(tmp_path, line(valid_to="2030-01-01"), line(model="n")),
        book(tmp_path, line(**LONG), line(model="n")),
        book(tmp_path, line(**{**LONG, "long_above_tokens": "9"}), line(model="n")),
        book(tmp_path, line(), line(model="n"), own=((line(),),)),
        book(tmp_path, line(), line(model="n"), own=((line(), line(model="n")),)),
        book(tmp_path, line(), line(model="n"), own=((line(),), (line(model="n"),))),
        book(tmp_path, line(), line(model="n"), aliases=(Alias("a", "m", None, None),)),
        book(
            tmp_path,
            line(),
            line(model="n"),
            discounts=(Terms(Decimal(5), None, None, None, None),),
        ),
        PriceBook(
            [one.rows()],
            allowances=[Allowance("images", Decimal(1), "organization_day", None, None, "s")],
        ),
    ]
    assert len({one.book_id, *(other.book_id for other in others)}) == 1 + len(others)


def test_file_without_rows_changes_nothing(tmp_path: Path) -> None:
    """An empty price file is a file whose prices are all elsewhere."""
    assert book(tmp_path, line(), own=((),)).book_id == book(tmp_path, line()).book_id


def test_saved_book_is_the_same_book(tmp_path: Path) -> None:
    """A pinned book prices the same to the last digit, years later."""
    odd = line(price_usd="1.50", valid_from="2026-01-01T06:00:00.5Z", variant="v", recorded_at="")
    terms = (Terms(Decimal("7.50"), "", None, None, at("2027-01-01")),)
    alias = Alias("a", "m", None, at("2026-01-01"))
    prices = book(tmp_path, odd, line(**LONG), own=((line(price_usd="1e-3"),),), aliases=(alias,))
    prices = PriceBook(
        [prices.rows()[:2], prices.rows()[2:]],
        prices.aliases(),
        terms,
        load_book([], []).book.allowances(),
    )
    again = PriceBook.from_json(prices.to_json())
    assert again == prices
    assert again.to_json() == prices.to_json()
    assert (again.book_id, again.rows(), again.aliases(), again.allowances()) == (
        prices.book_id,
        prices.rows(),
        prices.aliases(),
        prices.allowances(),
    )
    assert again.resolve(replace(KEY, project_id=""), NOW) == prices.resolve(
        replace(KEY, project_id=""), NOW
    )


@pytest.mark.parametrize("text", ['{"format":2}', "{}", "[]"])
def test_book_of_an_unknown_form_is_refused(text: str) -> None:
    """A newer version's book is not misread."""
    with pytest.raises(TollbookError, match="pinned price book"):
        PriceBook.from_json(text)


@pytest.mark.parametrize(
    ("project", "model", "price"),
    [
        ("p", "m", "60"),
        ("p", "n", "70"),
        ("q", "m", "80"),
        ("q", "m-2024", "75"),
        (None, "n", "90"),
        ("free-of-it", "n", "100"),
    ],
)
def test_most_specific_discount_applies_alone(
    tmp_path: Path, project: str | None, model: str, price: str
) -> None:
    """Project and model, else project, else model (the recorded id first), else general."""
    terms = (
        Terms(Decimal(10), None, None, None, None),
        Terms(Decimal(5), None, None, None, None),
        Terms(Decimal(20), None, "m", None, None),
        Terms(Decimal(25), None, "m-2024", None, None),
        Terms(Decimal(30), "p", None, None, None),
        Terms(Decimal(40), "p", "m", None, None),
        Terms(Decimal(0), "free-of-it", None, None, None),
    )
    prices = book(
        tmp_path,
        line(price_usd="100"),
        line(model="n", price_usd="100"),
        aliases=(Alias("m-2024", "m", None, None),),
        discounts=terms,
    )
    found = prices.resolve(replace(KEY, project_id=project, model=model), NOW)
    assert found is not None
    assert found.contracted_unit_price_usd * 1_000_000 == Decimal(price)
    assert found.list_unit_price_usd * 1_000_000 == Decimal(100)


def test_discount_names_itself_in_the_id_and_keeps_its_dates() -> None:
    """The day it starts is in, the day it ends is out, and the id says what was taken off."""
    discount = Discount(
        percent=Decimal("7.50"),
        project="proj_chatbot",
        valid_from=date(2026, 7, 1),
        valid_to=date(2026, 8, 1),
    )
    prices = load_book([], [discount]).book
    key = PriceKey("openai", "gpt-4o", "text_input_tokens", "default", "base", None, "proj_chatbot")
    listed = prices.resolve(replace(key, project_id="other"), at("2026-07-01"))
    price = prices.resolve(key, at("2026-07-01"))
    assert listed is not None
    assert price == Price(
        f"{listed.price_id} less 7.5% project=proj_chatbot",
        Decimal("0.0000025"),
        Decimal("0.0000023125"),
        "priced",
    )
    assert prices.resolve(key, at("2026-06-30T23:59:59")) == listed
    assert prices.resolve(key, at("2026-08-01")) == listed


def test_discount_leaves_contracted_prices_alone(tmp_path: Path) -> None:
    """A negotiated price is what was negotiated."""
    everything = (Terms(Decimal(50), None, None, None, None),)
    prices = book(
        tmp_path, line(price_usd="4"), own=((line(price_usd="3"),),), discounts=everything
    )
    assert contracted(prices.resolve(KEY, NOW)) == "3"


def test_whole_discount_makes_free_and_keeps_the_list_price(tmp_path: Path) -> None:
    """What costs nothing is free; what it would have cost stays known."""
    prices = book(tmp_path, line(), discounts=(Terms(Decimal(100), None, None, None, None),))
    price = prices.resolve(KEY, NOW)
    assert price is not None
    assert (price.status, price.list_unit_price_usd) == ("free", Decimal("0.000001"))


def test_discounted_price_is_rounded_half_even_at_18_decimals(tmp_path: Path) -> None:
    """A percentage of a tiny price may need more digits than a price has: 0.5 becomes 0, 1.5 2."""
    half = (Terms(Decimal(50), None, None, None, None),)
    prices = book(
        tmp_path,
        line(price_usd="0.000000000000000001", per="1"),
        line(model="n", price_usd="0.000000000000000003", per="1"),
        discounts=half,
    )
    one, three = (prices.resolve(replace(KEY, model=m), NOW) for m in ("m", "n"))
    assert one is not None
    assert three is not None
    assert (one.contracted_unit_price_usd, three.contracted_unit_price_usd) == (
        Decimal(0),
        Decimal("2E-18"),
    )


def test_discount_that_ends_before_it_starts_is_refused() -> None:
    """A configuration error, with its key."""
    discount = Discount(percent=Decimal(5), valid_from=date(2026, 7, 1), valid_to=date(2026, 7, 1))
    with pytest.raises(ConfigError, match=r"discounts\.0\.valid_to: valid_to 2026-07-01 is not"):
        load_book([], [discount])
