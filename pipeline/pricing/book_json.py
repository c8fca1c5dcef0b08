"""A price book as JSON and back, without loss: pinned books are read again years later.

Decimals are strings, instants ISO 8601 without zone (UTC), rows arrays in the order of
`ROW_COLUMNS`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.dates import parse_instant
from pipeline.errors import TollbookError
from pipeline.money import plain
from pipeline.pricing.aliases_and_allowances import Alias, Allowance
from pipeline.pricing.discounts import Terms
from pipeline.pricing.price_layer import PriceLayer
from pipeline.pricing.rows import ROW_COLUMNS, PriceRow

FORMAT = 1  # of a row's values: a new column is a new form, and old books must stay readable

Values = list[str]


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of a price book."""

    layers: tuple[PriceLayer, ...]
    aliases: tuple[Alias, ...]
    discounts: tuple[Terms, ...]
    allowances: tuple[Allowance, ...]


def to_json(content: Content) -> str:
    """One line of JSON; the same content always gives the same text."""
    rest = json.dumps(
        {
            "aliases": [alias_values(alias) for alias in content.aliases],
            "discounts": [discount_values(terms) for terms in content.discounts],
            "allowances": [allowance_values(allowance) for allowance in content.allowances],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    layers = ",".join(layer.values for layer in content.layers)
    return f'{{"format":{FORMAT},"layers":[{layers}],{rest[1:]}'


def from_json(text: str) -> Content:
    """The parts of a book that `to_json` wrote. Fails: TollbookError for an unknown form."""
    raw = json.loads(text)
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise TollbookError(
            f"a pinned price book has the form {found!r}; this version reads form {FORMAT}",
            hint="Update tollbook.",
        )
    return Content(
        layers=tuple(PriceLayer(tuple(map(_row, layer))) for layer in raw["layers"]),
        aliases=tuple(_alias(values) for values in raw["aliases"]),
        discounts=tuple(_discount(values) for values in raw["discounts"]),
        allowances=tuple(_allowance(values) for values in raw["allowances"]),
    )


def alias_values(alias: Alias) -> Values:
    """The values of an alias, as text."""
    values = [alias.alias, alias.model, _text(alias.valid_from), _text(alias.valid_to)]
    return [*values, *_provider(alias.provider)]


def discount_values(terms: Terms) -> Values:
    """The values of a discount, as text."""
    # A project could be called "": the mark tells whether there is one.
    project = "" if terms.project is None else f"={terms.project}"
    model = "" if terms.model is None else f"={terms.model}"
    times = [_text(terms.valid_from), _text(terms.valid_to)]
    return [plain(terms.percent), project, model, *times, *_provider(terms.provider)]


def allowance_values(allowance: Allowance) -> Values:
    """The values of an allowance, as text."""
    return [*_allowance_terms(allowance), allowance.source, *_provider(allowance.provider)]


def allowance_content(allowance: Allowance) -> Values:
    """The values of an allowance that can change a price; not its source."""
    return [*_allowance_terms(allowance), *_provider(allowance.provider)]


def _allowance_terms(allowance: Allowance) -> Values:
    return [
        allowance.meter,
        plain(allowance.quantity),
        allowance.per,
        _text(allowance.valid_from),
        _text(allowance.valid_to),
    ]


def _provider(name: str | None) -> Values:
    """A provider as the last value; none is written where none is meant, as in older books."""
    return [] if name is None else [name]


def _last(values: Values, place: int) -> str | None:
    return values[place] if len(values) > place else None


def _row(values: list[Any]) -> PriceRow:
    named = dict(zip(ROW_COLUMNS, values, strict=True))
    decimals = {name: Decimal(named[name]) for name in ("price_usd", "per")}
    instants = {name: _instant(named[name]) for name in ("valid_from", "valid_to", "recorded_at")}
    return PriceRow(**{**named, **decimals, **instants})


def _alias(values: Values) -> Alias:
    return Alias(values[0], values[1], _instant(values[2]), _instant(values[3]), _last(values, 4))


def _discount(values: Values) -> Terms:
    project, model = (value[1:] if value else None for value in values[1:3])
    return Terms(
        Decimal(values[0]),
        project,
        model,
        _instant(values[3]),
        _instant(values[4]),
        _last(values, 5),
    )


def _allowance(values: Values) -> Allowance:
    return Allowance(
        values[0],
        Decimal(values[1]),
        "organization_day",
        _instant(values[3]),
        _instant(values[4]),
        values[5],
        _last(values, 6),
    )


def _text(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None
