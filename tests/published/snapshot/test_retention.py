"""Which snapshots are kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.operations_section import Retention
from pipeline.published.snapshot.retention import (
    DATABASE,
    SnapshotAge,
    is_being_read,
    kept_by_age,
    prune,
)

NOW = datetime(2026, 11, 24, 12, 30)


def _made(*minutes_ago: int) -> list[SnapshotAge]:
    times = [NOW - timedelta(minutes=m) for m in minutes_ago]
    return [SnapshotAge(Path(f"{t:%Y%m%dT%H%M%S}"), t) for t in times]


def _minutes(kept: list[SnapshotAge]) -> list[int]:
    return sorted(round((NOW - s.made_at).total_seconds() / 60) for s in kept)


def test_a_minutely_schedule_keeps_the_young_ones_and_the_first_of_each_hour() -> None:
    made = _made(*range(2 * 24 * 60))
    kept = _minutes(kept_by_age(made, Retention(), NOW))
    assert kept == [*range(16), *range(30, 24 * 60 + 1, 60)]


def test_an_hourly_schedule_keeps_a_day() -> None:
    made = _made(*range(0, 3 * 24 * 60, 60))
    assert _minutes(kept_by_age(made, Retention(), NOW)) == list(range(0, 24 * 60 + 1, 60))


def test_the_newest_are_kept_however_old() -> None:
    made = _made(10_000, 20_000, 30_000, 40_000)
    assert _minutes(kept_by_age(made, Retention(), NOW)) == [10_000, 20_000, 30_000]
    assert _minutes(kept_by_age(made, Retention(snapshots=1), NOW)) == [10_000]


@given(st.sets(st.integers(0, 3_000), min_size=1), st.integers(0, 200))
def test_what_is_kept_does_not_depend_on_how_often_it_was_pruned(
    minutes: set[int], later: int
) -> None:
    """Pruning at each run keeps what pruning once at the end keeps."""
    made = _made(*minutes)
    earlier = [s for s in made if s.made_at <= NOW - timedelta(minutes=later)]
    kept_then = kept_by_age(earlier, Retention(), NOW - timedelta(minutes=later))
    rest = [s for s in made if s not in earlier or s in kept_then]
    assert kept_by_age(rest, Retention(), NOW) == kept_by_age(made, Retention(), NOW)


def _snapshots(root: Path, *names: str) -> list[Path]:
    folders = []
    for name in names:
        folder = root / "snapshots" / name
        folder.mkdir(parents=True)
        with duckdb.connect(str(folder / DATABASE)) as con:
            con.execute("CREATE TABLE t AS SELECT 1 AS x")
        old = (NOW - timedelta(days=3)).replace(tzinfo=UTC).timestamp()
        os.utime(folder, (old, old))
        folders.append(folder)
    return folders


def test_the_published_one_and_one_that_is_read_are_never_removed(tmp_path: Path) -> None:
    first, second, third, _ = _snapshots(tmp_path, "1", "2", "3", "4")
    link = tmp_path / "published"
    link.symlink_to("snapshots/1")
    reading = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); "
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reading, str(second / DATABASE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"open\n"
        assert is_being_read(second / DATABASE)
        assert prune(first.parent, link, Retention(snapshots=1), NOW) == [third]
        reader.communicate(b"")
    assert not is_being_read(second / DATABASE)
    assert prune(first.parent, link, Retention(snapshots=1), NOW) == [second]
    assert sorted(p.name for p in first.parent.iterdir()) == ["1", "4"]


@pytest.mark.parametrize("name", ["gone", "folder"])
def test_what_has_no_database_is_not_being_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    assert not is_being_read(tmp_path / name)
    shutil.rmtree(tmp_path)
