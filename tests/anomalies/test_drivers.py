"""What an incident comes from."""

from __future__ import annotations

from datetime import date, timedelta

from pipeline.anomalies.drivers import Part, driver_of

FIRST = date(2026, 10, 12)


def part(
    day: int,
    usd: float,
    *,
    key: str | None = "k1",
    user: str | None = None,
    model: str | None = "alpha",
    tier: str = "default",
    cached: float = 0.0,
) -> Part:
    """A part of a day's cost, so many days after the first of the incident."""
    on = FIRST + timedelta(days=day)
    return Part(on, model, key, user, tier, usd, usd * 1000, usd * 1000 * cached)


def driver(*parts: Part, last: int = 0, is_more: bool = True) -> str | None:
    """The driver in short."""
    found = driver_of(parts, FIRST, FIRST + timedelta(days=last), is_more=is_more)
    return found.text if found else None


BEFORE = tuple(part(-n, 10, key=key) for n in range(1, 8) for key in ("k1", "k2"))


def test_the_key_with_the_largest_excess() -> None:
    assert driver(*BEFORE, part(0, 11, key="k1"), part(0, 90, key="k2")) == "api_key k2"


def test_a_key_that_was_always_large_is_not_the_driver() -> None:
    large = [part(-n, 500, key="k3") for n in range(1, 8)]
    assert driver(*BEFORE, *large, part(0, 510, key="k3"), part(0, 90, key="k2")) == "api_key k2"


def test_a_new_key() -> None:
    assert driver(*BEFORE, part(0, 10), part(0, 90, key="leaked")) == "api_key leaked"


def test_several_days_are_compared_with_as_many() -> None:
    found = driver_of(
        [*BEFORE, *(part(n, 40, key="k2") for n in range(3))], FIRST, FIRST + timedelta(days=2)
    )
    assert found is not None
    assert round(found.excess_usd) == 90  # three days of 40 against three of 10


def test_a_lost_cache() -> None:
    before = [part(-n, 10, cached=0.6) for n in range(1, 8)]
    assert driver(*before, part(0, 18, cached=0.1)) == "cache"
    assert driver(*before, part(0, 90, cached=0.5)) == "api_key k1"


def test_another_tier_with_most_of_the_excess() -> None:
    before = [part(-n, 10) for n in range(1, 8)]
    assert driver(*before, part(0, 2), part(0, 40, tier="priority")) == "service_tier priority"
    assert driver(*before, part(0, 90), part(0, 4, tier="priority")) == "api_key k1"


def test_a_key_that_fell_silent() -> None:
    assert driver(*BEFORE, part(0, 9.5, key="k1"), is_more=False) == "api_key k2"


def test_without_keys_users_and_without_users_models() -> None:
    by_user = [part(-n, 10, key=None, user="u1") for n in range(1, 8)]
    assert driver(*by_user, part(0, 90, key=None, user="u2")) == "user u2"
    by_model = [part(-n, 10, key=None) for n in range(1, 8)]
    assert driver(*by_model, part(0, 90, key=None, model="beta")) == "model beta"
    assert driver(part(0, 90, key=None, model=None)) is None
    assert driver() is None
