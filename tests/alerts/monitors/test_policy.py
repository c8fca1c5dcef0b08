"""Policy findings: use that the directory does not allow, a rule a test, with cost and told once.

Days are whole UTC days; alpha costs two US dollars a million tokens in.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pipeline.published.named_queries import bind, days_asked_about, named
from pipeline.published.reader import open_published, run_statement
from tests.support.minute_pages import fill
from tests.support.workspace import CONFIGURATION, Prepared, Workspace, lines, request

FINDINGS = (
    "SELECT kind, project_id, subject_id, first_usage_date, last_usage_date, cost_usd "
    "FROM policy_findings ORDER BY ALL"
)
SINCE = datetime(2026, 1, 1)
Found = dict[str, list[tuple[Any, ...]]]
BARE = CONFIGURATION.replace('timezone = "Europe/Berlin"\n', "")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """One run."""
    workspace = Workspace(tmp_path_factory.mktemp("policy").resolve(), BARE)
    use(workspace, "a", *(f"2026-11-{day:02}" for day in range(9, 13)))
    workspace.run()
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    """A million tokens of alpha a day, at noon, from the 9th to the 12th of November."""
    return prepared.again()


def use(workspace: Workspace, name: str, *days: str, **more: Any) -> None:
    """Log a request of a million tokens at noon of each day."""
    bodies = [
        request(f"{name}-{day}", 1_000_000, when=f"{day}T12:00:00",
                **{"api_key_id": "key_1", "user_id": "user_1", **more})
        for day in days
    ]  # fmt: skip
    workspace.write(f"logs/{name}.jsonl", lines(*bodies))


def found(workspace: Workspace, **tables: Any) -> list[tuple[Any, ...]]:
    """What is found once the directory is as given."""
    fill(workspace, **tables)
    workspace.run()
    return [(kind, subject, first.day, last.day, cost) for kind, _, subject, first, last, cost in
            workspace.rows(FINDINGS)]  # fmt: skip


def directory(workspace: Workspace, *rows: str) -> None:
    """Name the projects in a file."""
    header = "project_id,project_name,state,created_at,archived_at"
    workspace.write("projects.csv", "".join(f"{row}\n" for row in (header, *rows)))
    workspace.configure(BARE + '\n[directory]\nprojects = "projects.csv"\n')


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
ENDED = datetime(2026, 11, 10, 8)
SPAN = (ENDED, datetime(2026, 11, 12, 20))
LEFT = datetime(2026, 11, 10, 23, 59)
# By project, whose key and user are called after it: the rows of the directory about it.
DIRECTORY: dict[str, dict[str, list[tuple[Any, ...]]]] = {
    "key_ended": {"api_keys": [("key_ended", "key_ended", "active", SINCE, ENDED)]},
    "key_deleted": {
        "api_keys": [
            ("key_deleted", "key_deleted", "active", SINCE, ENDED),
            ("key_deleted", "key_deleted", "deleted", ENDED, None),
        ]
    },
    "key_back": {
        "api_keys": [
            ("key_back", "key_back", "active", SINCE, ENDED),
            ("key_back", "key_back", "active", datetime(2026, 11, 20), None),
        ]
    },
    "key_midnight": {
        "api_keys": [("key_midnight", "key_midnight", "active", SINCE, datetime(2026, 11, 11))]
    },
    "no_list": {},
    "other_keys": {"api_keys": [("key_8", "other_keys", "active", SINCE, None)]},
    "member_left": {"project_members": [("member_left", "member_left", SINCE, LEFT)]},
    "member_back": {
        "project_members": [
            ("member_back", "member_back", SINCE, LEFT),
            ("member_back", "member_back", datetime(2026, 11, 11), None),
        ]
    },
    "span": {"model_permissions": [("span", "deny_list", ["alpha"], *SPAN)]},
}


@pytest.fixture(scope="module")
def by_project(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What is found in each project of `DIRECTORY` and `PERMISSIONS`, in one workspace.

    A million tokens of alpha a day, at noon, from the 9th to the 12th of November; what is tried
    with permissions is used on the 12th alone.
    """
    workspace = Workspace(tmp_path_factory.mktemp("projects").resolve(), BARE)
    days = [f"2026-11-{day:02}" for day in range(9, 13)]
    tables: dict[str, list[tuple[Any, ...]]] = {}
    for project, about in DIRECTORY.items():
        use(workspace, project, *days, project=project, api_key_id=project, user_id=project)
        for table, rows in about.items():
            tables.setdefault(table, []).extend(rows)
    for number, (mode, ids, model, _) in enumerate(PERMISSIONS):
        use(workspace, f"{number}", "2026-11-12", model=model, project=f"proj_{number}")
        tables["model_permissions"].append((f"proj_{number}", mode, ids, SINCE, None))
    workspace.run()
    fill(workspace, **tables)
    workspace.run()
    rows_of: Found = defaultdict(list)
    for kind, project, subject, first, last, cost in workspace.rows(FINDINGS):
        rows_of[project].append((kind, subject, first.day, last.day, cost))
    return rows_of


