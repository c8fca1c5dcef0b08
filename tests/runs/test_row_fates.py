"""Every row has one fate, whatever happens to the files: copies, growth, rotation, restatements.

Every run checks by itself that the fates of each file add up and that the live ledger is what was
accepted; `tokens` also holds the published usage against the published charges.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from tests.support.cases import LATER, RUN, Case, Cases, Play
from tests.support.workspace import (
    BUCKETS,
    CONFIGURATION,
    Workspace,
    bucket,
    cost,
    epoch,
    lines,
    page,
    published,
    request,
    used,
)

DAY = timedelta(days=1)
ELSEWHERE = """
[[sources]]
name = "elsewhere"
kind = "records"
provider = "elsewhere"
path = ["elsewhere/*"]
"""
CASES = Cases(configuration=CONFIGURATION + ELSEWHERE)
LONG_CASES = Cases(configuration=CONFIGURATION + ELSEWHERE, is_slow=True)
BUCKET_CASES = Cases(configuration=BUCKETS)
# After the first run, a day passes; the third run has nothing to read.
QUIET_CASES = Cases()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path.resolve())


def embedding(case: Case, tokens: int) -> dict[str, Any]:
    """Embeddings have no id; two equal calls are two requests."""
    return {
        "object": "list",
        "created": epoch("2026-11-23T12:00:00"),
        "model": "alpha",
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "project_id": case.project,
    }


def two(case: Case) -> tuple[str, str]:
    """Two projects of a case."""
    return f"{case.project}_a", f"{case.project}_b"


@CASES.case
def test_the_same_file_under_another_name_counts_once(case: Case) -> Play:
    """All its rows are duplicates, and no posting is added."""
    text = lines(case.request("1"), case.request("2", 2000), embedding(case, 8), embedding(case, 8))
    case.write("logs/a.jsonl", text)
    yield RUN
    postings = case.postings()
    case.write("logs/b.jsonl", text)
    yield RUN
    assert case.postings() == postings > 0
    assert case.tokens() == 3016
    assert case.fates() == {"logs/a.jsonl": (4, 4, 0, 0, 0), "logs/b.jsonl": (4, 0, 4, 0, 0)}


@CASES.case
def test_a_packed_copy_in_the_same_run_counts_once(case: Case) -> Play:
    """Plain and .gz of one log lie side by side at the first run."""
    text = lines(case.request("1"), case.request("2", 2000), embedding(case, 8), embedding(case, 8))
    case.write("logs/a.jsonl", text)
    case.write("logs/a.jsonl.gz", text)
    yield RUN
    assert case.tokens() == 3016
    assert case.fates()["logs/a.jsonl.gz"] == (4, 0, 4, 0, 0)


@CASES.case
def test_the_same_request_in_two_files_counts_once(case: Case) -> Play:
    """Two gateways logged one request; the file that comes first keeps it."""
    case.write("logs/a.jsonl", lines(case.request("1"), case.request("2")))
    case.write("logs/b.jsonl", lines(case.request("2"), case.request("3")))
    yield RUN
    assert case.tokens() == 3000
    assert case.fates() == {"logs/a.jsonl": (2, 2, 0, 0, 0), "logs/b.jsonl": (2, 1, 1, 0, 0)}


def test_the_whole_folder_again_changes_nothing(workspace: Workspace) -> None:
    """As it lies, and read again because every file's date has changed."""
    equal = [request(None, 8)] * 2
    workspace.write("logs/a.jsonl", lines(request("1"), *equal) + "broken\n")
    workspace.write("logs/b.jsonl.gz", lines(request("2")) + "{}\n")
    workspace.records("exports/c.csv", "r1,2026-11-22T10:00:00,proj_b,alpha,5000,7,1")
    workspace.write(
        "costs/x.json", page("costs", "2026-11-24T02:00:00Z", bucket("2026-11-22", cost("1")))
    )
    workspace.run()
    before = published(workspace)
    again = workspace.run()
    assert (again.counts.files_read, again.postings) == (0, {})
    assert published(workspace) == before
    for name in ("logs/a.jsonl", "logs/b.jsonl.gz", "exports/c.csv", "costs/x.json"):
        workspace.touch(name)
    dated = workspace.run()
    assert dated.postings == {}
    after = published(workspace)
    assert {k: v for k, v in after.items() if k != "input_files"} == {
        k: v for k, v in before.items() if k != "input_files"
    }


