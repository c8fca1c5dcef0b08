"""Looks at everything a run would need and says how it stands; changes nothing, shows no secret.

Gives checks in the order in which a run meets them: software, configuration, storage.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import fsspec

from pipeline import __version__
from pipeline.alerts import channels
from pipeline.config.directory_section import FILES
from pipeline.config.model import Config, Source
from pipeline.directory.files import read_files
from pipeline.errors import ConfigError, SourceError, TollbookError
from pipeline.intake.files.discovery import find
from pipeline.pricing.load import examine
from pipeline.providers.provider import ProviderApi
from pipeline.published.reader import open_published
from pipeline.runs.kinds import PROVIDERS, apis_of
from pipeline.runs.schedule.job_state import LOCK_NAME, STATE_NAME
from pipeline.storage import lock
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.migrations import NEWER_HINT, newer_migrations, written_by_newer
from pipeline.storage.orphans import orphans
from pipeline.storage.read_copy import open_read_copy
from pipeline.storage.remains import RESTORE_HINT, foreign_warehouse, lost_warehouse
from pipeline.text import counted

LITTLE_SPACE_BYTES = 1 << 30
_GIB = 1 << 30
_REMOTE = "://"
_SOFTWARE = ("duckdb", "polars", "pyarrow", "pandera", "pydantic")

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. An error has the exit code that a run would end with."""

    area: Literal["software", "configuration", "storage"]
    name: str
    value: str
    state: State = "ok"
    hint: str | None = None
    exit_code: int = 0

    def as_json(self) -> dict[str, str | None]:
        """The check for a program to read."""
        return {
            "area": self.area,
            "name": self.name,
            "state": self.state,
            "value": self.value,
            "hint": self.hint,
        }


def diagnose(load: Callable[[], Config], environment: Mapping[str, str]) -> tuple[Check, ...]:
    """Everything there is to say. Takes: how to get the configuration; the environment."""
    checks = list(_software())
    try:
        config = load()
    except ConfigError as error:
        return (*checks, _failed("configuration", "file", error))
    checks += _configuration(config, environment)
    storage = StorageLayout(config.storage.root.absolute())
    checks += _folder(storage.root)
    checks += _books(storage, config)
    checks.append(_published(storage))
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


def _configuration(config: Config, environment: Mapping[str, str]) -> Iterator[Check]:
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
        api = apis.get(source.kind)
        if api is not None:
            yield _fetched(source, api, environment)
        else:
            yield _source(source, config.storage.root)
    yield _prices(config)
    yield _directory(config)
    yield Check("configuration", "budgets", str(len(config.budgets)))
    try:
        labels = [c.label for c in channels.resolve(config.alerts.channels, environment)]
        yield Check("configuration", "channels", ", ".join(labels) or "none: alerts are printed")
    except ConfigError as error:
        yield _failed("configuration", "channels", error)


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
            "configuration", name, f"{value}; {problems[0].what}", "warning", problems[0].hint
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
        return _failed("configuration", "prices", error)
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


def _directory(config: Config) -> Check:
    named = [n for n in FILES if getattr(config.directory, n) is not None]
    try:
        read_files(config.directory, config.projects)
    except ConfigError as error:
        return _failed("configuration", "directory", error)
    value = f"{counted(len(named), 'file')}, {counted(len(config.projects), 'project')} named here"
    return Check("configuration", "directory", value)


def _folder(root: Path) -> Iterator[Check]:
    there = next(p for p in (root, *root.parents) if p.exists())
    is_new = "" if there == root else " (not there yet; the first run makes it)"
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        yield Check("storage", "root", f"{root}{is_new}")
    else:
        yield Check(
            "storage",
            "root",
            f"{there} cannot be written by this user",
            "error",
            "Make it writable, or set another `root` under [storage].",
            TollbookError.exit_code,
        )
    free = shutil.disk_usage(there).free
    is_little = free < LITTLE_SPACE_BYTES
    tenths = free * 10 // _GIB
    yield Check(
        "storage",
        "free space",
        f"{tenths // 10}.{tenths % 10} GiB",
        "warning" if is_little else "ok",
        "A run that finds the disk full commits nothing." if is_little else None,
    )
    yield Check("storage", "lock", lock.holder(root) or "free")
    yield _schedule(root)


