"""The directory's files: what they tell, what wins over the API, what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.directory_section import Directory, Project
from pipeline.directory.cost_centers import CostCenter
from pipeline.directory.files import DirectoryFiles, read_files
from pipeline.errors import ConfigError
from pipeline.storage.database import Database
from tests.support.directory_files import (
    CREATED,
    FIRST,
    SECOND,
    THIRD,
    empty_books,
    keep,
    key,
    member,
    project,
    sync,
)

BEGINNING = datetime(1970, 1, 1)
PROJECTS = "project_id,project_name\n"
ACCOUNTS = "service_account_id,project_id,valid_from,valid_to\n"
CENTERS = "project_id,cost_center,team,valid_from,valid_to\n"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Database]:
    """Empty books."""
    with empty_books(tmp_path) as found:
        yield found


def files(folder: Path, *named: Project, **texts: str) -> DirectoryFiles:
    """Files by the key that names them."""
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text, encoding="utf-8")
    return read_files(Directory.model_validate(paths), named)


def rows(books: Database, table: str, columns: str) -> list[tuple[Any, ...]]:
    """All rows, by object and time."""
    return books.rows(
        f"SELECT {columns}, valid_from_at, valid_to_at FROM {table} ORDER BY 1, valid_from_at"
    )


def test_projects_have_states_utc_times_and_what_only_we_know(
    books: Database, tmp_path: Path
) -> None:
    """What is not given is active; a file without dates says what was always so."""
    told = files(
        tmp_path,
        projects="project_id,project_name,state,created_at,archived_at,description,website,"
        "owner_team\n"
        'p1,"Search, and more",archived,2026-01-01T01:00:00+01:00,2026-02-01,,,\n'
        "p2,Chat,,,,Answers,https://wiki.example/chat,Care\n",
    )
    keep(books, FIRST, told)
    assert books.rows("SELECT * EXCLUDE is_default FROM projects ORDER BY 1") == [
        ("p1", "Search, and more", "archived", CREATED, datetime(2026, 2, 1), None, None, None),
        ("p2", "Chat", "active", None, None, "Answers", "https://wiki.example/chat", "Care"),
    ]
    assert rows(books, "project_history", "project_id, state") == [
        ("p1", "active", CREATED, datetime(2026, 2, 1)),
        ("p1", "archived", datetime(2026, 2, 1), None),
        ("p2", "active", BEGINNING, None),
    ]


def test_a_changed_file_without_dates_is_dated_by_the_run(books: Database, tmp_path: Path) -> None:
    """A row that is new, other or gone; the name of what is gone stays."""
    keep(books, FIRST, files(tmp_path, projects=f"{PROJECTS}p1,Old\np2,Two\n"))
    keep(books, SECOND, files(tmp_path, projects=f"{PROJECTS}p1,New\np3,Three\n"))
    keep(books, THIRD, files(tmp_path, projects=f"{PROJECTS}p1,New\np3,Three\n"))
    assert rows(books, "project_history", "project_id, project_name") == [
        ("p1", "Old", BEGINNING, SECOND),
        ("p1", "New", SECOND, None),
        ("p2", "Two", BEGINNING, SECOND),
        ("p3", "Three", SECOND, None),
    ]
    assert books.rows("SELECT project_id, project_name, state FROM projects ORDER BY 1") == [
        ("p1", "New", "active"),
        ("p2", "Two", "deleted"),
        ("p3", "Three", "active"),
    ]


def test_without_a_file_nothing_ends(books: Database, tmp_path: Path) -> None:
    """A configuration that names no file says nothing."""
    keep(books, FIRST, files(tmp_path, projects=f"{PROJECTS}p1,One\n"))
    keep(books, SECOND, DirectoryFiles())
    assert rows(books, "project_history", "project_id") == [("p1", BEGINNING, None)]


def test_a_file_with_dates_is_the_whole_history(books: Database, tmp_path: Path) -> None:
    """It may be corrected; what is to come is not so yet, what is to end still is."""
    header = "api_key_id,project_id,name,valid_from,valid_to\n"
    keep(books, FIRST, files(tmp_path, keys=f"{header}k1,p1,wrong,,\n"))
    keep(
        books,
        SECOND,
        files(
            tmp_path,
            keys=f"{header}k1,p1,old,,2026-03-01\nk1,p1,new,2026-03-01T00:00:00Z,2027-01-01\n"
            "k2,p1,gone,2026-02-01,2026-03-01\nk3,p1,later,2027-01-01,\n",
        ),
    )
    assert rows(books, "api_keys", "api_key_id, name") == [
        ("k1", "old", BEGINNING, datetime(2026, 3, 1)),
        ("k1", "new", datetime(2026, 3, 1), None),
        ("k2", "gone", datetime(2026, 2, 1), datetime(2026, 3, 1)),
    ]


def test_people_have_a_role_in_the_organization_and_in_projects(
    books: Database, tmp_path: Path
) -> None:
    """A row without a project is the organization's; a name may stand in any row."""
    told = files(
        tmp_path,
        members="user_id,name,email,project_id,role\n"
        "u1,Ada,ada@b.example,,owner\nu1,,,p1,member\nu2,Bo,,p1,owner\n",
    )
    keep(books, FIRST, told)
    assert rows(books, "organization_users", "user_id, name, email, role") == [
        ("u1", "Ada", "ada@b.example", "owner", BEGINNING, None),
        ("u2", "Bo", None, None, BEGINNING, None),
    ]
    assert rows(books, "project_members", "user_id, project_id, role") == [
        ("u1", "p1", "member", BEGINNING, None),
        ("u2", "p1", "owner", BEGINNING, None),
    ]


