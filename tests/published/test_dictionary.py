"""The data dictionary: every view and column of the contract, with type, unit and comment."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.meters import METERS
from pipeline.published.dictionary import dictionary, parse
from pipeline.schemas import CHARGE_SCHEMA, USAGE_SCHEMA

VIEWS = (
    "usage",
    "charges",
    "calendar",
    "compared_days",
    "charge_postings",
    "usage_versions",
    "provider_costs",
    "reconciliation",
    "cleared_gaps",
    "bill_days",
    "daily_costs",
    "budget_status",
    "forecasts",
    "forecast_record",
    "closed_periods",
    "period_costs",
    "alerts",
    "anomalies",
    "alert_deliveries",
    "quarantine",
    "input_files",
    "runs",
    "prices",
    "projects",
    "project_members",
    "service_accounts",
    "api_keys",
    "rate_limits",
    "budgets",
    "budget_changes",
    "budget_actions",
    "budget_crossings",
    "minute_usage",
    "rate_limit_minutes",
    "rate_limit_coverage",
    "policy_findings",
    "fetches",
    "missing_pages",
    "project_history",
    "project_member_history",
    "service_account_history",
    "api_key_history",
    "rate_limit_history",
    "model_permissions",
    "organization_users",
    "invites",
    "spend_limits",
    "spend_alerts",
    "cost_centers",
)


def columns(view: str) -> list[str]:
    """The columns of a view, in order."""
    return [name for name in dictionary()[view] if name]


def test_the_views_are_those_of_the_contract() -> None:
    """None is missing, none is made up."""
    assert sorted(dictionary()) == sorted(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_view_and_columns_have_a_comment_and_a_type(view: str) -> None:
    """A comment is one line of words; a type is written as DuckDB writes it."""
    for name, (kind, comment) in dictionary()[view].items():
        assert len(comment) > 9, (view, name)
        assert comment == " ".join(comment.split()), (view, name)
        if name:
            assert str(duckdb.type(kind)) == kind, (view, name)
        else:
            assert kind == "", view


def test_usage_is_the_record_of_the_vocabulary() -> None:
    """Names and order; the ledger's schema and the dictionary cannot drift apart."""
    assert columns("usage") == [*USAGE_SCHEMA, "cost_usd"]
    assert columns("usage_versions")[: len(USAGE_SCHEMA)] == list(USAGE_SCHEMA)
    for meter in METERS:
        kind = "DECIMAL(22,6)" if meter.is_fraction else "BIGINT"
        assert dictionary()["usage"][meter.name][0] == kind


def test_charges_are_those_of_the_vocabulary() -> None:
    """The view adds what changes by itself: the project's name and payer, whether it is final."""
    added = {"project_name", "cost_center", "team", "is_provisional", "is_corrected"}
    assert [c for c in columns("charges") if c not in added] == list(CHARGE_SCHEMA)
    assert columns("charge_postings") == [
        *(c for c in CHARGE_SCHEMA if c != "requests"),  # counted, not posted
        "reason",
        "run_id",
        "posted_at",
        "period_date",
        "correction_reason",
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_names_carry_kind_and_unit(view: str) -> None:
    """Money ends in _usd and is exact, times end in _at, dates in _date, claims are BOOLEAN."""
    for name, (kind, comment) in dictionary()[view].items():
        if name.endswith("_usd"):
            assert kind.removesuffix("[]") in {
                "DECIMAL(38,24)",
                "DECIMAL(22,18)",
                "DECIMAL(38,18)",
            }, name
            assert "USD" in comment, name
        if name.startswith("is_"):
            assert kind == "BOOLEAN", name
        assert (kind == "TIMESTAMP") == name.endswith("_at"), name
        assert (kind == "DATE") == name.endswith("_date"), name
        if kind == "TIMESTAMP":
            assert "UTC" in comment, name
        assert kind not in {"DOUBLE", "FLOAT"}, name


def test_a_header_is_read_over_several_lines() -> None:
    """The view, a column, and text that carries on; other lines of the header end an entry."""
    text = (
        "-- row: one of it.\n-- view: All\n--   of it\n-- column a DECIMAL(38,24): Money: how\n"
        "--   much\n-- engine: duckdb\n--   not of a\nSELECT a FROM t\n-- column b DATE: no\n"
    )
    assert parse(text) == {"": ("", "All of it"), "a": ("DECIMAL(38,24)", "Money: how much")}
