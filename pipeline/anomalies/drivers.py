"""What an incident comes from: a lost cache, another tier, a key, a user or a model. Pure.

Its days are compared with the mean of the days before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.anomalies import constants as c
from pipeline.anomalies.model import Dimension, Driver


@dataclass(frozen=True, slots=True)
class Part:
    """What one key, user, model and tier cost on a day."""

    day: date
    model: str | None
    api_key_id: str | None
    user_id: str | None
    service_tier: str
    cost_usd: float
    input_tokens: float
    cached_tokens: float


def compared_since(first: date) -> date:
    """The first of the days with which an incident is compared."""
    return first - timedelta(days=c.DRIVER_DAYS)


def driver_of(
    parts: Sequence[Part], first: date, last: date, *, is_more: bool = True
) -> Driver | None:
    """The driver of an incident from its first to its last day; None where nothing says.

    Takes the parts of these days and of those before (`compared_since`), of its models, and whether
    more was spent than usual, or less.
    """
    before = [p for p in parts if compared_since(first) <= p.day < first]
    during = [p for p in parts if first <= p.day <= last]
    days = (last - first).days + 1
    excess = _excess(before, during, days, lambda _: "").get("", 0.0)
    if is_more and _is_cache_lost(before, during):
        return Driver("cache", "", excess)
    usual = _largest(before, lambda p: p.service_tier)
    by_tier = _excess(before, during, days, lambda p: p.service_tier)
    for tier, amount in by_tier.items() if is_more and usual is not None else ():
        if tier != usual and amount > max(0.0, excess / 2):
            return Driver("service_tier", tier, amount)
    dimensions: tuple[tuple[Dimension, Callable[[Part], str | None]], ...] = (
        ("api_key", lambda p: p.api_key_id),
        ("user", lambda p: p.user_id),
        ("model", lambda p: p.model),
    )
    for dimension, value_of in dimensions:
        amounts = _excess(before, during, days, value_of)
        if amounts:
            value = max(amounts, key=lambda v: amounts[v] if is_more else -amounts[v])
            return Driver(dimension, value, amounts[value])
    return None


def _excess(
    before: Iterable[Part],
    during: Iterable[Part],
    days: int,
    value_of: Callable[[Part], str | None],
) -> dict[str, float]:
    """What each value cost more than in as many days at the mean of the days before."""
    found: defaultdict[str, float] = defaultdict(float)
    for part, share in (
        *((p, 1.0) for p in during),
        *((p, -days / c.DRIVER_DAYS) for p in before),
    ):
        value = value_of(part)
        if value is not None:
            found[value] += share * part.cost_usd
    return dict(sorted(found.items()))


def _largest(parts: Iterable[Part], value_of: Callable[[Part], str]) -> str | None:
    sums: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        sums[value_of(part)] += part.cost_usd
    return max(sorted(sums), key=sums.__getitem__) if sums else None


def _is_cache_lost(before: Sequence[Part], during: Sequence[Part]) -> bool:
    was_cached, is_cached = _cached_share(before), _cached_share(during)
    if was_cached is None or is_cached is None:
        return False
    return was_cached > c.CACHE_LEAST and is_cached < c.CACHE_LEFT * was_cached


def _cached_share(parts: Sequence[Part]) -> float | None:
    """The share of input tokens that came from the cache; None without any."""
    tokens = sum(p.input_tokens for p in parts)
    return sum(p.cached_tokens for p in parts) / tokens if tokens else None
