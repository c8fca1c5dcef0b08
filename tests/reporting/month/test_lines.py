"""Lines are grouped and in order whatever their texts are."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipeline.charges.charge_sums import SUMS_SCHEMA
from pipeline.reporting.month import lines
from pipeline.reporting.month.lines import lines_of, with_centers

DAY = date(2026, 11, 1)
BY = ("charge_date", "project_id", "model", "scope", "operation", "service_tier", "meter", "unit")
SCHEMA = {**SUMS_SCHEMA, "project_name": pl.String(), "is_provisional": pl.Boolean()}


def charges(count: int) -> pl.DataFrame:
    numbers = random.Random(3)
    pick = numbers.choice

    def row() -> dict[str, Any]:
        is_priced = pick((True, True, False))
        project = pick(("proj_b", "proj_a", "Proj", "", "\u00e9", "\U0001f4b0", "\uffee", None))
        return {
            **dict.fromkeys(SCHEMA),
            "charge_date": DAY + timedelta(days=numbers.randrange(4)),
            "project_id": project,
            "project_name": project and f"Name of {project}",
            "model": pick(("m", "M", None)),
            "scope": pick(("models", "tools")),
            "operation": "completions",
            "meter": pick(("text_input_tokens", "images")),
            "unit": "tokens",
            "quantity": Decimal(numbers.randrange(10**9)).scaleb(-6),
            "cost_usd": Decimal(numbers.randrange(10**9)).scaleb(-24) if is_priced else None,
            "list_cost_usd": Decimal(1) if is_priced else None,
            "pricing_status": "priced" if is_priced else "unpriced",
            "is_provisional": pick((True, False, False)),
        }

    return pl.DataFrame([row() for _ in range(count)], schema=SCHEMA, orient="row")


def expected(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        groups.setdefault(tuple(row[name] for name in BY), []).append(row)
    ordered = sorted(groups, key=lambda key: [(part is None, part) for part in key])
    return [
        (
            *key,
            sum(row["quantity"] for row in groups[key]),
            sum(row["quantity"] for row in groups[key] if row["pricing_status"] == "unpriced"),
            sum(costs) if (costs := _of(groups[key], "cost_usd")) else None,
            any(row["is_provisional"] for row in groups[key]),
        )
        for key in ordered
    ]


def _of(rows: list[dict[str, Any]], name: str) -> list[Decimal]:
    return [row[name] for row in rows if row[name] is not None]


@pytest.mark.parametrize("room", [2**64, 1])
@pytest.mark.parametrize("count", [0, 1, 300])
def test_lines_are_the_groups_in_order(
    count: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NULL is last, texts are in the order of their bytes; also where numbers have too few bits."""
    monkeypatch.setattr(lines, "_ROOM", room)
    frame = charges(count)
    coded = frame.with_columns(pl.col("project_id", "model", "meter").cast(pl.Categorical))
    shown = (*BY, "quantity", "unpriced_quantity", "cost_usd", "is_provisional")
    for each in (frame, coded):
        assert lines_of(each).select(shown).rows() == expected(frame)


def test_a_mapping_counts_on_its_days() -> None:
    frame = pl.DataFrame(
        [(DAY, "a"), (DAY + timedelta(days=1), "a"), (DAY, "b"), (DAY, None)],
        schema={"charge_date": pl.Date(), "project_id": pl.Categorical()},
        orient="row",
    )
    centers = pl.DataFrame(
        [
            ("a", None, DAY + timedelta(days=1), "100", "t"),
            ("a", DAY + timedelta(days=1), None, "200", None),
        ],
        schema=lines._CENTER_SCHEMA,
        orient="row",
    )
    found = with_centers(frame, centers).select("cost_center", "team").rows()
    assert found == [("100", "t"), ("200", None), (None, None), (None, None)]
    assert with_centers(frame, centers.clear())["cost_center"].to_list() == [None] * 4
