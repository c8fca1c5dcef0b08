"""Every row has one fate, whatever happens to the files: copies, growth, rotation, restatements.

Every run checks by itself that the fates of each file add up and that the live ledger is what was
accepted; `Workspace.tokens` also holds the published usage against the published charges.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from tests.support.workspace import (
    BUCKETS,
    CONFIGURATION,
    PRICES,
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


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path.resolve())


def embedding(tokens: int, minute: int = 0) -> dict[str, object]:
    """Embeddings have no id; two equal calls are two requests."""
    return {
        "object": "list",
        "created": epoch(f"2026-11-23T12:{minute:02}:00"),
        "model": "alpha",
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "project_id": "proj_a",
    }


def test_the_same_file_under_another_name_counts_once(workspace: Workspace) -> None:
    """All its rows are duplicates, and no posting is added."""
    text = lines(request("1"), request("2", 2000), embedding(8), embedding(8))
    workspace.write("logs/a.jsonl", text)
    workspace.run()
    workspace.write("logs/b.jsonl", text)
    result = workspace.run()
    assert (result.counts.rows_read, result.counts.duplicate) == (4, 4)
    assert result.postings == {}
    assert workspace.tokens() == 3016
    assert workspace.fates() == {"logs/a.jsonl": (4, 4, 0, 0, 0), "logs/b.jsonl": (4, 0, 4, 0, 0)}


def test_a_packed_copy_in_the_same_run_counts_once(workspace: Workspace) -> None:
    """Plain and .gz of one log lie side by side at the first run."""
    text = lines(request("1"), request("2", 2000), embedding(8), embedding(8))
    workspace.write("logs/a.jsonl", text)
    workspace.write("logs/a.jsonl.gz", text)
    workspace.run()
    assert workspace.tokens() == 3016
    assert workspace.fates()["logs/a.jsonl.gz"] == (4, 0, 4, 0, 0)


def test_the_same_request_in_two_files_counts_once(workspace: Workspace) -> None:
    """Two gateways logged one request; the file that comes first keeps it."""
    workspace.write("logs/a.jsonl", lines(request("1"), request("2")))
    workspace.write("logs/b.jsonl", lines(request("2"), request("3")))
    workspace.run()
    assert workspace.tokens() == 3000
    assert workspace.fates() == {"logs/a.jsonl": (2, 2, 0, 0, 0), "logs/b.jsonl": (2, 1, 1, 0, 0)}


def test_the_whole_folder_again_changes_nothing(workspace: Workspace) -> None:
    """As it lies, and read again because every file's date has changed."""
    workspace.write("logs/a.jsonl", lines(request("1"), embedding(8), embedding(8)) + "broken\n")
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


def test_of_a_file_that_grew_only_the_tail_is_read(workspace: Workspace) -> None:
    """The run counts what came; the file counts all."""
    workspace.write("logs/a.jsonl", lines(request("1"), request("2")))
    workspace.run()
    workspace.append("logs/a.jsonl", lines(request("3"), request("1")))
    result = workspace.run()
    counts = result.counts
    assert (counts.files_read, counts.rows_read, counts.accepted, counts.duplicate) == (1, 2, 1, 1)
    assert workspace.tokens() == 3000
    assert workspace.fates() == {"logs/a.jsonl": (4, 3, 1, 0, 0)}
    assert workspace.rows("SELECT input_line FROM usage ORDER BY ALL") == [(1,), (2,), (3,)]


def test_a_change_in_the_tail_of_a_file_supersedes_a_row_of_its_head(workspace: Workspace) -> None:
    """The run accepted one row; the head's moved from accepted to superseded in its file."""
    workspace.write("logs/a.jsonl", lines(request("1")))
    workspace.run()
    workspace.append("logs/a.jsonl", lines(request("1", 1500)))
    counts = workspace.run().counts
    assert (counts.rows_read, counts.accepted, counts.superseded) == (1, 1, 0)
    assert workspace.tokens() == 1500
    assert workspace.fates() == {"logs/a.jsonl": (2, 1, 0, 1, 0)}


