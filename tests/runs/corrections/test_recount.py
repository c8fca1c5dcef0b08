"""Which content of a call counts, after files went out and came back.

What was replaced stays replaced as long as a file has it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.books import Source
from tests.model.trial import GATEWAY, Trial, chat
from tests.support.cases import RUN, Case, Cases, Play
from tests.support.workspace import Workspace, lines, request

CASES = Cases()


@CASES.case
def test_what_was_replaced_stays_so_as_long_as_another_file_has_it(case: Case) -> Play:
    case.log("logs/a.jsonl", case.request("1", 3))
    case.log("logs/b.jsonl", case.request("1", 2), case.request("1", 3))  # replaces, and has both
    yield RUN
    assert case.tokens() == 2
    yield case.forget("logs/a.jsonl")
    assert case.tokens() == 2
    assert case.fates() == {"logs/a.jsonl": (1, 0, 0, 1, 0), "logs/b.jsonl": (2, 1, 0, 1, 0)}
    case.log("logs/a.jsonl", case.request("2", 1), case.request("1", 3))
    yield RUN
    assert case.tokens() == 3
    yield case.forget("logs/b.jsonl")  # now the other content is the only one
    assert case.tokens() == 4
    yield case.remember("logs/b.jsonl")
    assert case.tokens() == 3


@CASES.case
def test_a_copied_file_keeps_what_was_replaced_as_well(case: Case) -> Play:
    for name, tokens in (("a", 3), ("b", 3), ("c", 2)):
        case.log(f"logs/{name}.jsonl", case.request("1", tokens))
    yield RUN
    yield case.forget("logs/a.jsonl")
    case.log("logs/d.jsonl", case.request("2", 1), case.request("1", 3))
    yield RUN
    assert case.tokens() == 3
    yield case.forget("logs/c.jsonl")
    assert case.tokens() == 4


@CASES.case
def test_a_row_that_counts_in_another_file_keeps_its_place(case: Case) -> Play:
    case.log("logs/a.jsonl", case.request("1", 3))
    case.log("logs/b.jsonl", case.request("1", 2))
    case.log("logs/c.jsonl", case.request("1", 3), case.request("2", 1))
    yield RUN
    assert case.tokens() == 3
    yield case.forget("logs/b.jsonl")
    assert case.tokens() == 4
    yield RUN  # that of the cases above
    yield case.forget("logs/a.jsonl")
    assert case.tokens() == 4
    yield case.remember("logs/b.jsonl")
    assert case.tokens() == 3


@pytest.mark.slow
def test_it_keeps_its_place_when_its_source_is_moved_to_another_basis(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (GATEWAY, Source("audit", "request_log", "raw", "detail")))
    trial.write("raw/a.jsonl", chat("c1", 3))
    trial.write("raw/b.jsonl", chat("c1", 2))
    trial.write("raw/c.jsonl", chat("c1", 3), chat("c2", 1))
    trial.run()
    trial.forget("raw/b.jsonl")
    trial.forget("raw/a.jsonl")
    trial.product.sources = (GATEWAY, Source("audit", "request_log", "raw", "charge"))
    trial.price(1)
    trial.tick()
    assert trial.product.command("rebase", "audit", now=trial.now) is None
    assert trial.dollars == 4
    trial.do("remember", "raw/b.jsonl")
    assert trial.dollars == 3


@pytest.mark.slow
def test_rows_of_two_bases_keep_the_place_of_the_first_of_them(tmp_path: Path) -> None:
    """Whether it is forgotten before or after the other is moved; not where that was read later."""
    trial = Trial(tmp_path, (GATEWAY, Source("audit", "request_log", "raw", "detail")))
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.write("logs/b.jsonl", chat("c2", 1))
    trial.write("logs/c.jsonl", chat("c3", 1))
    trial.write("raw/a.jsonl", chat("c1", 1), chat("c2", 1))
    trial.write("logs/z.jsonl", *(chat(name, 3) for name in ("c1", "c2", "c3")))
    trial.run()
    trial.forget("logs/a.jsonl")
    trial.forget("logs/c.jsonl")
    assert trial.dollars == 9
    trial.write("raw/b.jsonl", chat("c4", 0), chat("c3", 1))
    trial.run()
    trial.product.sources = (GATEWAY, Source("audit", "request_log", "raw", "charge"))
    trial.price(1)
    trial.tick()
    assert trial.product.command("rebase", "audit", now=trial.now) is None
    assert trial.dollars == 7  # c3 was read again when nothing else had this content of it
    trial.forget("logs/b.jsonl")
    assert trial.dollars == 7


@pytest.mark.slow
def test_a_copy_of_a_rewritten_file_keeps_what_that_had_before(tmp_path: Path) -> None:
    """A log is rewritten with what it had, rotated, and forgotten under its name."""
    workspace = Workspace(tmp_path.resolve())
    one, two = request("one"), request("two")
    workspace.write("logs/a.jsonl", lines(one))
    workspace.run()
    workspace.write("logs/a.jsonl", lines(two, one))
    workspace.run()
    workspace.write("logs/a.1.jsonl", lines(two, one))
    workspace.write("logs/a.jsonl", lines(request("three")))
    workspace.run()
    assert workspace.tokens() == 3000
    workspace.forget("logs/a.jsonl")
    assert workspace.tokens() == 2000
