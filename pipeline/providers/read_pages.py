"""Reads saved pages of provider buckets: files to versions of buckets, and their rows to fates.

Takes the new files of one source and the parser of its kind. Which version of a bucket is current
is decided by `ledger.settle_buckets`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from pipeline.config.model import Source
from pipeline.dates import crosses_midnight, is_whole_hours
from pipeline.errors import SourceError, raise_if_stopped
from pipeline.intake.copies import is_copy
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import Action, Decision, InputFiles
from pipeline.intake.read_file import plain_copy
from pipeline.intake.session import RunIntake
from pipeline.intake.source import Context
from pipeline.intake.stage import decide_files
from pipeline.ledger.bucket import Bucket, OpenPage, PagesFile, one_organization, order, versions
from pipeline.ledger.files import Exclusion, LedgerFile
from pipeline.ledger.settle_buckets import (
    BucketChange,
    ReadVersion,
    Settled,
)
from pipeline.schemas import LEDGER_SCHEMA, Basis
from pipeline.storage.layout import StorageLayout

# A bucket is a small frame, and a frame costs memory by its columns, however few its rows.
_FRAMES_AT_ONCE = 200


class ParsedPages(Protocol):
    """One file of pages. `records`, `minute_records` and `rejects` add up to `rows_read`."""

    @property
    def records(self) -> pl.DataFrame:
        """LEDGER_SCHEMA or the columns of `provider_costs`, with `bucket_position`."""

    @property
    def minute_records(self) -> pl.DataFrame | None:
        """Rows of minute buckets, which are never charged; None: the kind has none."""

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Every bucket that the pages cover, empty ones too."""

    @property
    def rejects(self) -> pl.DataFrame:
        """REJECT_SCHEMA."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the run's notes."""

    @property
    def rows_read(self) -> int:
        """Result rows."""

    @property
    def open_pages(self) -> tuple[OpenPage, ...]:
        """The pages that say that more follow them."""


ParsePages = Callable[[Path, Context], ParsedPages]
_FILES_AT_ONCE = 100


def take_pages(
    intake: RunIntake, storage: StorageLayout, source: Source, parse: ParsePages
) -> list[tuple[str, str]]:
    """Read the new files of a source of saved pages. Gives all its files, by source and name."""
    files, to_read = decide_files(intake, storage.root, source)
    read_source(intake, source, to_read, parse)
    return [(source.name, f.name) for f in files]


def read_fetched(
    intake: RunIntake, source: Source, files: Sequence[RawFile], parse: ParsePages
) -> None:
    """Read raw files of fetches, oldest first, a few at a time.

    They can disagree on nothing but their width, which may have been changed.
    """
    for start in range(0, len(files), _FILES_AT_ONCE):
        raise_if_stopped(intake.stop)
        part = [(f, Decision(Action.READ)) for f in files[start : start + _FILES_AT_ONCE]]
        read_source(intake, source, part, parse, are_ours=True)


@dataclass(frozen=True, slots=True)
class _ReadFile:
    """A file of pages that could be parsed."""

    file: RawFile
    known: InputFile | None
    content_hash: str
    size: int  # of its content, unpacked
    records: pl.DataFrame  # without those of minute buckets, which may be many
    buckets: tuple[Bucket, ...]
    rejects: pl.DataFrame
    notes: tuple[str, ...]
    rows_read: int
    open_pages: tuple[OpenPage, ...]


def read_source(
    intake: RunIntake,
    source: Source,
    files: Sequence[tuple[RawFile, Decision]],
    parse: ParsePages,
    *,
    are_ours: bool = False,
) -> None:
    """Read some files of one source of pages. One broken file loses no other.

    Files from elsewhere must agree on width and dimensions; those that we fetched need not.
    """
    settlement = intake.settlement
    parsed = list(_parse(intake, source, files, parse, settlement.change))
    try:
        (one_organization if are_ours else order)(parsed)  # pages that disagree are not data
    except SourceError as error:
        intake.problems.append(error)
        return
    rows: dict[tuple[str, int], pl.DataFrame] = {}
    for read in parsed:
        _register(intake, source, read)
        for (position,), part in read.records.group_by("bucket_position"):
            rows[read.file.name, int(str(position))] = part
    ordered = versions(parsed)
    settlement.change.minutes.take(ordered, source.name)
    read_versions = [
        ReadVersion(b, rows.get((b.input_file, b.position)), source.name) for b in ordered
    ]
    for settled in settlement.take(read_versions):
        _count(intake, settled)
    intake.notes += settlement.notes
    settlement.notes.clear()


def accept_pending(intake: RunIntake) -> None:
    """Write the versions that are current at the end of the run."""
    settlement = intake.settlement
    accepted: dict[Basis, list[pl.DataFrame]] = defaultdict(list)
    for version in settlement.take_pending():
        if version.rows is None:
            continue
        if version.bucket.is_costs:
            settlement.change.costs.append(
                _stored_costs(version, _entry(intake.files, version).file_id, intake.run_id)
            )
            continue
        frames = accepted[version.basis]
        frames.append(version.rows.select(list(LEDGER_SCHEMA)))
        if len(frames) == _FRAMES_AT_ONCE:
            intake.writer.add(pl.concat(frames), version.basis, is_bucket=True)
            frames.clear()
    for basis, frames in accepted.items():
        if frames:
            intake.writer.add(pl.concat(frames), basis, is_bucket=True)


