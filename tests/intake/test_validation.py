"""Each rule of the canonical record refuses what it names, and only that."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from pipeline.intake.validation import RULES, validate
from pipeline.meters import METERS
from pipeline.schemas import LEDGER_SCHEMA

RECORD: dict[str, Any] = {
    "record_id": "chatcmpl-1",
    "source": "gateway",
    "basis": "charge",
    "provider": "openai",
    "started_at": datetime(2026, 11, 1, 12),
    "ended_at": None,
    "usage_date": date(2026, 11, 1),
    "charge_date": date(2026, 11, 1),
    "organization_id": "org-acme",
    "project_id": None,
    "api_key_id": None,
    "user_id": None,
    "service_account_id": None,
    "model": "gpt-4o",
    "scope": "models",
    "operation": "completions",
    "variant": None,
    "service_tier": "default",
    "is_batch": False,
    **{m.name: Decimal(0) if m.is_fraction else 0 for m in METERS},
    "text_input_tokens": 10,
    "requests": 1,
    "recorded_at": datetime(2026, 11, 24, 8),
    "input_file": "a.jsonl",
    "input_line": 1,
    "identity_hash": 1,
    "is_partial": False,
}


def frame(*changes: dict[str, Any]) -> pl.DataFrame:
    """A record for each change, on lines 1, 2, …"""
    rows = [{**RECORD, "input_line": n, **c} for n, c in enumerate(changes, 1)]
    return pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row")


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("missing_value", {"record_id": None}, "record_id is missing"),
    (
        "missing_value",
        {"usage_date": None, "service_tier": None},
        "usage_date is missing. service_tier is missing",
    ),
    ("missing_value", {"text_input_tokens": None}, "text_input_tokens is missing"),
    ("missing_id", {"record_id": ""}, "record_id or organization_id is empty"),
    ("missing_id", {"organization_id": ""}, "record_id or organization_id is empty"),
    ("missing_model", {"model": None}, "model is missing"),
    ("missing_model", {"model": ""}, "model is missing"),
    (
        "implausible_time",
        {
            "started_at": datetime(2019, 12, 31, 23),
            "usage_date": date(2019, 12, 31),
            "charge_date": date(2019, 12, 31),
        },
        "started_at 2019-12-31 23:00:00.000000 is not between 2020-01-01 and a day from now",
    ),
    (
        "negative_duration",
        {"ended_at": datetime(2026, 11, 1, 11)},
        "ended_at 2026-11-01 11:00:00.000000 is before started_at 2026-11-01 12:00:00.000000",
    ),
    (
        "wrong_date",
        {"usage_date": date(2026, 11, 2)},
        (
            "usage_date 2026-11-02 or charge_date 2026-11-01 is not the day of started_at "
            "2026-11-01 12:00:00.000000"
        ),
    ),
    (
        "wrong_date",
        {"charge_date": date(2026, 11, 3)},
        (
            "usage_date 2026-11-01 or charge_date 2026-11-03 is not the day of started_at "
            "2026-11-01 12:00:00.000000"
        ),
    ),
    (
        "unknown_operation",
        {"operation": "dreams"},
        "operation dreams does not belong to scope models",
    ),
    (
        "unknown_operation",
        {"scope": "tools"},
        "operation completions does not belong to scope tools",
    ),
    ("unknown_basis", {"basis": "guess"}, "basis guess is neither charge nor detail"),
    (
        "wrong_tier",
        {"is_batch": True},
        "service_tier default of a record with is_batch true",
    ),
    ("wrong_tier", {"service_tier": ""}, "service_tier  of a record with is_batch false"),
    (
        "negative_quantity",
        {"text_input_tokens": -1, "audio_seconds": Decimal("-0.5")},
        "text_input_tokens is -1. audio_seconds is -0.500000",
    ),
    ("negative_quantity", {"requests": -1}, "requests is -1"),
    (
        "implausible_quantity",
        {"images": 10**12 + 1, "audio_seconds": Decimal("1000000000000.5")},
        (
            "images is 1000000000001, more than 1,000,000,000,000. "
            "audio_seconds is 1000000000000.500000, more than 1,000,000,000,000"
        ),
    ),
    (
        "nothing_counted",
        {"text_input_tokens": 0, "requests": 0},
        "neither a request nor any quantity is above zero",
    ),
]


@pytest.mark.parametrize(("rule", "change", "detail"), BROKEN)
def test_a_broken_rule_costs_only_its_row(rule: str, change: dict[str, Any], detail: str) -> None:
    """The rows around it go on, in order; it comes back with the first rule that it breaks."""
    good, bad = validate(frame({}, change, {}))
    assert good["input_line"].to_list() == [1, 3]
    assert bad.rows() == [(2, rule, detail)]


def test_every_rule_has_a_case() -> None:
    """So that no rule can fall silent unnoticed."""
    assert {rule for rule, _, _ in BROKEN} == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"started_at": datetime(2026, 11, 1), "charge_date": date(2026, 10, 31)},
        {"ended_at": datetime(2026, 11, 1, 12)},
        {"model": None, "ended_at": datetime(2026, 11, 2)},  # a bucket that is not by model
        {"model": None, "scope": "storage", "operation": "vector_stores"},
        {"service_tier": "ultrafast"},
        {"service_tier": "batch", "is_batch": True},
        {"text_input_tokens": 0},
        {"requests": 0},
        {"requests": 0, "text_input_tokens": 0, "audio_seconds": Decimal("0.000001")},
        {"images": 10**12},
    ],
)
def test_what_is_allowed_passes_unchanged(change: dict[str, Any]) -> None:
    """Nothing is filled in or moved."""
    given = frame(change)
    good, bad = validate(given)
    assert good.equals(given)
    assert (len(bad), bad.columns) == (0, ["input_line", "rule", "detail"])


def test_the_limit_of_time_is_inside() -> None:
    """2020-01-01."""
    started_at = datetime(2020, 1, 1)
    day = started_at.date()
    row = {"started_at": started_at, "usage_date": day, "charge_date": day}
    assert len(validate(frame(row)).bad) == 0


def test_text_may_be_an_enum() -> None:
    """Also where a rule looks at its value."""
    given = frame({}, {"basis": "guess"}).with_columns(
        pl.col(c).cast(pl.Enum(values))
        for c, values in {
            "basis": ["charge", "guess"],
            "operation": ["completions"],
            "scope": ["models"],
            "service_tier": ["default"],
            "organization_id": ["org-acme"],
        }.items()
    )
    good, bad = validate(given)
    assert (len(good), bad["rule"].to_list()) == (1, ["unknown_basis"])


def test_an_empty_frame_is_valid() -> None:
    """A file may hold nothing but what is no usage."""
    assert len(validate(frame()).good) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        frame({}).drop("model"),
        frame({}).with_columns(extra=pl.lit(1)),
        frame({}).with_columns(pl.col("images").cast(pl.Float64)),
        frame({}).select(reversed(list(LEDGER_SCHEMA))),
    ],
)
def test_another_shape_is_a_mistake_of_the_code(wrong: pl.DataFrame) -> None:
    """It is raised, never quarantined: no row is at fault."""
    with pytest.raises(SchemaErrors):
        validate(wrong)


def test_text_of_another_type_is_a_mistake_of_the_code() -> None:
    """As above, for the columns that may be text or Enum."""
    with pytest.raises(TypeError, match="model is Int32, not text"):
        validate(frame({}).with_columns(model=pl.lit(1)))


def _as_read(records: pl.DataFrame) -> pl.DataFrame:
    """The frame as readers give it: a text of one value as Enum."""
    constants = [
        pl.col(name).cast(pl.Enum(records[name].unique()))
        for name, dtype in records.schema.items()
        if dtype == pl.String and records[name].null_count() == 0 and records[name].n_unique() == 1
    ]
    return records.with_columns(constants)


@pytest.mark.parametrize(("rule", "change", "detail"), BROKEN)
@pytest.mark.parametrize("others", [0, 2])
def test_no_rule_is_passed_over_where_extremes_decide(
    rule: str, change: dict[str, Any], detail: str, others: int
) -> None:
    """Extremes of columns prove a frame right or leave it to the rules, row by row."""
    records = frame(*[{}] * others, change)
    good, bad = validate(_as_read(records))
    assert bad.rows() == [(others + 1, rule, detail)]
    assert len(good) == others


def test_a_frame_that_extremes_prove_right_is_kept_as_it_is() -> None:
    """Nothing is changed or filled in."""
    records = _as_read(frame({}, {"charge_date": date(2026, 11, 2)}, {"text_input_tokens": 0}))
    good, bad = validate(records)
    assert good.equals(records)
    assert not len(bad)
