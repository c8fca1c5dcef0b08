"""Which version of a bucket holds, and which pages contradict each other."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import pytest

from pipeline.errors import SourceError
from pipeline.ledger.bucket import Bucket, Width, order, versions

DIMENSIONS = frozenset({"project_id", "model"})


class Parsed(NamedTuple):
    """One file."""

    buckets: tuple[Bucket, ...]


def bucket(
    file: str,
    hour: int = 0,
    *,
    width: Width = "1d",
    fetched: int | None = None,
    dimensions: frozenset[str] = DIMENSIONS,
    endpoint: str = "completions",
    rows: int = 1,
    position: int = 0,
    organizations: tuple[str, ...] = (),
) -> Bucket:
    """A bucket of 14 June 2026, fetched (if by us) on that day of November."""
    return Bucket(
        endpoint=endpoint,
        started_at=datetime(2026, 6, 14, hour),
        width=width,
        fetched_at=None if fetched is None else datetime(2026, 11, fetched),
        input_file=file,
        input_line=position + 1,
        dimensions=dimensions,
        rows=rows,
        organization_id="org-acme",
        organizations=frozenset(organizations),
        provider="openai",
        position=position,
    )


def current(*buckets: Bucket) -> list[tuple[str, int]]:
    """What holds, the same whichever file is read first."""
    forth = order([Parsed((b,)) for b in buckets])
    assert order([Parsed((b,)) for b in reversed(buckets)]) == forth
    return [(b.input_file, b.position) for b in forth]


def test_the_later_fetch_replaces_the_earlier_whatever_their_paths() -> None:
    """`fetched_at` says which fetch is later; an empty one replaces as well."""
    assert current(bucket("z", fetched=1), bucket("a", fetched=2, rows=0)) == [("a", 0)]


def test_pages_from_elsewhere_are_ordered_by_path_and_line() -> None:
    """Nothing else is known of them; what we fetched ourselves comes after."""
    assert current(bucket("b"), bucket("a")) == [("b", 0)]
    assert current(bucket("a", position=1), bucket("a")) == [("a", 1)]
    assert current(bucket("a", fetched=1), bucket("z")) == [("a", 0)]


def test_all_versions_are_there_in_the_order_in_which_they_apply() -> None:
    """Replaced ones too, so that their rows have a fate."""
    parsed = [Parsed((bucket("b", fetched=2), bucket("c"))), Parsed((bucket("a", fetched=1),))]
    assert [b.input_file for b in versions(parsed)] == ["c", "a", "b"]


def test_endpoints_and_hours_do_not_replace_each_other() -> None:
    """Only the same bucket does."""
    assert current(
        bucket("a", 1, width="1h"),
        bucket("b", 2, width="1h"),
        bucket("c", endpoint="embeddings"),
    ) == [("a", 0), ("b", 0), ("c", 0)]


def test_other_dimensions_in_pages_from_elsewhere_name_both_files() -> None:
    """One grouped by project, one by model: which replaces which cannot be known."""
    one = bucket("a.json", dimensions=frozenset({"project_id"}))
    other = bucket("b.json", dimensions=frozenset({"model"}), position=4)
    with pytest.raises(SourceError) as caught:
        order([Parsed((other,)), Parsed((one,))])
    assert caught.value.file == "a.json"
    assert "b.json:5" in str(caught.value)
    assert "model, project_id" in str(caught.value)
    assert caught.value.hint


def test_other_widths_in_pages_from_elsewhere_name_both_files() -> None:
    """A day and its hours would count twice."""
    with pytest.raises(SourceError, match=r"a\.json.*b\.json.*widths \(1d and 1h\)"):
        order([Parsed((bucket("a.json"), bucket("b.json", 3, width="1h")))])


def test_minutes_contradict_nothing() -> None:
    """They are never charged."""
    assert len(current(bucket("a"), bucket("b", width="1m"))) == 2


def test_a_night_without_users_is_no_contradiction() -> None:
    """Service accounts have no user: another hour's NULLs prove nothing, the same bucket's do."""
    with_users = DIMENSIONS | {"user_id"}
    night = bucket("a", 1, width="1h")
    assert len(current(night, bucket("b", 9, width="1h", dimensions=with_users))) == 2
    with pytest.raises(SourceError, match="user_id"):
        order([Parsed((night, bucket("b", 1, width="1h", dimensions=with_users)))])


def test_our_own_fetches_may_change_their_dimensions() -> None:
    """A later fetch replaces whole buckets, however they are grouped."""
    assert current(bucket("a", fetched=1), bucket("b", fetched=2, dimensions=frozenset())) == [
        ("b", 0)
    ]


def test_our_own_change_of_width_replaces_the_whole_day() -> None:
    """The later width holds; the day is not counted twice."""
    hours = [bucket("h", h, width="1h", fetched=2, position=h) for h in range(24)]
    assert len(current(bucket("d", fetched=1), *hours)) == 24
    assert current(bucket("d", fetched=3), *hours) == [("d", 0)]


def test_hours_that_do_not_cover_the_day_cannot_replace_it() -> None:
    """Nothing is lost because a fetch was cut off."""
    hours = [bucket("h", h, width="1h", fetched=2, position=h) for h in range(23)]
    with pytest.raises(SourceError, match="d:1"):
        order([Parsed((bucket("d", fetched=1), *hours))])


def test_two_organizations_in_one_source_are_refused() -> None:
    """Their buckets have one identity and would replace each other."""
    one = bucket("a", fetched=1, organizations=("org-a",))
    with pytest.raises(SourceError, match="org-a, org-b"):
        order([Parsed((one, bucket("b", fetched=2, organizations=("org-b",))))])
    assert current(one, bucket("b", fetched=2)) == [("b", 0)]


def test_no_buckets_are_in_order() -> None:
    """A run without pages."""
    assert order([]) == ()