def test_a_half_written_line_waits_until_it_is_whole(workspace: Workspace) -> None:
    """It is no reject, and no row, until its rest is there."""
    whole = lines(request("2"))
    workspace.write("logs/a.jsonl", lines(request("1")) + whole[:40])
    workspace.run()
    assert workspace.states() == {"logs/a.jsonl": ["waiting"]}
    assert workspace.fates() == {"logs/a.jsonl": (1, 1, 0, 0, 0)}
    workspace.append("logs/a.jsonl", whole[40:] + lines(request("3")))
    workspace.run()
    assert workspace.states() == {"logs/a.jsonl": ["read"]}
    assert workspace.fates() == {"logs/a.jsonl": (3, 3, 0, 0, 0)}
    assert workspace.tokens() == 3000


@pytest.mark.parametrize("name", ["logs/a.jsonl", "logs/a.jsonl.gz"])
def test_a_half_line_is_quarantined_after_a_day(workspace: Workspace, name: str) -> None:
    """Once, and with its text; the rows before it stay as they are."""
    workspace.write(name, lines(request("1")) + '{"id":"half')
    workspace.run()
    workspace.at += DAY + timedelta(hours=1)
    workspace.run()
    assert workspace.fates() == {name: (2, 1, 0, 0, 1)}
    assert workspace.rows("SELECT input_line, rule, raw FROM quarantine") == [
        (2, "incomplete_line", '{"id":"half')
    ]
    assert workspace.run().counts.files_read == 0
    assert workspace.tokens() == 1000


def test_a_quarantined_half_line_that_is_completed_counts(workspace: Workspace) -> None:
    """Its reject is closed; the row lands once."""
    whole = lines(request("2"))
    workspace.write("logs/a.jsonl", lines(request("1")) + whole[:40], age=2 * DAY)
    workspace.run()
    assert workspace.fates() == {"logs/a.jsonl": (2, 1, 0, 0, 1)}
    workspace.append("logs/a.jsonl", whole[40:])
    counts = workspace.run().counts
    assert (counts.rows_read, counts.accepted, counts.quarantined) == (1, 1, 0)
    assert workspace.fates() == {"logs/a.jsonl": (2, 2, 0, 0, 0)}
    assert [
        n for (n,) in workspace.rows("SELECT count(*) FROM quarantine WHERE replayed_at IS NULL")
    ] == [0]
    assert workspace.tokens() == 2000


@pytest.mark.parametrize("name", ["logs/a.jsonl", "logs/a.jsonl.gz"])
def test_a_last_line_that_lacks_only_its_newline_is_a_row(workspace: Workspace, name: str) -> None:
    """It counts at once, and not again when the newline and another row follow."""
    text = lines(request("1"), request("2"))
    workspace.write(name, text.rstrip("\n"))
    workspace.run()
    assert workspace.fates() == {name: (2, 2, 0, 0, 0)}
    workspace.write(name, text + lines(request("3")))
    workspace.run()
    assert workspace.tokens() == 3000


def test_rotation_renamed_then_packed_then_gone_keeps_the_totals(workspace: Workspace) -> None:
    """The same rows lie under three names, one after another; then nowhere."""
    workspace.write("logs/app.jsonl", lines(request("1"), embedding(8), embedding(8)))
    workspace.run()
    workspace.path("logs/app.jsonl").rename(workspace.path("logs/app.jsonl.1"))
    workspace.write("logs/app.jsonl", lines(request("2")))
    workspace.run()
    assert workspace.tokens() == 2016
    packed = workspace.path("logs/app.jsonl.1").read_bytes()
    workspace.path("logs/app.jsonl.1").unlink()
    workspace.write("logs/app.jsonl.1.gz", packed)
    workspace.run()
    workspace.path("logs/app.jsonl.1.gz").unlink()
    workspace.run()
    assert workspace.tokens() == 2016
    assert workspace.states() == {
        "logs/app.jsonl": ["replaced", "read"],
        "logs/app.jsonl.1": ["gone"],
        "logs/app.jsonl.1.gz": ["gone"],
    }


