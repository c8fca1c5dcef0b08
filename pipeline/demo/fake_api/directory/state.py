"""What the directory lists show: objects as the API sends them, in memory.

It begins as the made-up organization; made-up ids follow from its seed.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline.demo.fake_api.faults import Faults
from pipeline.demo.fake_api.refusals import RefusedError, invalid, missing
from pipeline.demo.fake_api.usage.metering import unix_seconds
from pipeline.demo.ids import base62

Json = dict[str, Any]
Objects = dict[str, Json]  # by id, in the order of creation


@dataclass(slots=True)
class ProjectState:
    """A project and what belongs to it alone."""

    shown: Json
    is_default: bool = False
    users: Objects = field(default_factory=dict)
    service_accounts: Objects = field(default_factory=dict)
    api_keys: Objects = field(default_factory=dict)  # without `owner_project_access`
    rate_limits: Objects = field(default_factory=dict)
    spend_limit: Json | None = None
    spend_alerts: Objects = field(default_factory=dict)
    model_permissions: Json | None = None
    hidden_until: datetime | None = None  # a new one is not found everywhere at once

    @property
    def is_archived(self) -> bool:
        """Whether it cannot be used any more."""
        return bool(self.shown["status"] == "archived")


@dataclass(slots=True)
class State:
    """The organization's directory. Held under `lock` while a request is answered."""

    seed: int
    organization_id: str
    organization_name: str
    now: Callable[[], datetime]
    faults: Faults
    projects: dict[str, ProjectState] = field(default_factory=dict)
    users: Objects = field(default_factory=dict)
    invites: Objects = field(default_factory=dict)
    spend_limit: Json | None = None
    spend_alerts: Objects = field(default_factory=dict)
    rate_limits: Objects = field(default_factory=dict)  # the organization's own, by id
    lock: threading.RLock = field(default_factory=threading.RLock)
    _minted: int = 0

    def mint(self, prefix: str, length: int = 24) -> str:
        """A new id."""
        self._minted += 1
        source = random.Random(f"{self.seed}:{prefix}:{self._minted}")  # noqa: S311  made-up ids
        return prefix + base62(source, length)

    def seconds(self) -> int:
        """The clock, in unix seconds."""
        return unix_seconds(self.now())

    def project(self, id_: str) -> ProjectState:
        """A project. Fails: RefusedError, 404, also for seconds after it was created."""
        found = self.projects.get(id_)
        if found is None or (found.hidden_until and self.now() < found.hidden_until):
            raise missing("project", id_)
        return found

    def active_project(self, id_: str) -> ProjectState:
        """A project that can be used. Fails: RefusedError, 404, or 400 where it is archived."""
        found = self.project(id_)
        if found.is_archived:
            raise archived(found)
        return found

    def hide(self, project: ProjectState) -> None:
        """Let a new project be unknown for as long as `Faults` says."""
        seconds = self.faults.not_found_after_create_seconds
        if seconds:
            project.hidden_until = self.now() + timedelta(seconds=seconds)

    @property
    def default_project(self) -> ProjectState:
        """The Default project, which every organization has."""
        return next(project for project in self.projects.values() if project.is_default)


def archived(project: ProjectState) -> RefusedError:
    """What a request to an archived project gets."""
    return invalid(f"Project {project.shown['name']} is archived")
