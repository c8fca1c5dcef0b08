"""The sections [directory] and [[projects]]: the directory's files, and projects named in place.

Validators fail with ValueError. Reads no file.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from pipeline.config.values import SectionModel

FILES = (
    "projects",
    "members",
    "service_accounts",
    "keys",
    "rate_limits",
    "model_permissions",
    "spend_limits",
    "cost_centers",
)


class Directory(SectionModel):
    """Who and what belongs to the organization: from the API, and from files where it has none."""

    sync: bool = True
    projects: Path | None = None
    members: Path | None = None
    service_accounts: Path | None = None
    keys: Path | None = None
    rate_limits: Path | None = None
    model_permissions: Path | None = None
    spend_limits: Path | None = None
    cost_centers: Path | None = None

    def below(self, folder: Path) -> Directory:
        """This section with its paths relative to a folder."""
        given = {name: getattr(self, name) for name in FILES}
        return self.model_copy(
            update={n: folder / p.expanduser() for n, p in given.items() if p is not None}
        )


class Project(SectionModel):
    """A project named here instead of in a file; its name gives way to the API's."""

    id: str = Field(min_length=1)
    name: str | None = None
    description: str | None = None
    website: str | None = None
    owner_team: str | None = None

    @field_validator("website")
    @classmethod
    def _is_a_web_site(cls, value: str | None) -> str | None:
        return None if value is None else check_website(value)


def check_website(value: str) -> str:
    """A web address, or nothing. Fails: ValueError."""
    if not value:
        return value
    try:
        parts = urlsplit(value)
        is_site = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_secret = parts.password is not None
    except ValueError:
        is_site, is_secret = False, False
    if not is_site or is_secret or not value.isprintable():
        raise ValueError("write a web site such as https://wiki.example.com/chatbot")
    return value
