"""Rows held back: once whatever the copies, and no longer when they are mended in their file."""

from __future__ import annotations

import itertools

from tests.support.cases import REPLAY, RUN, Case, Cases, Play
from tests.support.workspace import lines

HELD = "SELECT count(*) FROM quarantine WHERE replayed_at IS NULL AND {of}"
CASES = Cases()


def rubbish(case: Case, times: int) -> str:
    """The same line so many times; no other case has it."""
    return f"rubbish of {case.name}\n" * times


@CASES.each(**{"".join(map(str, order)): order for order in itertools.permutations((1, 2, 3))})
def test_the_same_line_is_held_as_often_as_one_file_has_it(
    case: Case, order: tuple[int, ...]
) -> Play:
    """Whichever file came first: three times, since one file has it three times."""
    for number, times in enumerate(order):
        case.write(f"logs/{number}.jsonl", rubbish(case, times) + lines(case.request(str(number))))
        yield RUN
    assert case.rows(HELD) == [(3,)]
    assert sum(fates[4] for fates in case.fates().values()) == 3


@CASES.case
def test_files_of_one_run_hold_it_once_too(case: Case) -> Play:
    """As if they had come one after the other."""
    for name, times in (("a", 1), ("b", 2), ("c", 2)):
        case.write(f"logs/{name}.jsonl", rubbish(case, times) + lines(case.request(name)))
    yield RUN
    assert case.rows(HELD) == [(2,)]


@CASES.case
def test_a_file_that_grows_by_the_same_rubbish_holds_it_again(case: Case) -> Play:
    """Two lines of one file are two."""
    case.write("logs/a.jsonl", rubbish(case, 1))
    case.write("logs/b.jsonl", rubbish(case, 2))
    yield RUN
    case.append("logs/b.jsonl", rubbish(case, 1))
    yield RUN
    assert case.rows(HELD) == [(3,)]


@CASES.case
def test_a_row_mended_in_its_file_is_let_go(case: Case) -> Play:
    """Its earlier version no longer counts it as held; replaying finds nothing."""
    good, bad = lines(case.request("1")), lines(case.request("2", model=""))
    case.write("logs/a.jsonl", good + bad)
    yield RUN
    assert case.rows(HELD) == [(1,)]
    case.write("logs/a.jsonl", good + lines(case.request("2")))
    yield RUN
    assert case.rows(HELD) == [(0,)]
    assert case.tokens() == 2000
    assert case.fates() == {"logs/a.jsonl": (4, 2, 1, 1, 0)}
    result = yield REPLAY
    assert result.counts.accepted == 0


@CASES.case
def test_of_several_rows_only_the_mended_one_is_let_go(case: Case) -> Play:
    """The other one is as broken as before."""
    good, bad = lines(case.request("1")), lines(case.request("2", model=""))
    case.write("logs/a.jsonl", good + bad + rubbish(case, 1))
    yield RUN
    case.write("logs/a.jsonl", good + lines(case.request("2")) + rubbish(case, 1))
    yield RUN
    assert case.rows("SELECT rule FROM quarantine WHERE replayed_at IS NULL AND {of}") == [
        ("malformed_json",)
    ]


@CASES.case
def test_a_file_in_the_place_of_another_lets_nothing_go(case: Case) -> Play:
    """A log that was rotated away has lost its broken row, it was not mended."""
    case.write("logs/a.jsonl", lines(case.request("1")) + rubbish(case, 1))
    yield RUN
    case.write("logs/a.jsonl", lines(case.request("2"), case.request("3"), case.request("4")))
    yield RUN
    assert case.rows(HELD) == [(1,)]
    assert case.tokens() == 4000