def test_a_log_emptied_in_place_is_read_from_its_start(workspace: Workspace) -> None:
    """Copy and truncate: the file shrank, so it is another one."""
    workspace.write("logs/app.jsonl", lines(request("1"), request("2")))
    workspace.run()
    workspace.write("logs/app.jsonl", "")
    workspace.run()
    workspace.append("logs/app.jsonl", lines(request("3")))
    workspace.run()
    assert workspace.tokens() == 3000


def test_a_file_that_comes_back_is_no_news(workspace: Workspace) -> None:
    """Gone while a disk was away; its records stayed, and nothing is read twice."""
    path = workspace.write("logs/a.jsonl", lines(request("1")))
    workspace.run()
    aside = path.with_name(".aside")
    path.rename(aside)
    workspace.run()
    assert workspace.states() == {"logs/a.jsonl": ["gone"]}
    aside.rename(path)
    assert workspace.run().counts.files_read == 0
    assert workspace.states() == {"logs/a.jsonl": ["read"]}
    assert workspace.tokens() == 1000


def test_equal_lines_without_an_id_count_as_often_as_they_stand(workspace: Workspace) -> None:
    """Also over the seam of a file that grew, and once more in a copy of it all."""
    workspace.write("logs/a.jsonl", lines(embedding(8), embedding(8), embedding(9)))
    workspace.run()
    workspace.append("logs/a.jsonl", lines(embedding(8), embedding(9), embedding(7)))
    workspace.run()
    assert workspace.tokens() == 3 * 8 + 2 * 9 + 7
    workspace.write("logs/b.jsonl.gz", workspace.path("logs/a.jsonl").read_bytes())
    workspace.run()
    assert workspace.tokens() == 3 * 8 + 2 * 9 + 7
    assert workspace.fates()["logs/b.jsonl.gz"] == (6, 0, 6, 0, 0)


def test_a_fetch_replaces_whole_buckets(tmp_path: Path) -> None:
    """Rows that vanished go, too; what was replaced stays readable, with when and by what."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS)
    first = bucket("2026-11-22", used(1000, "proj_a"), used(500, "proj_b"))
    workspace.write("usage/1.json", page("completions", "2026-11-23T02:00:00Z", first))
    workspace.run()
    assert workspace.tokens() == 1500
    second = bucket("2026-11-22", used(1200, "proj_a"), used(10, "proj_c"))
    workspace.write("usage/2.json", page("completions", "2026-11-24T02:00:00Z", second))
    workspace.run()
    assert workspace.tokens() == 1210
    assert workspace.fates() == {"usage/1.json": (2, 0, 0, 2, 0), "usage/2.json": (2, 2, 0, 0, 0)}
    versions = workspace.rows(
        "SELECT project_id, text_input_tokens, replaced_reason, replaced_at > recorded_at, "
        "replaced_by_file FROM usage_versions ORDER BY ALL"
    )
    by = str(workspace.path("usage/2.json"))
    assert versions == [
        ("proj_a", 1000, "restated", True, by),
        ("proj_b", 500, "restated", True, by),
    ]
    workspace.assert_sums_agree()
    # an older fetch that turns up late does not bring anything back
    late = bucket("2026-11-22", used(900, "proj_a"))
    workspace.write("usage/0.json", page("completions", "2026-11-22T23:00:00Z", late))
    workspace.run()
    assert workspace.tokens() == 1210
    assert workspace.fates()["usage/0.json"] == (1, 0, 0, 1, 0)


def test_an_empty_fetch_takes_a_bucket_away(tmp_path: Path) -> None:
    """The provider says there was nothing: then there was nothing."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS)
    workspace.write(
        "usage/1.json", page("completions", "2026-11-23T02:00:00Z", bucket("2026-11-22", used(7)))
    )
    workspace.run()
    workspace.write(
        "usage/2.json", page("completions", "2026-11-24T02:00:00Z", bucket("2026-11-22"))
    )
    workspace.run()
    assert workspace.tokens() == 0
    workspace.assert_sums_agree()


