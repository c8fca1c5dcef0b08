"""tollbook.toml as frozen models: sections, keys, defaults, and what one value must be like.

A validator fails with ValueError and a sentence; `pipeline.config.load` adds file, line and key.
"""

from __future__ import annotations

import difflib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from pipeline.config.cron import parse as parse_cron
from pipeline.config.directory_section import Directory, Project
from pipeline.config.source_section import (
    DEFAULT_KEY,
    check_base_url,
    check_key_name,
    refuse_other_kinds,
)
from pipeline.money import parse_decimal
from pipeline.schemas import SCOPES, Basis

SourceKind = Literal["request_log", "openai_usage", "openai_costs", "records", "openai"]
BUCKET_KINDS = frozenset({"openai_usage", "openai"})
REQUEST_KINDS = frozenset({"request_log", "records"})


def _decimal_from_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError('write the amount as a string, such as "2000.00", so that it stays exact')  # noqa: TRY004  pydantic reports ValueError only
    return parse_decimal(value)


def _date_or_midnight(value: Any) -> Any:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        raise ValueError("write a date, such as 2026-07-01")  # noqa: TRY004  as above
    return value


Amount = Annotated[Decimal, BeforeValidator(_decimal_from_text)]
Day = Annotated[date, BeforeValidator(_date_or_midnight)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Organization(_Section):
    """Whose usage this is; a row without an organization belongs to it."""

    id: str = "default"
    name: str = ""
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            near = difflib.get_close_matches(zone, available_timezones(), 1)
            raise ValueError(
                f"{zone!r} is not an IANA time zone"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
        return zone

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def shown_name(self) -> str:
        """What people call it: its name, else its id."""
        return self.name or self.id


class Storage(_Section):
    """Where the warehouse, raw files, published files and reports lie."""

    root: Path = Path("tollbook-data")


class Source(_Section):
    """One source of usage records."""

    name: Name
    kind: SourceKind
    path: tuple[str, ...] = ()
    basis: Basis = "charge"
    scopes: tuple[str, ...] = ()
    base_url: str | None = None
    key: str = DEFAULT_KEY
    since: Day | None = None
    trailing_days: Annotated[int, Field(ge=1, le=90)] = 3
    bucket_width: Literal["1h", "1d"] = "1h"
    minute_buckets: bool = False
    requests_in_flight: Annotated[int, Field(ge=1, le=16)] = 4

    @field_validator("path", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("scopes")
    @classmethod
    def _known_scopes(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        for scope in scopes:
            if scope not in SCOPES:
                raise ValueError(f"{scope!r} is not one of {', '.join(SCOPES)}")
        return scopes

    @field_validator("key", mode="before")
    @classmethod
    def _is_taken_from_the_environment(cls, value: Any) -> Any:
        return check_key_name(value)

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else check_base_url(value)

    @model_validator(mode="after")
    def _keys_suit_the_kind(self) -> Source:
        refuse_other_kinds(self.kind, self.model_fields_set)
        if self.kind != "openai" and not self.path:
            raise ValueError(
                f"a source of kind {self.kind!r} needs `path`: files, globs or folders"
            )
        return self


class Prices(_Section):
    """The user's own price files, on top of the built-in book; the later file wins."""

    files: tuple[Path, ...] = ()


class Discount(_Section):
    """A dated percentage off what has no contracted price."""

    percent: Annotated[Amount, Field(ge=0, le=100)]
    provider: str | None = None
    project: str | None = None
    model: str | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None  # exclusive


class Budget(_Section):
    """A monthly budget of the organization, a project, or a project's model or scope."""

    id: Name
    project: str | None = None
    model: str | None = None
    scope: str | None = None
    # DECIMAL(38,24) holds it exactly, with room for what is spent beyond it
    amount_usd: Annotated[Amount, Field(gt=0, lt=Decimal(10**12), decimal_places=24)]
    thresholds: tuple[Annotated[int, Field(gt=0, le=1000)], ...] = (50, 80, 100)

    @field_validator("thresholds")
    @classmethod
    def _ascending(cls, thresholds: tuple[int, ...]) -> tuple[int, ...]:
        if not thresholds:
            raise ValueError("name at least one percentage, such as [50, 80, 100]")
        return tuple(sorted(set(thresholds)))

    @field_validator("scope")
    @classmethod
    def _known_scope(cls, scope: str | None) -> str | None:
        if scope is not None and scope not in SCOPES:
            raise ValueError(f"{scope!r} is not one of {', '.join(SCOPES)}")
        return scope


class Alerts(_Section):
    """Where alerts go: apprise URLs, or `env:NAME` for one taken from the environment."""

    channels: tuple[str, ...] = ()


class Quality(_Section):
    """The gates of a run."""

    max_quarantined_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(5)


class Headroom(_Section):
    """How much room there is below the provider's rate limits, where the directory knows them."""

    near_percent: Annotated[int, Field(ge=1, lt=100)] = 80


class Policy(_Section):
    """Use that the directory does not allow: models, archived projects, deleted keys, people."""

    alerts: bool = True


class Schedule(_Section):
    """Cron expressions in the organization's zone; an empty one is off."""

    run: str = "0 * * * *"
    daily_report: str = "0 6 * * *"
    monthly_report: str = "0 7 1 * *"

    @field_validator("run", "daily_report", "monthly_report")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        if cron.strip():
            parse_cron(cron)
        return cron


class Config(_Section):
    """The whole of tollbook.toml."""

    organization: Organization = Organization()
    storage: Storage = Storage()
    sources: tuple[Source, ...] = ()
    prices: Prices = Prices()
    discounts: tuple[Discount, ...] = ()
    budgets: tuple[Budget, ...] = ()
    directory: Directory = Directory()
    projects: tuple[Project, ...] = ()
    alerts: Alerts = Alerts()
    quality: Quality = Quality()
    headroom: Headroom = Headroom()
    policy: Policy = Policy()
    schedule: Schedule = Schedule()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Config:
        for what, names in (
            ("sources", [s.name for s in self.sources]),
            ("budgets", [b.id for b in self.budgets]),
            ("projects", [p.id for p in self.projects]),
        ):
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"{what}: the name {twice[0]!r} is used twice; give each its own")
        return self

    @model_validator(mode="after")
    def _one_charge_basis(self) -> Config:
        charging = [s for s in self.sources if s.basis == "charge"]
        for bucket in (s for s in charging if s.kind in BUCKET_KINDS):
            for request in (s for s in charging if s.kind in REQUEST_KINDS):
                both = set(bucket.scopes) & set(request.scopes)
                if both or not bucket.scopes or not request.scopes:
                    raise ValueError(
                        f"sources: {bucket.name!r} (buckets) and {request.name!r} (requests) would "
                        'charge the same traffic twice; set basis = "detail" on one of them, or '
                        "give both `scopes` that do not overlap"
                    )
        return self
