"""Sequences of fetched pages that once lost or doubled money, side by side in one workspace."""

from __future__ import annotations

import json

from tests.support.cases import RUN, Case, Cases, Play
from tests.support.workspace import BUCKETS, bucket, page, used

CASES = Cases(configuration=BUCKETS)
LONG_CASES = Cases(configuration=BUCKETS, is_slow=True)


def write(case: Case, name: str, tokens: int, fetched_at: str | None = None) -> None:
    """Write a page with one bucket of the case's day, fetched when it is written or then."""
    of_day = bucket(case.day, used(tokens, case.project))
    at = fetched_at or f"{case.workspace.at.isoformat()}Z"
    case.write(f"usage/{name}", page("completions", at, of_day))


@CASES.each(under_one_name=True, under_a_name_each=False)
def test_t5_a_bucket_goes_back_to_an_earlier_figure(case: Case, under_one_name: bool) -> Play:  # noqa: FBT001  a case of the table
    for number, tokens in enumerate((1, 2, 1)):
        write(case, "p.json" if under_one_name else f"p{number}.json", tokens)
        yield RUN
        assert case.tokens() == tokens


@CASES.case
def test_a_late_page_does_not_replace_a_later_fetch_of_the_same_figures(case: Case) -> Play:
    """Fetched at 0 and 10 minutes alike; what was fetched at 5 minutes is read last."""
    for minute, tokens in ((0, 1), (10, 1), (5, 2)):
        write(case, f"{minute}.json", tokens, f"2026-11-24T07:{minute:02}:00Z")
        yield RUN
        assert case.tokens() == 1


@CASES.case
def test_remembered_pages_count_again(case: Case) -> Play:
    write(case, "a.json", 1)
    yield RUN
    write(case, "b.json", 2)
    yield RUN
    assert case.tokens() == 2
    yield case.forget("usage/b.json")
    assert case.tokens() == 1
    yield RUN
    assert case.tokens() == 1
    yield case.remember("usage/b.json")
    yield RUN
    assert case.tokens() == 2


def save(case: Case, name: str, tokens: int) -> None:
    """Write a page with one bucket of the case's day, that does not say when it was fetched."""
    of_day = bucket(case.day, used(tokens, case.project))
    case.write(f"usage/{name}", json.dumps(json.loads(page("completions", "", of_day))["page"]))


@LONG_CASES.case
def test_a_renamed_page_keeps_its_place_when_its_earlier_name_is_forgotten(case: Case) -> Play:
    """A rename is no fetch: what was fetched before it, but after the page, goes on counting."""
    for name, tokens in (("p1.json", 1), ("p2.json", 2)):
        save(case, name, tokens)
        yield RUN
        assert case.tokens() == tokens
    case.path("usage/p1.json").rename(case.path("usage/q1.json"))
    yield RUN
    for act in (case.forget("usage/p1.json"), RUN):
        yield act
        assert case.tokens() == 2
        assert case.fates()["usage/q1.json"] == (1, 0, 1, 0, 0)
    for act in (case.forget("usage/p2.json"), RUN):
        yield act
        assert case.tokens() == 1
        assert case.fates()["usage/q1.json"] == (1, 1, 0, 0, 0)
    yield case.remember("usage/p1.json")
    assert case.tokens() == 1
    assert case.fates() == {
        "usage/p1.json": (1, 1, 0, 0, 0),
        "usage/p2.json": (1, 0, 0, 1, 0),
        "usage/q1.json": (1, 0, 0, 1, 0),
    }
    yield case.remember("usage/p2.json")
    assert case.tokens() == 2
    yield RUN
    assert case.tokens() == 2


@LONG_CASES.case
def test_a_copy_beside_its_page_is_a_later_fetch(case: Case) -> Play:
    for name, tokens in (("p1.json", 1), ("p2.json", 2), ("q1.json", 1)):
        save(case, name, tokens)
        yield RUN
        assert case.tokens() == tokens
    for act in (case.forget("usage/p1.json"), RUN):
        yield act
        assert case.tokens() == 1
        assert case.fates()["usage/q1.json"] == (1, 1, 0, 0, 0)
    yield case.forget("usage/q1.json")
    assert case.tokens() == 2


@LONG_CASES.case
def test_a_page_of_which_only_an_earlier_version_is_the_same_was_not_renamed(case: Case) -> Play:
    for name, tokens in (("p.json", 1), ("p.json", 2)):
        save(case, name, tokens)
        yield RUN
    case.path("usage/p.json").unlink()
    save(case, "q.json", 1)
    yield RUN
    assert case.tokens() == 1
