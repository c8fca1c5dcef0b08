"""Every error a user can meet: where it is, what is wrong, what to do.

TollbookError                 exit code
├── ConfigError               2   the configuration, a price file, a command's words
├── SourceError               3   one file or source could not be read; the others go on
│   └── ApiError              3   the provider's API refused or could not be reached
├── RunFailedError            1   nothing was committed
│   └── CheckFailedError      1   an invariant in queries/checks/ does not hold
├── NotPublishedError         3   committed, but its snapshot or report was not published
├── RunStoppedError           1   it was asked to stop before it had committed anything
└── LockHeldError             75  another run holds the storage
"""

from __future__ import annotations

from pathlib import Path
from threading import Event

from pipeline.characters import printable, printable_lines, shortened

_LONGEST = 1_500  # characters of one part of a message, which may repeat what a file says

SET_ASIDE = (
    "To book the rest, set the file aside (`tollbook run --skip FILE`) or its source (`enabled = "
    "false`)."
)


class TollbookError(Exception):
    """An error with its place: `prices.csv:17 price_usd: '1,20' is not a decimal. Write 1.20.`."""

    exit_code = 1
    is_alerted = False  # whether the outbox has an alert about it already

    def __init__(
        self,
        what: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.what = shortened(what, _LONGEST)
        self.file = str(file) if file is not None else None
        self.line = line
        self.key = shortened(key, _LONGEST) if key is not None else None
        self.hint = shortened(hint, _LONGEST) if hint is not None else None
        super().__init__(str(self))

    def __str__(self) -> str:
        """One text for people; names in it, such as that of a file, cannot steer a terminal."""
        place = ""
        if self.file is not None:
            name = printable(self.file)
            place = name if self.line is None else f"{name}:{self.line}"
        if self.key is not None:
            place = f"{place} {self.key}".strip()
        text = f"{place}: {self.what}" if place else self.what
        if not text.endswith((".", "!", "?")):
            text += "."
        return shortened(
            printable_lines(f"{text} {self.hint}" if self.hint else text), 3 * _LONGEST
        )


class ConfigError(TollbookError):
    """The configuration, a price file or a command's words are wrong; nothing was started."""

    exit_code = 2


class SourceError(TollbookError):
    """One file or source could not be read; the run goes on and ends as partial."""

    exit_code = 3


class ApiError(SourceError):
    """The provider's API refused, or could not be reached.

    `status` and `param` (the parameter at fault) are those of its answer, if there was one;
    `is_unreachable` is set where no server answered.
    """

    def __init__(
        self,
        what: str,
        *,
        key: str | None = None,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        is_unreachable: bool = False,
    ) -> None:
        self.status = status
        self.code = code
        self.param = param
        self.is_unreachable = is_unreachable
        super().__init__(what, key=key, hint=hint)

    @property
    def is_forbidden(self) -> bool:
        """Whether the key does not reach this far; live servers mix the two codes up."""
        return self.status in {401, 403}


class RunFailedError(TollbookError):
    """The run failed and committed nothing."""

    exit_code = 1


class CheckFailedError(RunFailedError):
    """An invariant does not hold, so the run committed nothing."""


class NotPublishedError(TollbookError):
    """The run was committed but its snapshot or report was not; the next run publishes it."""

    exit_code = 3


class RunStoppedError(TollbookError):
    """The run was asked to stop and committed nothing; the next run continues."""


class LockHeldError(TollbookError):
    """Another run holds the lock on this storage."""

    exit_code = 75


def raise_if_stopped(stop: Event) -> None:
    """End a run here if its stop event is set. Fails: RunStoppedError."""
    if stop.is_set():
        raise RunStoppedError(
            "stopped before the commit, nothing was changed", hint="The next run carries on."
        )