def test_limits_permissions_and_spend_limits(books: Database, tmp_path: Path) -> None:
    """Counts are whole, amounts exact, models stand with blanks between them."""
    told = files(
        tmp_path,
        rate_limits="project_id,model,max_tokens_per_1_minute\np1,m,500000\n",
        model_permissions="project_id,mode,model_ids\np1,allow_list,m n\n",
        spend_limits="project_id,amount_usd\n,1000.10\np1,2\n",
    )
    keep(books, FIRST, told)
    assert rows(books, "rate_limits", "model, max_tokens_per_1_minute") == [
        ("m", 500_000, BEGINNING, None)
    ]
    assert rows(books, "model_permissions", "mode, model_ids") == [
        ("allow_list", ["m", "n"], BEGINNING, None)
    ]
    assert rows(books, "spend_limits", "amount_usd, project_id") == [
        (Decimal(2), "p1", BEGINNING, None),
        (Decimal("1000.10"), None, BEGINNING, None),
    ]


def test_the_api_wins_and_files_add_what_it_does_not_know(books: Database, tmp_path: Path) -> None:
    """Description, web site and team are ours, also on a day on which the API fails."""
    header = "project_id,project_name,description,owner_team\n"
    told = files(
        tmp_path,
        Project(id="p3", name="Here", website="https://x.example"),
        projects=f"{header}p1,Other,What for,Team\np2,Only here,,\n",
        members="user_id,project_id,role\nu1,p1,member\nu2,p1,member\n",
    )
    answers = {"projects": [project("Real")], "projects/p1/users": [member("u1", "owner")]}
    sync(books, FIRST, answers, told)
    changed = files(tmp_path, projects=f"{header}p1,Other,Anew,Team\np2,Only here,,\n")
    sync(books, SECOND, {"projects": 500}, changed)
    sync(books, THIRD, answers, changed)
    assert rows(books, "project_history", "project_id, project_name, description, source") == [
        ("p1", "Real", "What for", "api", CREATED, SECOND),
        ("p1", "Real", "Anew", "api", SECOND, None),
        ("p2", "Only here", None, "(file)", BEGINNING, None),
        ("p3", "Here", None, "(file)", BEGINNING, SECOND),
    ]
    assert rows(books, "project_members", "user_id, role, source") == [
        ("u1", "owner", "api", CREATED, None),
        ("u2", "member", "(file)", BEGINNING, None),
    ]


def test_a_run_without_sources_leaves_what_they_told(books: Database, tmp_path: Path) -> None:
    """A few files read by hand end no project; with sync = false the files are all there is."""
    sync(books, FIRST, {"projects": [project("Real"), project("Two", id_="p2")]})
    told = files(tmp_path, projects=f"{PROJECTS}p1,Other\n")
    keep(books, SECOND, told)
    names = "SELECT project_id, project_name, state FROM projects ORDER BY 1"
    assert books.rows(names) == [("p1", "Real", "active"), ("p2", "Two", "active")]
    keep(books, THIRD, told, is_synced=False)
    assert books.rows(names) == [("p1", "Other", "active"), ("p2", "Two", "deleted")]


