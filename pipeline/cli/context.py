"""Options and inputs that all verbs share: configuration, clock, environment, output."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.characters import printable, printable_lines
from pipeline.config import load as configuration
from pipeline.config import log
from pipeline.config.model import Config
from pipeline.config.source_section import SourceKind
from pipeline.dates import Clock, parse_instant, parse_month
from pipeline.errors import (
    ConfigError,
    LockHeldError,
    NotPublishedError,
    RunFailedError,
    RunStoppedError,
    TollbookError,
)
from pipeline.network import guard

if TYPE_CHECKING:
    from pipeline.runs.context import RunContext

_LEVELS = "debug, info, warning, error, critical"
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Path of tollbook.toml (default: ./tollbook.toml)."),
]
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now", help="Business clock for periods and finality, such as 2026-11-24T08:00Z."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
AsJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LOG_FORMATS = ("auto", "human", "json")


@dataclass(slots=True)
class _Stderr:
    """How this call writes to stderr."""

    format: str = "auto"
    has_only_json: bool = False  # a program reads it


_stderr = _Stderr()
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]


def clock(now: str | None) -> Clock:
    """The clocks of this call; --now moves the business one, which begins there when first read.

    So what is asked of an instant has what a call at this very instant has done.
    Fails: ConfigError for an instant that cannot be read.
    """
    if now is None:
        return Clock(business=_real_now, real=_real_now)
    given = instant(now, "--now")
    started: list[datetime] = []

    def business() -> datetime:
        real = _real_now()
        if not started:
            started.append(real)
        return given + (real - started[0])

    return Clock(business=business, real=_real_now)


def _real_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # noqa: TID251  the one place where time comes in


def stop_on_signals() -> threading.Event:
    """The event that SIGTERM and Ctrl-C set, to end between two stages; a second one ends at once.

    Whoever waits for it in this thread must poll: the handler would wait for the lock of `wait`.
    """
    stop = threading.Event()
    received: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            os._exit(128 + number)  # sys.exit would wait for other threads
        say("tollbook: ending after the stage in progress; once more ends at once")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop


def wait_for_signal() -> None:
    """Return when SIGTERM or Ctrl-C comes."""
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    is_over.wait()


def instant(text: str, option: str) -> datetime:
    """An ISO 8601 instant as naive UTC; without a zone it is UTC."""
    try:
        return parse_instant(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not a date or time",
            key=option,
            hint="Write it like 2026-11-24T08:00:00Z.",
        ) from None


def day(text: str, option: str) -> date:
    """An ISO date, such as 2026-11-24."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not a date", key=option, hint="Write it like 2026-11-24."
        ) from None


def month(text: str | None, option: str = "--month") -> date | None:
    """The first day of a month such as ``2026-10``. Fails: ConfigError for another form."""
    if text is None:
        return None
    try:
        return parse_month(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not a month", key=option, hint="Write it like 2026-10."
        ) from None


def project_id(root: Path, word: str | None) -> str | None:
    """The id of the project that `--project` names, by what is published; None: none was named.

    Fails: ConfigError for one that is not known, naming the nearest.
    """
    if word is None:
        return None
    from pipeline.published.reader import needs_this_version, open_published
    from pipeline.reporting.explain.find_cell import find_project

    published = root / "published"
    with needs_this_version(published), open_published(published) as con:
        return find_project(con, word)[0]


def load(path: Path | None, kinds: Mapping[str, SourceKind] | None = None) -> Config:
    """The configuration of this call: the file given, ./tollbook.toml, or the defaults.

    For verbs that only read what is published: the kinds of source need not be known.
    """
    here = Path("tollbook.toml")
    if path is None and not here.is_file():
        config = configuration.without_file(Path.cwd())
    else:
        config = configuration.load(path or here, kinds)
    network = config.network
    guard.allow(network.allow_private_addresses, redirects=network.allow_redirects)
    return config


def load_for_run(path: Path | None) -> Config:
    """The configuration of a call that may read sources, with their kinds checked."""
    from pipeline.runs.kinds import KINDS

    return load(path, KINDS)


