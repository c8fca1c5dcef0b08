"""A provider's bucket: its identity, the order of its versions, what contradicts each other.

A later version replaces an earlier one whole. Never reads a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

from pipeline.errors import SourceError
from pipeline.schemas import Basis

Width = Literal["1m", "1h", "1d"]
COSTS = "costs"  # the endpoint of every provider's costs
WIDTH_SECONDS: dict[Width, int] = {"1m": 60, "1h": 3_600, "1d": 86_400}

# NULL on every row proves nothing for these: service accounts have no user, sessions no key.
_OFTEN_NULL = frozenset({"user_id", "api_key_id"})
# The costs endpoint sends project ids whether or not it was asked to group by them.
_OFTEN_NULL_COSTS = _OFTEN_NULL | {"project_id"}


class BucketKey(NamedTuple):
    """The identity of a bucket; one version of each key is current."""

    provider: str
    organization_id: str  # the configured one
    basis: Basis  # charge and detail never replace each other; costs have one basis
    bucket_key: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """One version of one bucket, as one page shows it."""

    endpoint: str  # completions, embeddings, …, costs
    started_at: datetime  # floored to the width; naive UTC
    width: Width
    fetched_at: datetime | None  # the envelope's; None: a page from elsewhere
    input_file: str
    input_line: int
    dimensions: frozenset[str]  # known to be used: asked for, or seen with a value
    rows: int  # accepted result rows
    organization_id: str  # the configured one, whatever the rows name: part of the identity
    organizations: frozenset[str]  # that its rows name; one admin key shows one organization
    provider: str
    position: int  # among the buckets of its file: the rows' `bucket_position`
    late_seconds: int = 0  # that it begins after `started_at`: the first bucket of a fetch is cut
    basis: Basis = "charge"  # of its source

    @property
    def bucket_key(self) -> str:
        """The identity of the bucket inside its organization, provider and basis."""
        return bucket_key(self.endpoint, self.started_at, self.width)

    @property
    def key(self) -> BucketKey:
        """The identity of the bucket."""
        basis: Basis = "charge" if self.is_costs else self.basis
        return BucketKey(self.provider, self.organization_id, basis, self.bucket_key)

    @property
    def is_costs(self) -> bool:
        """Whether its rows are costs, and not usage."""
        return self.endpoint == COSTS

    @property
    def day(self) -> date:
        """The UTC day that the bucket is part of."""
        return self.started_at.date()


class OpenPage(NamedTuple):
    """A page of buckets that says that more follow it; naive UTC."""

    endpoint: str
    covered_until_at: datetime  # end of its last bucket
    asked_until_at: datetime | None  # None: the page does not say what was asked for
    input_line: int


class PagesFile(NamedTuple):
    """A file of pages, and whose buckets these are."""

    provider: str
    organization_id: str
    source: str
    input_file: str


class HasBuckets(Protocol):
    """A parsed file with the buckets that its pages cover."""

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """In the order of the file."""


def bucket_key(endpoint: str, started_at: datetime, width: Width) -> str:
    """``completions|2026-06-14T00:00:00|1d``; of costs, always days, ``costs|2026-06-14``."""
    if endpoint == COSTS:
        return f"costs|{started_at.date().isoformat()}"
    return f"{endpoint}|{started_at.isoformat()}|{width}"


def covers_day(starts: Collection[datetime], day: date, until: datetime) -> bool:
    """Whether hourly buckets that start then cover a UTC day, as far as an instant."""
    midnight = datetime.combine(day, time())
    hours = -(-min(until - midnight, timedelta(days=1)) // timedelta(hours=1))
    return set(starts) >= {midnight + timedelta(hours=n) for n in range(hours)}


def versions(parsed: Sequence[HasBuckets]) -> tuple[Bucket, ...]:
    """All versions of one source's buckets, in the order in which they apply.

    Pages from elsewhere come first, by path; then those in our envelope, by fetch, then path.
    """
    return tuple(sorted((b for p in parsed for b in p.buckets), key=_sequence))


def order(parsed: Sequence[HasBuckets]) -> tuple[Bucket, ...]:
    """The versions that hold, of one source, in the order in which they apply.

    **Gives** one version a bucket: the last of ``versions``; where our own fetches changed their
    width within a day, only buckets of the later width.
    **Fails** with SourceError, naming both files, where pages from elsewhere disagree on width or
    dimensions within a day, where any disagree on the organization, or where a change of width
    leaves hours uncovered.
    """
    everything = versions(parsed)
    days: dict[tuple[str, str, date], list[Bucket]] = defaultdict(list)
    for bucket in everything:
        if bucket.width != "1m":  # never charged, so it contradicts nothing
            days[bucket.organization_id, bucket.endpoint, bucket.day].append(bucket)
    dropped: set[Bucket] = set()
    for same_day in days.values():
        _one_organization(same_day)
        _agree(b for b in same_day if b.fetched_at is None)
        dropped |= _of_earlier_width(same_day)
    last = {(b.organization_id, b.bucket_key): b for b in everything if b not in dropped}
    return tuple(sorted(last.values(), key=_sequence))


def one_organization(parsed: Sequence[HasBuckets]) -> None:
    """Whether pages are all of one organization. Fails: SourceError, naming two files."""
    days: dict[tuple[str, date], list[Bucket]] = defaultdict(list)
    for bucket in versions(parsed):
        days[bucket.endpoint, bucket.day].append(bucket)
    for same_day in days.values():
        _one_organization(same_day)


def _sequence(bucket: Bucket) -> tuple[bool, datetime, str, int]:
    fetched = bucket.fetched_at
    return (
        fetched is not None,
        fetched or datetime.min,  # noqa: DTZ901  naive UTC
        bucket.input_file,
        bucket.position,
    )


def _one_organization(same_day: Sequence[Bucket]) -> None:
    """Pages of two organizations in one source would replace each other."""
    known = [b for b in same_day if b.organizations]
    for one, other in pairwise(known):
        if one.organizations != other.organizations:
            names = ", ".join(sorted(one.organizations | other.organizations))
            raise _disagreement(one, other, f"organizations ({names})")


def _agree(buckets: Iterable[Bucket]) -> None:
    """All buckets of one day that came from elsewhere were asked for in one way."""
    known = [b for b in buckets if b.rows]
    for one, other in pairwise(known):
        if one.width != other.width:
            raise _disagreement(one, other, f"widths ({one.width} and {other.width})")
    firsts: dict[tuple[datetime | None, frozenset[str]], Bucket] = {}
    for bucket in known:
        unsure = _OFTEN_NULL_COSTS if bucket.is_costs else _OFTEN_NULL
        # Over the whole day only what is never NULL; of one bucket, the same traffic, everything.
        for start, fields in (
            (None, bucket.dimensions - unsure),
            (bucket.started_at, bucket.dimensions),
        ):
            earlier = next((b for (s, f), b in firsts.items() if s == start and f != fields), None)
            if earlier is not None:
                differing = ", ".join(sorted(earlier.dimensions ^ bucket.dimensions))
                raise _disagreement(earlier, bucket, f"dimensions ({differing})")
            firsts.setdefault((start, fields), bucket)


def _disagreement(one: Bucket, other: Bucket, what: str) -> SourceError:
    first, second = sorted((one, other), key=_sequence)
    return SourceError(
        f"the {first.endpoint} buckets of {first.day} disagree with those of "
        f"{second.input_file}:{second.input_line} on their {what}: neither can replace the other",
        file=first.input_file,
        line=first.input_line,
        hint="Keep one of the two, or make them two sources.",
    )


def _of_earlier_width(same_day: Sequence[Bucket]) -> set[Bucket]:
    """The buckets of one day that a later fetch in another width replaces."""
    latest = same_day[-1]
    earlier = {b for b in same_day if b.width != latest.width}
    if earlier and latest.width == "1h" and latest.fetched_at is not None:
        starts = {b.started_at for b in same_day if b.width == "1h"}
        if not covers_day(starts, latest.day, latest.fetched_at):
            raise _disagreement(max(earlier, key=_sequence), latest, "widths (1d and 1h)")
    return earlier
