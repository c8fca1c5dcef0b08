"""Named queries: their headers, and how words become bound values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.published.named_queries import (
    DefaultDays,
    Listing,
    NamedQuery,
    QueryParameter,
    bind,
    days_asked_about,
    named,
    named_queries,
    parse,
)
from pipeline.published.reader import open_published
from tests.support.published_folder import publish

TODAY = date(2026, 11, 12)
NOW = datetime(2026, 11, 12, 9)
DAYS = DefaultDays(TODAY, TODAY, NOW)

TEXT = """\
-- question: What did it cost,
--      and why?
-- row: one a day.
-- ties: all: to charges.
-- parameter: since DATE default month, first day
-- parameter: model VARCHAR required, the model
-- parameter: top BIGINT default 20, how many
-- parameter: above DECIMAL default any, a dollar amount, exact
-- parameter: at TIMESTAMP default now, an instant
SELECT 1  -- parameter: no header any more
"""


def test_the_header_says_question_row_and_parameters() -> None:
    """Continued lines belong to the line before; the header ends with the comments."""
    assert parse("x", TEXT) == NamedQuery(
        name="x",
        question="What did it cost, and why?",
        row="one a day.",
        ties="all: to charges.",
        parameters=(
            QueryParameter("since", "DATE", "month", "first day"),
            QueryParameter("model", "VARCHAR", None, "the model"),
            QueryParameter("top", "BIGINT", "20", "how many"),
            QueryParameter("above", "DECIMAL", "any", "a dollar amount, exact"),
            QueryParameter("at", "TIMESTAMP", "now", "an instant"),
        ),
        sql=TEXT,
    )


@pytest.mark.parametrize(
    "text",
    [
        "-- row: one\nSELECT 1",
        "-- question: what?\nSELECT 1",
        "-- question: what?\n-- row: one\n-- parameter: since\nSELECT 1",
        "-- question: what?\n-- row: one\n-- parameter: since DAY default any, x\nSELECT 1",
    ],
)
def test_a_header_of_ours_that_cannot_be_read_is_a_bug(text: str) -> None:
    """It is found by the test below, never by a user."""
    with pytest.raises(ValueError, match=r"x\.sql: "):
        parse("x", text)


def test_each_says_what_ties() -> None:
    """Every question ends with a question mark, every row and tie with a full stop."""
    queries = named_queries()
    assert len(queries) >= 12
    for query in queries:
        assert query.question.endswith("?"), query.name
        assert query.row.endswith("."), query.name
        assert query.ties.endswith("."), query.name


@pytest.mark.parametrize("query", named_queries(), ids=lambda q: q.name)
def test_the_sql_uses_what_the_header_declares(query: NamedQuery) -> None:
    """No parameter is declared for nothing, none is used without a word about it."""
    body = re.sub(r"--[^\n]*", "", query.sql)
    assert set(re.findall(r"\$(\w+)", body)) == {p.name for p in query.parameters}
    assert "SELECT *" not in body


def test_an_unknown_name_gets_the_nearest() -> None:
    """Or all, where none is near."""
    with pytest.raises(ConfigError, match=r"no query 'cost_by_projects'\. Did you mean cost_by_pr"):
        named("cost_by_projects")
    with pytest.raises(ConfigError, match=r"There are: .*budget_watch, caching_savings, "):
        named("zzz")


def test_words_become_typed_values() -> None:
    """A decimal stays exact, an instant with a zone becomes UTC."""
    given = {
        "since": "2026-10-01",
        "model": "'; DROP VIEW charges",
        "top": "3",
        "above": "0.000000000000000000000001",
        "at": "2026-10-01T02:00:00+02:00",
    }
    assert bind(parse("x", TEXT), given, DAYS) == {
        "since": date(2026, 10, 1),
        "model": "'; DROP VIEW charges",
        "top": 3,
        "above": Decimal("0.000000000000000000000001"),
        "at": datetime(2026, 10, 1),
    }


def test_defaults_stand_for_days_of_the_clock() -> None:
    """The month's first day, any (NULL), the instant."""
    assert bind(parse("x", TEXT), {"model": "gpt-a"}, DAYS) == {
        "since": date(2026, 11, 1),
        "model": "gpt-a",
        "top": 20,
        "above": None,
        "at": NOW,
    }


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("any", None),
        ("today", date(2026, 11, 12)),
        ("month", date(2026, 10, 1)),
        ("last_day", date(2026, 10, 30)),
        ("last_day+1", date(2026, 10, 31)),
        ("last_day-90", date(2026, 8, 1)),
        ("2026-01-01", date(2026, 1, 1)),
    ],
)
def test_each_default_word(word: str, value: date | None) -> None:
    """Today is the clock's, last_day and month follow the newest day with usage."""
    assert DefaultDays(TODAY, date(2026, 10, 30), NOW).value(word, "DATE") == value


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "--param: x needs model: the model. Give --param model=VALUE (VARCHAR)."),
        ({"modle": "a"}, "--param: x has no parameter 'modle'. Did you mean model?"),
        (
            {"zzz": "a"},
            "--param: x has no parameter 'zzz'. It takes since, model, top, above, at.",
        ),
        ({"since": "1.10.2026"}, "since: '1.10.2026' is not a DATE. Write it like 2026-10-01."),
        ({"since": "2026-02-30"}, "since: '2026-02-30' is not a DATE. Write it like 2026-10-01."),
        ({"top": "3.5"}, "top: '3.5' is not a BIGINT. Write it like 20."),
        ({"top": "\u0661"}, "top: '\u0661' is not a BIGINT. Write it like 20."),
        ({"above": "1,20"}, "above: '1,20' is not a DECIMAL. Write it like 12.50."),
        ({"at": "noon"}, "at: 'noon' is not a TIMESTAMP. Write it like 2026-10-01T08:00:00Z."),
    ],
)
def test_wrong_words_are_named_with_what_to_write(given: Mapping[str, str], message: str) -> None:
    """Unknown, missing, or of another type."""
    words = {"model": "gpt-a", **given} if given else {}
    with pytest.raises(ConfigError) as caught:
        bind(parse("x", TEXT), words, DAYS)
    assert str(caught.value) == message


