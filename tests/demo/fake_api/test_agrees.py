"""Usage of the fake API, priced by tollbook's own list, against what the fake API bills for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest

from pipeline.config.load import load
from pipeline.demo.fake_api.api import FakeAdminApi
from pipeline.demo.fake_api.usage.endpoints import USAGE
from pipeline.demo.organization import acme
from pipeline.runs.run import run_batch

NOW = datetime(2026, 11, 21)
SINCE, UNTIL = (int(datetime(2026, 11, day, tzinfo=UTC).timestamp()) for day in (12, 21))
LONG = "gpt-5.4-2026-03-05"
MOST = {"1d": 31, "1h": 168}
CONFIGURATION = f"""
[organization]
id = "{acme().id}"
timezone = "Europe/Berlin"

[storage]
root = "var"

[bill]
true_up = "none"

[[sources]]
name = "usage"
kind = "openai_usage"
path = ["usage/*.json"]

[[sources]]
name = "bill"
kind = "openai_costs"
path = ["costs/*.json"]
"""


def save(api: FakeAdminApi, to: Path, path: str, **parameters: object) -> None:
    """All pages of a query, each in the envelope of a fetch."""
    to.mkdir(exist_ok=True)
    cursor: str | None = None
    while True:
        asked = parameters | ({"page": cursor} if cursor else {})
        answer = api.answer(
            "GET", f"/v1{path}?{urlencode(asked)}", {"authorization": f"Bearer {api.key}"}
        )
        assert answer.status == 200, answer.body
        page: dict[str, Any] = json.loads(answer.body)
        envelope = {
            "endpoint": path,
            "parameters": parameters | {"group_by": str(parameters["group_by"]).split(",")},
            "fetched_at": f"{NOW.isoformat()}Z",
            "page": page,
        }
        name = f"{path.rpartition('/')[2]}-{len(list(to.iterdir()))}.json"
        (to / name).write_text(json.dumps(envelope))
        cursor = page["next_page"]
        if cursor is None:
            return


@pytest.mark.parametrize("width", ["1d", pytest.param("1h", marks=pytest.mark.slow)])
def test_usage_at_list_prices_is_the_bill(tmp_path: Path, width: str) -> None:
    """By day and project, to the last digit, in days and in hours; nothing is unpriced.

    Only of the model with a long price it is a lower bound: this bill knows no long requests, and a
    bucket whose mean is long is charged as long.
    """
    api = FakeAdminApi(acme(), now=lambda: NOW)
    days = {"start_time": SINCE, "end_time": UNTIL}
    for endpoint in USAGE.values():
        save(
            api,
            tmp_path / "usage",
            f"/organization/usage/{endpoint.name}",
            **days,
            bucket_width=width,
            limit=MOST[width],
            group_by=",".join(endpoint.dimensions),
        )
    save(api, tmp_path / "costs", "/organization/costs", **days, group_by="project_id,line_item")
    (tmp_path / "tollbook.toml").write_text(CONFIGURATION)
    result = run_batch(
        load(tmp_path / "tollbook.toml"), now=NOW, real_clock=lambda: NOW, environment={}
    )
    assert (result.counts.quarantined, result.counts.duplicate) == (0, 0)
    published = tmp_path / "var" / "published" / "tollbook.duckdb"
    with duckdb.connect(str(published.resolve()), read_only=True) as connection:
        charged = _sums(connection, "cost_usd", f"charges WHERE model <> '{LONG}'")
        billed = _sums(
            connection, "amount", f"provider_costs WHERE NOT starts_with(line_item, '{LONG}')"
        )
        charged_long = _sums(connection, "cost_usd", f"charges WHERE model = '{LONG}'")
        billed_long = _sums(
            connection, "amount", f"provider_costs WHERE starts_with(line_item, '{LONG}')"
        )
        statuses = connection.execute(
            "SELECT DISTINCT pricing_status FROM charges ORDER BY 1"
        ).fetchall()
    assert statuses == [("free",), ("priced",)]
    assert charged == billed
    assert charged_long.keys() == billed_long.keys()
    dearer = {key for key, usd in billed_long.items() if charged_long[key] > usd}
    assert dearer
    assert all(charged_long[key] == usd for key, usd in billed_long.items() if key not in dearer)
    assert len(charged) > 50
    assert sum(charged.values()) > 100


def _sums(
    connection: duckdb.DuckDBPyConnection, amount: str, lines: str
) -> dict[tuple[str, str | None], Decimal]:
    """By UTC day and project, without what comes to nothing."""
    rows = connection.execute(
        f"SELECT CAST(usage_date AS VARCHAR), project_id, CAST(sum({amount}) AS VARCHAR) "
        f"FROM {lines} GROUP BY ALL"
    ).fetchall()
    found = {(day, project): Decimal(text) for day, project, text in rows}
    return {key: value for key, value in found.items() if value}
