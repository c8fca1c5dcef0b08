"""Reads what is new in the configured sources into ledger files that are not live yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.model import Source
from pipeline.errors import ConfigError, SourceError
from pipeline.intake import quarantine_store
from pipeline.intake.files.discovery import find
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.files.named_files import is_named
from pipeline.intake.pieces.piece import Piece, tasks_of
from pipeline.intake.pieces.read_apart import ReadApart
from pipeline.intake.pieces.reading import Reading
from pipeline.intake.quarantine_store import RejectChange
from pipeline.intake.rejects import RejectStore
from pipeline.intake.session import RunIntake
from pipeline.intake.stage import decide_files
from pipeline.ledger import store as ledger_store
from pipeline.ledger.bucket_versions import KnownBuckets
from pipeline.ledger.files import (
    ROWS_A_FILE,
    ROWS_A_FILE_IN_STORE,
    Exclusion,
    LedgerWriter,
)
from pipeline.ledger.repeats.rewrites import discard
from pipeline.ledger.settle_buckets import BucketSettlement
from pipeline.ledger.store import RowChange
from pipeline.runs.change_set import ChangeSet, FileChange
from pipeline.runs.context import RunContext
from pipeline.storage.database import Database
from pipeline.storage.engines.engine import Task
from pipeline.text import counted

if TYPE_CHECKING:
    import polars as pl

# Ledger ids of bucket versions that are never live start far above the others.
_SUPERSEDED_IDS = 1_000_000


def read_sources(run: RunContext, skip: Sequence[str] = ()) -> ChangeSet:
    """Find, read and validate the new files of every source. One broken file loses no other.

    **Takes** in `skip` files that this run passes over: paths, folders or globs.
    """
    intake = open_intake(run)
    intake.skip = tuple(skip)
    seen = _take_all(run, intake)
    _check_skipped(run.config.sources, run.storage.root, skip, intake.skipped)
    exclusions = _accept_pages(intake)
    run.files.note_missing(seen)
    if not intake.problems:  # they may say the same
        intake.problems += _all_gone(
            run.config.sources, run.files.entries.values(), {n for n, _ in seen}
        )
    if all(run.kinds[s.kind].holds == {"costs"} for s in run.config.sources):
        intake.notes += _costs_alone(intake.settlement.change.costs)
    unreadable = {e.file_id for e in intake.unreadable}
    completed = [t for t in intake.completed_tails if t[0] not in unreadable]
    lines = _completed_elsewhere(run.db, run.files.versions, intake.before, completed)
    return ChangeSet(
        files=FileChange(intake.touched, intake.before, unreadable),
        rows=RowChange(
            new_files=discard(intake.writer.close(), intake.unreadable),
            superseded_files=intake.superseded.files,
            exclusions=exclusions,
        ),
        rejects=RejectChange(
            has_new=bool(intake.touched)
            and _stage_rejects(run.db, run.files, intake.rejects, unreadable),
            completed=completed,
            read=lines,
        ),
        buckets=intake.settlement.change,
        problems=intake.problems,
        notes=intake.notes,
    )


def _take_all(run: RunContext, intake: RunIntake) -> list[tuple[str, str]]:
    """Take what is new of every source, in their order. Gives their files, by source and name.

    Files of requests are handed to the engine all at once.
    """
    seen: list[tuple[str, str]] = []
    tasks: dict[str, list[Task[Piece]]] = {}
    for source in run.config.sources:
        kind = run.kinds[source.kind]
        if source.enabled and kind.read is not None:
            files, found = decide_files(intake, run.storage.root, source, may_grow=kind.may_grow)
            seen += [(source.name, f.name) for f in files]
            pieces = [
                Piece(source, f, d, kind.read, kind.is_table, kind.together) for f, d in found
            ]
            tasks[source.name] = tasks_of(pieces, sum(len(t) for t in tasks.values()))
    reading = Reading(intake, _read_apart(run))
    done = run.engine.run(reading, [task for part in tasks.values() for task in part])
    for source in run.config.sources:
        take = run.kinds[source.kind].take
        if not source.enabled:
            intake.notes.append(
                f"The source {source.name!r} is set aside (enabled = false); what was read of it "
                "before goes on counting"
            )
        elif take is not None:
            seen += take(intake, run.storage, source)
        for _ in tasks.get(source.name, ()):
            next(done)
    return seen


def _read_apart(run: RunContext) -> ReadApart:
    """Reading files elsewhere than in this process."""
    organization = run.config.organization
    return ReadApart(
        ledger=run.storage.ledger,
        temporary=run.storage.temporary,
        organization_id=organization.id,
        organizations=organization.ids,
        zone=organization.zone,
        run_id=run.run_id,
        recorded_at=run.started_at,
        now=max(run.now, run.started_at),
        rows_a_file=_rows_a_file(run),
    )


def _rows_a_file(run: RunContext) -> int:
    return ROWS_A_FILE if run.storage.ledger_store is None else ROWS_A_FILE_IN_STORE


def _completed_elsewhere(
    db: Database,
    known: Sequence[InputFile],
    before: Mapping[int, InputFile],
    completed: Sequence[tuple[int, int]],
) -> list[int]:
    """Lines given up before and completed now that were held back in another file: no longer."""
    versions = {v.file_id: v for v in known}
    found = quarantine_store.dropped_lines(db, completed)
    for _, file_id in found:
        for entry in (versions[file_id], before.get(file_id)):
            if entry is not None:
                entry.move(1, "duplicate", "quarantined")  # as which the tail was taken back
    return [dropped_id for dropped_id, _ in found]


def _check_skipped(
    sources: Sequence[Source], root: Path, skip: Sequence[str], skipped: Iterable[str]
) -> None:
    """Whether each word of `--skip` names a file of a source. Fails: ConfigError.

    Takes the words that have named a file of an enabled source.
    """
    skipped = set(skipped)
    for source in sources:
        if not source.enabled and len(skipped) < len(skip):
            for file in find(source, root, []):
                skipped.update(w for w in skip if is_named(file.name, [w]))
    for word in skip:
        if word not in skipped:
            raise ConfigError(
                f"{word!r} is not a file of any source; nothing was taken",
                key="--skip",
                hint="Give a path, a folder or a quoted glob, from the working directory.",
            )


def _all_gone(
    sources: Sequence[Source], entries: Iterable[InputFile], found: set[str]
) -> list[SourceError]:
    """Sources of which files were read before and none is there now, as without a mount."""
    gone = Counter(e.source for e in entries if e.state == "gone")
    return [
        SourceError(
            f"the source {source.name!r} matches no file any more: all "
            f"{counted(gone[source.name], 'file')} of it are gone, and still counted",
            file=source.path[0],
            hint="Is the folder mounted? If it is to be so, take the source out.",
        )
        for source in sources
        if source.enabled and source.path and gone[source.name] and source.name not in found
    ]


def _accept_pages(intake: RunIntake) -> list[Exclusion]:
    """Write the bucket versions that are current now, and exclude those that are not."""
    if not intake.settlement.change.new:
        return []
    from pipeline.providers.read_pages import accept_pending, exclude_superseded

    accept_pending(intake)
    return exclude_superseded(intake.settlement.change, intake.superseded.close())


def _costs_alone(costs: Sequence[pl.DataFrame]) -> list[str]:
    """What the provider's costs are that a run has read, where no source has usage beside them."""
    if not costs:
        return []
    import polars as pl

    current = pl.concat(
        [c.select("usage_date", "currency", "amount", "replaced_at") for c in costs]
    )
    sums = (
        current.filter(pl.col("replaced_at").is_null())
        .group_by("currency")
        .agg(
            pl.col("amount").sum(),
            pl.col("usage_date").min().alias("first"),
            pl.col("usage_date").max().alias("last"),
            pl.col("usage_date").n_unique().alias("days"),
        )
        .sort("currency")
    )
    return [
        f"Read the provider's costs of {counted(days, 'day')} ({first} to {last}): {amount:,.2f} "
        f"{currency.upper()}. There is no usage beside them: days whose costs are settled are "
        "charged as billed, by line item."
        for currency, amount, first, last, days in sums.iter_rows()
    ]


