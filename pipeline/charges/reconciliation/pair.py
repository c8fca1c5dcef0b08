"""Pairs charges with costs of the same thing: by name, date, alias, then by quantity.

Takes both sides of one organization's UTC day; gives pairs that hold every charge and every cost
exactly once. Knows no amount but to tell one thing from another, and no cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipeline.charges.reconciliation.model import ZERO, Charged, Costed, Join, Pair
from pipeline.ledger.bill import BillNames
from pipeline.money import EXACT, MONEY_STEP

STORAGE = "vector_store_gb_days"
# The bill does not say which model searched or stored.
TOOL_METERS = frozenset(
    {STORAGE, "code_interpreter_sessions", "web_search_calls", "file_search_calls"}
)
# A line without a modality word covers the modalities that have no line of their own.
_COVERED_BY = {
    "image_input_tokens": "text_input_tokens",
    "audio_input_tokens": "text_input_tokens",
    "cached_image_input_tokens": "cached_text_input_tokens",
    "cached_audio_input_tokens": "cached_text_input_tokens",
    "cache_write_12h_tokens": "cache_write_tokens",
    "image_output_tokens": "text_output_tokens",
    "audio_output_tokens": "text_output_tokens",
}

_Key = tuple[str, str | None]  # model by some name, meter
_Named = Callable[[str], str]


@dataclass(slots=True)
class _Group:
    """Charges and costs that have a name in common."""

    charges: list[Charged] = field(default_factory=list)
    costs: list[Costed] = field(default_factory=list)
    join: Join | None = None

    @property
    def is_paired(self) -> bool:
        return bool(self.charges) and bool(self.costs)

    @property
    def charged_quantity(self) -> Decimal:
        return _sum(c.quantity for c in self.charges)

    @property
    def billed_quantity(self) -> Decimal | None:
        known = [c.quantity for c in self.costs if c.quantity is not None]
        return _sum(known) if len(known) == len(self.costs) else None

    @property
    def agrees(self) -> bool:
        return self.is_paired and self.billed_quantity == self.charged_quantity


def pair(
    charges: Sequence[Charged],
    costs: Sequence[Costed],
    aliases: Mapping[str, str],
    names: BillNames,
) -> list[Pair]:
    """The pairs of a day, by project.

    **Takes** the alias table as it is on the day, by the families of both ids. Where no line of
    the bill names a project, it is compared with the charges of all projects together.
    """
    if costs and all(c.project_id is None for c in costs):
        charges = [replace(c, project_id=None) for c in charges]
    charges = spread_allowance(charges, costs)
    by_project: dict[str | None, tuple[list[Charged], list[Costed]]] = defaultdict(lambda: ([], []))
    for charge in charges:
        by_project[charge.project_id][0].append(charge)
    for cost in costs:
        by_project[cost.project_id][1].append(cost)
    return [
        made
        for project, (ours, theirs) in sorted(by_project.items(), key=lambda p: p[0] or "")
        for made in _pair_project(project, ours, theirs, aliases, names)
    ]


def spread_allowance(charges: Sequence[Charged], costs: Iterable[Costed]) -> list[Charged]:
    """The organization's free storage, over the projects that store, as the bill has it.

    In proportion to what they store; what rounding leaves goes to the largest, so that the sums
    stay. A bill that has a line of its own for the organization keeps it.
    """
    if any(c.item.meter == STORAGE and c.project_id is None for c in costs):
        return list(charges)
    free = [c for c in charges if c.meter == STORAGE and c.project_id is None and c.quantity < 0]
    stored = [c for c in charges if c.meter == STORAGE and c.quantity > 0]
    whole = _sum(c.quantity for c in stored)
    if not free or not whole:
        return list(charges)
    rest = [c for c in charges if not any(c is f for f in free)]
    left = (_sum(c.quantity for c in free), _sum(c.cost_usd for c in free))
    total = left
    largest = max(stored, key=lambda c: (c.quantity, c.project_id or ""))
    for charge in sorted(stored, key=lambda c: c is largest):
        if charge is largest:
            share = left
        else:
            quantity, cost = (
                EXACT.divide(EXACT.multiply(t, charge.quantity), whole) for t in total
            )
            share = (
                quantity.quantize(Decimal("0.000001"), context=EXACT),
                cost.quantize(MONEY_STEP, context=EXACT),
            )
        left = (EXACT.subtract(left[0], share[0]), EXACT.subtract(left[1], share[1]))
        place = next(n for n, c in enumerate(rest) if c is charge)
        rest[place] = replace(
            charge,
            quantity=EXACT.add(charge.quantity, share[0]),
            cost_usd=EXACT.add(charge.cost_usd, share[1]),
        )
    return rest


def _pair_project(
    project: str | None,
    charges: Sequence[Charged],
    costs: Sequence[Costed],
    aliases: Mapping[str, str],
    names: BillNames,
) -> list[Pair]:
    pairs, charges, costs = _billed(project, charges, costs)
    unnamed = [c for c in costs if c.line_item is None]
    unread = [c for c in costs if c.line_item is not None and c.item.kind == "unknown"]
    named = [c for c in costs if c.line_item is not None and c.item.kind != "unknown"]
    family = names.family
    groups = _by_name(_as_the_bill_splits(charges, named, family), named, names.version)
    groups = _apart_by_surface(groups)
    groups = _by_other_name(groups, family, "name")
    groups = _by_other_name(groups, lambda n: aliases.get(family(n), family(n)), "alias")
    groups = _bare_models(groups, family)
    groups = _by_quantity(groups, names)
    if unnamed:
        # a bill, or a part of it, without line items: what no line has claimed
        rest = [g for g in groups if not g[1].costs]
        groups = [g for g in groups if g[1].costs]
        left = tuple(c for _, g in rest for c in g.charges)
        pairs.append(Pair(project, left, tuple(unnamed), None))
    for (_, meter), group in groups:
        pairs.append(
            Pair(project, tuple(group.charges), tuple(group.costs), meter, join=group.join)
        )
    by_item: dict[str | None, list[Costed]] = defaultdict(list)
    for cost in unread:
        by_item[cost.line_item].append(cost)
    pairs += [Pair(project, (), tuple(same), None) for same in by_item.values()]
    return pairs


def _billed(
    project: str | None, charges: Sequence[Charged], costs: Sequence[Costed]
) -> tuple[list[Pair], list[Charged], list[Costed]]:
    """Charges taken from the bill, paired with the lines they were taken from."""
    billed: dict[str, list[Charged]] = defaultdict(list)
    for charge in charges:
        if charge.billed_item is not None:
            billed[charge.billed_item].append(charge)
    pairs = [
        Pair(
            project,
            tuple(ours),
            tuple(c for c in costs if c.line_item == item),
            ours[0].meter,
            is_billed=True,
        )
        for item, ours in billed.items()
    ]
    return (
        pairs,
        [c for c in charges if c.billed_item is None],
        [c for c in costs if c.line_item not in billed],
    )


def _as_the_bill_splits(
    charges: Iterable[Charged], costs: Sequence[Costed], family: _Named
) -> list[Charged]:
    """Charges by the meters that the bill keeps apart for their model."""
    lines = {(_family(c, family), c.item.meter) for c in costs}
    whole = {(_family(c, family), c.item.meter) for c in costs if c.item.modality is None}
    merged: dict[tuple[str | None, str], Charged] = {}
    for charge in charges:
        key = family(charge.model or "")
        covering = _COVERED_BY.get(charge.meter)
        if covering and (key, charge.meter) not in lines and (key, covering) in whole:
            charge = replace(charge, meter=covering)  # noqa: PLW2901  the same charge, elsewhere
        known = merged.get((charge.model, charge.meter))
        merged[charge.model, charge.meter] = charge if known is None else _add(known, charge)
    return list(merged.values())


def _add(one: Charged, other: Charged) -> Charged:
    same = one.unit_price_usd == other.unit_price_usd
    return replace(
        one,
        quantity=EXACT.add(one.quantity, other.quantity),
        cost_usd=EXACT.add(one.cost_usd, other.cost_usd),
        unpriced_quantity=EXACT.add(one.unpriced_quantity, other.unpriced_quantity),
        unit_price_usd=one.unit_price_usd if same else None,
        origins=(*one.origins, *other.origins),
    )


def _family(cost: Costed, family: _Named) -> str | None:
    return None if cost.item.model is None else family(cost.item.model)


def _by_name(
    charges: Iterable[Charged], costs: Iterable[Costed], version: _Named
) -> list[tuple[_Key, _Group]]:
    groups: dict[_Key, _Group] = defaultdict(_Group)
    for charge in charges:
        name = "" if charge.meter in TOOL_METERS else version(charge.model or "")
        groups[name, charge.meter].charges.append(charge)
    for cost in costs:
        meter = cost.item.meter
        name = "" if meter in TOOL_METERS else version(cost.item.model or "")
        groups[name, meter].costs.append(cost)
    return list(groups.items())


def _apart_by_surface(groups: Iterable[tuple[_Key, _Group]]) -> list[tuple[_Key, _Group]]:
    """Lines of another surface (evals) on their own, where our charges are the plain line."""
    apart: list[tuple[_Key, _Group]] = []
    for key, group in groups:
        plain = _Group(group.charges, [c for c in group.costs if c.item.surface is None])
        if plain.agrees and len(plain.costs) < len(group.costs):
            apart.append((key, plain))
            surfaces = [c for c in group.costs if c.item.surface is not None]
            apart.append((key, _Group([], surfaces)))
        else:
            apart.append((key, group))
    return apart


def _by_other_name(
    groups: Iterable[tuple[_Key, _Group]], name: _Named, join: Join
) -> list[tuple[_Key, _Group]]:
    """Join what is left over on one side with what is left over, or does not agree, on the other.

    What agrees under its own name stays as it is: two dated versions of one model have two prices.
    """
    families: dict[_Key, list[tuple[_Key, _Group]]] = defaultdict(list)
    for key, group in groups:
        families[name(key[0]), key[1]].append((key, group))
    joined: list[tuple[_Key, _Group]] = []
    for (_, meter), family in families.items():
        is_alone = len(family) == 1 or not meter or meter in TOOL_METERS
        together = [] if is_alone else _to_join(family)
        joined += [f for f in family if not any(f is t for t in together)]
        if together:
            key = next(k for k, g in together if g.costs)
            ours = [c for _, g in together for c in g.charges]
            theirs = [c for _, g in together for c in g.costs]
            joined.append((key, _Group(ours, theirs, join)))
    return joined


def _to_join(family: Sequence[tuple[_Key, _Group]]) -> list[tuple[_Key, _Group]]:
    named = [f for f in family if f[0][0]]
    ours = [f for f in named if not f[1].costs]
    theirs = [f for f in named if not f[1].charges]
    if ours and theirs:
        return ours + theirs
    lacking = {f[0]: _lacking(f[1]) for f in named if f[1].is_paired}
    if ours:
        short = [f for f in named if lacking.get(f[0], ZERO) > 0]
    else:
        short = [f for f in named if lacking.get(f[0], ZERO) < 0]
    return ours + theirs + short if (ours or theirs) and short else []


def _lacking(group: _Group) -> Decimal:
    """How much of what is billed is not charged under this name."""
    billed = group.billed_quantity
    return ZERO if billed is None else EXACT.subtract(billed, group.charged_quantity)


def _bare_models(
    groups: Sequence[tuple[_Key, _Group]], family: _Named
) -> list[tuple[_Key, _Group]]:
    """A line that is a model's name alone covers all that no other line of the model covers."""
    bare = [(k, g) for k, g in groups if k[1] is None]
    left = [f for f in groups if f[0][1] is not None]
    covered: list[tuple[_Key, _Group]] = []
    for key, group in bare:
        same = [f for f in left if not f[1].costs and family(f[0][0]) == family(key[0])]
        left = [f for f in left if not any(f is s for s in same)]
        group.charges += [c for _, g in same for c in g.charges]
        covered.append((key, group))
    return covered + left


def _by_quantity(
    groups: Sequence[tuple[_Key, _Group]], names: BillNames
) -> list[tuple[_Key, _Group]]:
    """Join what is left over on both sides where a meter's quantity is the same, only once.

    A model of the bill that the price book knows is that model, whatever has as many tokens.
    """
    ours: dict[tuple[str | None, Decimal], list[tuple[_Key, _Group]]] = defaultdict(list)
    theirs: dict[tuple[str | None, Decimal], list[tuple[_Key, _Group]]] = defaultdict(list)
    for key, group in groups:
        if group.is_paired or key[1] is None or key[1] in TOOL_METERS:
            continue
        if group.costs and names.family(key[0]) in names.priced:
            continue
        quantity = group.charged_quantity if group.charges else group.billed_quantity
        if quantity:
            side = ours if group.charges else theirs
            side[key[1], quantity].append((key, group))
    for place, mine in ours.items():
        if len(mine) == 1 and len(theirs.get(place, ())) == 1:
            [(_, other)] = theirs[place]
            other.charges, other.join = mine[0][1].charges, "quantity"
            mine[0][1].charges = []
    return [(k, g) for k, g in groups if g.charges or g.costs]


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total
