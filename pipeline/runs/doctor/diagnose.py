"""All checks in order: software, configuration, storage."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import fsspec

from pipeline import __version__
from pipeline.alerts.delivery import outlets
from pipeline.budgets.check import not_allowed
from pipeline.config.directory_section import FILES
from pipeline.config.model import Config, Source
from pipeline.directory.files import read_files
from pipeline.errors import ConfigError, SourceError
from pipeline.intake.files.discovery import find
from pipeline.pricing.load import examine
from pipeline.providers.provider import ProviderApi
from pipeline.runs.doctor import alerts as alert_checks
from pipeline.runs.doctor import sizes as size_checks
from pipeline.runs.doctor import storage as storage_checks
from pipeline.runs.doctor.actions import actions
from pipeline.runs.doctor.budgets import doubts_of
from pipeline.runs.doctor.check import Check, failed, guarded, not_looked_at
from pipeline.runs.doctor.engine import engine
from pipeline.runs.doctor.metrics import textfile
from pipeline.runs.kinds import PROVIDERS, apis_of
from pipeline.text import counted

_REMOTE = "://"
_SOFTWARE = ("duckdb", "polars", "pyarrow", "pandera", "pydantic")


def diagnose(
    load: Callable[[], Config], environment: Mapping[str, str], now: datetime | None = None
) -> tuple[Check, ...]:
    """Everything there is to say.

    **Takes** how to get the configuration, the environment, and the time (naive UTC), without
    which it does not look for messages that wait, and only counts budgets.
    """
    checks = list(_software())
    try:
        config = load()
    except ConfigError as error:
        return (*checks, failed("configuration", "file", error))
    except OSError as error:
        return (*checks, not_looked_at("configuration", "file", error))
    storage = config.storage.layout
    checks += _configuration(config, environment, now)
    problems: list[ConfigError] = []
    zone = config.organization.zone
    found = outlets.resolve(config.alerts, environment, zone, on_error=problems.append)
    checks += alert_checks.channels(found, problems)
    checks += guarded("storage", "root", lambda: storage_checks.folder(storage.root))
    checks += guarded("storage", "lock", lambda: storage_checks.locks(config, now))
    checks += guarded("storage", "database", lambda: storage_checks.database(storage, config, now))
    if now is not None:
        checks += guarded(
            "storage", "alerts", lambda: alert_checks.undelivered_to(storage, found, now)
        )
    if config.actions.mode != "off" or any(b.action for b in config.budgets):
        checks += guarded("storage", "actions", lambda: actions(storage, config))
    checks += guarded("storage", "published", lambda: [storage_checks.published(storage)])
    checks += guarded("storage", "size", lambda: size_checks.size(storage))
    if now is not None:
        retention = config.retention
        checks += guarded(
            "storage", "snapshots", lambda: size_checks.snapshots(storage, retention, now)
        )
    return tuple(checks)


def exit_code(checks: tuple[Check, ...]) -> int:
    """0, or what a run would end with: 2 for the configuration before 1 for the storage."""
    return max((check.exit_code for check in checks), default=0)


def _software() -> Iterator[Check]:
    names = {"tollbook": __version__, "python": platform.python_version()}
    names |= {name: _version(name) for name in _SOFTWARE}
    for name, found in names.items():
        yield Check("software", name, found)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _configuration(
    config: Config, environment: Mapping[str, str], now: datetime | None
) -> Iterator[Check]:
    organization = config.organization
    named = f" ({organization.name})" if organization.name else ""
    yield Check("configuration", "organization", f"{organization.id}{named}")
    yield Check("configuration", "time zone", organization.timezone)
    if not config.sources:
        yield Check(
            "configuration",
            "sources",
            "none",
            "warning",
            "Add [[sources]], or name files: tollbook run logs/*.jsonl.gz",
        )
    apis = apis_of(PROVIDERS)
    for source in config.sources:
        yield from guarded(
            "configuration",
            f"source {source.name}",
            partial(_source_of_any_kind, source, config.storage.root, apis, environment),
        )
    yield from guarded("configuration", "prices", lambda: [_prices(config)])
    yield from guarded("configuration", "directory", lambda: [_directory(config)])
    yield from guarded("configuration", "budgets", lambda: [_budgets(config, now)])
    yield from guarded("configuration", "engine", lambda: engine(config.engine))
    path = config.metrics.textfile
    if path is not None:
        yield from guarded("configuration", "metrics", lambda: [textfile(path, now)])


def _source_of_any_kind(
    source: Source, root: Path, apis: Mapping[str, ProviderApi], environment: Mapping[str, str]
) -> list[Check]:
    api = apis.get(source.kind)
    return [_source(source, root) if api is None else _fetched(source, api, environment)]


def _source(source: Source, root: Path) -> Check:
    local = tuple(p for p in source.path if _REMOTE not in p)
    problems: list[SourceError] = []
    files = find(source.model_copy(update={"path": local}), root, problems)
    for pattern in source.path:
        if _REMOTE in pattern:
            try:
                fsspec.get_filesystem_class(pattern.split(_REMOTE, 1)[0])
            except (ImportError, ValueError) as error:
                problems.append(SourceError(str(error), file=pattern.split("?", 1)[0]))
    name = f"source {source.name}"
    shown = [counted(len(files), "file")] if local else []
    shown += (
        [counted(len(source.path) - len(local), "remote path")]
        if len(local) < len(source.path)
        else []
    )
    value = f"{source.kind}, {source.basis}: {' and '.join(shown) or 'no path'}"
    if problems:
        return Check(
            "configuration",
            name,
            f"{value}; {problems[0].file}: {problems[0].what}",
            "warning",
            problems[0].hint,
        )
    if local and not files:
        return Check("configuration", name, value, "warning", f"Nothing matches {', '.join(local)}")
    return Check("configuration", name, value)


def _fetched(source: Source, api: ProviderApi, environment: Mapping[str, str]) -> Check:
    """Where a source is fetched from, and whether its key is set; never what the key is."""
    name = f"source {source.name}"
    try:
        api.check_access(source, environment)
        where, variable = api.account(source, environment)
    except ConfigError as error:
        return Check("configuration", name, error.what, "error", error.hint, SourceError.exit_code)
    return Check(
        "configuration",
        name,
        f"{source.kind}, {source.basis}: from {where}, {variable} is set",
    )


def _prices(config: Config) -> Check:
    try:
        _, findings = examine(config.prices.files, config.discounts)
    except ConfigError as error:
        return failed("configuration", "prices", error)
    errors = [f for f in findings if f.severity == "error"]
    value = (
        f"built-in and {counted(len(config.prices.files), 'file')}, "
        f"{counted(len(config.discounts), 'discount')}: {counted(len(errors), 'error')}, "
        f"{counted(len(findings) - len(errors), 'warning')}"
    )
    if errors:
        return Check(
            "configuration", "prices", value, "error", str(errors[0]), ConfigError.exit_code
        )
    if findings:
        return Check("configuration", "prices", value, "warning", "See tollbook prices check")
    return Check("configuration", "prices", value)


def _budgets(config: Config, now: datetime | None) -> Check:
    try:
        found = [] if now is None else doubts_of(config, now)
    except ConfigError as error:
        return failed("configuration", "budgets", error)
    counted_doubts = not_allowed(found, config.budget_settings)
    value = str(len(config.budgets))
    if not counted_doubts:
        return Check("configuration", "budgets", value)
    more = f" ({len(counted_doubts) - 1} more)" if counted_doubts[1:] else ""
    value = f"{value}; {counted_doubts[0].what}{more}"
    return Check("configuration", "budgets", value, "warning", "See tollbook budgets check")


def _directory(config: Config) -> Check:
    named = [n for n in FILES if getattr(config.directory, n) is not None]
    try:
        read_files(config.directory, config.projects)
    except ConfigError as error:
        return failed("configuration", "directory", error)
    value = f"{counted(len(named), 'file')}, {counted(len(config.projects), 'project')} named here"
    return Check("configuration", "directory", value)