def test_of_files_that_grew_only_the_tails_are_read(workspace: Workspace) -> None:
    """The run counts what came; the files count all.

    One grew by a new row and a copy; one by a change, for which the run accepted one row and the
    head's moved from accepted to superseded; one by the rest of a line that was quarantined.
    """
    whole = lines(request("6"))
    workspace.write("logs/a.jsonl", lines(request("1"), request("2")))
    workspace.write("logs/b.jsonl", lines(request("4", 10)))
    workspace.write("logs/c.jsonl", lines(request("5")) + whole[:40], age=2 * DAY)
    workspace.run()
    assert workspace.fates()["logs/c.jsonl"] == (2, 1, 0, 0, 1)
    workspace.append("logs/a.jsonl", lines(request("3"), request("1")))
    workspace.append("logs/b.jsonl", lines(request("4", 15)))
    workspace.append("logs/c.jsonl", whole[40:])
    counts = workspace.run().counts
    assert (counts.files_read, counts.rows_read) == (3, 2 + 1 + 1)
    assert (counts.accepted, counts.duplicate) == (1 + 1 + 1, 1)
    assert (counts.superseded, counts.quarantined) == (0, 0)
    assert workspace.tokens() == 3000 + 15 + 2000
    assert workspace.fates() == {
        "logs/a.jsonl": (4, 3, 1, 0, 0),
        "logs/b.jsonl": (2, 1, 0, 1, 0),
        "logs/c.jsonl": (2, 2, 0, 0, 0),
    }
    by_line = "SELECT input_line FROM usage WHERE input_file LIKE '%a.jsonl' ORDER BY ALL"
    assert workspace.rows(by_line) == [(1,), (2,), (3,)]
    # the reject of the half line is closed
    assert workspace.rows("SELECT count(*) FROM quarantine WHERE replayed_at IS NULL") == [(0,)]


@CASES.case
def test_a_half_written_line_waits_until_it_is_whole(case: Case) -> Play:
    """It is no reject, and no row, until its rest is there."""
    whole = lines(case.request("2"))
    case.write("logs/a.jsonl", lines(case.request("1")) + whole[:40])
    yield RUN
    assert case.states() == {"logs/a.jsonl": ["waiting"]}
    assert case.fates() == {"logs/a.jsonl": (1, 1, 0, 0, 0)}
    case.append("logs/a.jsonl", whole[40:] + lines(case.request("3")))
    yield RUN
    assert case.states() == {"logs/a.jsonl": ["read"]}
    assert case.fates() == {"logs/a.jsonl": (3, 3, 0, 0, 0)}
    assert case.tokens() == 3000


@QUIET_CASES.each(plain="logs/a.jsonl", packed="logs/a.jsonl.gz")
def test_a_half_line_is_quarantined_after_a_day(case: Case, name: str) -> Play:
    """Once, and with its text; the rows before it stay as they are."""
    half = f'{{"id":"half of {case.name}'
    case.write(name, lines(case.request("1")) + half)
    yield RUN
    yield LATER
    assert case.fates() == {name: (2, 1, 0, 0, 1)}
    assert case.rows("SELECT input_line, rule, raw FROM quarantine WHERE {of}") == [
        (2, "incomplete_line", half)
    ]
    result = yield RUN
    assert result.counts.files_read == 0
    assert case.tokens() == 1000


@CASES.each(plain="logs/a.jsonl", packed="logs/a.jsonl.gz")
def test_a_last_line_that_lacks_only_its_newline_is_a_row(case: Case, name: str) -> Play:
    """It counts at once, and not again when the newline and another row follow."""
    text = lines(case.request("1"), case.request("2"))
    case.write(name, text.rstrip("\n"))
    yield RUN
    assert case.fates() == {name: (2, 2, 0, 0, 0)}
    case.write(name, text + lines(case.request("3")))
    yield RUN
    assert case.tokens() == 3000


@LONG_CASES.case
def test_rotation_renamed_then_packed_then_gone_keeps_the_totals(case: Case) -> Play:
    """The same rows lie under three names, one after another; then nowhere."""
    case.write("logs/app.jsonl", lines(case.request("1"), embedding(case, 8), embedding(case, 8)))
    yield RUN
    case.path("logs/app.jsonl").rename(case.path("logs/app.jsonl.1"))
    case.write("logs/app.jsonl", lines(case.request("2")))
    yield RUN
    assert case.tokens() == 2016
    packed = case.path("logs/app.jsonl.1").read_bytes()
    case.path("logs/app.jsonl.1").unlink()
    case.write("logs/app.jsonl.1.gz", packed)
    yield RUN
    case.path("logs/app.jsonl.1.gz").unlink()
    yield RUN
    assert case.tokens() == 2016
    assert case.states() == {
        "logs/app.jsonl": ["replaced", "read"],
        "logs/app.jsonl.1": ["gone"],
        "logs/app.jsonl.1.gz": ["gone"],
    }


