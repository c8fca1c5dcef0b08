"""Decides which version of each provider bucket is current, as a run reads one after the other.

A new version is pending until the run has read everything, since a later one may replace it; then
it is current. Every other version is superseded. Never reads a file, never writes to the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Literal, NamedTuple

import polars as pl
import xxhash

from pipeline.ledger.bucket import Bucket, BucketKey, OpenPage, PagesFile
from pipeline.ledger.bucket_versions import DAY_BUCKETS, KnownBuckets, Version, cover
from pipeline.ledger.minutes import FetchedMinutes
from pipeline.schemas import Basis

# What does not make a version another one: where and when it was read, and what follows from its
# text anyway.
_NO_CONTENT = frozenset(
    {
        "source",
        "recorded_at",
        "input_file",
        "input_line",
        "bucket_position",
        "fetched_at",
        "provider",
        "item",
    }
)


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """One version of a bucket that this run has read, with its rows."""

    bucket: Bucket
    rows: pl.DataFrame | None  # None: the bucket is empty
    source: str
    known_content: str | None = None  # of a version that was read before: its hash

    @property
    def basis(self) -> Basis:
        """The basis of its source."""
        return self.bucket.basis

    @property
    def count(self) -> int:
        """The number of its rows."""
        return 0 if self.rows is None else self.rows.height


class Settled(NamedTuple):
    """A version that is not pending any more, and why; `by` replaces it, where something does.

    `narrower` is a version of another bucket width than its day has, that covers less of the day.
    """

    version: ReadVersion
    fate: Literal["duplicate", "superseded", "narrower"]
    by: Bucket | None = None


@dataclass(slots=True)
class BucketChange:
    """The changes of a run to the versions of buckets and to provider costs; none is live."""

    new: list[Version] = field(default_factory=list)  # in the order in which they were taken
    # current versions of earlier runs that are superseded, and by what
    superseded: dict[BucketKey, Bucket] = field(default_factory=dict)
    # new rows that are superseded already, by basis, bucket key, file and line
    superseded_rows: dict[tuple[str, str, str, int], Bucket] = field(default_factory=dict)
    # current versions of earlier runs that a later fetch has found again
    confirmed: dict[BucketKey, Bucket] = field(default_factory=dict)
    costs: list[pl.DataFrame] = field(default_factory=list)
    open_pages: dict[PagesFile, tuple[OpenPage, ...]] = field(default_factory=dict)  # of files read
    dates: set[date] = field(default_factory=set)
    minutes: FetchedMinutes = field(default_factory=FetchedMinutes)

    @property
    def superseded_costs(self) -> list[tuple[str, str]]:
        """Provider and bucket key of the days whose stored costs are superseded."""
        return [
            (key.provider, key.bucket_key) for key, by in self.superseded.items() if by.is_costs
        ]


class BucketSettlement:
    """The known versions of buckets, and what a run adds to them."""

    def __init__(self, known: KnownBuckets, run_id: str) -> None:
        self._known = known
        self._run_id = run_id
        self._pending: dict[BucketKey, ReadVersion] = {}
        self.change = BucketChange()
        self.notes: list[str] = []

    def take(self, versions: Iterable[ReadVersion]) -> Iterator[Settled]:
        """Take versions of one source in the order in which they apply.

        Fetch by fetch: a later one may have another width, and replaces a day only as a whole.
        """
        days = [v for v in versions if v.bucket.width in DAY_BUCKETS]
        self._known.look_up({v.bucket.day for v in days})
        for _, fetched in groupby(days, key=lambda v: v.bucket.fetched_at):
            yield from self._take_fetch(list(fetched))

    def take_pending(self) -> list[ReadVersion]:
        """The versions that are current at the end of the run, each once."""
        accepted = list(self._pending.values())
        self._pending.clear()
        return accepted

    def _take_fetch(self, versions: Sequence[ReadVersion]) -> Iterator[Settled]:
        narrower, replaced = self._other_widths([v.bucket for v in versions])
        yield from replaced
        for version in versions:
            if version.bucket in narrower:
                yield Settled(version, "narrower")
            else:
                yield from self._take_one(version)

    def _other_widths(self, buckets: Sequence[Bucket]) -> tuple[set[Bucket], list[Settled]]:
        """Buckets of another width than their day has, that cover less than the current ones.

        Where they cover as much, the current ones are superseded.
        """
        new: dict[tuple[str, str, str, str, date, str], list[Bucket]] = defaultdict(list)
        for b in buckets:
            new[b.provider, b.organization_id, b.basis, b.endpoint, b.day, b.width].append(b)
        narrower: set[Bucket] = set()
        settled: list[Settled] = []
        for same_day in new.values():
            others = self._known.of_other_width(same_day[0])
            if others and not cover(same_day, [v.bucket for _, v in others]):
                narrower |= set(same_day)
                continue
            for key, version in others:
                settled += self._supersede(key, version, same_day[0])
                self.change.dates.add(same_day[0].day)
        return narrower, settled

    def _supersede(self, key: BucketKey, version: Version, by: Bucket) -> list[Settled]:
        """A version is current no longer; what replaces it has this key or another."""
        self._known.unset_current(key)
        if version.run_id != self._run_id or key in self.change.superseded:
            self.change.superseded[key] = by
        earlier = self._pending.pop(key, None)
        return [] if earlier is None else [self._superseded(earlier, by)]

    def _superseded(self, version: ReadVersion, by: Bucket) -> Settled:
        if version.rows is not None and not version.bucket.is_costs:
            bucket = version.bucket
            for line in version.rows["input_line"]:
                place = (bucket.basis, bucket.bucket_key, bucket.input_file, line)
                self.change.superseded_rows[place] = by
        return Settled(version, "superseded", by)

    def _take_one(self, read: ReadVersion) -> Iterator[Settled]:
        bucket, key = read.bucket, read.bucket.key
        content = read.known_content or content_hash(read.rows)
        current = self._known.current(key)
        is_known = any(v.content_hash == content for v in self._known.versions[key])
        is_older = current is not None and _is_older(bucket, current.bucket)
        if current is not None and (current.content_hash == content or (is_known and is_older)):
            if current.content_hash == content and not is_older:
                self._confirm(key, current, bucket)
            self.change.new.append(self._version(read, content, is_duplicate=True))
            yield Settled(read, "duplicate")
            return
        version = self._version(read, content)
        self._known.versions[key].append(version)
        self.change.new.append(version)
        if bucket.late_seconds:
            self._note_cut(bucket, current)
        if is_older and current is not None:
            yield self._superseded(read, current.bucket)
            return
        if current is not None:
            self.change.dates.add(bucket.day)
            yield from self._supersede(key, current, bucket)
        self._known.set_current(key, version)
        self._pending[key] = read

    def _version(self, read: ReadVersion, content: str, *, is_duplicate: bool = False) -> Version:
        return Version(
            read.bucket,
            read.source,
            content,
            self._run_id,
            is_duplicate=is_duplicate,
            own_fetched_at=read.bucket.fetched_at,
        )

    def _confirm(self, key: BucketKey, current: Version, bucket: Bucket) -> None:
        """A later fetch has the same figures: one from before it cannot replace them any more."""
        if bucket.fetched_at in (None, current.bucket.fetched_at):
            return
        current.bucket = replace(current.bucket, fetched_at=bucket.fetched_at)
        if current.run_id != self._run_id:
            self.change.confirmed[key] = current.bucket

    def _note_cut(self, bucket: Bucket, current: Version | None) -> None:
        start = bucket.started_at + timedelta(seconds=bucket.late_seconds)
        what = f"{bucket.input_file}: its {bucket.endpoint} of {bucket.started_at} begin at {start}"
        is_kept = current is not None and bucket.late_seconds > current.bucket.late_seconds
        self.notes.append(
            f"{what}; the version that covers more was kept"
            if is_kept
            else f"{what}: what was before is missing until a fetch covers it"
        )


def _is_older(new: Bucket, current: Bucket) -> bool:
    """Whether a version that was read later covers less, or was fetched before the current one."""
    return new.late_seconds > current.late_seconds or (
        current.fetched_at is not None
        and (new.fetched_at is None or new.fetched_at < current.fetched_at)
    )


def content_hash(rows: pl.DataFrame | None) -> str:
    """A hash of the content of a version, whatever the order of its rows."""
    if rows is None:
        return "empty"
    # picked from the tuples: a select costs more than the rest for buckets of a few rows
    content = itemgetter(*(n for n, name in enumerate(rows.columns) if name not in _NO_CONTENT))
    lines = sorted(repr(content(row)) for row in rows.iter_rows())
    return xxhash.xxh3_128_hexdigest("\n".join(lines).encode())
