"""Asks the provider's admin API for the directory: every list, with its answer or its refusal.

Gives one document: the question, the answer, item by item as sent. Reads nothing into it,
but for which projects there are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.errors import ApiError
from pipeline.providers.openai.client import AdminApi, Parameters

MOST_IN_FLIGHT = 4
PAGE = 100  # the most that the lists give at once
PROJECTS_PATH = "/organization/projects"
USERS_PATH = "/organization/users"
INVITES_PATH = "/organization/invites"
SPEND_LIMIT_PATH = "/organization/spend_limit"
SPEND_ALERTS_PATH = "/organization/spend_alerts"
_PROJECTS: Parameters = {"include_archived": True, "limit": PAGE}
# What is asked of each project; a list, or one object.
OF_A_PROJECT: tuple[tuple[str, Parameters | None], ...] = (
    ("users", {"limit": PAGE}),
    ("service_accounts", {"limit": PAGE}),
    ("api_keys", {"limit": PAGE, "owner_project_access": "any"}),  # the default hides some
    ("rate_limits", {"limit": PAGE}),
    ("model_permissions", None),
    ("spend_limit", None),
    ("spend_alerts", {"limit": PAGE}),
)
# An archived project has nothing else any more, and may refuse even this.
OF_AN_ARCHIVED_ONE = ("api_keys",)


@dataclass(frozen=True, slots=True)
class Asked:
    """One list or object that was asked for: its items (one, for an object), or the error."""

    path: str
    items: tuple[Mapping[str, Any], ...] = ()
    error: ApiError | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status, where it was refused."""
        return None if self.error is None else self.error.status


@dataclass(frozen=True, slots=True)
class Document:
    """All answers of one sync, in the order in which they were asked for."""

    fetched_at: datetime  # naive UTC, before the first question
    answers: tuple[Asked, ...]

    def answer(self, path: str) -> Asked | None:
        """The answer to one question; None where it was not asked."""
        return next((a for a in self.answers if a.path == path), None)


def ask(
    api: AdminApi,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    in_flight: int = MOST_IN_FLIGHT,
) -> Document:
    """The whole directory. An endpoint that fails is in the document, with its error."""
    fetched_at = clock()
    projects = _list(api, PROJECTS_PATH, _PROJECTS)
    questions: list[tuple[str, Parameters | None]] = [
        (USERS_PATH, {"limit": PAGE}),
        (INVITES_PATH, {"limit": PAGE}),
        (SPEND_LIMIT_PATH, None),
        (SPEND_ALERTS_PATH, {"limit": PAGE}),
        *_questions(projects.items),
    ]
    if projects.error is not None and projects.error.is_unreachable:
        return Document(fetched_at, (projects,))

    def answered(question: tuple[str, Parameters | None]) -> Asked | None:
        if stop.is_set():
            return None
        path, parameters = question
        return _object(api, path) if parameters is None else _list(api, path, parameters)

    with ThreadPoolExecutor(min(in_flight, MOST_IN_FLIGHT), thread_name_prefix="ask") as pool:
        found = [answer for answer in pool.map(answered, questions) if answer is not None]
    return Document(fetched_at, (projects, *found))


def project_path(project_id: str, what: str) -> str:
    """The path of one of a project's lists. Fails: ValueError for an id that fits into none."""
    if (
        not project_id
        or not all(c.isalnum() or c in "-_." for c in project_id)
        or (project_id.strip(".") == "")
    ):
        raise ValueError(f"{project_id!r} is not an id")
    return f"{PROJECTS_PATH}/{project_id}/{what}"


def is_archived(project: Mapping[str, Any]) -> bool:
    """Whether a project cannot be used any more."""
    return project.get("status") == "archived" or project.get("archived_at") is not None


def _questions(
    projects: tuple[Mapping[str, Any], ...],
) -> Iterator[tuple[str, Parameters | None]]:
    for project in projects:
        for what, parameters in OF_A_PROJECT:
            if is_archived(project) and what not in OF_AN_ARCHIVED_ONE:
                continue
            try:
                yield project_path(str(project.get("id") or ""), what), parameters
            except ValueError:
                continue  # nothing can be asked about it; the project itself is known


def _list(api: AdminApi, path: str, parameters: Parameters) -> Asked:
    try:
        return Asked(path, tuple(api.items(path, parameters)))
    except ApiError as error:
        return Asked(path, error=error)


def _object(api: AdminApi, path: str) -> Asked:
    try:
        return Asked(path, (api.get(path).value,))
    except ApiError as error:
        return Asked(path, error=error)
