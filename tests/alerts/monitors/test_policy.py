"""Policy findings: use that the directory does not allow, a rule a test, with cost and told once.

Days are whole UTC days; alpha costs two US dollars a million tokens in.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.published.named_queries import bind, days_asked_about, named
from pipeline.published.reader import open_published, run_statement
from tests.support.minute_pages import fill
from tests.support.workspace import CONFIGURATION, Place, lines, request

FINDINGS = (
    "SELECT kind, project_id, subject_id, first_usage_date, last_usage_date, cost_usd "
    "FROM policy_findings ORDER BY ALL"
)
SINCE = datetime(2026, 1, 1)
BARE = CONFIGURATION.replace('timezone = "Europe/Berlin"\n', "")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A million tokens of alpha a day, at noon, from the 9th to the 12th of November."""
    place = Place(tmp_path, BARE)
    use(place, "a", *(f"2026-11-{day:02}" for day in range(9, 13)))
    place.run()
    return place


def use(place: Place, name: str, *days: str, **more: Any) -> None:
    """Log a request of a million tokens at noon of each day."""
    bodies = [
        request(f"{name}-{day}", 1_000_000, when=f"{day}T12:00:00",
                **{"api_key_id": "key_1", "user_id": "user_1", **more})
        for day in days
    ]  # fmt: skip
    place.write(f"logs/{name}.jsonl", lines(*bodies))


def found(place: Place, **tables: Any) -> list[tuple[Any, ...]]:
    """What is found once the directory is as given."""
    fill(place, **tables)
    place.run()
    return [(kind, subject, first.day, last.day, cost) for kind, _, subject, first, last, cost in
            place.rows(FINDINGS)]  # fmt: skip


def directory(place: Place, *rows: str) -> None:
    """Name the projects in a file."""
    header = "project_id,project_name,state,created_at,archived_at"
    place.write("projects.csv", "".join(f"{row}\n" for row in (header, *rows)))
    place.configure(BARE + '\n[directory]\nprojects = "projects.csv"\n')


def test_an_empty_directory_finds_nothing(place: Place) -> None:
    """Without a list of keys no key is unknown, and so with people and projects."""
    assert found(place) == []
    assert place.rows("SELECT count(*) FROM alerts") == [(0,)]


def test_all_that_is_in_order_is_no_finding(place: Place) -> None:
    """A full directory that knows and allows everything."""
    directory(place, "proj_a,A,active,2026-01-01,")
    assert (
        found(
            place,
            api_keys=[("key_1", "proj_a", "active", SINCE, None)],
            project_members=[("proj_a", "user_1", SINCE, None)],
            organization_users=[("user_1", SINCE, None)],
            model_permissions=[("proj_a", "allow_list", ["alpha"], SINCE, None)],
        )
        == []
    )


def test_a_deleted_key_is_found_from_the_next_day_on(place: Place) -> None:
    """Deleted in the morning of the 10th: that day is in order, two are not, at $2 each."""
    ended = datetime(2026, 11, 10, 8)
    wrong = [("deleted_key", "key_1", 11, 12, Decimal(4))]
    assert found(place, api_keys=[("key_1", "proj_a", "active", SINCE, ended)]) == wrong
    twice = [
        ("key_1", "proj_a", "active", SINCE, ended),
        ("key_1", "proj_a", "deleted", ended, None),
    ]
    assert found(place, api_keys=twice) == wrong
    back = [
        ("key_1", "proj_a", "active", SINCE, ended),
        ("key_1", "proj_a", "active", datetime(2026, 11, 20), None),
    ]
    assert found(place, api_keys=back) == []
    # at midnight the whole day is past its end
    midnight = [("key_1", "proj_a", "active", SINCE, datetime(2026, 11, 11))]
    assert found(place, api_keys=midnight) == wrong


def test_an_unknown_key_needs_a_list_of_that_projects_keys(place: Place) -> None:
    """Keys of another project say nothing about this one's."""
    other = ("key_9", "proj_b", "active", SINCE, None)
    assert found(place, api_keys=[other]) == []
    mine = ("key_8", "proj_a", "active", SINCE, None)
    assert found(place, api_keys=[other, mine]) == [("unknown_key", "key_1", 9, 12, Decimal(8))]