def test_a_file_with_dates_alone_takes_the_place_of_what_the_api_told(
    books: Database, tmp_path: Path
) -> None:
    """With sync = false its history is the whole one: a key that it ends has ended."""
    answers = {"projects": [project("Real")], "projects/p1/api_keys": [key("k1", "from the API")]}
    sync(books, FIRST, answers)
    ended = "k1,p1,ours,2026-01-01,2026-01-15\n"
    told = files(tmp_path, keys=f"api_key_id,project_id,name,valid_from,valid_to\n{ended}")
    keep(books, THIRD, told, is_synced=False)
    assert rows(books, "api_keys", "api_key_id, name, source") == [
        ("k1", "ours", "(file)", datetime(2026, 1, 1), datetime(2026, 1, 15))
    ]


def test_cost_centers_are_days_that_do_not_overlap(tmp_path: Path) -> None:
    """Half-open; the team may be left out."""
    told = files(tmp_path, cost_centers=f"{CENTERS}p1,100,Care,,2026-03-01\np1,200,,2026-03-01,\n")
    assert told.cost_centers == (
        CostCenter("p1", "100", "Care", None, date(2026, 3, 1)),
        CostCenter("p1", "200", None, date(2026, 3, 1), None),
    )


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("projects", "project_id\np1\n", "projects.csv:1 project_name: the column is missing."),
        ("projects", "", "projects.csv:1: is empty. Write the header project_id,project_name."),
        (
            "projects",
            "project_id,project_name,teem\n",
            "projects.csv:1 teem: unknown column. Known columns: project_id, project_name, state,",
        ),
        (
            "projects",
            "project_id,project_name,owner_tema\n",
            "projects.csv:1 owner_tema: unknown column. Did you mean owner_team?",
        ),
        ("projects", f"{PROJECTS},x\n", "projects.csv:2 project_id: is empty."),
        ("projects", f"{PROJECTS}p,x,y\n", "projects.csv:2: has 3 values for 2 columns."),
        ("projects", f'{PROJECTS}p,"a\nb"\n,x\n', "projects.csv:4 project_id: is empty."),
        (
            "projects",
            f'{PROJECTS}p,"a',
            "projects.csv:2: is not valid CSV: unexpected end of data.",
        ),
        (
            "projects",
            "project_id,project_name,state\np,x,gone\n",
            "projects.csv:2 state: 'gone' is not a known state. Write one of active, archived.",
        ),
        (
            "projects",
            "project_id,project_name,created_at\np,x,1.2.26\n",
            (
                "projects.csv:2 created_at: '1.2.26' is not a date or time. Write it like "
                "2026-11-24T08:00:00Z."
            ),
        ),
        (
            "projects",
            "project_id,project_name,website\np,x,javascript:alert(1)\n",
            "projects.csv:2 website: write a web site such as https://wiki.example.com/chatbot.",
        ),
        (
            "projects",
            f"{PROJECTS}p,x\nq,x\np,y\n",
            "projects.csv:4 project_id: 'p' is there twice, in line 2 too.",
        ),
        (
            "keys",
            "api_key_id,project_id,valid_from,valid_to\nk,p,2026-02-01,\nk,p,2026-01-01,2026-03-01\n",
            "keys.csv:3 api_key_id: 'k' is there twice, in line 2 too.",
        ),
        (
            "keys",
            "api_key_id,project_id,valid_from,valid_to\nk,p,2026-02-01,2026-02-01\n",
            "keys.csv:2 valid_to: is not after valid_from.",
        ),
        (
            "keys",
            "api_key_id,project_id,user_id,service_account_id\nk,p,u,s\n",
            "keys.csv:2 user_id: a key belongs to a service account or a user, not both.",
        ),
        (
            "service_accounts",
            f"{ACCOUNTS}s,p,,\ns,q,2026-01-01,\n",
            (
                "service_accounts.csv:3 service_account_id: 's' is in 'q' and, in line 2, in 'p': "
                "a service account belongs to exactly one project."
            ),
        ),
        (
            "members",
            "user_id,project_id,role\nu,p,reader\n",
            "members.csv:2 role: 'reader' is not a known role. Write one of owner, member.",
        ),
        (
            "members",
            "user_id,project_id,role\nu,p,owner\nu,p,member\n",
            "members.csv:3 user_id: 'u' in 'p' is there twice, in line 2 too.",
        ),
        (
            "rate_limits",
            "project_id,model,max_tokens_per_1_minute\np,m,1e6\n",
            "rate_limits.csv:2 max_tokens_per_1_minute: '1e6' is not a whole number.",
        ),
        (
            "spend_limits",
            'project_id,amount_usd\np,"1,20"\n',
            "spend_limits.csv:2 amount_usd: '1,20' is not a decimal. Write it like 2000.00.",
        ),
        (
            "keys",
            "api_key_id,project_id\nsk-proj-secret,p\n",
            (
                "keys.csv:2 api_key_id: holds a secret key. Write the key's id (key_…), and "
                "revoke the key."
            ),
        ),
        (
            "cost_centers",
            f"{CENTERS}p,1,,2026-01-01,2026-03-02\nq,1,,,\np,2,,2026-03-01,\n",
            "cost_centers.csv:4 valid_from: 'p' is mapped twice on some days, in line 2 too.",
        ),
        ("cost_centers", f"{CENTERS}p,,x,,\n", "cost_centers.csv:2 cost_center: is empty."),
        (
            "cost_centers",
            f"{CENTERS}p,1,x,2026-01-01T08:00,\n",
            "cost_centers.csv:2 valid_from: '2026-01-01T08:00' is not a date.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, kind: str, text: str, message: str
) -> None:
    """File, line and column; where two rows are at odds, both lines."""
    with pytest.raises(ConfigError) as error:
        files(tmp_path, **{kind: text})
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(message)


