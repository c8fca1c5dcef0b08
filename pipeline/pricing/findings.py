"""Findings of the price checks with their place: errors stop the reading, warnings do not.

Checks return all findings; the caller raises once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import ConfigError

Severity = Literal["error", "warning"]
Kind = Literal["value", "overlap", "threshold", "gap", "jump"]


@dataclass(frozen=True, slots=True)
class PriceFinding:
    """One thing wrong (error) or doubtful (warning) in a price file."""

    severity: Severity
    kind: Kind
    what: str
    file: str
    line: int | None = None
    key: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, error: ConfigError) -> PriceFinding:
        """An error of reading a file, as a finding."""
        assert error.file is not None  # noqa: S101  a reader's errors always name the file
        return cls("error", "value", error.what, error.file, error.line, error.key, error.hint)

    def as_json(self) -> dict[str, str | int | None]:
        """The finding with its text, for a program to read."""
        return {
            "severity": self.severity,
            "kind": self.kind,
            "file": self.file,
            "line": self.line,
            "column": self.key,
            "what": self.what,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        return str(self._error(self.hint))

    def _error(self, hint: str | None) -> ConfigError:
        return ConfigError(self.what, file=self.file, line=self.line, key=self.key, hint=hint)


def raise_errors(findings: Sequence[PriceFinding]) -> None:
    """Raise the first error among the findings, saying how many more there are.

    Fails: ConfigError, if any finding is an error.
    """
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        return
    more = len(errors) - 1
    rest = f"({more} more after this one; `tollbook prices check` lists them all.)" if more else ""
    raise errors[0]._error(f"{errors[0].hint or ''} {rest}".strip() or None)  # noqa: SLF001  same module