@contextmanager
def correction(path: Path | None, now: str | None, verb: str) -> Iterator[RunContext]:
    """A recorded run for a verb that corrects, with the configuration and clocks of this call."""
    from pipeline.runs.context import PREVIEW, recorded_run

    log_to_stderr()
    at, config = clock(now), load_for_run(path)
    try:
        with recorded_run(
            config,
            verb=verb,
            now=at.business(),
            real_clock=at.real,
            environment=environment(),
            say=say,
        ) as run:
            yield run
    except (ConfigError, LockHeldError, RunStoppedError, typer.Exit):
        raise  # nothing has failed
    except Exception as error:
        if verb != PREVIEW:
            from pipeline.runs.run_and_report import update_after

            is_committed = isinstance(error, NotPublishedError)
            update_after(config, at, "partial" if is_committed else "failed")
        raise


def environment() -> Mapping[str, str]:
    """The process environment; secrets are read from it by name, and only by name."""
    return os.environ


def operator(named: str | None) -> str:
    """Who acts: as named, else TOLLBOOK_USER, else the operating user."""
    import getpass

    given = named or os.environ.get("TOLLBOOK_USER")
    if given and given.strip():
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"


def log_to_stderr(default: str = "warning") -> None:
    """Structured logs go to stderr, from the level that LOG_LEVEL names, else from `default`.

    In the form that --log-format or LOG_FORMAT names, else for people on a terminal and as JSON
    lines elsewhere. Where JSON is asked for by name, what a run does is shown as well (info).
    """
    import logging

    asked = _stderr.format
    if asked == "json" and default == "warning":
        default = "info"
    levels = logging.getLevelNamesMapping()
    named = os.environ.get("LOG_LEVEL", default)
    level = levels.get(named.upper(), levels[default.upper()])
    is_json = asked == "json" or (asked == "auto" and not sys.stderr.isatty())
    log.to_stderr(level, "json" if is_json else "human")
    _stderr.has_only_json = is_json and default == "info"
    if named.upper() not in levels:
        say(f"LOG_LEVEL: {printable(named)!r} is not one of {_LEVELS}; {default} is taken.")


def choose_log_format(named: str | None) -> None:
    """Take the form of the log from an option, else from LOG_FORMAT of the environment.

    Fails: ConfigError for an option that is not known.
    """
    _stderr.has_only_json = False
    if named is not None and named not in LOG_FORMATS:
        raise ConfigError(f"{named!r} is not one of {', '.join(LOG_FORMATS)}", key="--log-format")
    chosen = named or os.environ.get("LOG_FORMAT", "auto").lower()
    _stderr.format = chosen if chosen in LOG_FORMATS else "auto"
    if _stderr.format == "json":
        log_to_stderr()


def put(text: str) -> None:
    """Print data to stdout. A reader that stops early (`| head`) is not a failure."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # click, which would see this before `main`, makes it a 1
        leave_stdout()
    except OSError as error:
        leave_stdout()  # or the rest is flushed once more at the end
        raise RunFailedError(
            f"the output cannot be written: {error.strerror or error}",
            hint="Free some space, or write it elsewhere.",
        ) from None


def print_table(
    names: Sequence[str], rows: Sequence[Sequence[str | None]], numbers: Collection[str] = ()
) -> None:
    """Print rows as an aligned table, as wide as the terminal; `numbers` names right-hand columns.

    Off a terminal nothing is folded.
    """
    from pipeline.published.terminal_table import drawn

    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    put(drawn(names, [name in numbers for name in names], columns, terminal_width()).rstrip("\n"))


def terminal_width() -> int | None:
    """The width of the terminal in columns; None where stdout is not a terminal."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def leave_stdout() -> None:
    """Discard further output: the reader of stdout is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str, *, quiet: bool = False) -> None:
    """A line for the person at the terminal: stderr, so that stdout stays data.

    Where every line there is JSON, it is one, too.
    """
    if quiet:
        return
    if _stderr.has_only_json:
        log.event("warning", "notice", text=text)
    else:
        print(printable_lines(text), file=sys.stderr)


def fail(error: TollbookError) -> None:
    """Say why the command ends with an error, on stderr."""
    if _stderr.has_only_json:
        log.event("error", "failed", error=str(error), exit_code=error.exit_code)
    else:
        print(f"tollbook: {error}", file=sys.stderr)
