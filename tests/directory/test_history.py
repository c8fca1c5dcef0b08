"""What was so from when until when, by hand over three syncs; lists that fail change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.providers.openai.directory.ask import project_path
from pipeline.storage.database import Database
from tests.support.directory_files import (
    ARCHIVED,
    CREATED,
    FIRST,
    SECOND,
    THIRD,
    Answers,
    empty_books,
    key,
    member,
    project,
    seconds,
    sync,
)

PROJECTS = "SELECT project_name, state, valid_from_at, valid_to_at FROM project_history ORDER BY 3"
MEMBERS = "SELECT user_id, role, valid_from_at, valid_to_at FROM project_members ORDER BY 1, 3"
KEYS = "SELECT name, state, valid_from_at, valid_to_at FROM api_keys ORDER BY 3, 1"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Database]:
    """Empty books."""
    with empty_books(tmp_path) as found:
        yield found


def rows_over(books: Database, query: str, *syncs: Answers) -> list[tuple[Any, ...]]:
    """The rows after syncs on three days in a row."""
    for at, answers in zip((FIRST, SECOND, THIRD), syncs, strict=False):
        sync(books, at, answers)
    return books.rows(query)


def test_a_rename_closes_one_row_and_opens_the_next(books: Database) -> None:
    """The old name stays with its days; a sync without news changes nothing."""
    old, new = {"projects": [project("Old")]}, {"projects": [project("New")]}
    assert rows_over(books, PROJECTS, old, new, new) == [
        ("Old", "active", CREATED, SECOND),
        ("New", "active", SECOND, None),
    ]


def test_a_project_is_archived_when_the_api_says_it_was(books: Database) -> None:
    """Not when it was seen; its people and accounts ended with it, and are not asked for."""
    first: Answers = {
        "projects": [project("A")],
        "projects/p1/users": [member("u1", "owner")],
        "projects/p1/service_accounts": [member("s1", "member")],
        "projects/p1/api_keys": [key("k1", "main")],
    }
    second: Answers = {
        "projects": [project("A", archived_at=ARCHIVED)],
        "projects/p1/api_keys": 400,
    }
    assert rows_over(books, PROJECTS, first, second, second) == [
        ("A", "active", CREATED, ARCHIVED),
        ("A", "archived", ARCHIVED, None),
    ]
    assert books.rows(MEMBERS) == [("u1", "owner", CREATED, ARCHIVED)]
    assert books.rows(KEYS) == [("main", "active", CREATED, ARCHIVED)]
    assert books.rows("SELECT service_account_id, valid_to_at FROM service_accounts") == [
        ("s1", ARCHIVED)
    ]


def test_a_project_first_seen_archived_was_active_before(books: Database) -> None:
    """From its creation to its end, which the API tells."""
    ended = datetime(2026, 6, 1)
    assert rows_over(books, PROJECTS, {"projects": [project("A", archived_at=ended)]}) == [
        ("A", "active", CREATED, ended),
        ("A", "archived", ended, None),
    ]


def test_a_role_changes_and_a_person_leaves_and_comes_back(books: Database) -> None:
    """Back again with the old date of joining: from when it was seen."""
    assert rows_over(
        books,
        MEMBERS,
        {"projects/p1/users": [member("u1", "owner"), member("u2", "member")],
         "projects": [project("A")]},
        {"projects/p1/users": [member("u1", "member")], "projects": [project("A")]},
        {"projects/p1/users": [member("u1", "member"), member("u2", "owner")],
         "projects": [project("A")]},
    ) == [
        ("u1", "owner", CREATED, SECOND),
        ("u1", "member", SECOND, None),
        ("u2", "member", CREATED, SECOND),
        ("u2", "owner", THIRD, None),
    ]  # fmt: skip


def test_a_deleted_key_keeps_its_name(books: Database) -> None:
    """It is closed when it was missed; what only passes, such as its last use, is no change."""
    here = {"projects": [project("A")], "projects/p1/api_keys": [key("k1", "main")]}
    gone = {"projects": [project("A")], "projects/p1/api_keys": []}
    assert rows_over(books, KEYS, here, gone, gone) == [("main", "active", CREATED, SECOND)]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_list_that_failed_ends_nothing(books: Database, status: int) -> None:
    """No answer is not an empty answer; lists that came are taken, and it is said."""
    here = {
        "projects": [project("A")],
        "projects/p1/users": [member("u1", "owner")],
        "projects/p1/api_keys": [key("k1", "main")],
    }
    sync(books, FIRST, here)
    told = sync(books, SECOND, {**here, "projects/p1/users": status, "projects/p1/api_keys": []})
    assert books.rows(MEMBERS) == [("u1", "owner", CREATED, None)]
    assert books.rows(KEYS) == [("main", "active", CREATED, SECOND)]
    said = [str(problem) for problem in told.problems] or told.notes
    assert len(said) == 1
    assert said[0].startswith(
        f"the directory of 'api': projects/*/users was refused with {status}; "
        "what was known of it stays."
    )
    assert bool(told.problems) == (status == 500)


def test_projects_that_failed_stay(books: Database) -> None:
    """Also all that belongs to them, which nobody could ask for."""
    here = {"projects": [project("A")], "projects/p1/users": [member("u1", "owner")]}
    assert rows_over(books, PROJECTS, here, {"projects": 500}, {"projects": 500}) == [
        ("A", "active", CREATED, None)
    ]
    assert books.rows(MEMBERS) == [("u1", "owner", CREATED, None)]


def test_a_young_project_may_be_unknown_to_other_lists(books: Database) -> None:
    """The provider makes a new project known bit by bit: no problem, and nothing is gone."""
    made = project("New") | {"created_at": seconds(FIRST) - 5}
    told = sync(books, FIRST, {"projects": [made], "projects/p1/users": 404})
    assert (told.problems, told.notes) == ([], [])
    told = sync(books, SECOND, {"projects": [made], "projects/p1/users": [member("u1", "owner")]})
    assert books.rows(MEMBERS) == [("u1", "owner", CREATED, None)]


def test_an_item_without_an_id_ends_nothing(books: Database) -> None:
    """A list that is not understood is not whole."""
    here = {"projects": [project("A")], "projects/p1/users": [member("u1", "owner")]}
    sync(books, FIRST, here)
    told = sync(books, SECOND, {**here, "projects/p1/users": [{"role": "owner"}]})
    assert books.rows(MEMBERS) == [("u1", "owner", CREATED, None)]
    assert told.notes == [
        (
            "The source 'api': /organization/projects/p1/users has 1 items without an id; "
            "nothing is taken as gone there"
        )
    ]


def test_a_service_account_that_is_listed_twice_is_in_one_project(books: Database) -> None:
    """The first project counts, and it is said; where it moves, its history does."""
    both = [project("A"), project("B", id_="p2")]
    one, none = [member("s1", "member")], list[Any]()
    path = "projects/{}/service_accounts"
    told = sync(books, FIRST, {"projects": both, path.format("p1"): one, path.format("p2"): one})
    assert ["'s1' is listed in 'p1' and in 'p2'" in note for note in told.notes] == [True]
    sync(books, SECOND, {"projects": both, path.format("p1"): none, path.format("p2"): one})
    assert books.rows(
        "SELECT project_id, valid_from_at, valid_to_at FROM service_accounts ORDER BY 2"
    ) == [("p1", FIRST, SECOND), ("p2", SECOND, None)]


def test_cents_are_exact_dollars(books: Database) -> None:
    """A hundredth each, never a float; none set (404, or 0) is no limit."""

    def limit(cents: int) -> list[dict[str, Any]]:
        return [{"threshold_amount": cents, "currency": "USD", "interval": "month",
                 "enforcement": {"status": "enforcing"}}]  # fmt: skip

    query = "SELECT project_id, amount_usd, valid_from_at, valid_to_at FROM spend_limits ORDER BY 3"
    big = 98_765_432_109_876
    assert rows_over(
        books,
        query,
        {"spend_limit": limit(1), "projects": [project("A")], "projects/p1/spend_limit": 404},
        {"spend_limit": limit(big), "projects": [project("A")]},
        {"spend_limit": 404, "projects": [project("A")], "projects/p1/spend_limit": limit(0)},
    ) == [
        (None, Decimal("0.01"), FIRST, SECOND),
        (None, Decimal("987654321098.76"), SECOND, THIRD),
    ]


def test_limits_and_permissions_are_dated_from_when_they_were_seen(books: Database) -> None:
    """The API does not tell since when; what was before the first sync is not known."""

    def limits(tokens: int) -> list[dict[str, Any]]:
        return [{"id": "rl-m", "model": "m", "max_requests_per_1_minute": 3,
                 "max_tokens_per_1_minute": tokens}]  # fmt: skip

    paths = ("projects/p1/rate_limits", "projects/p1/model_permissions")
    allow, nothing = {"mode": "allow_list", "model_ids": ["m"]}, {"mode": "deny_list",
                                                                  "model_ids": []}  # fmt: skip
    assert rows_over(
        books,
        "SELECT model, max_tokens_per_1_minute, valid_from_at, valid_to_at FROM rate_limits "
        "ORDER BY 3",
        {"projects": [project("A")], paths[0]: limits(10), paths[1]: [allow]},
        {"projects": [project("A")], paths[0]: limits(20), paths[1]: [nothing]},
    ) == [("m", 10, FIRST, SECOND), ("m", 20, SECOND, None)]
    assert books.rows("SELECT mode, model_ids, valid_from_at, valid_to_at FROM model_permissions") \
        == [("allow_list", ["m"], FIRST, SECOND)]  # fmt: skip


def test_an_invite_is_pending_until_it_is_accepted(books: Database) -> None:
    """The API tells when that was, also where it was before the first sync."""
    invite = {
        "id": "i1", "email": "a@b.example", "role": "reader", "status": "accepted",
        "created_at": seconds(CREATED), "expires_at": seconds(FIRST),
        "accepted_at": seconds(datetime(2026, 1, 3)),
        "projects": [{"id": "p1", "role": "member"}],
    }  # fmt: skip
    assert rows_over(
        books,
        "SELECT status, project_ids, project_roles, valid_from_at, valid_to_at FROM invites "
        "ORDER BY 4",
        {"invites": [invite]},
    ) == [
        ("pending", ["p1"], ["member"], CREATED, datetime(2026, 1, 3)),
        ("accepted", ["p1"], ["member"], datetime(2026, 1, 3), None),
    ]


def test_the_default_project_is_the_oldest_of_its_name(books: Database) -> None:
    """Nothing in the API marks it."""
    younger = project("Default project", id_="p2") | {"created_at": seconds(FIRST)}
    sync(books, SECOND, {"projects": [younger, project("Default project"), project("C", id_="p3")]})
    assert books.rows("SELECT project_id, is_default FROM projects ORDER BY 1") == [
        ("p1", True),
        ("p2", False),
        ("p3", False),
    ]


def test_ids_from_the_api_never_become_other_paths() -> None:
    """What cannot be part of a path is not asked about."""
    assert project_path("proj_a-1", "users") == "/organization/projects/proj_a-1/users"
    for id_ in ("", "..", "../x", "a/b", "a?b", "a b", "%2e"):
        with pytest.raises(ValueError, match="is not an id"):
            project_path(id_, "users")


def test_a_name_that_is_no_text_is_mended(books: Database) -> None:
    """JSON can hold half a surrogate pair; the books cannot, and the run goes on."""
    sync(books, FIRST, {"projects": [project("A\ud800B")]})
    assert books.rows("SELECT project_name FROM projects") == [("A?B",)]