def test_a_later_content_supersedes_and_a_copied_old_log_brings_nothing_back(
    workspace: Workspace,
) -> None:
    """The old content was there before: it is a duplicate, wherever it turns up."""
    old = lines(request("1", 1000), request("2", 1000))
    workspace.write("logs/a.jsonl", old)
    workspace.run()
    workspace.write("logs/b.jsonl", lines(request("1", 1700)))
    workspace.run()
    assert workspace.tokens() == 2700
    assert workspace.fates() == {"logs/a.jsonl": (2, 1, 0, 1, 0), "logs/b.jsonl": (1, 1, 0, 0, 0)}
    workspace.write("logs/c.jsonl", old)  # a copy of the whole
    workspace.write("logs/d.jsonl", lines(request("1", 1000), request("9", 1)))  # and of a part
    workspace.run()
    assert workspace.tokens() == 2701
    assert workspace.fates()["logs/c.jsonl"] == (2, 0, 2, 0, 0)
    assert workspace.fates()["logs/d.jsonl"] == (2, 1, 1, 0, 0)
    workspace.assert_sums_agree()


def test_three_contents_in_one_run_leave_the_last_one(workspace: Workspace) -> None:
    """In the order of path, then line; two are superseded, by the one that came next."""
    workspace.write("logs/a.jsonl", lines(request("1", 10), request("1", 20)))
    workspace.write("logs/b.jsonl", lines(request("1", 30)))
    workspace.run()
    assert workspace.tokens() == 30
    assert workspace.fates() == {"logs/a.jsonl": (2, 0, 0, 2, 0), "logs/b.jsonl": (1, 1, 0, 0, 0)}
    assert workspace.rows(
        "SELECT text_input_tokens, replaced_by_line FROM usage_versions ORDER BY ALL"
    ) == [(10, 2), (20, 1)]


def test_forget_reverses_and_what_other_files_repeat_counts_there_at_once(
    workspace: Workspace,
) -> None:
    """Request 2 was a duplicate in b; without a, b is where it is known from."""
    workspace.write("logs/a.jsonl", lines(request("1"), request("2")))
    workspace.write("logs/b.jsonl", lines(request("2"), request("3")))
    workspace.run()
    result = workspace.forget("logs/a.jsonl")
    assert [n for n in result.notes if "b.jsonl: 1 row counts there now" in n]
    assert workspace.tokens() == 2000
    assert set(result.postings) <= {"correction"}
    assert workspace.fates()["logs/b.jsonl"] == (2, 2, 0, 0, 0)
    assert workspace.states()["logs/a.jsonl"] == ["forgotten"]
    workspace.assert_sums_agree()
    assert workspace.run().counts.files_read == 0
    assert workspace.tokens() == 2000


def test_a_forgotten_file_stays_away_and_so_does_a_copy_of_it(workspace: Workspace) -> None:
    """The run says that it leaves the copy out."""
    text = lines(request("1"), request("2"))
    workspace.write("logs/a.jsonl", text)
    workspace.run()
    workspace.forget("logs/a.jsonl")
    workspace.write("logs/copy.jsonl", text)
    result = workspace.run()
    assert workspace.tokens() == 0
    assert [n for n in result.notes if "copy.jsonl" in n]
    with pytest.raises(ConfigError, match="forgotten already"):
        workspace.forget("logs/a.jsonl")


def test_forget_restores_what_the_file_had_replaced(workspace: Workspace) -> None:
    """The content before it holds again, and is charged again."""
    workspace.write("logs/a.jsonl", lines(request("1", 1000)))
    workspace.run()
    workspace.write("logs/b.jsonl", lines(request("1", 1700)))
    workspace.run()
    workspace.forget("logs/b.jsonl")
    assert workspace.tokens() == 1000
    assert workspace.fates() == {"logs/a.jsonl": (1, 1, 0, 0, 0), "logs/b.jsonl": (1, 0, 0, 1, 0)}
    workspace.assert_sums_agree()


