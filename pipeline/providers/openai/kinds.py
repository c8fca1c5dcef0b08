"""The kinds of source of this provider: saved pages of usage and of costs, and the API itself.

What reads pages is imported when there are some, so that a run with nothing new does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.model import Source
from pipeline.intake.files.discovery import RawFile, landed
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.kinds import Kind
from pipeline.intake.session import RunIntake
from pipeline.intake.stage import decide_files
from pipeline.providers.openai.fetch.endpoints import BY_MINUTE, COSTS, USAGE
from pipeline.providers.openai.fetch.raw_files import RawFolder, series, source_folder
from pipeline.storage.layout import StorageLayout
from pipeline.text import collapse_repeats

if TYPE_CHECKING:
    from pipeline.providers.read_pages import ParsePages

NAME = "openai"
DEFAULT_KEY = "env:OPENAI_ADMIN_KEY"


def _parse(kind: str) -> ParsePages:
    from pipeline.providers.openai.pages import costs, usage

    return costs.parse if kind == "openai_costs" else usage.parse


def _take_saved(intake: RunIntake, storage: StorageLayout, source: Source) -> list[tuple[str, str]]:
    """Read the new files of saved pages. Gives all files of the source, by source and name."""
    files, to_read = decide_files(intake, storage.root, source)
    if to_read:
        from pipeline.providers.read_pages import read_source

        read_source(intake, source, to_read, _parse(source.kind))
    return [(source.name, f.name) for f in files]


def _new_files(
    folders: Sequence[Path], source: Source, root: Path, known: InputFiles
) -> list[RawFile]:
    """The raw files in some folders that are not registered yet, oldest fetch first.

    Raw files never change, so that those of before need not be looked at. They are registered by
    their path below the storage root, so that the storage can be moved.
    """
    saved = [s for folder in folders for s in RawFolder(folder).files()]
    found = []
    for file in sorted(saved, key=lambda s: (s.fetched_at, s.path)):
        name = file.path.relative_to(root).as_posix()
        if (source.name, name) not in known.entries:
            found.append(landed(file.path, name))
    return found


def _take_fetched(
    intake: RunIntake, storage: StorageLayout, source: Source
) -> list[tuple[str, str]]:
    """Read the raw files of fetches that are not registered yet, oldest fetch first."""
    folder = source_folder(storage.raw, source.name)
    of_usage = [folder / e.name for e in USAGE] + [folder / series(BY_MINUTE.name, by_minute=True)]
    parts = [(USAGE_PAGES, of_usage), (COSTS_PAGES, [folder / COSTS.name])]
    notes_before = len(intake.notes)
    taken: list[tuple[str, str]] = []
    for kind, folders in parts:
        found = _new_files(folders, source, storage.root, intake.files)
        files = [f for f in found if not intake.is_set_aside(f)]
        if files:
            from pipeline.providers.read_pages import read_fetched

            as_saved = source.model_copy(update={"kind": kind.name})
            read_fetched(intake, as_saved, files, _parse(kind.name))
        taken += [(source.name, f.name) for f in files]
    intake.notes[notes_before:] = collapse_repeats(intake.notes[notes_before:])
    return taken


def _are_pages(head: bytes, kind: str) -> bool:
    from pipeline.providers.openai.pages.saved_file import detect

    return detect(head) == kind


USAGE_PAGES = Kind(
    name="openai_usage",
    provider=NAME,
    holds=frozenset({"buckets"}),
    detect=lambda head: _are_pages(head, "openai_usage"),
    take=_take_saved,
)
COSTS_PAGES = Kind(
    name="openai_costs",
    provider=NAME,
    holds=frozenset({"costs"}),
    detect=lambda head: _are_pages(head, "openai_costs"),
    take=_take_saved,
)
FETCHED = Kind(
    name="openai",
    provider=NAME,
    holds=frozenset({"buckets", "costs"}),
    is_fetched=True,
    default_key=DEFAULT_KEY,
    take=_take_fetched,
)
