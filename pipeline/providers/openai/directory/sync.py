"""Asks for the directory lists of one account, keeps the answers as a raw file, and reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event

from pipeline.config.log import get_logger
from pipeline.config.model import Source
from pipeline.errors import raise_if_stopped
from pipeline.providers.openai.credentials import connect
from pipeline.providers.openai.directory import raw_files
from pipeline.providers.openai.directory.ask import ask
from pipeline.providers.openai.directory.parse import read
from pipeline.providers.openai.fetch.raw_files import source_folder
from pipeline.providers.provider import DirectoryAnswer, FetchRequest

log = get_logger()


def read_directory(
    source: Source,
    raw: Path,
    request: FetchRequest,
    *,
    clock: Callable[[], datetime],
    stop: Event,
) -> DirectoryAnswer:
    """The directory of a source's account. Fails: ConfigError without a key or address."""
    with connect(source, request.environment, stop, max_retries=request.max_retries) as api:
        document = ask(api, clock=clock, stop=stop, in_flight=source.requests_in_flight)
    raise_if_stopped(stop)
    path = raw_files.save(source_folder(raw, source.name) / raw_files.FOLDER, document)
    answer = read(document, source.name)
    log.info(
        "directory_fetched",
        source=source.name,
        answers=len(document.answers),
        is_new=path is not None,
        entries=sum(map(len, answer.entries.rows.values())),
    )
    return answer
