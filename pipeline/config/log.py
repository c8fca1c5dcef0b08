"""The log: structlog, imported and configured when something is logged for the first time.

A run with nothing new logs nothing, and does without the import.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_levels: list[int] = []  # that `to_stderr` was called with, until they are applied


def to_stderr(level: int) -> None:
    """From now on write what is logged at this level or above to stderr."""
    _levels.append(level)
    if "structlog" in sys.modules:
        _configure()


def get_logger() -> FilteringBoundLogger:
    """A logger. Event names and fields go in, never prose."""
    import structlog  # noqa: PLC0415  not before something is logged

    _configure()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _configure() -> None:
    import structlog  # noqa: PLC0415  not before something is logged

    if not _levels:
        return
    level = _levels[-1]
    _levels.clear()
    structlog.configure(
        # plain tracebacks: the default shows variables, and one may hold a secret
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