def test_a_key_that_is_not_told_is_not_unknown(place: Place) -> None:
    """Sessions have no key, service accounts no user."""
    place.forget("logs/a.jsonl")
    use(place, "b", "2026-11-12", api_key_id=None, user_id=None)
    assert (
        found(
            place,
            api_keys=[("key_8", "proj_a", "active", SINCE, None)],
            organization_users=[("user_9", SINCE, None)],
        )
        == []
    )


def test_an_archived_project_is_found_from_the_next_day_on_and_only_as_that(place: Place) -> None:
    """Its keys and members ended with it; each dollar is listed once."""
    directory(place, "proj_a,<b>A</b>,archived,2026-01-01,2026-11-10T08:00:00Z")
    ended = datetime(2026, 11, 10, 8)
    assert found(
        place,
        api_keys=[("key_1", "proj_a", "active", SINCE, ended)],
        project_members=[("proj_a", "user_1", SINCE, ended)],
        model_permissions=[("proj_a", "allow_list", ["beta"], ended, None)],
    ) == [("archived_project", "proj_a", 11, 12, Decimal(4))]


def test_an_unknown_project_needs_a_whole_list(place: Place) -> None:
    """A list without times of creation may be a part: it only names projects."""
    directory(place, "proj_b,B,active,,")
    assert found(place) == []
    directory(place, "proj_b,B,active,2026-01-01,")
    assert found(place) == [("unknown_project", "proj_a", 9, 12, Decimal(8))]


@pytest.mark.parametrize("table", ["project_members", "organization_users"])
def test_a_former_member_is_found_from_the_next_day_on(place: Place, table: str) -> None:
    """Who left the project, or the organization."""
    key = ("proj_a", "user_1") if table == "project_members" else ("user_1",)
    ended = datetime(2026, 11, 10, 23, 59)
    wrong = [("former_member", "user_1", 11, 12, Decimal(4))]
    assert found(place, **{table: [(*key, SINCE, ended)]}) == wrong
    again = (*key, datetime(2026, 11, 11), None)
    assert found(place, **{table: [(*key, SINCE, ended), again]}) == []


def test_an_unknown_person_needs_a_list_of_people(place: Place) -> None:
    """Members and service accounts are known, too."""
    people = [("user_9", SINCE, None)]
    wrong = [("unknown_person", "user_1", 9, 12, Decimal(8))]
    assert found(place, organization_users=people) == wrong
    account = [("user_1", "proj_a", SINCE, None)]
    assert found(place, organization_users=people, service_accounts=account) == []


# mode, ids of the permission, model used, whether that is a finding
PERMISSIONS = [
    ("allow_list", ["gpt-4o"], "gpt-4o", False),
    ("allow_list", ["gpt-4o"], "gpt-4o-2024-08-06", False),
    ("allow_list", ["gpt-4o"], "gpt-4o-mini", True),  # never by a prefix
    ("allow_list", ["gpt-4o"], "gpt-4o-mini-2024-07-18", True),
    ("allow_list", ["gpt-4o"], "gpt-4o-audio-preview", True),
    ("allow_list", ["gpt-4o-2024-08-06"], "gpt-4o-2024-11-20", True),
    ("allow_list", ["gpt-4o-2024-08-06"], "gpt-4o-2024-08-06", False),
    ("allow_list", ["gpt-4"], "gpt-4-0613", False),
    ("allow_list", ["gpt-4"], "gpt-4-9999", True),  # no month and day
    ("allow_list", ["gpt-5.1"], "gpt-5-1-2025-11-13", False),
    ("allow_list", ["gpt-5"], "gpt-5-codex", True),  # priced alike, and another model
    ("allow_list", ["gpt-4o"], "ft:gpt-4o-2024-08-06:acme::x", False),
    ("allow_list", ["ft:gpt-4o-2024-08-06:acme::x"], "ft:gpt-4o-2024-08-06:acme::x", False),
    ("allow_list", ["gpt-4o-mini"], "ft:gpt-4o-2024-08-06:acme::x", True),
    ("allow_list", [], "gpt-4o", True),
    ("allow_list", ["%", "gpt-4_"], "gpt-4o", True),  # no patterns
    ("deny_list", ["gpt-4o"], "gpt-4o-2024-08-06", True),
    ("deny_list", ["gpt-4o"], "gpt-4o-mini", False),
    ("deny_list", ["gpt-4o"], "ft:gpt-4o-2024-08-06:acme::x", False),
    ("deny_list", ["ft:gpt-4o-2024-08-06:acme::x"], "ft:gpt-4o-2024-08-06:acme::x", True),
    ("deny_list", [], "gpt-4o", False),
]


