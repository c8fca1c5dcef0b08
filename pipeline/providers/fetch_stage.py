"""Fetches the sources of a run whose kind is fetched from a provider's API.

Takes what to fetch; gives rows for the database, problems and notes. Reads no raw file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Event

from pipeline.config.model import Config, Source
from pipeline.errors import ConfigError, SourceError, raise_if_stopped
from pipeline.intake.kinds import Kinds
from pipeline.providers.fetch_store import known_spans
from pipeline.providers.provider import Fetches, FetchRequest, ProviderApi
from pipeline.storage.database import Database


def fetch_sources(
    db: Database,
    sources: Sequence[Source],
    apis: Mapping[str, ProviderApi],
    raw: Path,
    request: FetchRequest,
    *,
    now: datetime,
    clock: Callable[[], datetime],
    stop: Event,
) -> Fetches:
    """Fetch every source whose kind has an API, into the folder `raw`; one that fails loses none.

    **Takes** the APIs by kind.
    """
    done = Fetches()
    if request.is_offline:
        return done
    for source in sources:
        api = apis.get(source.kind)
        if api is None:
            continue
        try:
            known = known_spans(db, source.name)
            fetched = api.fetch(source, known, raw, request, now=now, clock=clock, stop=stop)
        except ConfigError as error:
            # the raw files of before can still be read, and so can the other sources
            done.problems.append(SourceError(error.what, key=error.key, hint=error.hint))
        else:
            done.rows += fetched.rows
            done.problems += fetched.problems
            done.notes += fetched.notes
            done.unreachable |= fetched.unreachable
        raise_if_stopped(stop)
    return done


def fetched_sources(config: Config, kinds: Kinds, name: str | None = None) -> tuple[Source, ...]:
    """The sources that are fetched, or the one of this name. Fails: ConfigError without any."""
    fetched = [kind.name for kind in kinds.values() if kind.is_fetched]
    found = tuple(s for s in config.sources if s.kind in fetched and name in (None, s.name))
    if found:
        return found
    names = " or ".join(repr(kind) for kind in fetched)
    other = next((s for s in config.sources if s.name == name), None)
    if other is not None:
        what = f"the source {name!r} is of kind {other.kind!r}, and only {names} is fetched"
    elif name is not None:
        what = f"there is no source {name!r}"
    else:
        what = f"there is no source of kind {names}, so nothing can be fetched"
    raise ConfigError(
        what,
        key="sources.kind",
        hint=f'Add [[sources]] with kind = "{fetched[0]}"; files are read by `tollbook run`.',
    )
