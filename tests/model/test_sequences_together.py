"""More sequences of acts that once lost or doubled money, played side by side in one workspace."""

from __future__ import annotations

import gzip
from datetime import timedelta

from tests.support.cases import LATER, REPLAY, RUN, Case, Cases, Play
from tests.support.workspace import CONFIGURATION, lines

MORE = """
[[sources]]
name = "audit"
kind = "request_log"
path = ["raw"]
basis = "detail"

[[sources]]
name = "whole"
kind = "records"
path = ["tables/*"]
replace = true

[quality]
max_quarantined_percent = 100
"""
CASES = Cases(configuration=CONFIGURATION + MORE)
# The longest, and those of which the tests of their packages have a short form.
LONG_CASES = Cases(configuration=CONFIGURATION + MORE, is_slow=True)


def rubbish(case: Case, times: int = 1) -> str:
    """A line that cannot be read; other cases have others."""
    return f"rubbish of {case.name}\n" * times


def held(case: Case) -> int:
    """How many rows of its files are held back."""
    [(rows,)] = case.rows("SELECT count(*) FROM quarantine WHERE replayed_at IS NULL AND {of}")
    return int(rows)


def counted(case: Case) -> dict[str, tuple[int, ...]]:
    """Rows read, accepted, duplicate or superseded, quarantined of each of its files."""
    return {
        name: (read, accepted, duplicate + superseded, quarantined)
        for name, (read, accepted, duplicate, superseded, quarantined) in case.fates().items()
    }


@CASES.case
def test_t1_a_detail_copy_of_charged_calls_changes_no_charge(case: Case) -> Play:
    case.log("logs/a.jsonl", case.request("1", 1))
    case.log("raw/a.jsonl", case.request("1", 1))
    yield RUN
    assert case.tokens() == 1
    assert case.fates() == {"logs/a.jsonl": (1, 1, 0, 0, 0), "raw/a.jsonl": (1, 1, 0, 0, 0)}
    case.log("raw/b.jsonl", case.request("1", 2))  # the audit corrects itself, not the charge
    yield RUN
    assert case.tokens() == 1


@CASES.case
def test_t1_the_detail_first_then_the_charge(case: Case) -> Play:
    case.log("raw/a.jsonl", case.request("1", 1))
    yield RUN
    case.log("logs/a.jsonl", case.request("1", 1))
    yield RUN
    assert case.tokens() == 1


@LONG_CASES.case
def test_t7_within_one_run(case: Case) -> Play:
    case.write("logs/a.jsonl", rubbish(case))
    case.write("logs/b.jsonl", rubbish(case, 2))
    yield RUN
    assert held(case) == 2


@LONG_CASES.case
def test_t7_the_same_rubbish_line_is_held_once_whichever_file_came_first(case: Case) -> Play:
    case.write("logs/a.jsonl", rubbish(case))
    yield RUN
    case.write("logs/b.jsonl", rubbish(case, 2))
    yield RUN
    assert held(case) == 2
    case.write("logs/c.jsonl", rubbish(case, 2) + lines(case.request("1", 1)))
    yield RUN
    assert held(case) == 2


@LONG_CASES.case
def test_t35_a_row_mended_in_its_file_is_no_longer_held_back(case: Case) -> Play:
    whole, mended = case.request("1", 1), case.request("2", 2)
    broken = {key: value for key, value in mended.items() if key != "model"}
    case.log("logs/a.jsonl", whole, broken)
    yield RUN
    assert held(case) == 1
    case.log("logs/a.jsonl", whole, mended)
    yield RUN
    assert case.tokens() == 3
    assert held(case) == 0


@CASES.case
def test_t14_rows_of_another_organization_are_held_back(case: Case) -> Play:
    foreign = case.request("2", 4, organization_id="org-other")
    case.log("logs/a.jsonl", case.request("1", 1), foreign)
    yield RUN
    assert case.tokens() == 1
    assert case.rows("SELECT rule FROM quarantine WHERE {of}") == [("other_organization",)]


