"""The directory's files: names that reports show, and clear words for what is wrong."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.directory import read_projects
from pipeline.errors import ConfigError


def test_projects_have_names_states_and_utc_times(tmp_path: Path) -> None:
    """What is not given is active, and has no time."""
    path = tmp_path / "projects.csv"
    path.write_text(
        "project_id,project_name,state,created_at,archived_at\n"
        'p1,"Search, and more",archived,2026-01-01T01:00:00+01:00,2026-02-01\n'
        "p2,Chat,,,\n"
    )
    assert read_projects(path).rows() == [
        ("p1", "Search, and more", "archived", datetime(2026, 1, 1), datetime(2026, 2, 1)),
        ("p2", "Chat", "active", None, None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("project_id\np1\n", "projects.csv:1 project_name: the column is missing."),
        ("project_id,project_name,team\n", "projects.csv:1 team: unknown column."),
        ("project_id,project_name\n,x\n", "projects.csv:2 project_id: is empty."),
        (
            "project_id,project_name,state\np,x,gone\n",
            "projects.csv:2 state: 'gone' is no state.",
        ),
        (
            "project_id,project_name,created_at\np,x,1.2.26\n",
            "projects.csv:2 created_at: '1.2.26' is no time.",
        ),
        ("project_id,project_name\np,x\np,y\n", "projects.csv project_id: 'p' is there twice."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """File, line and column."""
    path = tmp_path / "projects.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r".*") as error:
        read_projects(path)
    assert message in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """And the key that names it."""
    with pytest.raises(ConfigError, match="no such file"):
        read_projects(tmp_path / "none.csv")
