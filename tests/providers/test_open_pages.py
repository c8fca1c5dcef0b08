"""Pages that say that more follow: what is not covered is told until the next ones are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config.load import load
from pipeline.runs.doctor import diagnose
from tests.support.workspace import BUCKETS, Workspace, bucket, cost, epoch, used


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, BUCKETS)


def bare(*buckets: Mapping[str, Any], following: str | None = None) -> str:
    """A page as it was saved, without an envelope."""
    is_last = following is None
    return json.dumps(
        {
            "object": "page",
            "data": list(buckets),
            "has_more": not is_last,
            "next_page": following,
        }
    )


def days(first: str, count: int, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    start = datetime.fromisoformat(first)
    return [bucket((start + timedelta(days=n)).isoformat(), row) for n in range(count)]


def missing(workspace: Workspace) -> list[tuple[Any, ...]]:
    return workspace.rows(
        "SELECT source, endpoint, since_at, until_at FROM missing_pages ORDER BY ALL"
    )


def test_a_page_without_its_successor_is_told(workspace: Workspace) -> None:
    """In the run's notes, the view and `doctor`, until a later run has read the next page."""
    path = workspace.write("usage/a.json", bare(bucket("2026-11-20", used(1000)), following="p2"))
    result = workspace.run()
    assert missing(workspace) == [("usage", "completions", datetime(2026, 11, 21), None)]
    (note,) = (n for n in result.notes if "more pages follow" in n)
    assert note.startswith(f"{path}:1: ")
    assert "completions are not covered from 2026-11-21 on (UTC)" in note
    checks = {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}
    assert checks["pages of usage"].state == "warning"
    assert "from 2026-11-21 on" in checks["pages of usage"].value

    again = workspace.run()
    assert note in again.notes
    assert again.is_unchanged

    workspace.write("usage/b.json", bare(bucket("2026-11-21", used(2000))))
    assert not [n for n in workspace.run().notes if "more pages follow" in n]
    assert missing(workspace) == []
    assert "pages of usage" not in {
        c.name for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})
    }


def test_costs_of_seven_days_are_no_month(workspace: Workspace) -> None:
    """The envelope says what was asked for, so that the missing days are known."""
    envelope = {
        "endpoint": "costs",
        "parameters": {"start_time": epoch("2026-11-01"), "end_time": epoch("2026-11-24")},
        "fetched_at": "2026-11-24T02:00:00Z",
        "page": json.loads(bare(*days("2026-11-01", 7, cost("1")), following="p2")),
    }
    workspace.write("costs/a.json", json.dumps(envelope))
    workspace.run()
    assert missing(workspace) == [("costs", "costs", datetime(2026, 11, 8), datetime(2026, 11, 24))]
    (row,) = workspace.rows("SELECT count(*) FROM provider_costs")
    assert row == (7,)


def test_a_gap_ends_where_later_pages_begin(workspace: Workspace) -> None:
    """The second of three pages was not saved."""
    workspace.write("costs/1.json", bare(*days("2026-11-01", 7, cost("1")), following="p2"))
    workspace.write("costs/3.json", bare(*days("2026-11-15", 2, cost("1"))))
    workspace.run()
    gap = ("costs", "costs", datetime(2026, 11, 8), datetime(2026, 11, 15))
    assert missing(workspace) == [gap]
    workspace.write("costs/2.json", bare(*days("2026-11-08", 7, cost("1")), following="p3"))
    workspace.run()
    assert missing(workspace) == []


def test_pages_of_one_file_follow_each_other(workspace: Workspace) -> None:
    """An array of all pages is whole; `next_page` alone announces one as well."""
    first = bare(bucket("2026-11-20", used(1)), following="p2")
    last = json.loads(bare(bucket("2026-11-21", used(1))))
    workspace.write("usage/a.json", f"[{first}, {json.dumps(last)}]")
    workspace.run()
    assert missing(workspace) == []
    del last["has_more"]
    workspace.write("usage/a.json", f"[{first}, {json.dumps(last | {'next_page': 'p3'})}]")
    workspace.run()
    assert missing(workspace) == [("usage", "completions", datetime(2026, 11, 22), None)]


def test_a_page_saved_again_is_asked_again(workspace: Workspace) -> None:
    """The same file, now with everything that was asked for."""
    rows = [bucket("2026-11-20", used(1000)), bucket("2026-11-21", used(1))]
    workspace.write("usage/a.json", bare(rows[0], following="p2"))
    workspace.run()
    workspace.write("usage/a.json", bare(*rows))
    workspace.run()
    assert missing(workspace) == []


def test_a_forgotten_successor_is_missing_again(workspace: Workspace) -> None:
    """And a forgotten page announces nothing."""
    workspace.write("usage/a.json", bare(bucket("2026-11-20", used(1)), following="p2"))
    workspace.write("usage/b.json", bare(bucket("2026-11-21", used(1))))
    workspace.run()
    workspace.forget("usage/b.json")
    assert missing(workspace) == [("usage", "completions", datetime(2026, 11, 21), None)]
    workspace.forget("usage/a.json")
    assert missing(workspace) == []


def test_the_report_and_the_query_say_what_is_not_covered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of a page without configuration; the run's JSON has the note."""
    monkeypatch.chdir(tmp_path)
    hour = bucket("2026-11-20T12:00:00", used(1000))
    hour["end_time"] = hour["start_time"] + 3_600
    (tmp_path / "page.json").write_text(bare(hour, following="p2"))
    result = CliRunner().invoke(app, ["run", "page.json", "--now", "2026-11-24T08:00Z", "--json"])
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    assert any("from 2026-11-20 13:00 on (UTC)" in note for note in facts["notes"])
    assert "20 Nov 2026, 13:00 UTC" in Path(facts["report"]).read_text().split("Not covered:")[1]
    asked = CliRunner().invoke(app, ["query", "data_freshness", "--format", "json"])
    assert [row["not_covered"] for row in json.loads(asked.stdout)] == [
        "completions from 2026-11-20 13:00 on"
    ]


def test_the_pages_of_the_other_basis_do_not_follow(tmp_path: Path) -> None:
    """What is only known as detail is not charged."""
    detail = (
        '\n[[sources]]\nname = "look"\nkind = "openai_usage"\npath = ["look"]\nbasis = "detail"\n'
    )
    workspace = Workspace(tmp_path, BUCKETS + detail)
    workspace.write("usage/a.json", bare(bucket("2026-11-20", used(1000)), following="p2"))
    workspace.write("look/b.json", bare(bucket("2026-11-21", used(2000))))
    workspace.run()
    assert missing(workspace) == [("usage", "completions", datetime(2026, 11, 21), None)]