def open_intake(run: RunContext) -> RunIntake:
    """The intake of a run, with nothing read yet."""
    ledger, first_id = run.storage.ledger, ledger_store.next_ledger_id(run.db)
    return RunIntake(
        con=run.con,
        files=run.files,
        writer=LedgerWriter(ledger, run.run_id, first_id, rows_a_file=_rows_a_file(run)),
        superseded=LedgerWriter(ledger, run.run_id, first_id + _SUPERSEDED_IDS),
        settlement=BucketSettlement(KnownBuckets(run.db), run.run_id),
        rejects=RejectStore(run.storage.temporary / "rejects"),
        temporary=run.storage.temporary,
        organization_id=run.config.organization.id,
        organizations=run.config.organization.ids,
        zone=run.config.organization.zone,
        run_id=run.run_id,
        recorded_at=run.started_at,
        now=max(run.now, run.started_at),
        stop=run.stop,
    )


def _stage_rejects(
    db: Database, files: InputFiles, rejects: RejectStore, unreadable: set[int]
) -> bool:
    """Stage rejected rows for the quarantine; those already in it are duplicates."""
    rejects.flush()
    for file_id, rows in quarantine_store.stage_rejects(db, rejects, unreadable).items():
        files.changed[file_id].move(rows, "quarantined", "duplicate")
    return rejects.has_any
