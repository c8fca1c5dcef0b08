"""The log: events with fields on stderr, for a person on a terminal, as JSON lines elsewhere.

structlog is imported and configured when something is logged for the first time: a run with
nothing new logs nothing, and does without the import. What is bound (`bind`, `bound`) is on every
line: the id of the run, the job of the schedule.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from pipeline.characters import printable_lines

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor

Format = Literal["human", "json"]
Level = Literal["debug", "info", "warning", "error"]

_pending: list[tuple[int, Format]] = []  # that `to_stderr` was called with, until it is applied
_shown_from: list[int] = []  # the level of the last call of `to_stderr`
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound")


def to_stderr(level: int, form: Format = "human") -> None:
    """From now on write what is logged at this level or above to stderr."""
    _pending.append((level, form))
    _shown_from[:] = [level]
    if "structlog" in sys.modules:
        _configure()


def get_logger() -> FilteringBoundLogger:
    """A logger. Event names and fields go in, never prose."""
    import structlog  # noqa: PLC0415  not before something is logged

    _configure()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def event(level: Level, name: str, **fields: object) -> None:
    """Log an event where its level is shown; where it is not, structlog is not imported."""
    if _shown_from and logging.getLevelNamesMapping()[level.upper()] >= _shown_from[0]:
        getattr(get_logger(), level)(name, **fields)


def bind(**fields: str) -> None:
    """Put fields on every line from now on, until the enclosing `bound` ends."""
    _bound.set({**_bound.get({}), **fields})


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """Put fields on every line in this context, and take off what was bound in it at its end."""
    token = _bound.set({**_bound.get({}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


@contextmanager
def silenced() -> Iterator[None]:
    """Log nothing in this context, where nobody reads it."""
    import structlog  # noqa: PLC0415  not before something is logged

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.reset_defaults()


def _with_bound(_logger: object, _method: str, line: EventDict) -> EventDict:
    return {**_bound.get({}), **line}


def _shown(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Names from data cannot steer a terminal; JSON escapes them itself."""
    return {
        key: printable_lines(value) if isinstance(value, str) else value
        for key, value in line.items()
    }


def _configure() -> None:
    import structlog  # noqa: PLC0415  not before something is logged

    if not _pending:
        return
    level, form = _pending[-1]
    _pending.clear()
    processors: list[Processor] = [
        _with_bound,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # plain tracebacks: the default shows variables, and one may hold a secret
    if form == "json":
        processors.append(structlog.processors.format_exc_info)
        processors.append(structlog.processors.JSONRenderer(default=str))
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
        processors += [_shown, renderer]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