@CASES.case
def test_a_log_emptied_in_place_is_read_from_its_start(case: Case) -> Play:
    """Copy and truncate: the file shrank, so it is another one."""
    case.write("logs/app.jsonl", lines(case.request("1"), case.request("2")))
    yield RUN
    case.write("logs/app.jsonl", "")
    yield RUN
    case.append("logs/app.jsonl", lines(case.request("3")))
    yield RUN
    assert case.tokens() == 3000


@QUIET_CASES.case
def test_a_file_that_comes_back_is_no_news(case: Case) -> Play:
    """Gone while a disk was away; its records stayed, and nothing is read twice."""
    path = case.write("logs/a.jsonl", lines(case.request("1")))
    yield RUN
    aside = path.with_name(".aside")
    path.rename(aside)
    yield LATER
    assert case.states() == {"logs/a.jsonl": ["gone"]}
    aside.rename(path)
    result = yield RUN
    assert result.counts.files_read == 0
    assert case.states() == {"logs/a.jsonl": ["read"]}
    assert case.tokens() == 1000


@CASES.case
def test_equal_lines_without_an_id_count_as_often_as_they_stand(case: Case) -> Play:
    """Also over the seam of a file that grew, and once more in a copy of it all."""
    case.write("logs/a.jsonl", lines(embedding(case, 8), embedding(case, 8), embedding(case, 9)))
    yield RUN
    case.append("logs/a.jsonl", lines(embedding(case, 8), embedding(case, 9), embedding(case, 7)))
    yield RUN
    assert case.tokens() == 3 * 8 + 2 * 9 + 7
    case.write("logs/b.jsonl.gz", case.path("logs/a.jsonl").read_bytes())
    yield RUN
    assert case.tokens() == 3 * 8 + 2 * 9 + 7
    assert case.fates()["logs/b.jsonl.gz"] == (6, 0, 6, 0, 0)


@BUCKET_CASES.case
def test_a_fetch_replaces_whole_buckets(case: Case) -> Play:
    """Rows that vanished go, too; what was replaced stays readable, with when and by what."""
    a, b = two(case)
    first = bucket(case.day, used(1000, a), used(500, b))
    case.write("usage/1.json", page("completions", "2026-11-23T02:00:00Z", first))
    yield RUN
    assert case.tokens() == 1500
    second = bucket(case.day, used(1200, a), used(10, f"{case.project}_c"))
    case.write("usage/2.json", page("completions", "2026-11-24T02:00:00Z", second))
    yield RUN
    assert case.tokens() == 1210
    assert case.fates() == {"usage/1.json": (2, 0, 0, 2, 0), "usage/2.json": (2, 2, 0, 0, 0)}
    versions = case.rows(
        "SELECT project_id, text_input_tokens, replaced_reason, replaced_at > recorded_at, "
        "replaced_by_file FROM usage_versions WHERE {of} ORDER BY ALL"
    )
    by = str(case.path("usage/2.json"))
    assert versions == [
        (a, 1000, "restated", True, by),
        (b, 500, "restated", True, by),
    ]
    case.assert_sums_agree()
    # an older fetch that turns up late does not bring anything back
    late = bucket(case.day, used(900, a))
    case.write("usage/0.json", page("completions", "2026-11-22T23:00:00Z", late))
    yield RUN
    assert case.tokens() == 1210
    assert case.fates()["usage/0.json"] == (1, 0, 0, 1, 0)


@BUCKET_CASES.case
def test_an_empty_fetch_takes_a_bucket_away(case: Case) -> Play:
    """The provider says there was nothing: then there was nothing."""
    case.write(
        "usage/1.json",
        page("completions", "2026-11-23T02:00:00Z", bucket(case.day, used(7, case.project))),
    )
    yield RUN
    case.write("usage/2.json", page("completions", "2026-11-24T02:00:00Z", bucket(case.day)))
    yield RUN
    assert case.tokens() == 0
    case.assert_sums_agree()


