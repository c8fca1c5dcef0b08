"""Finds the files of one source of a run, and decides about each whether and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config.model import Source
from pipeline.errors import ConfigError
from pipeline.intake.files.discovery import RawFile, cannot_read, find
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import Action, Decision, InputFiles
from pipeline.intake.session import RunIntake


def decide_files(
    intake: RunIntake, root: Path, source: Source, *, may_grow: bool = False
) -> tuple[Sequence[RawFile], Sequence[tuple[RawFile, Decision]]]:
    """The files of a source, and those of them that are to be read. Fails: ConfigError."""
    files = find(source, root, intake.problems, intake.notes)
    to_read = []
    for file in files:
        if intake.is_set_aside(file):
            continue
        try:
            decision = intake.files.decide(source, file, intake.recorded_at, may_grow=may_grow)
            if decision.action is Action.SKIP:
                if decision.known is not None:
                    intake.notes += _pass_over(intake.files, file, decision.known)
                continue
        except OSError as error:
            intake.problems.append(cannot_read(file.local, source, error))
            continue
        to_read.append((file, decision))
    return files, to_read


def check_basis(sources: Sequence[Source], versions: Sequence[InputFile]) -> None:
    """Whether all that was read of each source has the basis that it is configured with.

    Fails: ConfigError.
    """
    read_as = {(v.source, v.basis) for v in versions if v.state != "forgotten"}
    for source in sources:
        other = {basis for name, basis in read_as if name == source.name} - {source.basis}
        if other:
            known = min(other)
            raise ConfigError(
                f"the source {source.name!r} was read as {known!r} and is now {source.basis!r}; "
                "nothing was read",
                key="sources.basis",
                hint=f"To move its records, run `tollbook rebase {source.name}` (with --dry-run, "
                f'it shows what would change); to leave them, write basis = "{known}" again.',
            )


def _pass_over(files: InputFiles, file: RawFile, known: InputFile) -> list[str]:
    """Register what has happened to a file of which nothing is to be read. Gives notes."""
    notes = []
    if known.state == "gone":
        known.state = "read"
        files.touch(known)
    is_touched = known.changed_ns != file.changed_ns
    if known.state == "forgotten" and is_touched and file.sample_hash != known.sample_hash:
        if file.size_bytes > known.size_bytes:
            notes.append(
                f"{file.name}: {file.size_bytes - known.size_bytes} bytes came after it was "
                "forgotten and are left out; write what is to be counted to another file"
            )
        # not its size, which is how far it was read
        known.note_state(file)
        files.touch(known)
    return notes
