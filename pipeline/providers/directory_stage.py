"""Reads the organization's directory of a run from the providers whose API has it.

Gives the facts of each account, and what could not be read. Writes nothing to the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

from pipeline.config.model import Source
from pipeline.directory.model import OriginEntries
from pipeline.errors import ConfigError, SourceError, raise_if_stopped
from pipeline.providers.provider import FetchRequest, ProviderApi


@dataclass(slots=True)
class Synced:
    """The directory of each account, problems and notes."""

    entries: list[OriginEntries] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sync_directory(
    sources: Sequence[Source],
    apis: Mapping[str, ProviderApi],
    raw: Path,
    request: FetchRequest,
    unreachable: Collection[str] = (),
    *,
    clock: Callable[[], datetime],
    stop: Event,
) -> Synced:
    """Ask every account once: two sources with the same address and key are one.

    **Takes** the APIs by kind; in `unreachable` the sources that fetching found without a server,
    and has reported.
    """
    done = Synced()
    if request.is_offline:
        return done
    asked: set[tuple[str, str]] = set()
    for source in sources:
        api = apis.get(source.kind)
        if api is None or source.name in unreachable:
            continue
        try:
            account = api.account(source, request.environment)
            if account in asked:
                continue
            asked.add(account)
            answer = api.read_directory(source, raw, request, clock=clock, stop=stop)
        except ConfigError:
            continue  # fetching has reported it: there is no key, or a wrong address
        done.entries.append(answer.entries)
        done.problems += answer.problems
        done.notes += answer.notes
        raise_if_stopped(stop)
    return done