def test_forget_never_restores_a_row_of_a_file_forgotten_before(workspace: Workspace) -> None:
    """a, then b, then c; b is forgotten while c holds; without c it is a that holds."""
    for name, tokens in (("a", 10), ("b", 20), ("c", 30)):
        workspace.write(f"logs/{name}.jsonl", lines(request("1", tokens)))
        workspace.run()
    workspace.forget("logs/b.jsonl")
    assert workspace.tokens() == 30
    workspace.forget("logs/c.jsonl")
    assert workspace.tokens() == 10
    workspace.write("logs/d.jsonl", lines(request("2", 1), request("1", 20)))
    workspace.run()
    assert workspace.tokens() == 21  # what only forgotten files had is no earlier version
    workspace.assert_sums_agree()


def test_a_row_that_comes_back_while_another_goes_is_published_right(workspace: Workspace) -> None:
    """As many rows of the ledger file are out as before, but others."""
    workspace.write("logs/a.jsonl", lines(request("1", 10), request("2", 20)))
    workspace.run()
    workspace.write("logs/b.jsonl", lines(request("1", 11)))
    workspace.run()
    workspace.forget("logs/b.jsonl")
    workspace.write("logs/c.jsonl", lines(request("2", 22)))
    workspace.run()
    assert workspace.rows("SELECT text_input_tokens FROM usage ORDER BY ALL") == [(10,), (22,)]
    assert workspace.tokens() == 32


def test_forgetting_a_bucket_brings_back_the_one_before(tmp_path: Path) -> None:
    """Buckets are replaced whole, and restored whole."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS)
    first = bucket("2026-11-22", used(1000, "proj_a"), used(500, "proj_b"))
    second = bucket("2026-11-22", used(1200, "proj_a"))
    workspace.write("usage/1.json", page("completions", "2026-11-23T02:00:00Z", first))
    workspace.run()
    workspace.write("usage/2.json", page("completions", "2026-11-24T02:00:00Z", second))
    workspace.run()
    workspace.forget("usage/2.json")
    assert workspace.tokens() == 1500
    workspace.assert_sums_agree()


def test_costs_fetched_again_replace_the_day(workspace: Workspace) -> None:
    """Amounts are those of the latest fetch, rows that vanished are gone, nothing is summed."""
    first = bucket("2026-11-22", cost("1.5"), cost("2", "proj_b"))
    workspace.write("costs/1.json", page("costs", "2026-11-23T02:00:00Z", first))
    workspace.run()
    second = bucket("2026-11-22", cost("1.75"))
    workspace.write("costs/2.json", page("costs", "2026-11-24T02:00:00Z", second))
    workspace.run()
    shown = "SELECT project_id, CAST(amount AS VARCHAR) FROM provider_costs"
    assert [(p, float(a)) for p, a in workspace.rows(shown)] == [("proj_a", 1.75)]
    assert workspace.fates() == {"costs/1.json": (2, 0, 0, 2, 0), "costs/2.json": (1, 1, 0, 0, 0)}
    workspace.forget("costs/2.json")
    assert sorted((p, float(a)) for p, a in workspace.rows(shown)) == [
        ("proj_a", 1.5),
        ("proj_b", 2.0),
    ]


def test_a_mended_line_lands_once_and_its_copy_not_at_all(workspace: Workspace) -> None:
    """A mended file is another content of the same file; its other rows are duplicates."""
    good, broken = (
        lines(request("1")),
        lines(request("2")).replace('"prompt_tokens": 1000', '"prompt_tokens": "x"'),
    )
    workspace.write("logs/a.jsonl", good + broken)
    workspace.run()
    assert workspace.fates() == {"logs/a.jsonl": (2, 1, 0, 0, 1)}
    workspace.write("logs/a.jsonl", lines(request("1"), request("2")))
    workspace.run()
    assert workspace.tokens() == 2000
    workspace.write("logs/b.jsonl.gz", good + broken)
    workspace.run()
    assert workspace.tokens() == 2000
    assert workspace.fates()["logs/b.jsonl.gz"] == (2, 0, 2, 0, 0)


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


def test_one_source_twice_under_two_kinds_keeps_the_fates(tmp_path: Path) -> None:
    """A records export of the same requests has its own ids: both count, each in its file."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION, PRICES)
    workspace.write("logs/a.jsonl", lines(request("1")))
    workspace.records("exports/a.csv", "chatcmpl-1,2026-11-23T12:00:00,proj_a,alpha,1000,0,1")
    workspace.run()
    # the same organization and id, from two sources: the later source holds
    assert workspace.tokens() == 1000
    assert json.dumps(workspace.fates()["exports/a.csv"]) in {"[1, 1, 0, 0, 0]", "[1, 0, 1, 0, 0]"}


