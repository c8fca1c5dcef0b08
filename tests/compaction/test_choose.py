"""Which files are merged."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.compaction.choose import MOST_ROWS, SMALL_ROWS, choose, stored_files

Member = tuple[str, int, int]  # the group that it is of, its rows, its place


def _members(*named: tuple[str, int]) -> list[Member]:
    return [(group, rows, place) for place, (group, rows) in enumerate(named)]


def _chosen(members: list[Member], shared: int = 1, more_than: int = 0) -> list[list[Member]]:
    """What is chosen, as members; so many are in a file each."""
    stored = stored_files(members, path=lambda m: Path(f"{m[2] // shared}"), rows=lambda m: m[1])
    chosen = choose(stored, group=lambda m: m[0], more_than=more_than)
    return [[m for file in part for m in file.members] for part in chosen]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2 * SMALL_ROWS)), max_size=30))
def test_small_ones_of_a_group_go_together_and_stay_bounded(named: list[tuple[str, int]]) -> None:
    members = _members(*named)
    for part in _chosen(members):
        assert len(part) > 1
        assert len({group for group, _, _ in part}) == 1
        assert all(rows < SMALL_ROWS for _, rows, _ in part)
        assert sum(rows for _, rows, _ in part) <= MOST_ROWS
        assert part == sorted(part, key=lambda m: m[2])


def test_they_are_merged_when_more_than_so_many_would_go() -> None:
    members = _members(("a", 1), ("a", 2), ("a", 3), ("c", 1))
    for more_than, sets in ((0, 1), (1, 1), (2, 0), (3, 0)):
        assert len(_chosen(members, more_than=more_than)) == sets


def test_files_without_rows_are_merged_too() -> None:
    members = _members(("a", 0), ("a", 0))
    assert _chosen(members) == [members]


def test_a_merged_file_is_one_file_with_all_its_rows() -> None:
    half = SMALL_ROWS // 2 + 1
    members = _members(("a", half), ("a", half), ("a", 1), ("a", 1))
    assert _chosen(members) == [members]
    assert _chosen(members, shared=2) == [], "two of them are too many rows to be small"