def test_an_empty_directory_finds_nothing(workspace: Workspace) -> None:
    """Without a list of keys no key is unknown, and so with people and projects."""
    assert found(workspace) == []
    assert workspace.rows("SELECT count(*) FROM alerts") == [(0,)]


def test_all_that_is_in_order_is_no_finding(workspace: Workspace) -> None:
    """A full directory that knows and allows everything."""
    directory(workspace, "proj_a,A,active,2026-01-01,")
    assert (
        found(
            workspace,
            api_keys=[("key_1", "proj_a", "active", SINCE, None)],
            project_members=[("proj_a", "user_1", SINCE, None)],
            organization_users=[("user_1", SINCE, None)],
            model_permissions=[("proj_a", "allow_list", ["alpha"], SINCE, None)],
        )
        == []
    )


def test_a_deleted_key_is_found_from_the_next_day_on(
    by_project: Found,
) -> None:
    """Deleted in the morning of the 10th: that day is in order, two are not, at $2 each."""
    for name in ("key_ended", "key_deleted", "key_midnight"):  # at midnight: the whole day after
        assert by_project[name] == [("deleted_key", name, 11, 12, Decimal(4))]
    assert by_project["key_back"] == []


def test_an_unknown_key_needs_a_list_of_that_projects_keys(
    by_project: Found,
) -> None:
    """Keys of another project say nothing about this one's."""
    assert by_project["no_list"] == []
    assert by_project["other_keys"] == [("unknown_key", "other_keys", 9, 12, Decimal(8))]


def test_a_key_that_is_not_told_is_not_unknown(workspace: Workspace) -> None:
    """Sessions have no key, service accounts no user."""
    use(workspace, "b", "2026-11-12", api_key_id=None, user_id=None)
    assert (
        found(
            workspace,
            api_keys=[("key_1", "proj_a", "active", SINCE, None)],
            organization_users=[("user_1", SINCE, None)],
        )
        == []
    )


def test_an_archived_project_is_found_from_the_next_day_on_and_only_as_that(
    workspace: Workspace,
) -> None:
    """Its keys and members ended with it; each dollar is listed once."""
    directory(workspace, "proj_a,<b>A</b>,archived,2026-01-01,2026-11-10T08:00:00Z")
    ended = datetime(2026, 11, 10, 8)
    assert found(
        workspace,
        api_keys=[("key_1", "proj_a", "active", SINCE, ended)],
        project_members=[("proj_a", "user_1", SINCE, ended)],
        model_permissions=[("proj_a", "allow_list", ["beta"], ended, None)],
    ) == [("archived_project", "proj_a", 11, 12, Decimal(4))]


def test_an_unknown_project_needs_a_whole_list(workspace: Workspace) -> None:
    """A list without times of creation may be a part: it only names projects."""
    directory(workspace, "proj_b,B,active,,")
    assert found(workspace) == []
    directory(workspace, "proj_b,B,active,2026-01-01,")
    assert found(workspace) == [("unknown_project", "proj_a", 9, 12, Decimal(8))]


def test_a_former_member_of_a_project_is_found_from_the_next_day_on(
    by_project: Found,
) -> None:
    """Unless they came back."""
    wrong = [("former_member", "member_left", 11, 12, Decimal(4))]
    assert by_project["member_left"] == wrong
    assert by_project["member_back"] == []


