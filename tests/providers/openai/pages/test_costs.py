"""Costs pages: amounts to the last digit, rows kept apart, unknown things kept raw."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import SourceError
from pipeline.intake.source import Context
from pipeline.ledger.cost_store import COSTS_SCHEMA
from pipeline.providers.openai.pages import costs as pages_costs
from pipeline.providers.openai.pages.costs import ParsedCosts

DAY = 1_781_395_200  # 2026-06-14T00:00:00Z

# A live answer, as it was captured.
LIVE_SAMPLE = """{"object":"page","has_more":false,"next_page":null,"data":[
 {"object":"bucket","start_time":1781395200,"end_time":1781481600,"start_time_iso":"2026-06-14T00:00:00","end_time_iso":"2026-06-15T00:00:00","results":[
  {"object":"organization.costs.result","amount":{"value":"0E-6176","currency":"usd"},"quantity":0.0,"line_item":"gpt-4o-mini-2024-07-18, cached input","project_id":"proj_x","organization_id":"org-x","project_name":"Default project","organization_name":"…","user_id":null,"api_key_id":null,"user_email":null},
  {"object":"organization.costs.result","amount":{"value":"0.000004500000000000000000000000000000000","currency":"usd"},"quantity":30.0,"line_item":"gpt-4o-mini-2024-07-18, input","project_id":"proj_x","project_name":"Default project"},
  {"object":"organization.costs.result","amount":{"value":"0.00003420000000000000000000000000000000","currency":"usd"},"quantity":57.0,"line_item":"gpt-4o-mini-2024-07-18, output","project_id":"proj_x","project_name":"Default project"}]},
 {"object":"bucket","start_time":1781481600,"end_time":1781568000,"start_time_iso":"2026-06-15T00:00:00+00:00","end_time_iso":"2026-06-16T00:00:00+00:00","results":[]}]}"""  # noqa: E501  verbatim


def row(value: Any = "1.5", **fields: Any) -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": value, "currency": "usd"},
        **fields,
    }


def page(*rows: Any, start: int = DAY, end: int = DAY + 86_400) -> dict[str, Any]:
    bucket = {"object": "bucket", "start_time": start, "end_time": end, "results": list(rows)}
    return {"object": "page", "data": [bucket], "has_more": False, "next_page": None}


def parse(tmp_path: Path, pages: Any, name: str = "costs.json") -> ParsedCosts:
    path = tmp_path / name
    path.write_text(pages if isinstance(pages, str) else json.dumps(pages), encoding="utf-8")
    now = datetime(2026, 11, 24, 3)
    found = pages_costs.parse(
        path,
        Context("org-acme", "costs", "openai", "charge", ZoneInfo("UTC"), now, now, name),
    )
    assert found.records.height + found.rejects.height == found.rows_read
    assert found.records.schema == COSTS_SCHEMA
    return found


def test_the_live_sample_keeps_every_digit(tmp_path: Path) -> None:
    """Strings, `0E-6176`, float quantities, extra fields: nothing is lost or refused."""
    found = parse(tmp_path, LIVE_SAMPLE)
    columns = ("organization_id", "line_item", "amount", "quantity", "input_line")
    assert found.records.select(columns).rows() == [
        ("org-x", "gpt-4o-mini-2024-07-18, cached input", Decimal(0), Decimal(0), 3),
        ("org-acme", "gpt-4o-mini-2024-07-18, input", Decimal("0.0000045"), Decimal(30), 4),
        ("org-acme", "gpt-4o-mini-2024-07-18, output", Decimal("0.0000342"), Decimal(57), 5),
    ]
    assert set(found.records["usage_date"]) == {date(2026, 6, 14)}
    assert set(found.records["bucket_key"]) == {"costs|2026-06-14"}
    assert found.notes == ()
    assert [(b.day, b.rows) for b in found.buckets] == [
        (date(2026, 6, 14), 3),
        (date(2026, 6, 15), 0),
    ]


def test_the_specification_s_samples(tmp_path: Path) -> None:
    """A number as amount, and everything else null; an unknown line item stays as it is."""
    found = parse(
        tmp_path,
        page(
            {"object": "organization.costs.result", "amount": {"value": 0.06, "currency": "USD"},
             "line_item": None, "project_id": None, "api_key_id": None, "quantity": None,
             "quantity_unit": None},
            row(line_item="input_tokens", project_id="proj_abc", quantity=10_000,
                quantity_unit="tokens"),
        ),
    )  # fmt: skip
    columns = ("project_id", "api_key_id", "user_id", "line_item", "amount", "currency",
               "quantity", "quantity_unit")  # fmt: skip
    assert found.records.select(columns).rows() == [
        (None, None, None, None, Decimal("0.06"), "usd", None, None),
        ("proj_abc", None, None, "input_tokens", Decimal("1.5"), "usd", Decimal(10_000), "tokens"),
    ]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("0.34090000000000000", "0.3409"),
        ("14.858330207447157", "14.858330207447157"),
        ("1.0000000000000000000000005", "1.000000000000000000000000"),
        ("1.0000000000000000000000015", "1.000000000000000000000002"),
        ("-3.5", "-3.5"),
        ("1.5e-7", "0.00000015"),
        ("9999999999.999999999999999999999999", "9999999999.999999999999999999999999"),
        (5, "5"),
        ("1E-999999999", "0"),
    ],
)
def test_an_amount_is_exact_to_24_decimals(tmp_path: Path, value: Any, kept: str) -> None:
    """Text, number or exponent; credits are negative; beyond 24 decimals half-even."""
    assert parse(tmp_path, page(row(value))).records["amount"].to_list() == [Decimal(kept)]


def test_a_json_number_never_becomes_a_float(tmp_path: Path) -> None:
    """Seventeen digits and more survive as they were sent."""
    text = json.dumps(page(row("@"))).replace('"@"', "0.00032195744715549047123")
    found = parse(tmp_path, text)
    assert found.records["amount"].to_list() == [Decimal("0.00032195744715549047123")]


@pytest.mark.parametrize(
    "value",
    [None, "", "free", True, [1], "NaN", "1,5"],
)
def test_what_is_no_amount_is_refused(tmp_path: Path, value: Any) -> None:
    """Never zero, never rounded away: quarantined with its text."""
    found = parse(tmp_path, page(row(value, line_item="x"), row("1")))
    assert found.rejects["rule"].to_list() == ["not_an_amount"]
    assert '"line_item": "x"' in found.rejects["raw"][0]
    assert found.records.height == 1


@pytest.mark.parametrize("value", ["10000000000", "1E+99", "1E+99999999999"])
def test_an_amount_too_large_for_sums_is_refused(tmp_path: Path, value: str) -> None:
    """Ten thousand lines of the largest amount still add up in the type of money."""
    found = parse(tmp_path, page(row(value), row("1")))
    assert found.rejects["rule"].to_list() == ["implausible_quantity"]
    assert found.records.height == 1


def test_repeated_rows_are_kept_to_be_summed(tmp_path: Path) -> None:
    """The same dimensions twice in one bucket are two amounts."""
    twice = row("0.1", line_item="assistants api | file search", project_id="proj_a")
    found = parse(tmp_path, page(twice, twice))
    assert found.records["amount"].sum() == Decimal("0.2")


def test_a_later_fetch_replaces_the_day(tmp_path: Path) -> None:
    """The envelope says which is later; the day's rows of the earlier are all gone."""
    parsed = [
        parse(
            tmp_path,
            {"endpoint": "costs", "parameters": {"group_by": ["line_item"]},
             "fetched_at": f"2026-11-{day}T00:00:00Z", "page": page(*rows)},
            f"{name}.json",
        )
        for name, day, rows in (("b", 21, [row("1"), row("2")]), ("a", 22, [row("4")]))
    ]  # fmt: skip
    (winner,) = pages_costs.order(parsed)
    assert (winner.input_file, winner.bucket_key) == ("a.json", "costs|2026-06-14")
    assert parsed[1].records["fetched_at"].to_list() == [datetime(2026, 11, 22)]
    assert winner.dimensions == {"line_item"}