def _schedule(root: Path) -> Check:
    service = lock.holder(root, LOCK_NAME)
    was_served = (root / STATE_NAME).is_file()
    if service is not None or not was_served:
        return Check("storage", "schedule", service or "never started")
    return Check(
        "storage",
        "schedule",
        "no service is running, though one was here before",
        "warning",
        "Start `tollbook schedule`, or remove " + STATE_NAME + " where cron does it now.",
    )


def _books(storage: StorageLayout, config: Config) -> Iterator[Check]:
    try:
        with open_read_copy(storage) as db:
            if db is None:
                yield _no_books(storage)
                return
            yield _version_of(db)
            foreign = foreign_warehouse(db, storage)
            if foreign is not None:
                yield _stops("books", foreign, RESTORE_HINT)
            yield _zone_of(db, config)
            yield from _runs(db)
            yield _orphans(db, storage)
    except TollbookError as error:
        if lock.holder(storage.root) is not None:
            yield Check(
                "storage", "books", "a run is writing to them", "warning", "Ask again later."
            )
        else:
            yield _failed("storage", "books", error)


def _no_books(storage: StorageLayout) -> Check:
    lost = lost_warehouse(storage)
    if lost is None:
        return Check("storage", "books", "none yet: nothing has run")
    return _stops("books", lost, RESTORE_HINT)


def _stops(name: str, value: str, hint: str) -> Check:
    """Something about the storage that stops every run."""
    return Check("storage", name, value, "error", hint, TollbookError.exit_code)


def _version_of(db: Database) -> Check:
    newer = newer_migrations(db.con)
    if newer:
        return Check(
            "storage",
            "books",
            written_by_newer(newer),
            "error",
            NEWER_HINT,
            TollbookError.exit_code,
        )
    return Check("storage", "books", "readable")


def _zone_of(db: Database, config: Config) -> Check:
    kept = db.value("SELECT value FROM settings WHERE name = 'timezone'")
    configured = config.organization.timezone
    if kept in (None, configured):
        return Check("storage", "days kept in", configured)
    return Check(
        "storage",
        "days kept in",
        f"{kept}, but the configuration says {configured}",
        "error",
        "Change it back, or set another `root` under [storage].",
        ConfigError.exit_code,
    )


def _runs(db: Database) -> Iterator[Check]:
    last = db.rows(
        "SELECT run_id, verb, outcome, finished_at, message FROM runs ORDER BY run_id DESC LIMIT 1"
    )
    good = db.value("SELECT max(finished_at) FROM runs WHERE outcome = 'done'")
    for _, verb, outcome, finished_at, message in last:
        is_good = outcome == "done"
        yield Check(
            "storage",
            "last run",
            f"{verb}, {outcome} at {finished_at:%Y-%m-%d %H:%M} UTC",
            "ok" if is_good else "warning",
            None if is_good else (message or "").split("\n")[0] or None,
        )
    shown = f"{good:%Y-%m-%d %H:%M} UTC" if good else "never"
    yield Check("storage", "last good run", shown, "ok" if good else "warning")


def _orphans(db: Database, storage: StorageLayout) -> Check:
    count = len(orphans(db, storage))
    value = f"{counted(count, 'file')} of a run that did not end" if count else "none"
    return Check(
        "storage", "left over", value, hint="The next run removes them." if count else None
    )


def _published(storage: StorageLayout) -> Check:
    if not storage.published.is_symlink():
        return Check("storage", "published", "nothing yet")
    snapshot = storage.published.resolve()
    if not snapshot.is_dir():
        return Check(
            "storage",
            "published",
            f"leads to {snapshot}, which is not there",
            "warning",
            "The next run publishes again.",
        )
    try:
        open_published(storage.published).close()
    except TollbookError as error:
        return Check("storage", "published", error.what, "warning", error.hint)
    count = sum(1 for folder in storage.snapshots.iterdir() if folder.is_dir())
    return Check("storage", "published", f"{snapshot.name} ({counted(count, 'snapshot')} kept)")


def _failed(
    area: Literal["software", "configuration", "storage"], name: str, error: TollbookError
) -> Check:
    return Check(area, name, str(error), "error", exit_code=error.exit_code)