@pytest.mark.parametrize("kind", ["members", "cost_centers"])
def test_a_missing_file_is_named(tmp_path: Path, kind: str) -> None:
    """And the key that names it."""
    with pytest.raises(ConfigError, match=f"no such file.*Correct `{kind}` under .directory.") as e:
        read_files(Directory.model_validate({kind: tmp_path / "none.csv"}))
    assert e.value.file == str(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"projects": "project_id,project_name,state\np,Default project,archived\n"},
            "projects.csv:2 state: the Default project cannot be archived",
        ),
        (
            {"projects": "project_id,project_name,archived_at\np,Default project,2026-01-01\n"},
            "projects.csv:2 state: the Default project cannot be archived",
        ),
        (
            {"projects": "project_id,project_name,valid_to\np,Default project,2026-01-01\n"},
            "projects.csv:2 valid_to: the Default project cannot be deleted",
        ),
        (
            {
                "projects": f"{PROJECTS}p,Default project\n",
                "members": "user_id,project_id,role\nu,q,owner\nv,p,owner\n",
            },
            "members.csv:3 project_id: 'p' is the Default project, which has no direct members",
        ),
        (
            {
                "projects": f"{PROJECTS}p,Default project\n",
                "service_accounts": "service_account_id,project_id\ns,p\n",
            },
            (
                "service_accounts.csv:2 project_id: 'p' is the Default project, which has no "
                "direct service accounts"
            ),
        ),
    ],
)
def test_the_default_project_cannot_end_and_has_nobody_of_its_own(
    tmp_path: Path, texts: dict[str, str], message: str
) -> None:
    """Every organization always has it; people are in it by invitation only."""
    with pytest.raises(ConfigError) as error:
        files(tmp_path, **texts)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(message)


def test_another_project_of_that_name_is_a_project_like_any(tmp_path: Path) -> None:
    """The oldest one is the Default project."""
    told = files(
        tmp_path,
        projects="project_id,project_name,created_at,state\n"
        "p,Default project,2026-02-01,archived\nq,Default project,2026-01-01,\n",
        service_accounts="service_account_id,project_id\ns,p\n",
        rate_limits="project_id,model,max_tokens_per_1_minute\nq,m,1\n",
        model_permissions="project_id,mode,model_ids\nq,deny_list,m\n",
    )
    assert len(told.entries) == 4


def test_nobody_is_put_into_the_default_project_that_the_api_names(
    books: Database, tmp_path: Path
) -> None:
    """The rule holds for files also where only the API knows which project it is."""
    told = files(tmp_path, members="user_id,project_id,role\nu,p1,owner\n")
    with pytest.raises(ConfigError, match="'p1' is the Default project"):
        sync(books, FIRST, {"projects": [project("Default project")]}, told)
    assert books.rows("FROM project_history") == []
