"""Reads saved pages of provider buckets: a later version of a bucket replaces it whole.

Takes the files of one source and what the books know of its buckets; gives ledger rows, provider
costs and what was replaced. Rows that vanished from a re-read bucket are superseded too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import polars as pl
import xxhash

from pipeline.config.model import Source
from pipeline.errors import SourceError
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_files import Decision, InputFile
from pipeline.intake.read_file import is_copy, plain_copy
from pipeline.intake.session import IntakeSession
from pipeline.ledger.bucket import Bucket, one_organization, order, versions
from pipeline.ledger.bucket_versions import DAY_BUCKETS, BucketKey, KnownBuckets, Version, cover
from pipeline.ledger.files import Exclusion, LedgerFile, LedgerWriter
from pipeline.ledger.minutes import FetchedMinutes
from pipeline.providers.openai.pages import costs as pages_costs
from pipeline.providers.openai.pages import usage as pages_usage
from pipeline.schemas import LEDGER_SCHEMA, Basis

# A bucket is a small frame, and a frame costs memory by its columns, however few its rows.
_FRAMES_AT_ONCE = 200
_NO_CONTENT = frozenset(
    {"source", "recorded_at", "input_file", "input_line", "bucket_position", "fetched_at"}
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A new version that holds so far, until this run meets a later one."""

    bucket: Bucket
    rows: pl.DataFrame | None
    entry: InputFile
    source: Source


@dataclass(slots=True)
class BucketChange:
    """What this run found out about buckets; none of it is live."""

    new: list[Version] = field(default_factory=list)
    waiting: dict[BucketKey, Waiting] = field(default_factory=dict)
    replaced: dict[BucketKey, Bucket] = field(default_factory=dict)  # known ones, by what
    passed: dict[tuple[str, str, int], Bucket] = field(default_factory=dict)  # new rows, by what
    costs: list[pl.DataFrame] = field(default_factory=list)
    replaced_costs: list[str] = field(default_factory=list)
    dates: set[date] = field(default_factory=set)
    minutes: FetchedMinutes = field(default_factory=FetchedMinutes)


def read_source(
    intake: IntakeSession,
    source: Source,
    files: Sequence[tuple[RawFile, Decision]],
    known: KnownBuckets,
    change: BucketChange,
    passed: LedgerWriter,
    *,
    are_ours: bool = False,
) -> None:
    """Read the new files of one source of pages. One broken file loses no other.

    Files of ours can disagree on nothing but their width, which may have been changed.
    """
    parsed: list[tuple[Any, RawFile, InputFile | None, str]] = []
    for file, decision in files:
        try:
            path, found = plain_copy(intake, file)
            if is_copy(intake, source, file, decision.known, found.content_hash):
                continue
            context = intake.context(source, file)
            module = pages_costs if source.kind == "openai_costs" else pages_usage
            page = _without_minutes(intake, change, module.parse(path, context), file)
            parsed.append((page, file, decision.known, found.content_hash))
        except SourceError as error:
            intake.problems.append(error)
    pages = [p for p, *_ in parsed]
    try:
        (one_organization if are_ours else order)(pages)  # disagreeing pages are no data
    except SourceError as error:
        intake.problems.append(error)
        return
    entries: dict[str, InputFile] = {}
    rows: dict[tuple[str, int], pl.DataFrame] = {}
    for page, file, before, content_hash in parsed:
        entry = intake.registry.add(
            intake.entry(source, file, content_hash=content_hash, read_bytes=file.size_bytes),
            before,
        )
        is_usage = isinstance(page, pages_usage.ParsedUsage)
        # rows of minute buckets are kept apart, and are no usage records
        minutes = page.rows_read - page.records.height - page.rejects.height if is_usage else 0
        # accepted until another version of the bucket is found to hold
        entry.take_in(
            page.rows_read - minutes,
            accepted=page.records.height,
            quarantined=page.rejects.height,
            not_usage=minutes,
        )
        intake.rejects.add(entry, page.rejects)
        intake.notes.extend(page.notes)
        intake.touched.append(entry)
        entries[file.name] = entry
        for (position,), part in page.records.group_by("bucket_position"):
            rows[file.name, int(str(position))] = part
        if page.records.height and "started_at" in page.records.columns:
            times = page.records["started_at"]
            entry.saw(times.min(), times.max())
    settle = _Settling(intake, source, known, change, passed, entries, rows)
    ordered = versions(pages)
    known.look_up({b.day for b in ordered if b.width in DAY_BUCKETS})
    change.minutes.take(ordered, source.name)
    # fetch by fetch: a later one may have another width, and replaces a day only as a whole
    for _, fetched in groupby(ordered, key=lambda b: b.fetched_at):
        settle.all([b for b in fetched if b.width in DAY_BUCKETS])


