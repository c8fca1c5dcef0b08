"""Storage and tools of a UTC day: what the usage endpoints count, and what is billed for it.

Stored bytes come in steps whose hour is exact in GB-days, so that no rounding parts usage from
costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.cast import Organization
from pipeline.demo.fake_api.faults import share
from pipeline.demo.fake_api.usage.endpoints import EndpointName
from pipeline.demo.fake_api.usage.metering import Metered, Value, unix_seconds
from pipeline.demo.saved import GIB, usage_rows

_STEP = 3 * GIB // 8  # an hour of it is 0.015625 GB-days
_GIB_DAY_USD = Decimal("0.10")
_STORAGE = "assistants api | file search"
_SPREAD_TO = Decimal("1e-12")
_COUNTED: tuple[tuple[EndpointName, str, str, Decimal], ...] = (
    ("web_search_calls", "num_requests", "web search tool calls", Decimal("0.01")),
    ("file_search_calls", "num_requests", "file search tool calls", Decimal("0.0025")),
    ("code_interpreter_sessions", "num_sessions", "code interpreter sessions", Decimal("0.03")),
)
_NOT_DIMENSIONS = {"num_requests", "num_sessions", "num_model_requests", "usage_bytes"}


class BilledTool(NamedTuple):
    """One amount for storage or a tool."""

    at: datetime
    mark: int
    dimensions: Mapping[str, Value]
    line_item: str
    quantity: Decimal
    unit: str | None
    amount_usd: Decimal


def stored(organization: Organization, day: date) -> list[Metered]:
    """The bytes that each project stores all day long."""
    start = unix_seconds(datetime.combine(day, time()))
    return [
        Metered(
            start,
            0,
            {"project_id": row["project_id"]},
            {"usage_bytes": max(_STEP, row["usage_bytes"] // _STEP * _STEP)},
        )
        for row in usage_rows(organization, "vector_stores", day)
        if row["project_id"] in _existing(organization, day)
    ]


def used(
    organization: Organization, day: date, *, has_sessions: bool
) -> Iterator[tuple[EndpointName, Metered]]:
    """Each call of a tool, at some second of the day."""
    start = unix_seconds(datetime.combine(day, time()))
    existing = _existing(organization, day)
    for endpoint, count, _, _ in _COUNTED:
        if endpoint == "code_interpreter_sessions" and not has_sessions:
            continue
        for place, row in enumerate(usage_rows(organization, endpoint, day)):
            if row["project_id"] not in existing:
                continue
            dimensions = {name: row[name] for name in row if name not in _NOT_DIMENSIONS}
            if endpoint == "web_search_calls":
                dimensions["api_source"] = "unlabeled"
            for number in range(row[count]):
                mark = share(organization.seed, endpoint, day, place, number, of=2**63)
                counts = {count: 1}
                if "num_model_requests" in row:
                    counts["num_model_requests"] = int(number < row["num_model_requests"])
                yield endpoint, Metered(start + mark % 86_400, mark, dimensions, counts)


def billed_use(endpoint: EndpointName, one: Metered, at: datetime) -> BilledTool:
    """What one call of a tool costs."""
    _, count, line_item, price = next(row for row in _COUNTED if row[0] == endpoint)
    quantity = Decimal(one.counts[count])
    return BilledTool(at, one.mark, one.dimensions, line_item, quantity, None, quantity * price)


def billed_storage(
    levels: Sequence[Metered], day: date, *, spreads_free: bool
) -> Iterator[BilledTool]:
    """The day's storage, billed at its end; the free GB is spread, or has its own line."""
    at = datetime.combine(day, time()) + timedelta(days=1, seconds=-1)
    whole = sum(level.counts["usage_bytes"] for level in levels)
    paid = max(0, whole - GIB) if spreads_free else whole
    left = _usd(paid)
    for number, level in enumerate(levels, 1):
        part = Decimal(level.counts["usage_bytes"]) * paid / whole
        # The last takes what rounding left, so that the day's sum is exact.
        amount = _usd(part).quantize(_SPREAD_TO) if number < len(levels) else left
        left -= amount
        yield _storage(at, level.dimensions, part, amount)
    if whole and not spreads_free:
        taken_off = Decimal(min(whole, GIB))
        yield _storage(at, {}, -taken_off, -_usd(taken_off))


def _storage(
    at: datetime, dimensions: Mapping[str, Value], stored_bytes: Decimal, amount_usd: Decimal
) -> BilledTool:
    quantity = round(stored_bytes / GIB * 24, 6)
    return BilledTool(at, 0, dimensions, _STORAGE, quantity, "gibibyte_hours", amount_usd)


def _usd(stored_bytes: Decimal | int) -> Decimal:
    """What a day of it costs."""
    return Decimal(stored_bytes) / GIB * _GIB_DAY_USD


def _existing(organization: Organization, day: date) -> set[str]:
    """Ids of the projects that are active all that day."""
    return {
        project.id
        for project in organization.projects
        if project.created_at.date() < day
        and (project.archived_at is None or day < project.archived_at.date())
    }
