"""Takes one source of a run: finds its files, decides about each, reads what is new.

One file that cannot be read never loses another.
"""

from __future__ import annotations

from pipeline.batch import Batch
from pipeline.bucket_intake import BucketChange, KnownBuckets, read_source
from pipeline.config import BUCKET_KINDS, Source
from pipeline.errors import ConfigError, SourceError
from pipeline.ingest import read_file
from pipeline.intake import Intake
from pipeline.landing import RawFile, find
from pipeline.ledger import LedgerWriter
from pipeline.registry import Action, FileEntry

_COST_KINDS = frozenset({"openai_costs"})


def take_source(
    work: Batch,
    intake: Intake,
    source: Source,
    buckets: BucketChange,
    known_buckets: KnownBuckets,
    passed: LedgerWriter,
) -> list[tuple[str, str]]:
    """Read what is new of a source. Gives the files that are there, by source and name."""
    files = find(source, work.storage.root, intake.problems, intake.notes)
    decided = [(f, work.registry.decide(source, f, work.started_at)) for f in files]
    to_read = [(f, d) for f, d in decided if d.action is not Action.SKIP]
    for file, decision in decided:
        if decision.action is Action.SKIP and decision.known:
            _pass_over(work, intake, file, decision.known)
        if decision.action is not Action.SKIP and decision.known is not None:
            _same_basis(source, decision.known)
    if source.kind in BUCKET_KINDS | _COST_KINDS:
        read_source(intake, source, to_read, known_buckets, buckets, passed)
    else:
        for file, decision in to_read:
            work.between_stages()
            try:
                read_file(intake, source, file, decision)
            except SourceError as error:
                intake.problems.append(error)
    return [(source.name, f.name) for f in files]


def _pass_over(work: Batch, intake: Intake, file: RawFile, known: FileEntry) -> None:
    """Nothing is to be read of a file; what has happened to it is noted."""
    if known.state == "gone":
        known.state = "read"
        work.registry.touch(known)
    if known.state == "forgotten" and file.size_bytes > known.size_bytes:
        intake.notes.append(
            f"{file.name}: {file.size_bytes - known.size_bytes} bytes came after it was forgotten "
            "and are left out; write what is to be counted to another file"
        )
        known.size_bytes, known.modified_ns = file.size_bytes, file.modified_ns
        work.registry.touch(known)


def _same_basis(source: Source, known: FileEntry) -> None:
    if known.basis != source.basis:
        raise ConfigError(
            f"the source {source.name!r} was read as {known.basis!r} and is now {source.basis!r}",
            key="sources.basis",
            hint="Give the source a new name, and `tollbook forget` its old files.",
        )