def _without_minutes(intake: IntakeSession, change: BucketChange, page: Any, file: RawFile) -> Any:
    """The page with its rows of minute buckets put aside."""
    if not isinstance(page, pages_usage.ParsedUsage):
        return page
    change.minutes.spill(page.minute_records, file.name, intake.temporary / "minutes")
    return page._replace(minute_records=page.minute_records.clear())


@dataclass(slots=True)
class _Settling:
    intake: IntakeSession
    source: Source
    known: KnownBuckets
    change: BucketChange
    passed: LedgerWriter
    entries: Mapping[str, InputFile]
    rows: Mapping[tuple[str, int], pl.DataFrame]

    def all(self, buckets: Sequence[Bucket]) -> None:
        """Take the buckets of one fetch, or all those of no known fetch."""
        wrong = self._mixed_widths(buckets)
        for bucket in buckets:
            self._one(bucket, is_wrong_width=bucket in wrong)

    def _mixed_widths(self, buckets: Sequence[Bucket]) -> set[Bucket]:
        """Buckets of another width than the day has, that cover less than what is there.

        Where they cover as much, what is there holds no longer.
        """
        new: dict[tuple[str, str, date, str], list[Bucket]] = defaultdict(list)
        for bucket in buckets:
            new[bucket.organization_id, bucket.endpoint, bucket.day, bucket.width].append(bucket)
        wrong: set[Bucket] = set()
        for (organization_id, endpoint, day, width), same_day in new.items():
            others = self.known.of_other_width(organization_id, endpoint, day, width)
            if others and not cover(same_day, [v.bucket for _, v in others]):
                wrong |= set(same_day)
                continue
            for key, version in others:
                self._end(key, version, same_day[0])
                self.change.dates.add(day)
        return wrong

    def _end(self, key: BucketKey, version: Version, by: Bucket) -> None:
        """A version no longer holds; what replaces it does so under this key or another."""
        self.known.release(key)
        earlier = self.change.waiting.pop(key, None)
        if earlier is not None:
            self._pass(earlier, by)
        if version.run_id != self.intake.run_id:
            self.change.replaced[key] = by
            if self.source.kind == "openai_costs":
                self.change.replaced_costs.append(key[1])
        elif key in self.change.replaced:
            self.change.replaced[key] = by

    def _one(self, bucket: Bucket, *, is_wrong_width: bool) -> None:
        """Accept, drop as duplicate, or pass over one version of a bucket."""
        key = (bucket.organization_id, bucket.bucket_key)
        rows = self.rows.get((bucket.input_file, bucket.position))
        entry = self.entries[bucket.input_file]
        count = 0 if rows is None else rows.height
        if is_wrong_width:
            self._refuse(bucket, rows, entry)
            return
        content = _content_hash(rows)
        current = self.known.current(key)
        is_known = any(v.content_hash == content for v in self.known.versions[key])
        is_cut = current is not None and bucket.late_seconds > current.bucket.late_seconds
        is_stale = is_cut or (
            current is not None
            and current.bucket.fetched_at is not None
            and (bucket.fetched_at is None or bucket.fetched_at < current.bucket.fetched_at)
        )
        if current is not None and (
            current.content_hash == content
            or (is_known and (bucket.fetched_at is None or is_stale))
        ):
            entry.move(count, "accepted", "duplicate")
            return
        version = Version(bucket, self.source.name, content, self.intake.run_id)
        self.known.versions[key].append(version)
        self.change.new.append(version)
        mine = Waiting(bucket, rows, entry, self.source)
        if bucket.late_seconds:
            self._note_cut(bucket, current)
        if is_stale and current is not None:
            self._pass(mine, current.bucket)
            return
        if current is not None:
            self.change.dates.add(bucket.day)
            self._end(key, current, bucket)
        self.known.hold(key, version)
        self.change.waiting[key] = mine

    def _note_cut(self, bucket: Bucket, current: Version | None) -> None:
        start = bucket.started_at + timedelta(seconds=bucket.late_seconds)
        what = f"{bucket.input_file}: its {bucket.endpoint} of {bucket.started_at} begin at {start}"
        is_passed = current is not None and bucket.late_seconds > current.bucket.late_seconds
        self.intake.notes.append(
            f"{what}; the version that covers more was kept"
            if is_passed
            else f"{what}: what was before is missing until a fetch covers it"
        )

    def _pass(self, older: Waiting, by: Bucket) -> None:
        """An older version than the one that holds: kept readable, never live."""
        rows, bucket = older.rows, older.bucket
        if rows is None:
            return
        older.entry.move(rows.height, "accepted", "superseded")
        if older.source.kind == "openai_costs":
            at = self.intake.recorded_at
            self.change.costs.append(_stored_costs(self.intake, older, replaced_at=at))
            return
        self.passed.add(rows.select(list(LEDGER_SCHEMA)), older.source.basis, is_bucket=True)
        for line in rows["input_line"]:
            self.change.passed[bucket.bucket_key, bucket.input_file, line] = by

    def _refuse(self, bucket: Bucket, rows: pl.DataFrame | None, entry: InputFile) -> None:
        if rows is None:
            return
        entry.move(rows.height, "accepted", "quarantined")
        detail = (
            f"{bucket.endpoint} of {bucket.started_at.date()} is known in buckets of another "
            "width, and these cover less of the day"
        )
        self.intake.rejects.add(
            entry,
            rows.select(
                "input_line",
                pl.lit("mixed_bucket_width").alias("rule"),
                pl.lit(detail).alias("detail"),
                pl.col("bucket_key").alias("raw"),
                pl.lit(None, dtype=pl.Int64).alias("tokens_held_back"),
            ),
        )


