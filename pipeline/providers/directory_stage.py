"""Syncs the organization's directory of a run from the sources of kind `openai`.

Takes the run; gives what each source tells, and what could not be had. The answers are kept as a
raw file before they are read. Writes nothing into the books.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

import structlog

from pipeline.config.model import Source
from pipeline.directory.model import OriginEntries
from pipeline.errors import ConfigError, SourceError, raise_if_stopped
from pipeline.providers.fetch_stage import FetchRequest
from pipeline.providers.openai.credentials import address, connect, key_variable
from pipeline.providers.openai.directory import raw_files as directory_raw_files
from pipeline.providers.openai.directory.ask import ask
from pipeline.providers.openai.directory.parse import Told, read
from pipeline.providers.openai.fetch.raw_files import source_folder

log = structlog.get_logger()


@dataclass(slots=True)
class Synced:
    """What came of it."""

    told: list[OriginEntries] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sync_directory(
    sources: Sequence[Source],
    raw: Path,
    request: FetchRequest,
    unreachable: Collection[str] = (),
    *,
    clock: Callable[[], datetime],
    stop: Event,
) -> Synced:
    """Ask every source once; two with the same address and key are one.

    **Takes** in `unreachable` the sources that fetching found without a server, and has said so.
    """
    done = Synced()
    if request.is_offline:
        return done
    asked: set[tuple[str, str]] = set()
    for source in sources:
        if source.kind != "openai" or source.name in unreachable:
            continue
        try:
            door = (address(source, request.environment), key_variable(source))
            if door in asked:
                continue
            asked.add(door)
            told = _sync(source, raw, request, clock=clock, stop=stop)
        except ConfigError:
            continue  # fetching has said so: there is no key, or a wrong address
        done.told.append(told.facts)
        done.problems += told.problems
        done.notes += told.notes
        raise_if_stopped(stop)
    return done


def _sync(
    source: Source,
    raw: Path,
    request: FetchRequest,
    *,
    clock: Callable[[], datetime],
    stop: Event,
) -> Told:
    with connect(source, request.environment, stop, max_retries=request.max_retries) as api:
        document = ask(api, clock=clock, stop=stop, in_flight=source.requests_in_flight)
    raise_if_stopped(stop)
    path = directory_raw_files.save(
        source_folder(raw, source.name) / directory_raw_files.FOLDER, document
    )
    told = read(document, source.name)
    log.info(
        "directory_fetched",
        source=source.name,
        answers=len(document.answers),
        is_new=path is not None,
        facts=sum(map(len, told.facts.rows.values())),
    )
    return told
