"""Picks the price of a quantity at an instant, and explains it.

Built-in rows are the list price, the user's files the contracted price, discounts take a percentage
off the list price where there is no contracted one. Prices are found by time of use, exactly.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Literal

from pipeline.meters import METER_UNITS
from pipeline.pricing import book_json
from pipeline.pricing import discounts as discounting
from pipeline.pricing.aliases_and_allowances import Alias, Allowance
from pipeline.pricing.discounts import Terms
from pipeline.pricing.model_names import ModelNames
from pipeline.pricing.price_layer import PriceLayer, Slot
from pipeline.pricing.rows import PriceRow
from pipeline.pricing.validity import EARLIEST, Dated, boundaries, holds

Status = Literal["priced", "free"]


@dataclass(frozen=True, slots=True)
class PriceKey:
    """The attributes of usage that decide its price. The project only matters for discounts.

    Without a model only a tool's own price can be found.
    """

    provider: str
    model: str | None
    meter: str
    service_tier: str
    context_class: str
    variant: str | None
    project_id: str | None


@dataclass(frozen=True, slots=True)
class Price:
    """The list and the contracted price of one unit, and the id that explains them.

    The id is that of the row that decides. After a space it adds what else decides: ` list#…` (the
    row with the list price beside a contracted one) or ` less 7.5% project=…` (a discount). So the
    first word of a charge's price id is a `price_id` of the view `prices`.
    """

    price_id: str
    list_unit_price_usd: Decimal
    contracted_unit_price_usd: Decimal
    status: Status


@dataclass(frozen=True, slots=True)
class LongThreshold:
    """More input tokens than this make a request long, from `valid_from` to before `valid_to`."""

    long_above_tokens: int
    valid_from: datetime | None
    valid_to: datetime | None


class PriceBook:
    """Rows in layers, aliases, discounts and allowances; immutable, and quick to ask.

    Resolving, in this order: the layer (a later file of the user before an earlier one, any of
    them before the built-in book) that has a row holding at the instant; in it the most exact
    model id (`ModelNames.candidates`); for that the row with the variant before the one without.

    A long request takes `long` rows only. A model with a threshold at that instant but without a
    long row for the tier and meter leaves long requests unpriced: OpenAI does not serve long
    requests at the priority tier of gpt-5.4 and gpt-5.5, so no price for them exists. Where no long
    row of the model holds, and for what is not counted in tokens (a tool call in a long request),
    the base row is the price.
    """

    def __init__(
        self,
        layers: Sequence[PriceLayer | Sequence[PriceRow]],
        aliases: Iterable[Alias] = (),
        discounts: Iterable[Terms] = (),
        allowances: Iterable[Allowance] = (),
    ) -> None:
        """Takes the built-in rows, then one sequence a file of the user, the last one strongest."""
        listed, *own = map(PriceLayer.of, layers or [()])
        self.layers = (listed, *(layer for layer in own if layer.rows))
        self._aliases = tuple(aliases)
        self._discounts = tuple(discounts)
        self._allowances = tuple(allowances)
        self._names = ModelNames(self._aliases)
        self._slots = tuple(layer.slots for layer in self.layers)
        self._long = tuple(layer.long for layer in self.layers)
        self._discounted_projects = {terms.project for terms in self._discounts}
        self._timelines: dict[PriceKey, tuple[list[datetime], list[Price | None]]] = {}
        self.book_id = hashlib.sha256(self._content().encode()).hexdigest()[:32]

    def resolve(self, key: PriceKey, at: datetime) -> Price | None:
        """The price of one unit at an instant (naive UTC), None where there is none: unpriced."""
        if key.project_id not in self._discounted_projects:
            key = replace(key, project_id=None)
        timeline = self._timelines.get(key)
        if timeline is None:
            timeline = self._timelines[key] = self._timeline(key)
        starts, prices = timeline
        return prices[bisect_right(starts, at) - 1]

    @property
    def has_project_discounts(self) -> bool:
        """Whether a price may depend on the project."""
        return bool(self._discounted_projects - {None})

    def instants_within_days(self) -> tuple[datetime, ...]:
        """The instants inside a UTC day at which a price may change, sorted."""
        dated: list[Dated] = [*self.rows(), *self._aliases, *self._discounts]
        return tuple(sorted(i for i in boundaries(dated) if i.time() != time()))

    @cached_property
    def lowest_threshold(self) -> int | None:
        """The lowest number of tokens above which any model's request is long at any time."""
        lines = (row.long_above_tokens for row in self.rows())
        return min((tokens for tokens in lines if tokens is not None), default=None)

    def long_thresholds(self, model: str, provider: str | None = None) -> tuple[LongThreshold, ...]:
        """Where long begins for a recorded model id, in time order; empty: every request is base.

        The strongest layer that has a long row decides, in it the most exact id. Of two providers
        with the same model id the lower threshold is given, unless one provider is named.
        """
        longs = [row for slots in self._long for row in self._of(slots, model, provider)]
        starts = [EARLIEST, *sorted(self._names.boundaries(provider, model) | boundaries(longs))]
        found: list[LongThreshold] = []
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            tokens = self._threshold(model, provider, start)
            if tokens is None:
                continue
            since = None if start == EARLIEST else start
            if found and found[-1].valid_to == since and found[-1].long_above_tokens == tokens:
                since = found.pop().valid_from
            found.append(LongThreshold(tokens, since, end))
        return tuple(found)

    def aliases(self) -> tuple[Alias, ...]:
        """The alias table."""
        return self._aliases

    def allowances(self) -> tuple[Allowance, ...]:
        """The quantities that cost nothing for each organization and day."""
        return self._allowances

    def rows(self) -> tuple[PriceRow, ...]:
        """All rows, the built-in ones first, then the user's files in their order."""
        return tuple(row for layer in self.layers for row in layer)

    def to_json(self) -> str:
        """The whole book as JSON, decimals as strings: what a pinned day is priced with."""
        return book_json.to_json(
            book_json.Content(self.layers, self._aliases, self._discounts, self._allowances)
        )

    @classmethod
    def from_json(cls, text: str) -> PriceBook:
        """The book that `to_json` wrote. Fails: TollbookError for a form that is not known here."""
        content = book_json.from_json(text)
        return cls(content.layers, content.aliases, content.discounts, content.allowances)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PriceBook) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.book_id)

    def _timeline(self, key: PriceKey) -> tuple[list[datetime], list[Price | None]]:
        """Every instant at which the key's price may change, with the price from then on."""
        names = self._names.ever(key.provider, key.model, key.meter)
        rows = [
            row
            for layer in self._slots
            for name in names
            for context_class in {"base", key.context_class}
            for variant in {None, key.variant}
            for row in layer.get(_slot(key, name, context_class, variant), ())
        ]
        rows += [row for slots in self._long for row in self._of(slots, key.model, key.provider)]
        instants = self._names.boundaries(key.provider, key.model) | boundaries(rows)
        instants |= boundaries(self._discounts)
        starts = [EARLIEST, *sorted(instants - {EARLIEST})]
        return starts, [self._price(key, start) for start in starts]

    def _price(self, key: PriceKey, at: datetime) -> Price | None:
        names = self._names.candidates(key.provider, key.model, key.meter, at)
        listed = self._find(key, names, range(1), at)
        own = self._find(key, names, range(len(self.layers) - 1, 0, -1), at)
        if own is not None:
            return _contracted(own, listed)
        if listed is None:
            return None
        terms = discounting.best(self._discounts, key.provider, key.project_id, names, at)
        return _discounted(listed, terms)

    def _find(
        self, key: PriceKey, names: Sequence[str], layers: Sequence[int], at: datetime
    ) -> PriceRow | None:
        if key.context_class != "base":
            row = self._find_class(key, key.context_class, names, layers, at)
            if row is not None:
                return row
            # The built-in book knows nothing of the user's thresholds, but they know of its.
            among = layers if 0 in layers else range(len(self.layers))
            if METER_UNITS.get(key.meter) == "tokens" and self._is_split(key, names, among, at):
                return None
        return self._find_class(key, "base", names, layers, at)

    def _find_class(
        self,
        key: PriceKey,
        context_class: str,
        names: Sequence[str],
        layers: Sequence[int],
        at: datetime,
    ) -> PriceRow | None:
        for layer in layers:
            slots = self._slots[layer]
            for name in names:
                for variant in dict.fromkeys((key.variant or None, None)):
                    for row in slots.get(_slot(key, name, context_class, variant), ()):
                        if holds(row, at):
                            return row
        return None

    def _is_split(
        self, key: PriceKey, names: Sequence[str], layers: Sequence[int], at: datetime
    ) -> bool:
        """Whether the model has base and long requests at an instant."""
        return any(
            row.provider == key.provider and holds(row, at)
            for layer in layers
            for name in names
            for row in self._long[layer].get(name, ())
        )

    def _threshold(self, model: str, provider: str | None, at: datetime) -> int | None:
        for slots in reversed(self._long):
            for name in self._names.candidates(provider, model, None, at):
                holding = [
                    row.long_above_tokens
                    for row in slots.get(name, ())
                    if holds(row, at)
                    and row.long_above_tokens is not None
                    and provider in (None, row.provider)
                ]
                if holding:
                    return min(holding)
        return None

    def _of(
        self, slots: dict[str, list[PriceRow]], model: str | None, provider: str | None
    ) -> Iterable[PriceRow]:
        for name in self._names.ever(provider, model, None):
            for row in slots.get(name, ()):
                if provider in (None, row.provider):
                    yield row

    def _content(self) -> str:
        """Everything that can change a price, in an order that means nothing, as one text."""
        content = {
            "aliases": sorted(map(book_json.alias_values, self._aliases)),
            "discounts": sorted(map(book_json.discount_values, self._discounts)),
            "allowances": sorted(map(book_json.allowance_content, self._allowances)),
        }
        rest = json.dumps(content, separators=(",", ":"))
        layers = ",".join(layer.content for layer in self.layers)
        return f'{{"layers":[{layers}],{rest[1:]}'


def _contracted(own: PriceRow, listed: PriceRow | None) -> Price:
    price = own.unit_price_usd
    if listed is None:
        return Price(own.price_id, price, price, _status(price))
    price_id = f"{own.price_id} list#{listed.price_hash}"
    return Price(price_id, listed.unit_price_usd, price, _status(price))


def _discounted(listed: PriceRow, terms: Terms | None) -> Price:
    price = listed.unit_price_usd
    if terms is None or terms.apply(price) == price:
        return Price(listed.price_id, price, price, _status(price))
    less = terms.apply(price)
    return Price(f"{listed.price_id} {terms.name}", price, less, _status(less))


def _status(price: Decimal) -> Status:
    return "priced" if price else "free"


def _slot(key: PriceKey, model: str, context_class: str, variant: str | None) -> Slot:
    return (key.provider, model, key.meter, key.service_tier, context_class, variant)
