"""Labels of projects, models and scopes: a name, else an id; both where a name is used twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

NO_PROJECT = "(no project)"
NO_MODEL = "(no model)"
NO_SCOPE = "(no scope)"


@dataclass(frozen=True, slots=True)
class Label:
    """A name to show; `note` tells apart what has the same name."""

    text: str
    is_named: bool
    note: str = ""


class ProjectNames:
    """Names by project id."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {key: name for key, name in names.items() if name.strip()}
        self._uses = Counter(self._names.values())

    def label(self, project_id: str | None) -> Label:
        """The label of a project; None is spending without a project."""
        if project_id is None:
            return Label(NO_PROJECT, is_named=False)
        name = self._names.get(project_id)
        if name is None:
            return Label(project_id, is_named=True)
        return Label(name, is_named=True, note=project_id if self._uses[name] > 1 else "")

    def text(self, project_id: str | None) -> str:
        """The name in one piece, with the id where the name alone is ambiguous."""
        label = self.label(project_id)
        return f"{label.text} ({label.note})" if label.note else label.text


def model_label(model: str | None) -> Label:
    """The label of a model; some tools and storage have none."""
    return Label(model, is_named=True) if model else Label(NO_MODEL, is_named=False)


def scope_label(scope: str | None) -> Label:
    """The label of a scope."""
    if not scope:
        return Label(NO_SCOPE, is_named=False)
    return Label(scope.replace("_", "-"), is_named=True)
