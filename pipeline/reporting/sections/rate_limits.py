"""Rate-limit headroom: the month's use a minute against the limits, as `query headroom` has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.reporting.month.reader import MonthReader
from pipeline.resources import sql

HeadroomState = Literal["saturated", "near", "ok", "oversized", "no limit known"]

_ALL_ROWS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """Use a minute of one limit, over the covered minutes of a month."""

    p50: int
    p95: int
    maximum: int
    limit: int | None  # the latest one


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One project and model against its rate limits."""

    project: str
    model: str
    state: HeadroomState
    requests: Load
    tokens: Load
    peak_basis_points: int | None
    hours_near: int
    saturation_date: date | None
    counted_from: str

    @property
    def peak_ratio(self) -> Decimal | None:
        """The fullest minute as a fraction of the limit that held."""
        points = self.peak_basis_points
        return None if points is None else Decimal(points).scaleb(-4)


def read(month: MonthReader, near_percent: int) -> tuple[LimitUse, ...]:
    """The month's use against the limits, the fullest first; its days are taken as UTC days.

    Empty where no limit is known at all.
    """
    if not month.rows("rate_limits")[0][0]:
        return ()
    parameters = {
        "since": month.period.month.since,
        "until": month.period.month.until,
        "project": None,
        "near_percent": near_percent,
        "top": _ALL_ROWS,
    }
    found = month.con.execute(sql("analysis/headroom"), parameters).fetchall()
    return tuple(
        LimitUse(
            month.names.text(project_id), model, state,
            Load(p50_requests, p95_requests, max_requests, requests_limit),
            Load(p50_tokens, p95_tokens, max_tokens, tokens_limit),
            peak, hours, meets_on, counted_from,
        )
        for (
            project_id, _, model, state, p50_requests, p95_requests, max_requests, requests_limit,
            _, p50_tokens, p95_tokens, max_tokens, tokens_limit, _, peak, hours, meets_on, *_,
            counted_from, _,
        ) in found
    )  # fmt: skip