def test_a_former_member_of_the_organization_is_found_from_the_next_day_on(
    workspace: Workspace,
) -> None:
    """Unless they came back."""
    wrong = [("former_member", "user_1", 11, 12, Decimal(4))]
    left = ("user_1", SINCE, LEFT)
    assert found(workspace, organization_users=[left]) == wrong
    again = ("user_1", datetime(2026, 11, 11), None)
    assert found(workspace, organization_users=[left, again]) == []


def test_an_unknown_person_needs_a_list_of_people(workspace: Workspace) -> None:
    """Members and service accounts are known, too."""
    people = [("user_9", SINCE, None)]
    wrong = [("unknown_person", "user_1", 9, 12, Decimal(8))]
    assert found(workspace, organization_users=people) == wrong
    account = [("user_1", "proj_a", SINCE, None)]
    assert found(workspace, organization_users=people, service_accounts=account) == []


def test_which_models_a_permission_covers(by_project: Found) -> None:
    """Its id, dated snapshots of it, the same id spelled otherwise, what was fine-tuned from it."""
    found = {
        (kind, project, subject)
        for project, rows in by_project.items()
        if project.startswith("proj_")
        for kind, subject, *_ in rows
    }
    assert found == {
        ("model_not_permitted", f"proj_{number}", model)
        for number, (_, _, model, is_found) in enumerate(PERMISSIONS)
        if is_found
    }


def test_permissions_count_on_days_that_they_cover_whole(
    by_project: Found,
) -> None:
    """Forbidden from the morning of the 10th to the evening of the 12th: only the 11th."""
    assert by_project["span"] == [("model_not_permitted", "alpha", 11, 11, Decimal(2))]


def test_permissions_of_another_project_say_nothing(
    by_project: Found,
) -> None:
    """A permission is a project's own."""
    assert by_project["no_list"] == []