def exclude_superseded(change: BucketChange, files: Iterable[LedgerFile]) -> list[Exclusion]:
    """Exclude every row of the ledger files of versions that never were current."""
    excluded = []
    for file in files:
        rows = pl.read_parquet(
            file.path,
            columns=["record_id", "input_file", "input_line"],
            hive_partitioning=False,
        )
        for number, (record_id, input_file, line) in enumerate(rows.iter_rows()):
            key = "|".join(record_id.split("|")[:3])
            by = change.superseded_rows[file.basis, key, input_file, line]
            excluded.append(
                Exclusion(file.ledger_id, number, "restated", by.input_file, by.input_line)
            )
    return excluded


def _parse(
    intake: RunIntake,
    source: Source,
    files: Sequence[tuple[RawFile, Decision]],
    parse: ParsePages,
    change: BucketChange,
) -> Iterator[_ReadFile]:
    for file, decision in files:
        try:
            path, found = plain_copy(file, intake.temporary)
            if is_copy(intake, source, file, decision.known, found.content_hash, may_return=True):
                continue
            page = parse(path, intake.context(source, file))
        except SourceError as error:
            intake.problems.append(error)
            continue
        if page.minute_records is not None:
            change.minutes.spill(page.minute_records, file.name, intake.temporary / "minutes")
        yield _ReadFile(
            file,
            decision.known,
            found.content_hash,
            found.size,
            page.records,
            page.buckets,
            page.rejects,
            page.notes,
            page.rows_read,
            page.open_pages,
        )


def _register(intake: RunIntake, source: Source, read: _ReadFile) -> None:
    file = read.file
    entry = intake.files.add(
        intake.entry(source, file, content_hash=read.content_hash, read_bytes=read.size),
        read.known,
    )
    # rows of minute buckets are kept apart; they are not usage records
    minutes = read.rows_read - read.records.height - read.rejects.height
    # accepted until another version of the bucket is found to be current
    entry.take_in(
        read.rows_read - minutes,
        accepted=read.records.height,
        quarantined=read.rejects.height,
        not_usage=minutes,
    )
    intake.rejects.add(entry, read.rejects)
    intake.notes.extend(read.notes)
    owner = PagesFile(source.provider, intake.organization_id, source.name, file.name)
    intake.settlement.change.open_pages[owner] = read.open_pages
    intake.touched.append(entry)
    if read.records.height and "started_at" in read.records.columns:
        times = read.records.select(
            pl.col("started_at").min().alias("first"), pl.col("started_at").max().alias("last")
        )
        entry.saw(*times.row(0))
        if not is_whole_hours(times.item(0, "first"), intake.zone):
            notes = _notes_of_split_hours(read.records, intake.zone)
            intake.notes += [note for note in notes if note not in intake.notes]  # once a run


def _notes_of_split_hours(records: pl.DataFrame, zone: ZoneInfo) -> list[str]:
    """Whether hourly buckets are among these that count on one day, though midnight is in them."""
    hours = records.filter(pl.col("ended_at") - pl.col("started_at") == timedelta(hours=1))
    times = hours.select("started_at", "ended_at").unique()
    if not any(crosses_midnight(start, end, zone) for start, end in times.iter_rows()):
        return []
    note = (
        f"{zone} is not whole hours from UTC: hourly buckets across midnight count whole on the "
        "day on which they begin (possible boundary error)."
    )
    return [note]


def _entry(files: InputFiles, version: ReadVersion) -> InputFile:
    return files.entries[version.source, version.bucket.input_file]


def _count(intake: RunIntake, settled: Settled) -> None:
    """Give the rows of a version their fate; what is superseded stays readable, never live."""
    version, entry = settled.version, _entry(intake.files, settled.version)
    if version.rows is None:
        return
    if settled.fate == "narrower":
        entry.move(version.count, "accepted", "quarantined")
        intake.rejects.add(entry, _narrower(version.bucket, version.rows))
        return
    entry.move(version.count, "accepted", settled.fate)
    if settled.fate == "duplicate":
        return
    if version.bucket.is_costs:
        costs = _stored_costs(version, entry.file_id, intake.run_id, intake.recorded_at)
        intake.settlement.change.costs.append(costs)
    else:
        rows = version.rows.select(list(LEDGER_SCHEMA))
        intake.superseded.add(rows, version.basis, is_bucket=True)


def _narrower(bucket: Bucket, rows: pl.DataFrame) -> pl.DataFrame:
    detail = (
        f"{bucket.endpoint} of {bucket.started_at.date()} is known in buckets of another "
        "width, and these cover less of the day"
    )
    return rows.select(
        "input_line",
        pl.lit("mixed_bucket_width").alias("rule"),
        pl.lit(detail).alias("detail"),
        pl.col("bucket_key").alias("raw"),
        pl.lit(None, dtype=pl.Int64).alias("tokens_held_back"),
    )


def _stored_costs(
    version: ReadVersion, file_id: int, run_id: str, replaced_at: datetime | None = None
) -> pl.DataFrame:
    """The rows of a version as `provider_costs` keeps them; a superseded one may be restored."""
    assert version.rows is not None  # noqa: S101  narrows for the type checker
    return version.rows.drop("bucket_position").with_columns(
        pl.lit(file_id, dtype=pl.Int64).alias("file_id"),
        pl.lit(version.source).alias("source"),
        pl.lit(run_id).alias("run_id"),
        pl.lit(replaced_at, dtype=pl.Datetime("us")).alias("replaced_at"),
    )