@CASES.case
def test_a_line_given_up_and_then_torn_does_not_stop_every_run(case: Case) -> Play:
    """Its incomplete last line was held back after a day; then the writer began a new line."""
    whole, other = (lines(case.request(name, 1)) for name in ("1", "2"))
    case.write("logs/a.jsonl", whole + whole[:40], age=timedelta(days=2))
    yield RUN
    assert held(case) == 1
    case.write("logs/a.jsonl", f"{whole}{whole[:40]}\n{other}")
    yield RUN
    assert (case.tokens(), held(case)) == (2, 1)


@CASES.case
def test_a_packed_log_that_is_touched_or_packed_anew_is_the_same_file(case: Case) -> Play:
    calls = case.request("1", 1), case.request("2", 2)
    case.log("logs/a.jsonl.gz", *calls)
    yield RUN
    before = case.fates()
    assert before == {"logs/a.jsonl.gz": (2, 2, 0, 0, 0)}
    case.log("logs/a.jsonl.gz", *calls)
    yield RUN
    packed = gzip.compress(lines(*calls).encode(), compresslevel=1)
    case.path("logs/a.jsonl.gz").write_bytes(packed + gzip.compress(b""))
    yield RUN
    assert case.fates() == before


@LONG_CASES.case
def test_a_remembered_file_counts_as_if_it_had_never_been_forgotten(case: Case) -> Play:
    first = lines(case.request("1", 1), case.request("2", 1)) + rubbish(case)
    case.write("logs/a.jsonl", first)
    yield RUN
    case.log("logs/b.jsonl", case.request("1", 2), case.request("2", 1), case.request("3", 4))
    yield RUN
    before = (case.tokens(), counted(case), held(case))
    assert case.tokens() == 7
    yield case.forget("logs/a.jsonl")
    assert (case.tokens(), held(case)) == (7, 0)
    yield case.forget("logs/b.jsonl")
    assert case.tokens() == 0
    yield case.remember("logs/b.jsonl")
    yield case.remember("logs/a.jsonl")
    assert (case.tokens(), counted(case), held(case)) == before
    case.write("logs/a.jsonl", first + lines(case.request("5", 5)))
    yield RUN
    assert case.tokens() == 12


@CASES.case
def test_t3_other_content_under_a_forgotten_name_is_read(case: Case) -> Play:
    case.log("logs/current.jsonl", case.request("1", 1), case.request("2", 1))
    yield RUN
    yield case.forget("logs/current.jsonl")
    assert case.tokens() == 0
    calls = [case.request(name, 5) for name in ("3", "4", "5")]
    case.log("logs/current.jsonl", calls[0])
    yield RUN
    assert case.tokens() == 5
    case.log("logs/current.jsonl", *calls)
    yield RUN
    assert case.tokens() == 15


@CASES.case
def test_t8_forgetting_a_copy_does_not_touch_the_original_nor_what_comes(case: Case) -> Play:
    first = (case.request("1", 1), case.request("2", 1), case.request("1", 1))
    case.log("logs/live.jsonl", *first)
    yield RUN
    case.log("logs/old-backup.jsonl", *first)
    yield RUN
    yield case.forget("logs/old-backup.jsonl")
    assert case.tokens() == 2
    case.log("logs/live.jsonl", *first, case.request("3", 5))
    yield RUN
    assert case.tokens() == 7
    case.log("logs/live.jsonl", *first, case.request("3", 5), case.request("4", 5))
    yield RUN
    assert case.tokens() == 12


@CASES.case
def test_t8_forgetting_the_original_leaves_what_its_copy_has(case: Case) -> Play:
    case.log("logs/a.jsonl", case.request("1", 1))
    yield RUN
    case.log("logs/b.jsonl", case.request("1", 1))
    yield RUN
    yield case.forget("logs/a.jsonl")
    assert case.tokens() == 1
    yield RUN
    assert case.tokens() == 1