def test_which_models_a_permission_covers(tmp_path: Path) -> None:
    """Its id, dated snapshots of it, the same id spelled otherwise, what was fine-tuned from it."""
    place = Place(tmp_path, BARE)
    for number, (_, _, model, _) in enumerate(PERMISSIONS):
        use(place, f"{number}", "2026-11-12", model=model, project=f"proj_{number}")
    place.run()
    permissions = [
        (f"proj_{number}", mode, ids, SINCE, None)
        for number, (mode, ids, _, _) in enumerate(PERMISSIONS)
    ]
    fill(place, model_permissions=permissions)
    place.run()
    found = {(kind, project, subject) for kind, project, subject, *_ in place.rows(FINDINGS)}
    assert found == {
        ("model_not_permitted", f"proj_{number}", model)
        for number, (_, _, model, is_found) in enumerate(PERMISSIONS)
        if is_found
    }


def test_permissions_count_on_days_that_they_cover_whole(place: Place) -> None:
    """Forbidden from the morning of the 10th to the evening of the 12th: only the 11th."""
    span = (datetime(2026, 11, 10, 8), datetime(2026, 11, 12, 20))
    assert found(place, model_permissions=[("proj_a", "deny_list", ["alpha"], *span)]) == [
        ("model_not_permitted", "alpha", 11, 11, Decimal(2))
    ]


def test_permissions_of_another_project_say_nothing(place: Place) -> None:
    """A permission is a project's own."""
    assert found(place, model_permissions=[("proj_b", "allow_list", [], SINCE, None)]) == []


