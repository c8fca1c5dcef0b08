"""`prices diff` and `rerate --dry-run`: one form, whether or not anything would move."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.workspace import PRICES, Workspace, lines, request

COLUMNS = [
    "usage_month_date",
    "project_id",
    "model",
    "meter",
    "quantity",
    "unit",
    "old_price_id",
    "new_price_id",
    "old_cost_usd",
    "new_cost_usd",
    "difference_usd",
]
ACTS = [("prices", "diff"), ("rerate", "--since", "2026-11-01", "--dry-run")]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A million tokens in, at two dollars."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write("logs/a.jsonl", lines(request("1", 1_000_000)))
    workspace.run()
    return workspace


def call(workspace: Workspace, *words: str) -> str:
    """What a verb prints on stdout."""
    config = ("--config", str(workspace.path("tollbook.toml")), "--now", "2026-11-24T09:00Z")
    result = CliRunner().invoke(app, [*words, *config], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("act", ACTS)
def test_no_difference_has_the_columns_of_a_difference(
    workspace: Workspace, act: tuple[str, ...]
) -> None:
    """Whoever reads it by column need not ask whether there is anything to read."""
    out = workspace.path("out.parquet")
    assert call(workspace, *act, "--format", "csv").splitlines() == [",".join(COLUMNS)]
    assert call(workspace, *act, "--format", "table").splitlines()[0].split() == COLUMNS
    assert call(workspace, *act, "--json") == "[]\n"
    call(workspace, *act, "--format", "parquet", "--out", str(out))
    nothing = pl.read_parquet(out)
    workspace.price(PRICES[0].replace(",2,", ",3,"), *PRICES[1:])
    call(workspace, *act, "--format", "parquet", "--out", str(out))
    something = pl.read_parquet(out)
    assert (nothing.height, something.height) == (0, 1)
    assert nothing.schema == something.schema
    header, row = call(workspace, *act, "--format", "csv").splitlines()
    assert header.split(",") == COLUMNS
    assert row.startswith("2026-11-01,proj_a,alpha,text_input_tokens,1000000.000000,tokens,")
    assert row.endswith(",2.000000000000000000000000,3.000000000000000000000000,1." + "0" * 24)
