"""The section [alerts] and its routes: where messages go, when, and who hears of them next.

Validators fail with ValueError. Opens no channel: entries are looked up when a run begins.
"""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from pipeline.config.values import SectionModel

Kind = Literal[
    "budget", "run", "schedule", "rate_limit", "policy", "source", "action", "anomaly", "forecast"
]
Role = Literal["project_owner", "organization_owner"]
Hours = Annotated[int, Field(ge=1, le=24 * 366)]
ROLES: tuple[Role, ...] = get_args(Role)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CLOCK = r"([01]?\d|2[0-3]):([0-5]\d)"
_QUIET = re.compile(rf"{_CLOCK}\s*-\s*{_CLOCK}")
_DIGEST = re.compile(rf"daily\s+{_CLOCK}")


class Outlets(SectionModel):
    """Channels, and when messages go out: not in the quiet hours, or together once a day."""

    channels: tuple[str, ...] = ()
    quiet: str | None = None
    quiet_critical: bool = False
    digest: str | None = None

    @field_validator("quiet")
    @classmethod
    def _are_hours(cls, value: str | None) -> str | None:
        found = _QUIET.fullmatch(value or "")
        if value and found is None:
            raise ValueError(f'{value!r} are no hours: write them like "22:00-07:00"')
        if found and found.groups()[:2] == found.groups()[2:]:
            raise ValueError(f"{value!r} would be the whole day; write two different times")
        return value

    @field_validator("digest")
    @classmethod
    def _is_a_time(cls, value: str | None) -> str | None:
        if value and _DIGEST.fullmatch(value) is None:
            raise ValueError(f'{value!r} is no time of a digest: write it like "daily 08:00"')
        return value

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """The beginning and the end, in the organization's zone; None: there are none."""
        found = _QUIET.fullmatch(self.quiet or "")
        if found is None:
            return None
        begin, begin_minute, end, end_minute = (int(part) for part in found.groups())
        return time(begin, begin_minute), time(end, end_minute)

    @property
    def digest_time(self) -> time | None:
        """When the digest goes out, in the organization's zone; None: there is none."""
        found = _DIGEST.fullmatch(self.digest or "")
        return time(int(found[1]), int(found[2])) if found else None


class Route(Outlets):
    """Where alerts of some projects, budgets, teams, kinds or severities go.

    An alert goes to every route that it fits; one that fits none goes to [alerts] channels.
    """

    projects: tuple[str, ...] = ()
    budgets: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    severity: Literal["info", "warning", "critical"] = "info"
    owners: bool = False
    roles: tuple[Role, ...] = ROLES

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Route:
        if not self.channels:
            raise ValueError('names no channel; write channels = ["env:NAME"]')
        return self


class Alerts(Outlets):
    """Where alerts go: apprise URLs, or `env:NAME` for one taken from the environment."""

    report_url: str | None = None
    escalate_after_hours: Hours | None = None
    escalate_to: tuple[str, ...] = ()
    renotify_hours: Hours | None = None
    silent_after_hours: Hours | None = None
    give_up_after_hours: Hours = 72
    undelivered_hours: Hours = 24
    routes: dict[str, Route] = Field(default={})

    @field_validator("report_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in {"http", "https", "file"} and not parts.password
        except ValueError:
            is_address = False
        if not is_address or not value.isprintable() or " " in value:
            raise ValueError(
                "write the address of the folder with the reports, such as "
                "https://reports.example.com/tollbook/"
            )
        return value if value.endswith("/") else f"{value}/"

    @field_validator("routes")
    @classmethod
    def _have_names(cls, routes: dict[str, Route]) -> dict[str, Route]:
        for name in routes:
            if _NAME.fullmatch(name) is None:
                raise ValueError(
                    f"{name!r} is not a name of a route: letters, digits, _ and - are allowed"
                )
        return routes

    @model_validator(mode="after")
    def _escalation_leads_somewhere(self) -> Alerts:
        for entry in self.escalate_to:
            if entry not in self.routes and not is_channel(entry):
                raise ValueError(
                    f"escalate_to: {entry!r} is neither a route ({', '.join(self.routes) or 'none'}"
                    ") nor a channel such as env:ONCALL_URL"
                )
            if entry in self.routes and self.routes[entry].owners:
                raise ValueError(
                    f"escalate_to: the route {entry!r} writes to owners; name one with channels"
                )
        if self.escalate_to and self.escalate_after_hours is None:
            raise ValueError("escalate_to needs escalate_after_hours, such as 4")
        return self


def is_channel(entry: str) -> bool:
    """Whether an entry is a channel's: `env:NAME` or a URL; else it is a route's name."""
    return entry.startswith("env:") or "://" in entry
