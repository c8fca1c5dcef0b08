"""Minute buckets: kept apart, never charged, replaced by a later fetch, covered or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.minute_pages import CONFIGURATION, fill, minute, minutes, row
from tests.support.workspace import Place, bucket, page, used

KEPT = (
    "SELECT strftime(started_at, '%H:%M'), project_id, requests, input_tokens + output_tokens "
    "FROM minute_usage ORDER BY ALL"
)
COVERED = "SELECT bucket_minutes, request_minutes FROM rate_limit_coverage"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, CONFIGURATION)


def test_minutes_are_kept_and_never_charged(place: Place) -> None:
    """The day's own bucket is the charge; the same tokens by the minute change no amount."""
    place.write("usage/a.json", page("completions", "2026-11-24T02:00:00Z",
                                     bucket("2026-11-23", used(1500))))  # fmt: skip
    place.run()
    before = place.rows("FROM charges ORDER BY ALL")
    place.write(
        "usage/b.json",
        minutes(
            "2026-11-24T02:00:00Z",
            minute("2026-11-23T10:00:00", row(1000, 2, out=11), row(400, project="proj_b")),
            minute("2026-11-23T10:01:00"),
            minute("2026-11-23T10:02:00", row(100)),
        ),
    )
    result = place.run()
    assert place.rows(KEPT) == [
        ("10:00", "proj_a", 2, 1011),
        ("10:00", "proj_b", 1, 400),
        ("10:02", "proj_a", 1, 100),
    ]
    assert place.rows("FROM charges ORDER BY ALL") == before
    assert (result.counts.rows_read, result.counts.not_usage, result.postings) == (0, 3, {})
    assert place.rows(COVERED) == [(3, 0)]
    place.assert_sums_agree()


def test_a_later_fetch_replaces_a_minute_whole(place: Place) -> None:
    """A row that vanished from the minute vanishes; other minutes stay."""
    place.write(
        "usage/a.json",
        minutes(
            "2026-11-23T10:02:00Z",
            minute("2026-11-23T10:00:00", row(7)),
            minute("2026-11-23T10:01:00", row(8), row(9, project="proj_b")),
        ),
    )
    place.run()
    later = minutes(
        "2026-11-23T11:00:00Z",
        minute("2026-11-23T10:01:00", row(80)),
        minute("2026-11-23T10:02:00"),
    )
    place.write("usage/b.json", later)
    place.run()
    expected = [("10:00", "proj_a", 1, 7), ("10:01", "proj_a", 1, 80)]
    assert place.rows(KEPT) == expected
    assert place.rows(COVERED) == [(3, 0)]
    place.run()
    assert place.rows(KEPT) == expected
    assert len(list(place.path("var/minutes").iterdir())) == 1


@pytest.mark.parametrize("are_together", [True, False])
def test_an_older_fetch_that_comes_late_changes_nothing_it_should_not(
    place: Place, *, are_together: bool
) -> None:
    """The later fetch holds, whatever the order of runs and files; what it lacks is taken."""
    place.write(
        "usage/z.json",
        minutes("2026-11-23T11:00:00Z", minute("2026-11-23T10:01:00", row(80))),
    )
    if not are_together:
        place.run()
    place.write(
        "usage/a.json",
        minutes(
            "2026-11-23T10:02:00Z",
            minute("2026-11-23T10:00:00", row(7)),
            minute("2026-11-23T10:01:00", row(8)),
        ),
    )
    if are_together:
        place.path("usage/a.json").rename(place.path("usage/zz.json"))
    place.run()
    assert place.rows(KEPT) == [("10:00", "proj_a", 1, 7), ("10:01", "proj_a", 1, 80)]


def test_a_minute_that_became_empty_is_zero_and_covered(place: Place) -> None:
    """No row, and no file for the day either; the minute still counts as known."""
    place.write(
        "usage/a.json", minutes("2026-11-23T10:02:00Z", minute("2026-11-23T10:00:00", row(7)))
    )
    place.run()
    place.write("usage/b.json", minutes("2026-11-23T11:02:00Z", minute("2026-11-23T10:00:00")))
    place.run()
    assert place.rows(KEPT) == []
    assert place.rows(COVERED) == [(1, 0)]


def test_endpoints_are_fetched_apart_and_cover_a_minute_once(place: Place) -> None:
    """Ten minutes of completions and five of embeddings within them are ten covered minutes."""
    for endpoint, first, last in (("completions", 0, 10), ("embeddings", 3, 8)):
        buckets = [minute(f"2026-11-23T10:{n:02}:00") for n in range(first, last)]
        told = minutes("2026-11-23T12:00:00Z", *buckets, endpoint=endpoint)
        place.write(f"usage/{endpoint}.json", told)
    place.run()
    assert place.rows(COVERED) == [(10, 0)]


def test_a_forgotten_file_takes_its_minutes_along(place: Place) -> None:
    """Rows and coverage go; minutes of other files stay."""
    for name, at in (("a", "10:00"), ("b", "10:01")):
        place.write(
            f"usage/{name}.json",
            minutes("2026-11-23T12:00:00Z", minute(f"2026-11-23T{at}:00", row(7))),
        )
    place.run()
    place.forget("usage/a.json")
    assert place.rows(KEPT) == [("10:01", "proj_a", 1, 7)]
    assert place.rows(COVERED) == [(1, 0)]
    place.run()
    assert place.rows(KEPT) == [("10:01", "proj_a", 1, 7)]


def test_a_batch_and_a_model_without_a_project_are_kept_but_limit_nothing(place: Place) -> None:
    """The Batch API has limits of its own, and a row of no project belongs to no limit."""
    place.write(
        "usage/a.json",
        minutes(
            "2026-11-23T12:00:00Z",
            minute("2026-11-23T10:00:00", row(7, batch=True), row(8, project=None), row(9)),
        ),
    )
    place.run()
    fill(place, rate_limits=[("proj_a", "alpha", 10, 100, "2026-01-01", None)])
    place.run()
    assert place.rows("SELECT count(*) FROM minute_usage") == [(3,)]
    assert place.rows(
        "SELECT project_id, model, requests, tokens, tokens_basis_points FROM rate_limit_minutes"
    ) == [("proj_a", "alpha", 1, 9, 900)]
