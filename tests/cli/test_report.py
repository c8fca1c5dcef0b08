"""`report` writes a month's report from what is published and says where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import TollbookError
from tests.support.explain_workspace import ExplainWorkspace, explain_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> ExplainWorkspace:
    """One published run with usage in September and October."""
    workspace = explain_workspace(tmp_path)
    workspace.write(
        "a.csv",
        "r1,2026-09-10T08:00:00Z,proj_a,,,alpha,100,10",
        "r2,2026-10-10T08:00:00Z,proj_a,,,alpha,200,10",
    )
    workspace.run()
    return workspace


def test_the_report_of_a_month_is_written_and_its_path_printed(workspace: ExplainWorkspace) -> None:
    """The path is all of stdout, so that a script can open it."""
    result = workspace.call("report", "--month", "2026-09")
    path = workspace.folder / "var" / "reports" / "2026-09.html"
    assert (result.stdout, result.exit_code) == (f"{path}\n", 0)
    assert "proj_a" in path.read_text()
    assert path.with_suffix(".csv").is_file()
    assert result.stderr == "covers September 2026; the CSV lies beside it\n"


def test_without_a_month_the_business_clock_decides(workspace: ExplainWorkspace) -> None:
    """In November there is nothing yet, so the report covers October and says so."""
    result = workspace.call("report", "--now", "2026-11-02T08:00Z", "--json")
    facts = json.loads(result.stdout)
    assert (facts["month"], facts["spent_usd"]) == ("2026-10", "0.000480000000000000000000")
    assert facts["html"].endswith("/reports/2026-10.html")
    said = workspace.call("report", "--now", "2026-11-02T08:00Z").stderr
    assert said.startswith("covers October 2026, the current month or the newest with data")


def test_a_month_without_data_is_said(workspace: ExplainWorkspace) -> None:
    """It is written all the same, as the job of a month does."""
    result = workspace.call("report", "--month", "2026-03")
    assert (result.exit_code, result.stderr) == (
        0,
        "covers March 2026; nothing was recorded in it; the CSV lies beside it\n",
    )
    assert json.loads(workspace.call("report", "--month", "2026-03", "--json").stdout)["is_empty"]


def test_a_report_without_a_run_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    """No traceback, exit 2."""
    error = explain_workspace(tmp_path).call("report").exception
    assert isinstance(error, TollbookError)
    assert (error.exit_code, str(error).endswith("Run `tollbook run` first.")) == (2, True)
