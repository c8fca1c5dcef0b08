"""tollbook.toml as frozen models: sections, keys, defaults, and what one value must be like.

A validator fails with ValueError and a sentence; `pipeline.config.load` adds file, line and key.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipeline.characters import printable
from pipeline.config.alerts_section import Alerts
from pipeline.config.budget_section import Actions, Amendment, Budget, BudgetSettings
from pipeline.config.directory_section import Directory, Project
from pipeline.config.operations_section import Engine, Metrics, Network, Retention, Schedule
from pipeline.config.source_section import (
    DEFAULT_PROVIDER,
    SourceKind,
    check_base_url,
    check_key_name,
    check_keys,
    check_kind,
)
from pipeline.config.values import Amount, Day, Name, SectionModel
from pipeline.schemas import SCOPES, Basis
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.addresses import is_remote


@cache  # looking through the zones takes as long as all else of a configuration
def _is_known(zone: str) -> bool:
    return zone in available_timezones()


NO_ID = "default"


class Organization(SectionModel):
    """Whose usage this is; a row without an organization belongs to it."""

    id: str = NO_ID
    name: str = ""
    timezone: str = "UTC"
    also: tuple[str, ...] = ()
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if not _is_known(zone):
            near = difflib.get_close_matches(zone, available_timezones(), 1)
            raise ValueError(
                f"{zone!r} is not an IANA time zone"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
        return zone

    @property
    def ids(self) -> frozenset[str] | None:
        """The organizations that rows may name; None where no id is configured: any."""
        return None if self.id == NO_ID else frozenset({self.id, *self.also})

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def shown_name(self) -> str:
        """What people call it: its name, else its id."""
        return printable(self.name or self.id)


# Names by which the library of a store does not give its files back.
_OTHER_NAMES = {"s3a": "s3", "gcs": "gs"}


class Storage(SectionModel):
    """Where the warehouse, raw files, published files and reports lie."""

    root: Path = Path("tollbook-data")
    ledger: str | None = None

    @property
    def layout(self) -> StorageLayout:
        """The paths of the storage, absolute, and the store of its ledger."""
        return StorageLayout(self.root.absolute(), self.ledger)

    @field_validator("ledger")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not is_remote(value):
            raise ValueError(
                f"{value!r} is not the address of an object store, such as s3://bucket/ledger; "
                "without it, the ledger lies under root"
            )
        scheme, _, place = value.partition("://")
        if "@" in place.split("/")[0] or "?" in place:
            raise ValueError("credentials and options of the store come from the environment")
        if scheme in _OTHER_NAMES:
            raise ValueError(f"write {_OTHER_NAMES[scheme]}:// instead of {scheme}://")
        return value.rstrip("/")

    @field_validator("root", mode="before")
    @classmethod
    def _is_named(cls, value: object) -> object:
        if value == "":
            raise ValueError('is empty: write a folder, such as "tollbook-data"')
        return value


class Source(SectionModel):
    """One source of usage records."""

    name: Name
    kind: str
    provider: Annotated[str, Field(validate_default=True)] = DEFAULT_PROVIDER
    path: tuple[str, ...] = ()
    basis: Basis = "charge"
    enabled: bool = True
    replace: bool = False
    scopes: tuple[str, ...] = ()
    base_url: str | None = None
    key: Annotated[str | None, Field(validate_default=True)] = None  # None: it has none
    since: Day | None = None
    trailing_days: Annotated[int, Field(ge=1, le=90)] = 3
    bucket_width: Literal["1h", "1d"] = "1h"
    minute_buckets: bool = False
    requests_in_flight: Annotated[int, Field(ge=1, le=16)] = 4

    @field_validator("kind")
    @classmethod
    def _is_known(cls, kind: str, info: ValidationInfo) -> str:
        kinds = _kinds(info)
        return check_kind(kind, kinds) if kinds else kind

    @field_validator("provider")
    @classmethod
    def _is_that_of_the_kind(cls, provider: str, info: ValidationInfo) -> str:
        kind = _kinds(info).get(info.data.get("kind", ""))
        return provider if kind is None or kind.provider is None else kind.provider

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
    def _is_taken_from_the_environment(cls, value: Any, info: ValidationInfo) -> str | None:
        kind = _kinds(info).get(info.data.get("kind", ""))
        if value is None:
            return kind.default_key if kind else None
        return check_key_name(value, kind)

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else check_base_url(value)

    @model_validator(mode="after")
    def _keys_suit_the_kind(self, info: ValidationInfo) -> Source:
        kinds = _kinds(info)
        if self.kind in kinds:
            given = self.model_fields_set - (set() if self.path else {"path"})
            check_keys(kinds[self.kind], given, kinds)
        return self


class Prices(SectionModel):
    """The user's own price files, on top of the built-in book; the later file wins."""

    files: tuple[Path, ...] = ()


