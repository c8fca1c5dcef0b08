"""What a budget covers: the conditions that a line of spend must meet to count against it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from pipeline.text import named

# Of these `charges` knows more than the small sums by day do.
FINE = ("provider", "api_key_id", "user_id", "service_account_id")
_DATED = r"-\d{4}-?\d{2}-?\d{2}"
_WORDS = {
    "provider": "provider",
    "team": "team",
    "cost_center": "cost centre",
    "project_id": "project",
    "model": "model",
    "model_family": "model family",
    "scope": "scope",
    "api_key_id": "API key",
    "user_id": "user",
    "service_account_id": "service account",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Conditions, None where anything meets it; without any it is the whole organization."""

    project_id: str | None = None
    model: str | None = None
    scope: str | None = None
    provider: str | None = None
    team: str | None = None
    cost_center: str | None = None
    model_family: str | None = None
    api_key_id: str | None = None
    user_id: str | None = None
    service_account_id: str | None = None

    def conditions(self) -> dict[str, str]:
        """The conditions by name, in the order in which they are shown."""
        return {name: value for name in _WORDS if (value := getattr(self, name)) is not None}

    @property
    def is_organization(self) -> bool:
        """Whether it is the whole organization."""
        return not self.conditions()

    @property
    def needs_charges(self) -> bool:
        """Whether the small sums by day do not say what belongs to it."""
        return any(getattr(self, name) is not None for name in FINE)

    @property
    def model_pattern(self) -> str | None:
        """The model family as a regular expression: the name itself, or with a date behind it.

        A `*` at the end stands for any ending.
        """
        if self.model_family is None:
            return None
        if self.model_family.endswith("*"):
            return re.escape(self.model_family[:-1]) + ".*"
        return f"{re.escape(self.model_family)}(?:{_DATED})?"

    def covers(self, other: Subject) -> bool:
        """Whether all that counts for another subject counts for this one, as far as they tell."""
        mine, others = self.conditions(), other.conditions()
        family = mine.pop("model_family", None)
        if family is not None and others.get("model_family") != family:
            pattern = self.model_pattern
            if pattern is None or not re.fullmatch(pattern, others.get("model", "")):
                return False
        return all(others.get(name) == value for name, value in mine.items())

    def text(self, project_name: str | None = None) -> str:
        """What it covers, for people: `project Chat (proj_chat), scope tools`."""
        parts = [
            f"{_WORDS[name]} {named(value, project_name) if name == 'project_id' else value}"
            for name, value in self.conditions().items()
        ]
        return ", ".join(parts) or "the whole organization"


SUBJECT_COLUMNS = tuple(f.name for f in fields(Subject))
