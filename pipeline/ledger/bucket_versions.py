"""The versions of provider buckets that the database and this run know; which are current.

Never reads a file, never writes to the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.ledger.bucket import Bucket, BucketKey, covers_day
from pipeline.storage.database import Database

DAY_BUCKETS = {"1d": 1, "1h": 24}
_COLUMNS = (
    "provider, organization_id, endpoint, started_at, width, fetched_at, content_hash, rows, "
    "source, input_file, input_line, is_current, run_id, late_seconds, basis"
)


_Day = tuple[str, str, str, str, date]  # provider, organization, basis, endpoint, UTC day


@dataclass(slots=True)
class Version:
    """One version of a bucket, known or new."""

    bucket: Bucket
    source: str
    content_hash: str
    run_id: str
    is_current: bool = False
    is_duplicate: bool = False  # its rows are those of an earlier version
    own_fetched_at: datetime | None = None  # without later fetches of the same figures


class KnownBuckets:
    """The versions of buckets by key: those in the database, and those this run has added.

    Days are looked up when they are met: with hourly buckets a year has a hundred thousand.
    """

    def __init__(self, db: Database | None) -> None:
        """Start with the versions in a database, or, without one, with none."""
        self._db = db
        self._days: set[date] = set()
        self.versions: dict[BucketKey, list[Version]] = defaultdict(list)
        self._current: dict[BucketKey, Version] = {}
        self._by_day: dict[_Day, set[BucketKey]] = defaultdict(set)

    def look_up(self, days: set[date]) -> None:
        """Load the versions of some UTC days, before anything is asked about them."""
        new = sorted(days - self._days)
        if self._db is None or not new:
            return
        self._days |= days
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM buckets WHERE NOT (is_forgotten OR is_duplicate) "
            "AND list_contains(CAST($days AS DATE[]), CAST(started_at AS DATE))",
            {"days": new},
        )
        for provider, org, endpoint, start, width, fetched, content, n, source, *rest in rows:
            file, line, is_current, run_id, late, basis = rest
            bucket = Bucket(
                endpoint=endpoint,
                started_at=start,
                width=width,
                fetched_at=fetched,
                input_file=file,
                input_line=line,
                dimensions=frozenset(),
                rows=n,
                organization_id=org,
                organizations=frozenset(),
                provider=provider,
                position=0,
                late_seconds=late or 0,
                basis=basis,
            )
            version = Version(bucket, source, content, run_id)
            self.versions[bucket.key].append(version)
            if is_current:
                self.set_current(bucket.key, version)

    def current(self, key: BucketKey) -> Version | None:
        """The current version."""
        return self._current.get(key)

    def set_current(self, key: BucketKey, version: Version) -> None:
        """Make a version the current one."""
        self.unset_current(key)
        version.is_current = True
        self._current[key] = version
        self._by_day[_day(version.bucket)].add(key)

    def unset_current(self, key: BucketKey) -> None:
        """Leave a bucket without a current version."""
        version = self._current.pop(key, None)
        if version is not None:
            version.is_current = False
            self._by_day[_day(version.bucket)].discard(key)

    def of_other_width(self, bucket: Bucket) -> list[tuple[BucketKey, Version]]:
        """The current versions of a bucket's day that have another width; minutes do not count."""
        keys = sorted(self._by_day.get(_day(bucket), ()))
        current = [(key, self._current[key]) for key in keys]
        return [(k, v) for k, v in current if v.bucket.width in DAY_BUCKETS.keys() - {bucket.width}]


def _day(bucket: Bucket) -> _Day:
    return bucket.provider, bucket.organization_id, bucket.key.basis, bucket.endpoint, bucket.day


def cover(new: Sequence[Bucket], known: Sequence[Bucket]) -> bool:
    """Whether buckets of one day reach as far as known ones of another width do."""
    starts = {b.started_at for b in new}
    if len(starts) >= DAY_BUCKETS[new[0].width]:
        return True
    fetched = [b.fetched_at for b in known if b.fetched_at is not None]
    if len(fetched) < len(known) or any(b.fetched_at is None for b in new):
        return False
    return covers_day(starts, new[0].day, max(fetched))
