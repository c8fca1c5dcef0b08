"""Takes one source of a run: finds its files, decides about each, reads what is new.

One file that cannot be read never loses another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config.model import BUCKET_KINDS, Source, SourceKind
from pipeline.errors import ConfigError, SourceError, raise_if_stopped
from pipeline.intake.files.discovery import RawFile, find, landed
from pipeline.intake.files.input_files import Action, Decision, InputFile, InputFiles
from pipeline.intake.read_file import read_file
from pipeline.intake.session import IntakeSession
from pipeline.ledger.files import LedgerWriter
from pipeline.ledger.settle_buckets import BucketSettlement
from pipeline.providers.openai.fetch.endpoints import BY_MINUTE, COSTS, USAGE
from pipeline.providers.openai.fetch.raw_files import RawFolder, series, source_folder
from pipeline.providers.read_pages import PARSERS, read_source
from pipeline.storage.layout import StorageLayout
from pipeline.text import collapse_repeats

_COST_KINDS = frozenset({"openai_costs"})
_FILES_AT_ONCE = 100


def take_source(
    intake: IntakeSession,
    storage: StorageLayout,
    source: Source,
    settlement: BucketSettlement,
    superseded: LedgerWriter,
) -> list[tuple[str, str]]:
    """Read what is new of a source. Gives the files that are there, by source and name."""
    if source.kind == "openai":
        return _take_fetched(intake, storage, source, settlement, superseded)
    files = find(source, storage.root, intake.problems, intake.notes)
    decided = [(f, intake.registry.decide(source, f, intake.recorded_at)) for f in files]
    to_read = [(f, d) for f, d in decided if d.action is not Action.SKIP]
    for file, decision in decided:
        if decision.action is Action.SKIP and decision.known:
            _pass_over(intake, file, decision.known)
        if decision.action is not Action.SKIP and decision.known is not None:
            _same_basis(source, decision.known)
    if source.kind in BUCKET_KINDS | _COST_KINDS:
        read_source(intake, source, to_read, PARSERS[source.kind], settlement, superseded)
    else:
        for file, decision in to_read:
            raise_if_stopped(intake.stop)
            try:
                read_file(intake, source, file, decision)
            except SourceError as error:
                intake.problems.append(error)
    return [(source.name, f.name) for f in files]


def _take_fetched(
    intake: IntakeSession,
    storage: StorageLayout,
    source: Source,
    settlement: BucketSettlement,
    superseded: LedgerWriter,
) -> list[tuple[str, str]]:
    """Read what was fetched and is not registered yet, oldest fetch first, a few files at a time.

    Raw files of ours never change, so that those of before need not be looked at.
    """
    for earlier in intake.registry.versions:
        if earlier.source == source.name and earlier.state != "forgotten":
            _same_basis(source, earlier)
    taken: list[tuple[str, str]] = []
    notes_before = len(intake.notes)
    kinds: dict[SourceKind, list[Path]] = {
        "openai_usage": [path for name, path in _series(storage, source) if name != "costs"],
        "openai_costs": [path for name, path in _series(storage, source) if name == "costs"],
    }
    for kind, folders in kinds.items():
        files = new_files(folders, source, storage.root, intake.registry)
        as_kind = source.model_copy(update={"kind": kind})
        for start in range(0, len(files), _FILES_AT_ONCE):
            raise_if_stopped(intake.stop)
            part = [(f, Decision(Action.READ)) for f in files[start : start + _FILES_AT_ONCE]]
            read_source(intake, as_kind, part, PARSERS[kind], settlement, superseded, are_ours=True)
        taken += [(source.name, f.name) for f in files]
    intake.notes[notes_before:] = collapse_repeats(intake.notes[notes_before:])
    return taken


def _series(storage: StorageLayout, source: Source) -> list[tuple[str, Path]]:
    folder = source_folder(storage.raw, source.name)
    names = [e.name for e in (*USAGE, COSTS)] + [series(BY_MINUTE.name, by_minute=True)]
    return [(name, folder / name) for name in names]


def new_files(
    folders: Sequence[Path], source: Source, root: Path, registry: InputFiles
) -> list[RawFile]:
    """The raw files in some folders that the books do not know, oldest fetch first.

    They are known by their path below the storage root, so that the storage can be moved.
    """
    saved = [s for folder in folders for s in RawFolder(folder).files()]
    found = []
    for file in sorted(saved, key=lambda s: (s.fetched_at, s.path)):
        name = file.path.relative_to(root).as_posix()
        if (source.name, name) not in registry.entries:
            found.append(landed(file.path, name))
    return found


def _pass_over(intake: IntakeSession, file: RawFile, known: InputFile) -> None:
    """Nothing is to be read of a file; what has happened to it is noted."""
    if known.state == "gone":
        known.state = "read"
        intake.registry.touch(known)
    if known.state == "forgotten" and file.size_bytes > known.size_bytes:
        intake.notes.append(
            f"{file.name}: {file.size_bytes - known.size_bytes} bytes came after it was forgotten "
            "and are left out; write what is to be counted to another file"
        )
        known.size_bytes, known.modified_ns = file.size_bytes, file.modified_ns
        intake.registry.touch(known)


def _same_basis(source: Source, known: InputFile) -> None:
    if known.basis != source.basis:
        raise ConfigError(
            f"the source {source.name!r} was read as {known.basis!r} and is now {source.basis!r}",
            key="sources.basis",
            hint="Give the source a new name, and `tollbook forget` its old files.",
        )
