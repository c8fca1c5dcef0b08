"""What was used beside what is allowed, as a report shows it: rate limits and policy findings.

The figures are those of the named query `headroom` and of the view `policy_findings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import duckdb

from pipeline.published.queries import Parameters, rows
from pipeline.reporting.month.labels import ProjectNames
from pipeline.resources import sql

HeadroomState = Literal["saturated", "near", "ok", "oversized", "no limit known"]

_ALL_ROWS = 1_000_000_000
KINDS = {
    "archived_project": "Archived project",
    "model_not_permitted": "Model not permitted",
    "deleted_key": "Deleted key",
    "unknown_key": "Unknown key",
    "unknown_project": "Unknown project",
    "former_member": "Former member",
    "unknown_person": "Unknown person",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What one minute used of one limit, over the covered minutes of a month."""

    p50: int
    p95: int
    maximum: int
    limit: int | None  # the last one that held


@dataclass(frozen=True, slots=True)
class Headroom:
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


@dataclass(frozen=True, slots=True)
class Finding:
    """Use of one month that the directory does not allow."""

    kind: str
    project: str
    subject: str  # empty where it is the project itself
    since_at: datetime | None
    first: date
    last: date
    days: int
    cost_usd: Decimal | None
    is_lower_bound: bool


def headroom(
    con: duckdb.DuckDBPyConnection, asked: Parameters, names: ProjectNames, near_percent: int
) -> tuple[Headroom, ...]:
    """The month's use against the limits, the fullest first; its days are taken as UTC days.

    Nothing where no limit is known at all.
    """
    if not rows(con, "limits", asked)[0][0]:
        return ()
    parameters = {
        "since": asked["since"],
        "until": asked["until"],
        "project": None,
        "near_percent": near_percent,
        "top": _ALL_ROWS,
    }
    found = con.execute(sql("analysis/headroom"), parameters).fetchall()
    return tuple(
        Headroom(
            names.text(project_id), model, state,
            Load(p50_requests, p95_requests, max_requests, requests_limit),
            Load(p50_tokens, p95_tokens, max_tokens, tokens_limit),
            peak, hours, meets_on, counted_from,
        )
        for (
            project_id, _, model, state, p50_requests, p95_requests, max_requests, requests_limit,
            _, p50_tokens, p95_tokens, max_tokens, tokens_limit, _, peak, hours, meets_on, *_,
            counted_from,
        ) in found
    )  # fmt: skip


def findings(
    con: duckdb.DuckDBPyConnection, asked: Parameters, names: ProjectNames
) -> tuple[Finding, ...]:
    """The month's policy findings, the most expensive first."""
    return tuple(
        Finding(
            KINDS[kind],
            names.text(project_id),
            "" if subject == project_id else f"{name} ({subject})" if name else subject,
            *rest,
        )
        for kind, project_id, subject, name, *rest in rows(con, "policy", asked)
    )