def test_cost_without_a_price_is_a_lower_bound(place: Place) -> None:
    """What is priced is summed; the rest is told in units, never as $0."""
    use(place, "b", "2026-11-12", model="nobody-prices-this")
    place.run()
    fill(place, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    place.run()
    assert place.rows(
        "SELECT kind, days, cost_usd, unpriced_quantity, is_lower_bound FROM policy_findings"
    ) == [("unknown_key", 4, Decimal(8), Decimal(1_000_000), True)]
    [(message,)] = place.rows("SELECT message FROM alerts WHERE kind = 'policy'")
    assert message == (
        "Project proj_a was used with the API key key_1, which is not among the keys of the "
        "directory: at least $8.00, on 4 days, 2026-11-09 to 2026-11-12, in November 2026."
    )


def test_each_finding_is_told_once_and_all_of_a_run_in_one_message(place: Place) -> None:
    """More use of the same kind in the month says nothing new; another subject does."""
    ended = datetime(2026, 11, 10, 8)
    fill(
        place,
        api_keys=[("key_1", "proj_a", "active", SINCE, ended)],
        project_members=[("proj_a", "user_1", SINCE, ended)],
    )
    said: list[str] = []
    place.run(say=said.append)
    [text] = said
    spent = "(Z on 2026-11-10): $4.00, on 2 days, 2026-11-11 to 2026-11-12, in November 2026."
    assert text.splitlines()[:3] == [
        "tollbook, org-acme: 2 uses are not allowed by the directory",
        f"- Project proj_a was used with the API key key_1 after it was deleted {spent}".replace(
            "Z", "deleted"
        ),
        f"- Project proj_a was used by user_1, who had left before {spent}".replace("Z", "left"),
    ]
    use(place, "b", "2026-11-13")
    place.run(say=said.append)
    assert len(said) == 1
    use(place, "c", "2026-11-13", api_key_id="key_2", user_id=None)
    place.run(say=said.append)
    assert len(said) == 2
    assert "API key key_2" in said[1]
    place.run(say=said.append)
    assert len(said) == 2


def test_a_finding_that_was_wrong_is_taken_back(place: Place) -> None:
    """The directory is corrected: the alert is retracted, and that is said."""
    said: list[str] = []
    fill(place, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    place.run(say=said.append)
    fill(place, api_keys=[("key_1", "proj_a", "active", SINCE, None)])
    place.run(say=said.append)
    assert place.rows("SELECT state FROM alerts") == [("retracted",)]
    assert "1 alert taken back" in said[1]


def test_months_that_had_ended_before_the_first_run_are_listed_and_not_told(place: Place) -> None:
    """October is recorded only, September is only in the view."""
    use(place, "b", "2026-10-05", "2026-09-05", api_key_id="key_2")
    said: list[str] = []
    place.run()
    fill(place, api_keys=[("key_1", "proj_a", "active", SINCE, None)])
    place.run(say=said.append)
    assert said == []
    assert place.rows("SELECT period_start_date FROM policy_findings ORDER BY 1") == [
        (date(2026, 9, 1),),
        (date(2026, 10, 1),),
    ]
    assert place.rows("SELECT period_start_date, state, delivery FROM alerts") == [
        (date(2026, 10, 1), "resolved", "not sent (period had ended)")
    ]


def test_alerts_can_be_switched_off(place: Place) -> None:
    """Findings stay listed; what was open is resolved without a word."""
    fill(place, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    place.run()
    place.configure(BARE + "\n[policy]\nalerts = false\n")
    use(place, "b", "2026-11-13", api_key_id="key_2")
    place.run()
    assert place.rows("SELECT subject_id FROM policy_findings ORDER BY 1") == [
        ("key_1",),
        ("key_2",),
    ]
    assert place.rows("SELECT subject_id, state FROM alerts") == [
        ("unknown_key proj_a key_1", "resolved")
    ]


def test_hostile_names_are_text(place: Place) -> None:
    """No quoting trick, template or line break does anything."""
    key = "key'); DROP TABLE alerts; -- {subject} {0}\nAlert ids: alert-0"
    use(place, "b", "2026-11-12", api_key_id=key, project="proj_'x")
    fill(place, api_keys=[("key_8", "proj_'x", "active", SINCE, None)])
    said: list[str] = []
    place.run(say=said.append)
    assert [row[2] for row in place.rows(FINDINGS)] == [key]
    assert "-- {subject} {0}\ufffdAlert ids: alert-0, which is not among" in said[0]
    assert len(said[0].splitlines()) == 3


def test_the_named_query_asks_by_month_project_and_kind(place: Place) -> None:
    """The rows are those of the view."""
    fill(place, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    place.run()
    query = named("policy")
    with closing(open_published(place.path("var/published"))) as con:
        for given, count in (
            ({}, 1),
            ({"kind": "deleted_key"}, 0),
            ({"project": "proj_b"}, 0),
            ({"since": "2026-10-15", "until": "2026-11-01"}, 0),
        ):
            days, _ = days_asked_about(con, query, given, date(2026, 11, 24), place.at)
            answer = run_statement(con, query.sql, bind(query, given, days))
            assert len(list(answer.rows())) == count


def test_a_key_that_is_gone_is_told_with_its_name(place: Place) -> None:
    """The directory keeps the name, and an alert shows it beside the id."""
    place.write(
        "keys.csv",
        "api_key_id,project_id,name,valid_from,valid_to\n"
        'key_1,proj_a,"Ada\'s ""key""",2026-01-01,2026-11-10T08:00Z\n',
    )
    place.configure(BARE + '\n[directory]\nkeys = "keys.csv"\n')
    place.run()
    [(message,)] = place.rows("SELECT message FROM alerts WHERE kind = 'policy'")
    assert message == (
        'Project proj_a was used with the API key Ada\'s "key" (key_1) after it was deleted '
        "(deleted on 2026-11-10): $4.00, on 2 days, 2026-11-11 to 2026-11-12, in November 2026."
    )
