"""A run that found no usage says so; it is not the same as having spent nothing."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from pipeline.cli.app import app
from tests.support.workspace import CONFIGURATION, Workspace, lines, request


def test_a_month_without_usage_is_no_zero(tmp_path: Path) -> None:
    """Nothing recorded: no amount is printed at all."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION)
    configuration = str(workspace.path("tollbook.toml"))
    said = CliRunner().invoke(app, ["run", "-c", configuration, "--now", "2026-11-24T08:00Z"])
    assert said.exit_code == 0
    assert "Spend       nothing recorded in November 2026\n" in said.stdout
    assert "$0.00" not in said.stdout


def test_a_month_without_any_price_is_no_zero(tmp_path: Path) -> None:
    """Neither is usage of which nothing has a price."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION)
    workspace.write("logs/a.jsonl", lines(request("1") | {"model": "of-no-price-list"}))
    configuration = str(workspace.path("tollbook.toml"))
    said = CliRunner().invoke(app, ["run", "-c", configuration, "--now", "2026-11-24T08:00Z"])
    assert said.exit_code == 0
    assert "Spend       no price yet for what was used in November 2026" in said.stdout
    assert "$0.00" not in said.stdout