@CASES.case
def test_a_later_content_supersedes_and_a_copied_old_log_brings_nothing_back(case: Case) -> Play:
    """The old content was there before: it is a duplicate, wherever it turns up."""
    old = lines(case.request("1", 1000), case.request("2", 1000))
    case.write("logs/a.jsonl", old)
    yield RUN
    case.write("logs/b.jsonl", lines(case.request("1", 1700)))
    yield RUN
    assert case.tokens() == 2700
    assert case.fates() == {"logs/a.jsonl": (2, 1, 0, 1, 0), "logs/b.jsonl": (1, 1, 0, 0, 0)}
    case.write("logs/c.jsonl", old)  # a copy of the whole
    case.write(
        "logs/d.jsonl", lines(case.request("1", 1000), case.request("9", 1))
    )  # and of a part
    yield RUN
    assert case.tokens() == 2701
    assert case.fates()["logs/c.jsonl"] == (2, 0, 2, 0, 0)
    assert case.fates()["logs/d.jsonl"] == (2, 1, 1, 0, 0)
    case.assert_sums_agree()


@CASES.case
def test_three_contents_in_one_run_leave_the_last_one(case: Case) -> Play:
    """In the order of path, then line; two are superseded, by the one that came next."""
    case.write("logs/a.jsonl", lines(case.request("1", 10), case.request("1", 20)))
    case.write("logs/b.jsonl", lines(case.request("1", 30)))
    yield RUN
    assert case.tokens() == 30
    assert case.fates() == {"logs/a.jsonl": (2, 0, 0, 2, 0), "logs/b.jsonl": (1, 1, 0, 0, 0)}
    assert case.rows(
        "SELECT text_input_tokens, replaced_by_line FROM usage_versions WHERE {of} ORDER BY ALL"
    ) == [(10, 2), (20, 1)]


@QUIET_CASES.case
def test_forget_reverses_and_what_other_files_repeat_counts_there_at_once(case: Case) -> Play:
    """Request 2 was a duplicate in b; without a, b is where it is known from."""
    case.write("logs/a.jsonl", lines(case.request("1"), case.request("2")))
    case.write("logs/b.jsonl", lines(case.request("2"), case.request("3")))
    yield RUN
    result = yield case.forget("logs/a.jsonl")
    assert [n for n in result.notes if f"elsewhere, in {case.path('logs/b.jsonl')} (1);" in n]
    assert case.tokens() == 2000
    assert set(result.postings) <= {"correction"}
    assert case.fates()["logs/b.jsonl"] == (2, 2, 0, 0, 0)
    assert case.states()["logs/a.jsonl"] == ["forgotten"]
    case.assert_sums_agree()
    yield LATER
    result = yield RUN
    assert result.counts.files_read == 0
    assert case.states() == {"logs/a.jsonl": ["forgotten"], "logs/b.jsonl": ["read"]}
    assert case.tokens() == 2000


@CASES.case
def test_a_forgotten_file_stays_away_and_so_does_a_copy_of_it(case: Case) -> Play:
    """The run says that it leaves the copy out."""
    text = lines(case.request("1"), case.request("2"))
    case.write("logs/a.jsonl", text)
    yield RUN
    yield case.forget("logs/a.jsonl")
    case.write("logs/copy.jsonl", text)
    result = yield RUN
    assert case.tokens() == 0
    assert [n for n in result.notes if case.path("logs/copy.jsonl").name in n]
    with pytest.raises(ConfigError, match="forgotten already"):
        case.workspace.forget(case.file("logs/a.jsonl"))


@CASES.case
def test_forget_restores_what_the_file_had_replaced(case: Case) -> Play:
    """The content before it holds again, and is charged again."""
    case.write("logs/a.jsonl", lines(case.request("1", 1000)))
    yield RUN
    case.write("logs/b.jsonl", lines(case.request("1", 1700)))
    yield RUN
    yield case.forget("logs/b.jsonl")
    assert case.tokens() == 1000
    assert case.fates() == {"logs/a.jsonl": (1, 1, 0, 0, 0), "logs/b.jsonl": (1, 0, 0, 1, 0)}
    case.assert_sums_agree()


