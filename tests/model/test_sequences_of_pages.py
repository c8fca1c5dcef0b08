"""Sequences of fetched pages that once lost or doubled money, side by side in one workspace."""

from __future__ import annotations

from tests.support.cases import RUN, Case, Cases, Play
from tests.support.workspace import BUCKETS, bucket, page, used

CASES = Cases(configuration=BUCKETS)


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
