"""Cells (project, model, scope) rolled up into the tables, the chart's series and its days.

All tables come from the same cells, so that they have the same total; the tables keep the largest
rows and put the rest into one, so that they still add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.money import total
from pipeline.reporting.month.amounts import NOTHING, Amount, Quantity
from pipeline.reporting.month.labels import Label
from pipeline.reporting.month.model import ChargeDay, Day, Row, Series, Table
from pipeline.reporting.month.period import Bounds, Period

TOP_ROWS = 50
TOP_SERIES = 8
_LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Cell:
    """One project, model and scope: money, volume and what has no price."""

    project_id: str | None
    model: str | None
    scope: str | None
    current: Amount = NOTHING
    compared: Amount = NOTHING
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: tuple[Quantity, ...] = ()


Key = Callable[[Cell], str | None]
Labelled = Callable[[str | None], Label]


def cells(
    money: Iterable[tuple[Any, ...]],
    volumes: Iterable[tuple[Any, ...]],
    unpriced: Iterable[tuple[Any, ...]],
) -> tuple[Cell, ...]:
    """The cells of the queries `cells`, `volumes` and `unpriced`, joined."""
    found: dict[tuple[str | None, str | None, str | None], Cell] = {}
    for project_id, _, model, scope, usd, lines, without, usd_0, lines_0, without_0 in money:
        found[project_id, model, scope] = Cell(
            project_id, model, scope,
            current=Amount(usd, lines, without),
            compared=Amount(usd_0, lines_0, without_0),
        )  # fmt: skip
    for project_id, model, scope, requests, tokens_in, tokens_out in volumes:
        key = (project_id, model, scope)
        found[key] = replace(
            found.get(key, Cell(*key)),
            requests=requests, input_tokens=tokens_in, output_tokens=tokens_out,
        )  # fmt: skip
    for project_id, model, scope, _, _, _, unit, quantity, _, _ in unpriced:
        key = (project_id, model, scope)
        cell = found.get(key, Cell(*key))
        found[key] = replace(
            cell, unpriced=add_quantities((*cell.unpriced, Quantity(quantity, unit)))
        )
    return tuple(found.values())


def add_quantities(quantities: Iterable[Quantity]) -> tuple[Quantity, ...]:
    """One quantity a unit, tokens first."""
    by_unit: dict[str, list[Decimal]] = {}
    for quantity in quantities:
        by_unit.setdefault(quantity.unit, []).append(quantity.value)
    units = sorted(by_unit, key=lambda unit: (unit != "tokens", unit))
    return tuple(Quantity(total(by_unit[unit]), unit) for unit in units)


def table(all_cells: Iterable[Cell], key: Key, label: Labelled, others: str) -> Table:
    """The cells rolled up by one key, dearest first, at most `TOP_ROWS` of them by themselves."""
    groups: dict[str | None, list[Cell]] = {}
    for cell in all_cells:
        groups.setdefault(key(cell), []).append(cell)
    ranked = sorted(
        (_row(label(name), members) for name, members in groups.items()), key=_dearest_first
    )
    rest = ranked[TOP_ROWS:]
    return Table(
        rows=tuple(ranked[:TOP_ROWS]),
        others=_sum(f"{len(rest):,} {others}", rest) if rest else None,
        total=_sum("Total", ranked),
    )


def _dearest_first(row: Row) -> tuple[Decimal, Decimal, int, str, str]:
    return (
        row.current.usd.copy_negate(), row.compared.usd.copy_negate(), -row.requests,
        row.label, row.note,
    )  # fmt: skip


def _row(label: Label, members: Iterable[Cell]) -> Row:
    row = Row(label.text, is_named=label.is_named, note=label.note)
    for cell in members:
        row = replace(
            row,
            current=row.current + cell.current,
            compared=row.compared + cell.compared,
            requests=row.requests + cell.requests,
            input_tokens=row.input_tokens + cell.input_tokens,
            output_tokens=row.output_tokens + cell.output_tokens,
            unpriced=(*row.unpriced, *cell.unpriced),
        )
    return replace(row, unpriced=add_quantities(row.unpriced))


def _sum(label: str, rows: Iterable[Row]) -> Row:
    result = Row(label, is_named=False)
    for row in rows:
        result = replace(
            result,
            current=result.current + row.current,
            compared=result.compared + row.compared,
            requests=result.requests + row.requests,
            input_tokens=result.input_tokens + row.input_tokens,
            output_tokens=result.output_tokens + row.output_tokens,
            unpriced=(*result.unpriced, *row.unpriced),
        )
    return replace(result, unpriced=add_quantities(result.unpriced))


def chart_days(
    found: Iterable[tuple[Any, ...]],
    period: Period,
    bounds: Bounds,
    label: Labelled,
) -> tuple[tuple[Series, ...], tuple[Day, ...]]:
    """The query `days` as series (the dearest projects, the rest as the last) and days."""
    by_project: dict[str | None, dict[date, Amount]] = {}
    provisional: set[date] = set()
    for day, project_id, usd, lines, unpriced_lines, is_provisional in found:
        by_project.setdefault(project_id, {})[day] = Amount(usd, lines, unpriced_lines)
        if is_provisional:
            provisional.add(day)
    sums = {key: _added(amounts.values()) for key, amounts in by_project.items()}
    ranked = sorted(sums, key=lambda key: (sums[key].usd.copy_negate(), label(key).text, key or ""))
    fits = len(ranked) <= TOP_SERIES
    own, rest = (ranked, []) if fits else (ranked[: TOP_SERIES - 1], ranked[TOP_SERIES - 1 :])
    series = [_series(place, label(key), sums[key]) for place, key in enumerate(own)]
    groups: list[list[str | None]] = [[key] for key in own]
    if rest:
        other = Label(f"{len(rest):,} other projects", is_named=False)
        series.append(_series(TOP_SERIES - 1, other, _added(sums[key] for key in rest)))
        groups.append(rest)
    return tuple(series), _days(period, bounds, groups, by_project, provisional)


def _series(place: int, label: Label, amount: Amount) -> Series:
    text = f"{label.text} ({label.note})" if label.note else label.text
    return Series(text, label.is_named, _LETTERS[place], place + 1, amount)


def _days(
    period: Period,
    bounds: Bounds,
    groups: Iterable[list[str | None]],
    by_project: Mapping[str | None, Mapping[date, Amount]],
    provisional: set[date],
) -> tuple[Day, ...]:
    shown = list(groups)
    days = []
    for day in period.month:
        amounts = tuple(_added(by_project[key].get(day, NOTHING) for key in keys) for keys in shown)
        whole = _added(amounts)
        state = _state(day, whole, period, bounds)
        days.append(Day(day, state, day in provisional, amounts, whole))
    return tuple(days)


def _added(amounts: Iterable[Amount]) -> Amount:
    result = NOTHING
    for amount in amounts:
        result = result + amount
    return result


def _state(day: date, amount: Amount, period: Period, bounds: Bounds) -> ChargeDay:
    if not amount.is_absent:
        return "used"
    if day >= period.today:
        return "ahead"
    return "before" if bounds.first is None or day < bounds.first else "empty"