@LONG_CASES.case
def test_forget_never_restores_a_row_of_a_file_forgotten_before(case: Case) -> Play:
    """a, then b, then c; b is forgotten while c holds; without c it is a that holds."""
    for name, tokens in (("a", 10), ("b", 20), ("c", 30)):
        case.write(f"logs/{name}.jsonl", lines(case.request("1", tokens)))
        yield RUN
    yield case.forget("logs/b.jsonl")
    assert case.tokens() == 30
    yield case.forget("logs/c.jsonl")
    assert case.tokens() == 10
    case.write("logs/d.jsonl", lines(case.request("2", 1), case.request("1", 20)))
    yield RUN
    assert case.tokens() == 21  # what only forgotten files had is no earlier version
    case.assert_sums_agree()


@LONG_CASES.case
def test_a_row_that_comes_back_while_another_goes_is_published_right(case: Case) -> Play:
    """As many rows of the ledger file are out as before, but others."""
    case.write("logs/a.jsonl", lines(case.request("1", 10), case.request("2", 20)))
    yield RUN
    case.write("logs/b.jsonl", lines(case.request("1", 11)))
    yield RUN
    yield case.forget("logs/b.jsonl")
    case.write("logs/c.jsonl", lines(case.request("2", 22)))
    yield RUN
    assert case.rows("SELECT text_input_tokens FROM usage WHERE {of} ORDER BY ALL") == [
        (10,),
        (22,),
    ]
    assert case.tokens() == 32


@BUCKET_CASES.case
def test_forgetting_a_bucket_brings_back_the_one_before(case: Case) -> Play:
    """Buckets are replaced whole, and restored whole."""
    a, b = two(case)
    first = bucket(case.day, used(1000, a), used(500, b))
    second = bucket(case.day, used(1200, a))
    case.write("usage/1.json", page("completions", "2026-11-23T02:00:00Z", first))
    yield RUN
    case.write("usage/2.json", page("completions", "2026-11-24T02:00:00Z", second))
    yield RUN
    yield case.forget("usage/2.json")
    assert case.tokens() == 1500
    case.assert_sums_agree()


@CASES.case
def test_costs_fetched_again_replace_the_day(case: Case) -> Play:
    """Amounts are those of the latest fetch, rows that vanished are gone, nothing is summed."""
    a, b = two(case)
    first = bucket(case.day, cost("1.5", a), cost("2", b))
    case.write("costs/1.json", page("costs", "2026-11-23T02:00:00Z", first))
    yield RUN
    second = bucket(case.day, cost("1.75", a))
    case.write("costs/2.json", page("costs", "2026-11-24T02:00:00Z", second))
    yield RUN
    shown = "SELECT project_id, CAST(amount AS VARCHAR) FROM provider_costs WHERE {of}"
    assert [(p, float(a)) for p, a in case.rows(shown)] == [(a, 1.75)]
    assert case.fates() == {"costs/1.json": (2, 0, 0, 2, 0), "costs/2.json": (1, 1, 0, 0, 0)}
    yield case.forget("costs/2.json")
    assert sorted((p, float(a)) for p, a in case.rows(shown)) == [
        (a, 1.5),
        (b, 2.0),
    ]


@CASES.case
def test_a_mended_line_lands_once_and_its_copy_not_at_all(case: Case) -> Play:
    """A mended file is another content of the same file; its other rows are duplicates."""
    good, broken = (
        lines(case.request("1")),
        lines(case.request("2")).replace('"prompt_tokens": 1000', '"prompt_tokens": "x"'),
    )
    case.write("logs/a.jsonl", good + broken)
    yield RUN
    assert case.fates() == {"logs/a.jsonl": (2, 1, 0, 0, 1)}
    case.write("logs/a.jsonl", lines(case.request("1"), case.request("2")))
    yield RUN
    assert case.tokens() == 2000
    case.write("logs/b.jsonl.gz", good + broken)
    yield RUN
    assert case.tokens() == 2000
    assert case.fates()["logs/b.jsonl.gz"] == (2, 0, 2, 0, 0)


def test_a_record_from_the_future_lands_when_it_is_replayed_later(workspace: Workspace) -> None:
    """Held back by the clock of its run; a week later it is a plausible time."""
    workspace.write("logs/a.jsonl", lines(request("1"), request("2", when="2026-11-27T12:00:00")))
    workspace.run()
    assert workspace.fates() == {"logs/a.jsonl": (2, 1, 0, 0, 1)}
    workspace.at += timedelta(days=7)
    assert workspace.replay().counts.accepted == 1
    assert workspace.tokens() == 2000
    assert workspace.fates() == {"logs/a.jsonl": (2, 2, 0, 0, 0)}
    assert workspace.replay().counts.accepted == 0
    assert workspace.run().postings == {}
    assert workspace.tokens() == 2000