def test_forgetting_a_bucket_takes_the_newest_fetch_that_is_left(tmp_path: Path) -> None:
    """Not the one that came in last, and never rows of two fetches together."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS)
    for number, hour, rows in (
        (2, "02", (used(20, "proj_a"),)),
        (1, "01", (used(10, "proj_a"), used(1, "proj_b"))),
    ):
        fetched = f"2026-11-24T{hour}:00:00Z"
        workspace.write(
            f"usage/{number}.json", page("completions", fetched, bucket("2026-11-22", *rows))
        )
        workspace.run()
    workspace.write(
        "usage/3.json", page("completions", "2026-11-24T03:00:00Z", bucket("2026-11-22", used(30)))
    )
    workspace.write(
        "usage/4.json", page("completions", "2026-11-24T04:00:00Z", bucket("2026-11-22"))
    )
    workspace.run()
    assert workspace.tokens() == 0
    for number, left in ((4, 30), (3, 20), (2, 11), (1, 0)):
        workspace.forget(f"usage/{number}.json")
        assert workspace.tokens() == left
        workspace.assert_sums_agree()


def test_costs_that_were_passed_over_hold_again(workspace: Workspace) -> None:
    """Two fetches of a day were read together; without the newer one the older one holds."""
    for number, usd in ((1, "1.5"), (2, "1.75")):
        fetched = f"2026-11-24T0{number}:00:00Z"
        workspace.write(
            f"costs/{number}.json", page("costs", fetched, bucket("2026-11-22", cost(usd)))
        )
    workspace.run()
    shown = "SELECT CAST(amount AS DOUBLE) FROM provider_costs"
    assert workspace.rows(shown) == [(1.75,)]
    workspace.forget("costs/2.json")
    assert workspace.rows(shown) == [(1.5,)]
    assert workspace.fates() == {"costs/1.json": (1, 1, 0, 0, 0), "costs/2.json": (1, 0, 0, 1, 0)}


def test_the_same_id_at_two_providers_is_two_records(tmp_path: Path) -> None:
    """Tables number their rows from 1 on: what another provider numbers alike is another thing."""
    other = """
[[sources]]
name = "elsewhere"
kind = "records"
provider = "elsewhere"
path = ["elsewhere/*"]
"""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION + other)
    workspace.records("exports/a.csv", "1,2026-11-20T10:00:00Z,proj_a,alpha,1000,0,1")
    workspace.records("elsewhere/a.csv", "1,2026-11-20T10:00:00Z,proj_a,alpha,3000,0,1")
    workspace.run()
    both = [("elsewhere", 3000), ("openai", 1000)]
    tokens = "SELECT provider, text_input_tokens FROM usage ORDER BY provider"
    assert workspace.rows(tokens) == both
    workspace.records("elsewhere/b.csv", "1,2026-11-20T10:00:00Z,proj_a,alpha,3000,0,1")
    workspace.run()
    assert workspace.rows(tokens) == both
    workspace.forget("elsewhere/a.csv")  # which the other file has as well
    assert workspace.rows(tokens) == both
    workspace.forget("elsewhere/b.csv")
    assert workspace.rows(tokens) == both[1:]
