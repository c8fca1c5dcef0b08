"""Hourly buckets across midnight of a zone that is not whole hours from UTC."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.workspace import BUCKETS, Workspace, bucket, used

NOTE = "is not whole hours from UTC: hourly buckets across midnight count whole on the day"


def hours(*starts: str) -> str:
    """A saved page of hourly buckets."""
    found = [bucket(start, used(1000, requests=3)) for start in starts]
    for each in found:
        each["end_time"] = each["start_time"] + 3_600
    return json.dumps({"object": "page", "data": found, "has_more": False, "next_page": None})


@pytest.mark.parametrize(
    ("zone", "start", "split"),
    [
        ("Asia/Kolkata", "2026-11-19T18:00:00", 1),  # midnight is at 18:30 UTC
        ("Asia/Kolkata", "2026-11-19T19:00:00", 0),
        ("Asia/Kathmandu", "2026-11-19T18:00:00", 1),  # 18:15
        ("Europe/Berlin", "2026-11-19T22:00:00", 0),
        ("UTC", "2026-11-19T23:00:00", 0),
    ],
)
def test_a_run_notes_hours_across_midnight_once(
    zone: str, start: str, split: int, tmp_path: Path
) -> None:
    """Of two files one note; none where no hour reaches across."""
    workspace = Workspace(tmp_path, BUCKETS.replace("Europe/Berlin", zone))
    workspace.write("usage/a.json", hours(start))
    workspace.write("usage/b.json", hours(start.replace("-19T", "-20T")))
    notes = [n for n in workspace.run().notes if NOTE in n]
    assert len(notes) == split
    assert all(n.startswith(zone) and "possible boundary error" in n for n in notes)
    assert not [n for n in workspace.run().notes if NOTE in n]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Berlin"])
def test_the_report_states_the_possible_boundary_error(
    zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With how many buckets and requests it is about."""
    workspace = Workspace(tmp_path, BUCKETS.replace("Europe/Berlin", zone))
    workspace.write("usage/a.json", hours("2026-11-19T18:00:00", "2026-11-19T19:00:00"))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", "--now", "2026-11-24T08:00Z", "--json"])
    assert result.exit_code == 0
    report = Path(json.loads(result.stdout)["report"]).read_text()
    said = (
        "Possible boundary error: Asia/Kolkata is not whole hours from UTC. "
        "1 hourly bucket with 3 requests"
    )
    assert (said in report) == (zone == "Asia/Kolkata")
    assert ("Possible boundary error" in report) == (zone == "Asia/Kolkata")