def accept_waiting(intake: IntakeSession, change: BucketChange) -> None:
    """Write the versions that hold at the end of the run, and let go of them."""
    accepted: dict[Basis, list[pl.DataFrame]] = defaultdict(list)
    for key in list(change.waiting):
        waiting = change.waiting.pop(key)
        rows, source = waiting.rows, waiting.source
        if rows is None:
            continue
        if source.kind == "openai_costs":
            change.costs.append(_stored_costs(intake, waiting, replaced_at=None))
            continue
        frames = accepted[source.basis]
        frames.append(rows.select(list(LEDGER_SCHEMA)))
        if len(frames) == _FRAMES_AT_ONCE:
            intake.writer.add(pl.concat(frames), source.basis, is_bucket=True)
            frames.clear()
    for basis, frames in accepted.items():
        if frames:
            intake.writer.add(pl.concat(frames), basis, is_bucket=True)


def _stored_costs(
    intake: IntakeSession, version: Waiting, *, replaced_at: datetime | None
) -> pl.DataFrame:
    """The rows of a version as `provider_costs` holds them; what was passed can hold again."""
    assert version.rows is not None  # noqa: S101  narrows for the type checker
    return version.rows.drop("bucket_position").with_columns(
        pl.lit(version.entry.file_id, dtype=pl.Int64).alias("file_id"),
        pl.lit(version.source.name).alias("source"),
        pl.lit(intake.run_id).alias("run_id"),
        pl.lit(replaced_at, dtype=pl.Datetime("us")).alias("replaced_at"),
    )


def exclude_passed(change: BucketChange, files: Sequence[LedgerFile]) -> list[Exclusion]:
    """Every row of the files of passed versions is excluded from the start."""
    excluded = []
    for file in files:
        rows = pl.read_parquet(
            file.path,
            columns=["record_id", "input_file", "input_line"],
            hive_partitioning=False,
        )
        for number, (record_id, input_file, line) in enumerate(rows.iter_rows()):
            key = "|".join(record_id.split("|")[:3])
            by = change.passed[key, input_file, line]
            excluded.append(
                Exclusion(file.ledger_id, number, "restated", by.input_file, by.input_line)
            )
    return excluded


def _content_hash(rows: pl.DataFrame | None) -> str:
    """A hash of what a version says, whatever the order of its rows."""
    if rows is None:
        return "empty"
    columns = [c for c in rows.columns if c not in _NO_CONTENT]
    lines = sorted(repr(row) for row in rows.select(columns).iter_rows())
    return xxhash.xxh3_128_hexdigest("\n".join(lines).encode())