def test_cost_without_a_price_is_a_lower_bound(workspace: Workspace) -> None:
    """What is priced is summed; the rest is told in units, never as $0."""
    use(workspace, "b", "2026-11-12", model="nobody-prices-this")
    fill(workspace, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    workspace.run()
    assert workspace.rows(
        "SELECT kind, days, cost_usd, unpriced_quantity, is_lower_bound FROM policy_findings"
    ) == [("unknown_key", 4, Decimal(8), Decimal(1_000_000), True)]
    [(message,)] = workspace.rows("SELECT message FROM alerts WHERE kind = 'policy'")
    assert message == (
        "Project proj_a was used with the API key key_1, which is not among the keys of the "
        "directory: at least $8.00, on 4 days, 2026-11-09 to 2026-11-12, in November 2026."
    )


def test_each_finding_is_told_once_and_all_of_a_run_in_one_message(workspace: Workspace) -> None:
    """More use of the same kind in the month says nothing new; another subject does."""
    ended = datetime(2026, 11, 10, 8)
    fill(
        workspace,
        api_keys=[("key_1", "proj_a", "active", SINCE, ended)],
        project_members=[("proj_a", "user_1", SINCE, ended)],
    )
    said: list[str] = []
    workspace.run(say=said.append)
    [text] = said
    spent = "(Z on 2026-11-10): $4.00, on 2 days, 2026-11-11 to 2026-11-12, in November 2026."
    assert text.splitlines()[:3] == [
        "tollbook, org-acme: 2 uses are not allowed by the directory",
        f"- Project proj_a was used with the API key key_1 after it was deleted {spent}".replace(
            "Z", "deleted"
        ),
        f"- Project proj_a was used by user_1, who had left before {spent}".replace("Z", "left"),
    ]
    use(workspace, "b", "2026-11-13")
    workspace.run(say=said.append)
    assert len(said) == 1
    use(workspace, "c", "2026-11-13", api_key_id="key_2", user_id=None)
    workspace.run(say=said.append)
    assert len(said) == 2
    assert "API key key_2" in said[1]
    workspace.run(say=said.append)
    assert len(said) == 2


def test_a_finding_that_was_wrong_is_taken_back(workspace: Workspace) -> None:
    """The directory is corrected: the alert is retracted, and that is said."""
    said: list[str] = []
    fill(workspace, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    workspace.run(say=said.append)
    fill(workspace, api_keys=[("key_1", "proj_a", "active", SINCE, None)])
    workspace.run(say=said.append)
    assert workspace.rows("SELECT state FROM alerts") == [("retracted",)]
    assert "1 alert taken back" in said[1]


def test_months_that_had_ended_before_the_first_run_are_listed_and_not_told(
    workspace: Workspace,
) -> None:
    """October is recorded only, September is only in the view."""
    use(workspace, "b", "2026-10-05", "2026-09-05", api_key_id="key_2")
    said: list[str] = []
    fill(workspace, api_keys=[("key_1", "proj_a", "active", SINCE, None)])
    workspace.run(say=said.append)
    assert said == []
    assert workspace.rows("SELECT period_start_date FROM policy_findings ORDER BY 1") == [
        (date(2026, 9, 1),),
        (date(2026, 10, 1),),
    ]
    assert workspace.rows("SELECT period_start_date, state, delivery FROM alerts") == [
        (date(2026, 10, 1), "resolved", "not sent (period had ended)")
    ]


def test_alerts_can_be_switched_off(workspace: Workspace) -> None:
    """Findings stay listed; what was open is resolved without a word."""
    fill(workspace, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    workspace.run()
    workspace.configure(BARE + "\n[policy]\nalerts = false\n")
    use(workspace, "b", "2026-11-13", api_key_id="key_2")
    workspace.run()
    assert workspace.rows("SELECT subject_id FROM policy_findings ORDER BY 1") == [
        ("key_1",),
        ("key_2",),
    ]
    assert workspace.rows("SELECT subject_id, state FROM alerts") == [
        ("unknown_key proj_a key_1", "resolved")
    ]


def test_hostile_names_are_text(workspace: Workspace) -> None:
    """No quoting trick, template or line break does anything."""
    key = "key'); DROP TABLE alerts; -- {subject} {0}\nAlert ids: alert-0"
    use(workspace, "b", "2026-11-12", api_key_id=key, project="proj_'x")
    fill(workspace, api_keys=[("key_8", "proj_'x", "active", SINCE, None)])
    said: list[str] = []
    workspace.run(say=said.append)
    assert [row[2] for row in workspace.rows(FINDINGS)] == [key]
    assert "-- {subject} {0}\\nAlert ids: alert-0, which is not among" in said[0]
    assert len(said[0].splitlines()) == 3


def test_the_named_query_asks_by_month_project_and_kind(workspace: Workspace) -> None:
    """The rows are those of the view."""
    fill(workspace, api_keys=[("key_8", "proj_a", "active", SINCE, None)])
    workspace.run()
    query = named("policy")
    with closing(open_published(workspace.path("var/published"))) as con:
        for given, count in (
            ({}, 1),
            ({"kind": "deleted_key"}, 0),
            ({"project": "proj_b"}, 0),
            ({"since": "2026-10-15", "until": "2026-11-01"}, 0),
        ):
            days, _ = days_asked_about(con, query, given, date(2026, 11, 24), workspace.at)
            answer = run_statement(con, query.sql, bind(query, given, days))
            assert len(list(answer.rows())) == count


def test_a_key_that_is_gone_is_told_with_its_name(workspace: Workspace) -> None:
    """The directory keeps the name, and an alert shows it beside the id."""
    workspace.write(
        "keys.csv",
        "api_key_id,project_id,name,valid_from,valid_to\n"
        'key_1,proj_a,"Ada\'s ""key""",2026-01-01,2026-11-10T08:00Z\n',
    )
    workspace.configure(BARE + '\n[directory]\nkeys = "keys.csv"\n')
    workspace.run()
    [(message,)] = workspace.rows("SELECT message FROM alerts WHERE kind = 'policy'")
    assert message == (
        'Project proj_a was used with the API key Ada\'s "key" (key_1) after it was deleted '
        "(deleted on 2026-11-10): $4.00, on 2 days, 2026-11-11 to 2026-11-12, in November 2026."
    )
