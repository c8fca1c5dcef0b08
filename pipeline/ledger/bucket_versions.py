"""What is known of provider buckets: all versions of each, and which of them holds.

Takes the books as they are and what a run adds; never reads a file, never writes to the books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pipeline.ledger.bucket import Bucket
from pipeline.storage.database import Database

BucketKey = tuple[str, str]  # organization, bucket key
DAY_BUCKETS = {"1d": 1, "1h": 24}


@dataclass(slots=True)
class Version:
    """One version of a bucket, known or new."""

    bucket: Bucket
    source: str
    content_hash: str
    run_id: str
    is_current: bool = False


class KnownBuckets:
    """The versions that the books know and this run has added, by bucket; which of them hold.

    Days are looked up when they are met: with hourly buckets a year has a hundred thousand.
    """

    def __init__(self, db: Database) -> None:
        self._books = db
        self._days: set[date] = set()
        self.versions: dict[BucketKey, list[Version]] = defaultdict(list)
        self._current: dict[BucketKey, Version] = {}
        self._by_day: dict[tuple[str, str, date], set[BucketKey]] = defaultdict(set)

    def look_up(self, days: set[date]) -> None:
        """Take what the books know of some UTC days; what is asked of others is not known."""
        new = sorted(days - self._days)
        if not new:
            return
        self._days |= days
        rows = self._books.rows(
            "SELECT organization_id, bucket_key, endpoint, started_at, width, fetched_at, "
            "content_hash, rows, source, input_file, input_line, is_current, run_id, late_seconds "
            "FROM buckets WHERE list_contains(CAST($days AS DATE[]), CAST(started_at AS DATE))",
            {"days": new},
        )
        for org, key, endpoint, start, width, fetched, content, n, source, *rest in rows:
            file, line, is_current, run_id, late = rest
            bucket = Bucket(
                endpoint,
                start,
                width,
                fetched,
                file,
                line,
                frozenset(),
                n,
                org,
                frozenset(),
                0,
                late or 0,
            )
            version = Version(bucket, source, content, run_id)
            self.versions[org, key].append(version)
            if is_current:
                self.hold((org, key), version)

    def current(self, key: BucketKey) -> Version | None:
        """The version that holds."""
        return self._current.get(key)

    def hold(self, key: BucketKey, version: Version) -> None:
        """From now on this version holds."""
        self.release(key)
        version.is_current = True
        self._current[key] = version
        bucket = version.bucket
        self._by_day[bucket.organization_id, bucket.endpoint, bucket.day].add(key)

    def release(self, key: BucketKey) -> None:
        """No version holds any more."""
        version = self._current.pop(key, None)
        if version is not None:
            version.is_current = False
            bucket = version.bucket
            self._by_day[bucket.organization_id, bucket.endpoint, bucket.day].discard(key)

    def of_other_width(
        self, organization_id: str, endpoint: str, day: date, width: str
    ) -> list[tuple[BucketKey, Version]]:
        """The versions of a day that hold and have another width; minutes contradict nothing."""
        keys = sorted(self._by_day.get((organization_id, endpoint, day), ()))
        held = [(key, self._current[key]) for key in keys]
        return [(k, v) for k, v in held if v.bucket.width in DAY_BUCKETS.keys() - {width}]


def cover(new: Sequence[Bucket], known: Sequence[Bucket]) -> bool:
    """Whether buckets of one day reach as far as known ones of another width do."""
    covered = {b.started_at for b in new}
    if len(covered) >= DAY_BUCKETS[new[0].width]:
        return True
    midnight = datetime.combine(new[0].day, time.min)
    fetched = [b.fetched_at for b in known if b.fetched_at is not None]
    if len(fetched) < len(known) or any(b.fetched_at is None for b in new):
        return False
    hours = -(-min(max(fetched) - midnight, timedelta(days=1)) // timedelta(hours=1))
    return covered >= {midnight + timedelta(hours=n) for n in range(hours)}
