"""Minute buckets: kept apart, never charged, replaced by a later fetch, covered or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.minute_pages import CONFIGURATION, fill, minute, minutes, row
from tests.support.workspace import Workspace, bucket, page, used

KEPT = (
    "SELECT strftime(started_at, '%H:%M'), project_id, requests, input_tokens + output_tokens "
    "FROM minute_usage ORDER BY ALL"
)
COVERED = "SELECT bucket_minutes, request_minutes FROM rate_limit_coverage"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, CONFIGURATION)


def test_minutes_are_kept_and_never_charged(workspace: Workspace) -> None:
    """The day's own bucket is the charge; the same tokens by the minute change no amount."""
    workspace.write("usage/a.json", page("completions", "2026-11-24T02:00:00Z",
                                     bucket("2026-11-23", used(1500))))  # fmt: skip
    workspace.run()
    before = workspace.rows("FROM charges ORDER BY ALL")
    workspace.write(
        "usage/b.json",
        minutes(
            "2026-11-24T02:00:00Z",
            minute("2026-11-23T10:00:00", row(1000, 2, out=11), row(400, project="proj_b")),
            minute("2026-11-23T10:01:00"),
            minute("2026-11-23T10:02:00", row(100)),
        ),
    )
    result = workspace.run()
    assert workspace.rows(KEPT) == [
        ("10:00", "proj_a", 2, 1011),
        ("10:00", "proj_b", 1, 400),
        ("10:02", "proj_a", 1, 100),
    ]
    assert workspace.rows("FROM charges ORDER BY ALL") == before
    assert (result.counts.rows_read, result.counts.not_usage, result.postings) == (0, 3, {})
    assert workspace.rows(COVERED) == [(3, 0)]
    workspace.assert_sums_agree()


def test_a_later_fetch_replaces_a_minute_whole(workspace: Workspace) -> None:
    """A row that vanished from the minute vanishes; other minutes stay."""
    workspace.write(
        "usage/a.json",
        minutes(
            "2026-11-23T10:02:00Z",
            minute("2026-11-23T10:00:00", row(7)),
            minute("2026-11-23T10:01:00", row(8), row(9, project="proj_b")),
        ),
    )
    workspace.run()
    later = minutes(
        "2026-11-23T11:00:00Z",
        minute("2026-11-23T10:01:00", row(80)),
        minute("2026-11-23T10:02:00"),
    )
    workspace.write("usage/b.json", later)
    workspace.run()
    expected = [("10:00", "proj_a", 1, 7), ("10:01", "proj_a", 1, 80)]
    assert workspace.rows(KEPT) == expected
    assert workspace.rows(COVERED) == [(3, 0)]
    workspace.run()
    assert workspace.rows(KEPT) == expected
    assert len(list(workspace.path("var/minutes").iterdir())) == 1


@pytest.mark.parametrize("are_together", [True, False])
def test_an_older_fetch_that_comes_late_changes_nothing_it_should_not(
    workspace: Workspace, *, are_together: bool
) -> None:
    """The later fetch holds, whatever the order of runs and files; what it lacks is taken."""
    workspace.write(
        "usage/z.json",
        minutes("2026-11-23T11:00:00Z", minute("2026-11-23T10:01:00", row(80))),
    )
    if not are_together:
        workspace.run()
    workspace.write(
        "usage/a.json",
        minutes(
            "2026-11-23T10:02:00Z",
            minute("2026-11-23T10:00:00", row(7)),
            minute("2026-11-23T10:01:00", row(8)),
        ),
    )
    if are_together:
        workspace.path("usage/a.json").rename(workspace.path("usage/zz.json"))
    workspace.run()
    assert workspace.rows(KEPT) == [("10:00", "proj_a", 1, 7), ("10:01", "proj_a", 1, 80)]


def test_a_minute_that_became_empty_is_zero_and_covered(workspace: Workspace) -> None:
    """No row, and no file for the day either; the minute still counts as known."""
    workspace.write(
        "usage/a.json", minutes("2026-11-23T10:02:00Z", minute("2026-11-23T10:00:00", row(7)))
    )
    workspace.run()
    workspace.write("usage/b.json", minutes("2026-11-23T11:02:00Z", minute("2026-11-23T10:00:00")))
    workspace.run()
    assert workspace.rows(KEPT) == []
    assert workspace.rows(COVERED) == [(1, 0)]


def test_endpoints_are_fetched_apart_and_cover_a_minute_once(workspace: Workspace) -> None:
    """Ten minutes of completions and five of embeddings within them are ten covered minutes."""
    for endpoint, first, last in (("completions", 0, 10), ("embeddings", 3, 8)):
        buckets = [minute(f"2026-11-23T10:{n:02}:00") for n in range(first, last)]
        told = minutes("2026-11-23T12:00:00Z", *buckets, endpoint=endpoint)
        workspace.write(f"usage/{endpoint}.json", told)
    workspace.run()
    assert workspace.rows(COVERED) == [(10, 0)]


def test_a_renamed_file_has_its_minutes_when_its_earlier_name_is_forgotten(
    workspace: Workspace,
) -> None:
    """The run after that reads them again."""
    file = workspace.write(
        "usage/a.json", minutes("2026-11-23T10:02:00Z", minute("2026-11-23T10:00:00", row(7)))
    )
    workspace.run()
    file.rename(workspace.path("usage/b.json"))
    workspace.run()
    workspace.forget("usage/a.json")
    workspace.run()
    assert workspace.rows(KEPT) == [("10:00", "proj_a", 1, 7)]


def test_a_forgotten_file_takes_its_minutes_along(workspace: Workspace) -> None:
    """Rows and coverage go; minutes of other files stay."""
    for name, at in (("a", "10:00"), ("b", "10:01")):
        workspace.write(
            f"usage/{name}.json",
            minutes("2026-11-23T12:00:00Z", minute(f"2026-11-23T{at}:00", row(7))),
        )
    workspace.run()
    workspace.forget("usage/a.json")
    assert workspace.rows(KEPT) == [("10:01", "proj_a", 1, 7)]
    assert workspace.rows(COVERED) == [(1, 0)]
    workspace.run()
    assert workspace.rows(KEPT) == [("10:01", "proj_a", 1, 7)]


def test_a_batch_and_a_model_without_a_project_are_kept_but_limit_nothing(
    workspace: Workspace,
) -> None:
    """The Batch API has limits of its own, and a row of no project belongs to no limit."""
    workspace.write(
        "usage/a.json",
        minutes(
            "2026-11-23T12:00:00Z",
            minute("2026-11-23T10:00:00", row(7, batch=True), row(8, project=None), row(9)),
        ),
    )
    workspace.run()
    fill(workspace, rate_limits=[("proj_a", "alpha", 10, 100, "2026-01-01", None)])
    workspace.run()
    assert workspace.rows("SELECT count(*) FROM minute_usage") == [(3,)]
    assert workspace.rows(
        "SELECT project_id, model, requests, tokens, tokens_basis_points FROM rate_limit_minutes"
    ) == [("proj_a", "alpha", 1, 9, 900)]
