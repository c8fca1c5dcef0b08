"""One check: what was looked at and how it stands; and how a look is kept from breaking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError, TollbookError
from pipeline.storage.permissions import may_not_use

State = Literal["ok", "warning", "error"]
Area = Literal["software", "configuration", "storage"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. An error has the exit code that a run would end with."""

    area: Area
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


def guarded(area: Area, name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """The checks of `look`; what ends it early becomes one of them, so that the others follow."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  a look at what is broken must not break
        yield not_looked_at(area, name, error)


def not_looked_at(area: Area, name: str, error: Exception) -> Check:
    """The check of something that could not even be looked at."""
    if isinstance(error, TollbookError):
        return failed(area, name, error)
    code = ConfigError.exit_code if area == "configuration" else TollbookError.exit_code
    if isinstance(error, PermissionError) and error.filename:
        denied = may_not_use(Path(error.filename))
        return Check(area, name, f"{denied.file}: {denied.what}", "error", denied.hint, code)
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return Check(area, name, f"cannot be looked at: {text}", "error", exit_code=code)


def failed(area: Area, name: str, error: TollbookError) -> Check:
    """The check that a run would fail in, as it would say it."""
    return Check(area, name, str(error), "error", exit_code=error.exit_code)