@CASES.case
def test_t26_forgetting_a_file_that_no_longer_counts_changes_nothing_later(case: Case) -> Play:
    case.log("logs/a.jsonl", case.request("1", 1))
    yield RUN
    case.log("logs/other.jsonl", case.request("9", 0), case.request("1", 1))
    yield RUN
    case.log("logs/b.jsonl", case.request("1", 2))
    yield RUN
    yield case.forget("logs/a.jsonl")
    assert case.tokens() == 2
    yield RUN
    assert case.tokens() == 2


@LONG_CASES.case
def test_forgetting_a_file_keeps_a_held_row_that_another_file_has(case: Case) -> Play:
    case.write("logs/a.jsonl", rubbish(case))
    yield RUN
    case.write("logs/b.jsonl", rubbish(case) + lines(case.request("1", 1)))
    yield RUN
    assert held(case) == 1
    yield case.forget("logs/a.jsonl")
    assert held(case) == 1
    case.write("logs/c.jsonl", lines(case.request("3", 1)) + rubbish(case))
    yield RUN
    assert held(case) == 1
    yield case.forget("logs/b.jsonl")
    assert held(case) == 1
    yield case.remember("logs/a.jsonl")
    assert held(case) == 1
    assert case.fates()["logs/a.jsonl"] == (1, 0, 0, 0, 1)
    yield case.forget("logs/c.jsonl")
    yield case.forget("logs/a.jsonl")
    assert held(case) == 0
    case.write("logs/d.jsonl", lines(case.request("4", 1)) + rubbish(case, 2))
    yield RUN
    assert held(case) == 2


@LONG_CASES.case
def test_a_copy_that_has_grown_has_copies_of_its_own(case: Case) -> Play:
    """What they have beyond the first original counts there once the copy that grew is out."""
    first, second = case.request("1", 1), case.request("2", 2)
    case.log("logs/a.jsonl", first)
    yield RUN
    case.log("logs/b.jsonl", first)
    yield RUN
    case.log("logs/b.jsonl", first, second)
    case.log("logs/c.jsonl", first, second)
    yield RUN
    case.log("logs/a.jsonl", first, case.request("3", 4))
    yield RUN
    assert case.tokens() == 7
    yield case.forget("logs/b.jsonl")
    assert case.tokens() == 7
    yield case.forget("logs/a.jsonl")
    assert case.tokens() == 3
    yield case.remember("logs/b.jsonl")
    yield case.forget("logs/c.jsonl")
    assert case.tokens() == 3


def row(case: Case, name: str, tokens: int) -> str:
    """A row of a table."""
    return f"{case.name}-{name},2026-11-23T10:00:00Z,{case.project},alpha,{tokens},0,1"


@LONG_CASES.case
def test_t30_a_row_that_vanishes_from_a_table_goes_on_counting(case: Case) -> Play:
    """Where `replace` does not say otherwise."""
    case.records("exports/x.csv", row(case, "1", 1), row(case, "2", 2))
    yield RUN
    case.records("exports/x.csv", row(case, "1", 1))
    yield RUN
    assert case.tokens() == 3


@LONG_CASES.case
def test_t30_replace_true_takes_a_rewritten_file_as_the_whole_truth(case: Case) -> Play:
    case.records("tables/x.csv", row(case, "1", 1), row(case, "2", 2))
    yield RUN
    assert case.tokens() == 3
    case.records("tables/x.csv", row(case, "1", 1))
    yield RUN
    assert case.tokens() == 1


@LONG_CASES.case
def test_t36_touching_a_file_whose_copy_is_known_changes_nothing(case: Case) -> Play:
    case.records("exports/a.csv", row(case, "1", 1))
    yield RUN
    case.records("exports/b.csv", row(case, "1", 1))
    yield RUN
    before = case.fates()
    for name in ("a", "b", "a", "b"):
        case.records(f"exports/{name}.csv", row(case, "1", 1))
        yield RUN
        assert case.fates() == before


