"""A table of a source with `replace = true` is the whole truth of that file, each time anew."""

from __future__ import annotations

from collections.abc import Generator

from pipeline.runs.result import RunResult
from tests.support.cases import RUN, Act, Case, Cases, Play
from tests.support.workspace import CONFIGURATION

REPLACING = CONFIGURATION.replace('kind = "records"', 'kind = "records"\nreplace = true')
NAME = "exports/a.csv"
CASES = Cases(configuration=REPLACING)


def write(case: Case, name: str = NAME, **tokens: int) -> None:
    """Write a table with a row a record."""
    case.records(
        name,
        *(
            f"{case.name}-{r},2026-11-2{i}T08:00:00Z,{case.project},alpha,{n},0,1"
            for i, (r, n) in enumerate(tokens.items())
        ),
    )


def table(case: Case, name: str = NAME, **tokens: int) -> Generator[Act, RunResult, int]:
    """Write a table with a row a record, run, and give all input tokens that count."""
    write(case, name, **tokens)
    yield RUN
    return case.tokens()


@CASES.case
def test_a_row_that_vanished_and_comes_back_counts_again(case: Case) -> Play:
    """Also after a table that has a header alone."""
    assert (yield from table(case, a=1000, b=200, c=30)) == 1230
    assert (yield from table(case, a=1000)) == 1000
    assert (yield from table(case, a=1000, b=200, c=30)) == 1230
    assert (yield from table(case)) == 0
    assert (yield from table(case, a=1000, b=200)) == 1200


@CASES.case
def test_a_value_that_comes_back_counts_again(case: Case) -> Play:
    """The table says so last."""
    for n in (1000, 2000, 1000, 2000):
        assert (yield from table(case, a=n)) == n


@CASES.case
def test_an_empty_file_is_a_problem_and_changes_nothing(case: Case) -> Play:
    """It is half-written, or the export failed: no table at all."""
    assert (yield from table(case, a=1000)) == 1000
    case.write(NAME, "")
    result = yield RUN
    assert [p for p in result.problems if str(case.path(NAME)) in p]
    assert result.exit_code == 3
    assert case.tokens() == 1000
    assert (yield from table(case, a=1000, b=200)) == 1200


@CASES.each(copy=True, another_table=False)
def test_a_row_that_another_table_has_goes_on_counting(case: Case, is_copy: bool) -> Play:  # noqa: FBT001  a case of the table
    """A copy of the earlier version, or another table with one of its rows."""
    yield from table(case, a=1000, b=200)
    yield from table(case, "exports/b.csv", **({"a": 1000} if is_copy else {}), b=200)
    assert (yield from table(case, a=1000)) == 1200


@CASES.case
def test_a_table_like_an_earlier_version_of_another_counts(case: Case) -> Play:
    """The rows that vanished from the one are in the other."""
    yield from table(case, a=1000, b=200)
    assert (yield from table(case, a=1000)) == 1000
    assert (yield from table(case, "exports/b.csv", a=1000, b=200)) == 1200


@CASES.case
def test_a_row_that_moves_to_another_table_counts_there(case: Case) -> Play:
    """Both tables are read in one run."""
    yield from table(case, a=1000, b=200)
    write(case, "exports/b.csv", b=200)
    assert (yield from table(case, a=1000)) == 1200
