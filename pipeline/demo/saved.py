"""Saved answers of the provider's usage and costs endpoints, each in the envelope of a fetch.

Storage and tools never pass a gateway: only these endpoints show them. The costs add up what
`billing` says of the calls, and some things that no usage record explains.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pipeline.demo import differences
from pipeline.demo.billing import Billed, billed
from pipeline.demo.bodies import unix_seconds
from pipeline.demo.cast import Call, Organization, Project
from pipeline.demo.differences import as_billed_otherwise
from pipeline.money import plain

GIB = 2**30
Row = dict[str, Any]

# Per unit, as billed.
_STORAGE_A_GIB_DAY = Decimal("0.10")
_FREE_GIB = 1
_WEB_SEARCH = Decimal("0.01")
_FILE_SEARCH = Decimal("0.0025")
_SESSION = Decimal("0.03")

# Training and voice sessions have no usage endpoint; the last did not pass the gateway.
_TRAINING = "ft-gpt-4o-mini-2024-07-18, training"
UNEXPLAINED = (
    (date(2026, 10, 6), "support", _TRAINING, 4_180_000, "tokens", "12.54"),
    (date(2026, 11, 3), "support", _TRAINING, 4_620_000, "tokens", "13.86"),
    (date(2026, 11, 12), "calls", "gpt-live-1, voice session", 95, "duration_minutes", "4.75"),
    (date(2026, 11, 17), "marketing", "gpt-4o-2024-08-06, input", 1_260_000, "tokens", "3.15"),
)


# October's bill is what usage says; November's has a difference of each kind.
_DIFFERENT_SINCE = datetime.combine(date(2026, 11, 1), time())


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A usage endpoint: its name, its rows' type, and by what its rows are grouped."""

    name: str
    row_object: str
    group_by: tuple[str, ...]


ENDPOINTS = (
    Endpoint("vector_stores", "organization.usage.vector_stores.result", ("project_id",)),
    Endpoint(
        "code_interpreter_sessions",
        "organization.usage.code_interpreter_sessions.result",
        ("project_id",),
    ),
    Endpoint(
        "file_search_calls",
        "organization.usage.file_searches.result",
        ("project_id", "user_id", "api_key_id", "vector_store_id"),
    ),
    Endpoint(
        "web_search_calls",
        "organization.usage.web_searches.result",
        ("project_id", "user_id", "api_key_id", "model", "context_level"),
    ),
)


def usage_envelope(
    organization: Organization, endpoint: Endpoint, since: date, until: date, fetched_at: datetime
) -> Row:
    """One fetch of an endpoint over half-open UTC days, at most 31 of them."""
    buckets = [
        _bucket(
            day,
            [
                {"object": endpoint.row_object, **row}
                for row in usage_rows(organization, endpoint.name, day)
            ],
        )
        for day in _days(since, until)
    ]
    parameters = {"group_by": list(endpoint.group_by), "limit": 31}
    return _envelope(
        f"/organization/usage/{endpoint.name}", parameters, (since, until), fetched_at, buckets
    )


def costs_envelope(items: Iterable[Billed], since: date, until: date, fetched_at: datetime) -> Row:
    """One fetch of the costs endpoint over half-open UTC days, by project and line item."""
    sums: dict[date, dict[tuple[str, str, str | None], tuple[int, Decimal]]] = defaultdict(dict)
    for item in items:
        of_day = sums[item.at.date()]
        key = (item.project_id, item.line_item, item.unit)
        quantity, amount = of_day.get(key, (0, Decimal(0)))
        of_day[key] = (quantity + item.quantity, amount + item.amount_usd)
    buckets = [
        _bucket(
            day,
            [
                {
                    "object": "organization.costs.result",
                    # The live server sends amounts as strings, to keep all their digits.
                    "amount": {"value": plain(amount), "currency": "usd"},
                    "line_item": line_item,
                    "project_id": project_id,
                    "api_key_id": None,
                    "quantity": quantity,
                    "quantity_unit": unit,
                }
                for (project_id, line_item, unit), (quantity, amount) in sorted(
                    sums[day].items(), key=lambda s: (s[0][0], s[0][1], s[0][2] or "")
                )
            ],
        )
        for day in _days(since, until)
    ]
    parameters = {"group_by": ["project_id", "line_item"], "limit": 180}
    return _envelope("/organization/costs", parameters, (since, until), fetched_at, buckets)