@LONG_CASES.case
def test_a_file_in_the_place_of_another_lets_go_of_nothing(case: Case) -> Play:
    """All that could be read of it was in another file too, and both are two lines long."""
    first, second, third = (case.request(name, n) for name, n in (("1", 1), ("2", 2), ("3", 4)))
    case.log("logs/a.jsonl", first)
    yield RUN
    case.write("logs/b.jsonl", lines(first) + rubbish(case))
    yield RUN
    case.log("logs/b.jsonl", second, third)
    yield RUN
    assert (case.tokens(), held(case)) == (7, 1)
    case.log("logs/b.jsonl", case.request("4", 8), second, third)
    yield RUN
    assert held(case) == 0  # mended: it has all that it had


@CASES.case
def test_a_file_whose_duplicate_counts_by_now_is_mended(case: Case) -> Play:
    """The row is in the ledger then, and is not looked for a second time."""
    first = case.request("1", 1)
    case.log("logs/a.jsonl", first)
    yield RUN
    case.write("logs/b.jsonl", rubbish(case) + lines(first))
    yield RUN
    yield case.forget("logs/a.jsonl")
    assert (case.tokens(), held(case)) == (1, 1)
    case.log("logs/b.jsonl", case.request("2", 2), first)
    yield RUN
    assert (case.tokens(), held(case)) == (3, 0)


# Held back as of a wrong clock in the first two runs, which come before any case's day later.
TOO_SOON = "2026-11-25T20:00:00"


@LONG_CASES.each(of_another_file=True, rewritten_with_the_rest=False)
def test_t6_t16_a_replayed_row_is_booked_on_the_version_it_came_from(
    case: Case,
    is_elsewhere: bool,  # noqa: FBT001  a case of the table
) -> Play:
    future, other = case.request("1", 1, when=TOO_SOON), case.request("3", 1)
    case.log("logs/a.jsonl", future, case.request("2", 1))
    yield RUN
    assert (case.tokens(), held(case)) == (1, 1)
    if is_elsewhere:
        case.log("logs/b.jsonl", other)
    else:
        case.log("logs/a.jsonl", case.request("2", 1))
    yield RUN
    if is_elsewhere:
        case.log("logs/b.jsonl", other, future)
    yield LATER
    yield REPLAY
    case.log("logs/d.jsonl", case.request("1", 2, when=TOO_SOON))
    yield RUN  # and not exit 1 for good
    assert held(case) == 0


@LONG_CASES.case
def test_a_copy_is_read_where_a_row_held_in_its_original_can_be_read_by_now(case: Case) -> Play:
    """As a packed copy of it is; replay then finds a duplicate."""
    future = case.request("1", 1, when=TOO_SOON)
    case.log("logs/a.jsonl", future)
    yield RUN
    yield RUN
    case.log("logs/b.jsonl", future)
    yield LATER
    assert case.tokens() == 1
    yield REPLAY
    assert (case.tokens(), held(case)) == (1, 0)


@LONG_CASES.case
def test_a_replayed_row_counts_in_each_file_that_has_it(case: Case) -> Play:
    """So it is still there when the file that held it is forgotten."""
    future = case.request("1", 1, when=TOO_SOON)
    case.log("logs/a.jsonl", future)
    yield RUN
    case.log("logs/b.jsonl", future, case.request("2", 2))
    yield RUN
    assert case.fates()["logs/b.jsonl"] == (2, 1, 1, 0, 0)
    yield LATER
    yield REPLAY
    assert (case.tokens(), held(case)) == (3, 0)
    yield case.forget("logs/a.jsonl")
    assert case.tokens() == 3
    assert case.fates()["logs/b.jsonl"] == (2, 2, 0, 0, 0)