@CASES.case
def test_one_source_twice_under_two_kinds_keeps_the_fates(case: Case) -> Play:
    """A records export of the same requests has its own ids: both count, each in its file."""
    case.write("logs/a.jsonl", lines(case.request("1")))
    row = f"chatcmpl-{case.name}-1,2026-11-23T12:00:00,{case.project},alpha,1000,0,1"
    case.records("exports/a.csv", row)
    yield RUN
    # the same organization and id, from two sources: the later source holds
    assert case.tokens() == 1000
    assert json.dumps(case.fates()["exports/a.csv"]) in {"[1, 1, 0, 0, 0]", "[1, 0, 1, 0, 0]"}


@BUCKET_CASES.case
def test_forgetting_a_bucket_takes_the_newest_fetch_that_is_left(case: Case) -> Play:
    """Not the one that came in last, and never rows of two fetches together."""
    a, b = two(case)
    for number, hour, rows in (
        (2, "02", (used(20, a),)),
        (1, "01", (used(10, a), used(1, b))),
    ):
        fetched = f"2026-11-24T{hour}:00:00Z"
        case.write(f"usage/{number}.json", page("completions", fetched, bucket(case.day, *rows)))
        yield RUN
    case.write(
        "usage/3.json", page("completions", "2026-11-24T03:00:00Z", bucket(case.day, used(30, a)))
    )
    case.write("usage/4.json", page("completions", "2026-11-24T04:00:00Z", bucket(case.day)))
    yield RUN
    assert case.tokens() == 0
    for numbers, left in (((4, 3), 20), ((2,), 11)):
        yield case.forget(*(f"usage/{number}.json" for number in numbers))
        assert case.tokens() == left
        case.assert_sums_agree()


@CASES.case
def test_costs_that_were_passed_over_hold_again(case: Case) -> Play:
    """Two fetches of a day were read together; without the newer one the older one holds."""
    for number, usd in ((1, "1.5"), (2, "1.75")):
        fetched = f"2026-11-24T0{number}:00:00Z"
        case.write(
            f"costs/{number}.json",
            page("costs", fetched, bucket(case.day, cost(usd, case.project))),
        )
    yield RUN
    shown = "SELECT CAST(amount AS DOUBLE) FROM provider_costs WHERE {of}"
    assert case.rows(shown) == [(1.75,)]
    yield case.forget("costs/2.json")
    assert case.rows(shown) == [(1.5,)]
    assert case.fates() == {"costs/1.json": (1, 1, 0, 0, 0), "costs/2.json": (1, 0, 0, 1, 0)}


@CASES.case
def test_the_same_id_at_two_providers_is_two_records(case: Case) -> Play:
    """Tables number their rows from 1 on: what another provider numbers alike is another thing."""
    row = f"1,2026-11-20T10:00:00Z,{case.project},alpha"
    case.records("exports/a.csv", f"{row},1000,0,1")
    case.records("elsewhere/a.csv", f"{row},3000,0,1")
    yield RUN
    both = [("elsewhere", 3000), ("openai", 1000)]
    tokens = "SELECT provider, text_input_tokens FROM usage WHERE {of} ORDER BY provider"
    assert case.rows(tokens) == both
    case.records("elsewhere/b.csv", f"{row},3000,0,1")
    yield RUN
    assert case.rows(tokens) == both
    yield case.forget("elsewhere/a.csv", "elsewhere/b.csv")
    assert case.rows(tokens) == both[1:]


@pytest.mark.slow
def test_a_copy_of_a_row_that_is_held_no_longer_is_judged_anew(tmp_path: Path) -> None:
    """It was in the future at first, and is gone from that file; a day later it counts."""
    workspace = Workspace(tmp_path.resolve())
    line = lines(request("ahead", when="2026-11-25T14:00:00"))  # thirty hours from now
    workspace.write("logs/a.jsonl", line)
    workspace.run()
    workspace.write("logs/a.1.jsonl", line)
    workspace.write("logs/a.jsonl", lines(request("other")))
    workspace.run()
    assert workspace.fates()["logs/a.1.jsonl"] == (1, 0, 1, 0, 0)
    workspace.at += timedelta(hours=25)
    workspace.write("logs/b.jsonl", line)
    workspace.run()
    assert workspace.fates()["logs/b.jsonl"] == (1, 1, 0, 0, 0)
    assert workspace.tokens() == 2000
