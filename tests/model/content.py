"""What stands in the input files: lines of logs, rows of tables, pages; written and understood.

The model's own reading of its own inputs. Imports nothing of the product.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

ORGANIZATION = "org-x"
EPOCH = datetime(1970, 1, 1)
TABLE_HEADER = "record_id,started_at,model,project_id,requests,text_input_tokens"
# Readable by hand only: a page says nothing else.
_PAGE_DEFAULTS = {
    "output_tokens": 0,
    "input_cached_tokens": 0,
    "input_audio_tokens": 0,
    "output_audio_tokens": 0,
    "user_id": None,
    "api_key_id": None,
    "batch": None,
}


@dataclass(frozen=True)
class Call:
    """One request as a line says it. Without a name it is identified by its raw line."""

    name: str | None
    at: datetime
    tokens: int
    project: str | None  # who asked
    model: str


@dataclass(frozen=True)
class Junk:
    """A line that is no request, and why."""

    rule: str


@dataclass(frozen=True)
class BucketVersion:
    """One bucket of one page: when it begins, when it was fetched, its rows."""

    kind: str  # usage, costs
    at: datetime
    fetched_at: datetime | None
    rows: tuple[tuple[Any, ...], ...]


def seconds(at: datetime) -> int:
    """Seconds since 1970 of a naive UTC instant."""
    return int(at.replace(tzinfo=UTC).timestamp())


def instant(since_1970: int) -> datetime:
    """The naive UTC instant of seconds since 1970."""
    return EPOCH + timedelta(seconds=since_1970)


def log_line(call: Call) -> str:
    """A logged chat completion."""
    body: dict[str, Any] = {} if call.name is None else {"id": call.name}
    body |= {
        "object": "chat.completion",
        "created": seconds(call.at),
        "model": call.model,
        "usage": {
            "prompt_tokens": call.tokens,
            "completion_tokens": 0,
            "total_tokens": call.tokens,
        },
    }
    if call.project is not None:
        body["project_id"] = call.project
    return json.dumps(body)


def of_another_organization(line: str) -> str:
    """The same line as another organization has it."""
    return json.dumps({**json.loads(line), "organization_id": "org-other"})


def without_model(line: str) -> str:
    """The same line as somebody broke it: nobody knows what was asked."""
    body = json.loads(line)
    del body["model"]
    return json.dumps(body)


def understood(line: str) -> Call | Junk:
    """What a line of a log says."""
    try:
        body = json.loads(line)
    except ValueError:
        return Junk("unreadable")
    if "model" not in body:
        return Junk("no model")
    if body.get("organization_id", ORGANIZATION) != ORGANIZATION:
        return Junk("of another organization")
    return Call(
        body.get("id"),
        instant(body["created"]),
        body["usage"]["prompt_tokens"],
        body.get("project_id"),
        body["model"],
    )


def table_row(call: Call) -> str:
    """The same request as a row of a table."""
    return f"{call.name},{call.at.isoformat()}Z,{call.model},{call.project},1,{call.tokens}"


def understood_row(row: str) -> Call:
    """What a row of a table says."""
    name, at, model, project, _, tokens = row.split(",")
    return Call(name, datetime.fromisoformat(at.rstrip("Z")), int(tokens), project, model)


def usage_page(
    fetched_at: datetime | None, at: datetime, rows: tuple[tuple[str, str, int, int], ...]
) -> str:
    """A page with one hourly bucket; its rows are project, model, tokens, requests."""
    results = [
        {
            "object": "organization.usage.completions.result",
            "input_tokens": tokens,
            "num_model_requests": requests,
            "project_id": project,
            "model": model,
            **_PAGE_DEFAULTS,
        }
        for project, model, tokens, requests in rows
    ]
    return _page("completions", fetched_at, at, 3600, results)


def costs_page(
    fetched_at: datetime | None, at: datetime, rows: tuple[tuple[str, str, str], ...]
) -> str:
    """A page with the bill of one day; its rows are project, line item, dollars."""
    results = [
        {
            "object": "organization.costs.result",
            "amount": {"value": usd, "currency": "usd"},
            "line_item": item,
            "project_id": project,
        }
        for project, item, usd in rows
    ]
    return _page("costs", fetched_at, at, 86_400, results)


def _page(
    endpoint: str,
    fetched_at: datetime | None,
    at: datetime,
    width: int,
    results: list[dict[str, Any]],
) -> str:
    start = seconds(at)
    page = {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": start,
                "end_time": start + width,
                "results": results,
            }
        ],
        "has_more": False,
        "next_page": None,
    }
    if fetched_at is None:
        return json.dumps(page)
    fetched = fetched_at.isoformat() + "Z"
    return json.dumps(
        {
            "endpoint": endpoint,
            "parameters": {"bucket_width": "1d" if endpoint == "costs" else "1h"},
            "fetched_at": fetched,
            "page": page,
        }
    )


def understood_page(text: str, kind: str) -> list[BucketVersion]:
    """The buckets of a page."""
    body = json.loads(text)
    fetched = body.get("fetched_at")
    fetched_at = datetime.fromisoformat(fetched.rstrip("Z")) if fetched else None
    found = []
    for bucket in body.get("page", body)["data"]:
        rows: list[tuple[Any, ...]] = [
            (r["project_id"], r["line_item"], r["amount"]["value"])
            if kind == "costs"
            else (r["project_id"], r["model"], r["input_tokens"], r["num_model_requests"])
            for r in bucket["results"]
        ]
        found.append(
            BucketVersion(kind, instant(bucket["start_time"]), fetched_at, tuple(sorted(rows)))
        )
    return found