def test_a_period_without_days_is_refused() -> None:
    """`until` is the first day that is no longer counted."""
    with pytest.raises(ConfigError, match="from 2026-11-02 to 2026-11-02 is empty"):
        bind(named("daily_trend"), {"since": "2026-11-02", "until": "2026-11-02"}, DAYS)


def test_an_old_storage_answers_about_its_newest_month(tmp_path: Path) -> None:
    """Where this month has no usage yet, defaults follow the newest day, and it is said."""
    rows = {"daily_costs": [{"charge_date": date(2026, 9, 20)}, {"charge_date": date(2026, 9, 7)}]}
    query = named("daily_trend")
    with closing(open_published(publish(tmp_path, rows))) as con:
        days, note = days_asked_about(con, query, {}, TODAY, NOW)
        values = bind(query, {}, days)
        given = {"since": "2026-09-01", "until": "2026-09-03"}
        assert days_asked_about(con, query, given, TODAY, NOW)[1] is None
        assert days_asked_about(con, query, {}, date(2026, 9, 25), NOW) == (
            DefaultDays(date(2026, 9, 25), date(2026, 9, 25), NOW),
            None,
        )
    assert note == "no usage in 2026-11 yet; the newest day is 2026-09-20"
    assert (values["since"], values["until"]) == (date(2026, 9, 1), date(2026, 9, 21))


def test_days_in_the_future_do_not_move_the_defaults(tmp_path: Path) -> None:
    """A replay with --now in the past asks about that past."""
    rows = {"daily_costs": [{"charge_date": date(2026, 12, 24)}]}
    with closing(open_published(publish(tmp_path, rows))) as con:
        assert days_asked_about(con, named("daily_trend"), {}, TODAY, NOW) == (DAYS, None)


def test_the_listing_has_a_row_for_each_query() -> None:
    """Name, question, and parameters with their defaults."""
    listing = Listing((parse("x", TEXT),))
    row = (
        "x",
        "What did it cost, and why?",
        "since=month, model=required, top=20, above=any, at=now",
    )
    assert list(listing.rows()) == [row]
    [batch] = listing.arrow()
    assert [tuple(r.values()) for r in batch.to_pylist()] == [row]