def bill(
    organization: Organization, calls: Iterable[Call], since: date, until: date
) -> Iterator[Billed]:
    """All that the provider bills: the calls, storage and tools, and what usage does not show."""
    for call in calls:
        items = billed(call)
        yield from as_billed_otherwise(call, items) if call.at >= _DIFFERENT_SINCE else items
    for day in _days(since, until):
        yield from _billed_tools(organization, datetime.combine(day, time(12)))
    for day, slug, line_item, quantity, unit, amount_usd in UNEXPLAINED:
        if since <= day < until:
            at, project = datetime.combine(day, time(12)), organization.project(slug)
            yield Billed(at, project.id, line_item, quantity, unit, Decimal(amount_usd))
    for at in (datetime.combine(day, time(12)) for day in _days(since, until)):
        for of_day, slug, item, number, sent_unit, usd in differences.LINES:
            if of_day == at.day and at >= _DIFFERENT_SINCE:
                project = organization.project(slug)
                yield Billed(at, project.id, item, number, sent_unit, Decimal(usd))


def _billed_tools(organization: Organization, at: datetime) -> Iterator[Billed]:
    day = at.date()
    levels = usage_rows(organization, "vector_stores", day)
    whole = sum(row["usage_bytes"] for row in levels)
    for row in levels:
        # The free gigabyte is the organization's; the bill spreads it over who stores.
        paid = Decimal(row["usage_bytes"]) * (whole - _FREE_GIB * GIB) / whole / GIB
        yield Billed(
            at,
            row["project_id"],
            "assistants api | file search",
            round(paid * 24),
            "gibibyte_hours",
            (paid * _STORAGE_A_GIB_DAY).quantize(Decimal("1e-12")),
        )
    for endpoint, line_item, count, price in (
        ("web_search_calls", "web search tool calls", "num_requests", _WEB_SEARCH),
        ("file_search_calls", "file search tool calls", "num_requests", _FILE_SEARCH),
        ("code_interpreter_sessions", "code interpreter sessions", "num_sessions", _SESSION),
    ):
        for row in usage_rows(organization, endpoint, day):
            number = row[count]
            yield Billed(at, row["project_id"], line_item, number, "calls", number * price)


def usage_rows(organization: Organization, endpoint: str, day: date) -> list[Row]:
    """What one endpoint of storage or tools shows for one UTC day, grouped by all it can be."""
    source = random.Random(f"{organization.seed}:{endpoint}:{day}")  # noqa: S311  as in traffic
    weekend = day.weekday() >= 5
    age = max(-150, (day - date(2026, 9, 1)).days)
    search, code = organization.project("search"), organization.project("code")
    match endpoint:
        case "vector_stores":
            support = organization.project("support")
            return [
                {"usage_bytes": 11 * GIB + age * 71_303_168, "project_id": search.id},
                {"usage_bytes": 3 * GIB + age // 7 * 52_428_800, "project_id": support.id},
            ]
        case "code_interpreter_sessions":
            count = 0 if weekend else source.randrange(3, 12)
            contracts = organization.project("contracts")
            return [{"num_sessions": count, "project_id": contracts.id}] if count else []
        case "file_search_calls":
            count = source.randrange(6, 15) if weekend else source.randrange(70, 160)
            who = _who(search, place=-2)
            return [
                {"num_requests": count, **who, "vector_store_id": "vs_Bq7ZtK2mYx4RwP9dLhN3cVfA"}
            ]
        case "web_search_calls":
            return [
                {
                    "num_requests": count,
                    "num_model_requests": max(1, count * 2 // 3),
                    **_who(project, place=0),
                    "model": model,
                    "context_level": level,
                }
                for project, model, level, top in (
                    (code, "gpt-5-2025-08-07", "medium", 60),
                    (organization.project("marketing"), "gpt-4o-2024-08-06", "low", 15),
                )
                if (count := 0 if weekend else source.randrange(top // 3, top))
            ]
        case _:
            raise KeyError(endpoint)


def _who(project: Project, place: int) -> Row:
    key = project.api_keys[place]
    return {"project_id": project.id, "user_id": key.user_id, "api_key_id": key.id}


def _days(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days):
        yield since + timedelta(days=number)


def _midnight(day: date) -> int:
    return unix_seconds(datetime.combine(day, time()))


def _bucket(day: date, results: list[Row]) -> Row:
    return {
        "object": "bucket",
        "start_time": _midnight(day),
        "end_time": _midnight(day + timedelta(days=1)),
        "results": results,
    }


def _envelope(
    endpoint: str,
    parameters: Row,
    days: tuple[date, date],
    fetched_at: datetime,
    buckets: list[Row],
) -> Row:
    return {
        "endpoint": endpoint,
        "parameters": {
            "start_time": _midnight(days[0]),
            "end_time": _midnight(days[1]),
            "bucket_width": "1d",
            **parameters,
        },
        "fetched_at": fetched_at.isoformat() + "Z",
        "page": {"object": "page", "data": buckets, "has_more": False, "next_page": None},
    }
