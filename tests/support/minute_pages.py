"""Saved pages of minute buckets, and rows for the directory tables of the database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from tests.support.workspace import Workspace, epoch, page

CONFIGURATION = """
[organization]
id = "org-acme"

[storage]
root = "var"

[[sources]]
name = "usage"
kind = "openai_usage"
path = ["usage/*.json"]

[[sources]]
name = "gateway"
kind = "request_log"
path = ["logs"]
basis = "detail"

[prices]
files = ["prices.csv"]
"""
TABLES = {
    "rate_limits": (
        "project_id", "model", "max_requests_per_1_minute", "max_tokens_per_1_minute",
        "valid_from_at", "valid_to_at",
    ),
    "api_keys": ("api_key_id", "project_id", "state", "valid_from_at", "valid_to_at"),
    "project_members": ("project_id", "user_id", "valid_from_at", "valid_to_at"),
    "organization_users": ("user_id", "valid_from_at", "valid_to_at"),
    "service_accounts": ("service_account_id", "project_id", "valid_from_at", "valid_to_at"),
    "model_permissions": ("project_id", "mode", "model_ids", "valid_from_at", "valid_to_at"),
}  # fmt: skip


def row(
    tokens: int,
    requests: int = 1,
    *,
    project: str | None = "proj_a",
    model: str | None = "alpha",
    out: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """A result row of completions."""
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": tokens,
        "output_tokens": out,
        "num_model_requests": requests,
        "project_id": project,
        "model": model,
        **more,
    }


def minute(start: str | datetime, *rows: Mapping[str, Any]) -> dict[str, Any]:
    """One minute's bucket."""
    at = epoch(start)
    return {"object": "bucket", "start_time": at, "end_time": at + 60, "results": list(rows)}


def minutes(fetched_at: str, *buckets: Mapping[str, Any], endpoint: str = "completions") -> str:
    """A fetched page of minutes."""
    envelope = json.loads(page(endpoint, fetched_at, *buckets))
    return json.dumps({**envelope, "parameters": {"bucket_width": "1m"}})


def fill(workspace: Workspace, **tables: Sequence[Sequence[Any]]) -> None:
    """Write rows into the directory's tables of the books, over what was there."""
    with duckdb.connect(str(workspace.path("var/warehouse.duckdb"))) as con:
        for table, rows in tables.items():
            con.execute(f"DELETE FROM {table}")
            names = TABLES[table]
            for values in rows:
                marks = ", ".join("?" for _ in names)
                con.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)