def test_project_ids_that_leak_contradict_only_the_same_day_s_bucket(tmp_path: Path) -> None:
    """The endpoint sends project ids unasked; grouping by line item or not is never in doubt."""
    one = parse(tmp_path, page(row(line_item="x")), "a.json")
    other = parse(tmp_path, page(row(project_id="p")), "b.json")
    with pytest.raises(SourceError, match="line_item"):
        pages_costs.order([one, other])


def test_a_new_field_is_named(tmp_path: Path) -> None:
    """Noted, not fatal."""
    found = parse(tmp_path, page(row(mood="good")))
    assert found.notes == ("costs.json: the new field 'mood' was not used (1 rows)",)


def test_what_is_no_cost_is_refused(tmp_path: Path) -> None:
    """Each row is accounted for; costs have no hours."""
    bad = [[1], row(project_id=7), {**row(), "object": "organization.costs.total"}]
    found = parse(tmp_path, page(row(), *bad))
    assert found.rejects["rule"].to_list() == ["not_a_row", "wrong_type", "wrong_object"]
    hour = parse(tmp_path, page(row(), row(), end=DAY + 3_600))
    assert hour.rejects["rule"].to_list() == ["bad_bucket", "bad_bucket"]


def test_usage_pages_are_sent_to_their_own_kind(tmp_path: Path) -> None:
    """The hint names the kind."""
    usage = {"object": "organization.usage.completions.result", "input_tokens": 1}
    with pytest.raises(SourceError, match="openai_usage"):
        parse(tmp_path, page(usage))