class Discount(SectionModel):
    """A dated percentage off what has no contracted price; a negative one is a surcharge."""

    percent: Annotated[Amount, Field(ge=-1000, le=100)]
    provider: str | None = None
    project: str | None = None
    model: str | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None  # exclusive


class Currency(SectionModel):
    """What other currencies are worth, for budgets that are not in US dollars."""

    rates: Path | None = None


class Quality(SectionModel):
    """The gates of a run."""

    max_quarantined_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(5)


class Bill(SectionModel):
    """Whether settled days are charged what the provider billed, and when a day is settled."""

    true_up: Literal["all", "unpriced", "none"] = "all"
    lag_days: Annotated[int, Field(ge=0, le=60)] = 2


class Headroom(SectionModel):
    """How much room there is below the provider's rate limits, where the directory knows them."""

    near_percent: Annotated[int, Field(ge=1, lt=100)] = 80


class Policy(SectionModel):
    """Use that the directory does not allow: models, archived projects, deleted keys, people."""

    alerts: bool = True


class Anomalies(SectionModel):
    """Days on which a project cost far more or less than usual."""

    alerts: bool = True


class Config(SectionModel):
    """The whole of tollbook.toml."""

    organization: Organization = Organization()
    storage: Storage = Storage()
    sources: tuple[Source, ...] = ()
    prices: Prices = Prices()
    discounts: tuple[Discount, ...] = ()
    budgets: tuple[Budget, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    budget_settings: BudgetSettings = BudgetSettings()
    actions: Actions = Actions()
    currency: Currency = Currency()
    directory: Directory = Directory()
    projects: tuple[Project, ...] = ()
    alerts: Alerts = Alerts()
    quality: Quality = Quality()
    bill: Bill = Bill()
    headroom: Headroom = Headroom()
    policy: Policy = Policy()
    anomalies: Anomalies = Anomalies()
    schedule: Schedule = Schedule()
    metrics: Metrics = Metrics()
    retention: Retention = Retention()
    engine: Engine = Engine()
    network: Network = Network()

    @model_validator(mode="before")
    @classmethod
    def _budgets_in_either_form(cls, raw: Any) -> Any:
        """[budgets] is a table with settings, [[budgets]] a list; both give a list of budgets."""
        if isinstance(raw, Mapping) and "budget_settings" in raw:
            raise ValueError("budget_settings: unknown key; write [budgets]")
        if not isinstance(raw, Mapping) or not isinstance(raw.get("budgets"), Mapping):
            return raw
        settings = dict(raw["budgets"])
        return {**raw, "budgets": settings.pop("plans", ()), "budget_settings": settings}

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
    def _one_charge_basis(self, info: ValidationInfo) -> Config:
        check_one_basis(self.sources, _kinds(info))
        return self


def check_one_basis(sources: Sequence[Source], kinds: Mapping[str, SourceKind]) -> None:
    """Whether no traffic of a provider would be charged twice. Fails: ValueError."""
    charging = [s for s in sources if s.basis == "charge" and s.kind in kinds]
    for bucket in (s for s in charging if "buckets" in kinds[s.kind].holds):
        for request in (s for s in charging if "requests" in kinds[s.kind].holds):
            both = set(bucket.scopes) & set(request.scopes)
            is_apart = bool(bucket.scopes and request.scopes and not both)
            if bucket.provider == request.provider and not is_apart:
                raise ValueError(
                    f"sources: {bucket.name!r} (buckets) and {request.name!r} (requests) would "
                    'charge the same traffic twice; set basis = "detail" on one of them, or '
                    "give both `scopes` that do not overlap"
                )


def _kinds(info: ValidationInfo) -> Mapping[str, SourceKind]:
    """The table of kinds that a configuration is read with; empty: any kind will do."""
    found: Mapping[str, SourceKind] = (info.context or {}).get("kinds", {})
    return found
