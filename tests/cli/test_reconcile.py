"""`tollbook reconcile` and `--fail-on reconciliation`: what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.errors import ConfigError
from tests.support.workspace import Workspace, bucket, cost, lines, page, request

NOW = ("--now", "2026-11-24T08:00Z")


def call(folder: Path, *words: str) -> Result:
    """Call the command with the folder's configuration."""
    return CliRunner().invoke(app, [*words, "--config", str(folder / "tollbook.toml"), *NOW])


def bill(workspace: Workspace, day: str, *rows: dict[str, Any]) -> None:
    text = page("costs", "2026-11-24T06:00:00Z", bucket(day, *rows))
    workspace.write(f"costs/{day}.json", text)


def billed(usd: str, tokens: int = 1_000_000, **more: Any) -> dict[str, Any]:
    return {**cost(usd, **more), "quantity": tokens, "quantity_unit": "tokens"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A million tokens, 2 USD, on a final day of October, of November, and yesterday."""
    workspace = Workspace(tmp_path.resolve())
    days = ("2026-10-20", "2026-11-03", "2026-11-23")
    workspace.write(
        "logs/1.jsonl",
        lines(*(request(day, 1_000_000, when=f"{day}T12:00:00") for day in days)),
    )
    return workspace


def test_a_gap_above_the_tolerance_ends_a_run_with_5(workspace: Workspace) -> None:
    """And it is said in a line: day, project, line item, both amounts, the gap and its cause."""
    bill(workspace, "2026-11-03", billed("2.02"))
    result = call(workspace.folder, "run", "--fail-on", "reconciliation")
    assert result.exit_code == 5
    assert (
        "2026-11-03 proj_a, alpha, input: charges $2.00, costs $2.02, gap 0.02 USD (price differs)"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("usd", "tolerance", "code"),
    [("2.01", "0.01", 0), ("2.010000000001", "0.01", 5), ("1.98", "0.01", 5), ("3", "1", 0),
     ("2.000000000001", "0", 5), ("2", "0", 0)],
)  # fmt: skip
def test_the_tolerance_is_dollars_a_line_in_both_directions(
    workspace: Workspace, usd: str, tolerance: str, code: int
) -> None:
    """A gap of just the tolerance passes."""
    bill(workspace, "2026-11-03", billed(usd))
    words = ("run", "--fail-on", "reconciliation", "--tolerance", tolerance)
    assert call(workspace.folder, *words).exit_code == code


@pytest.mark.parametrize(
    "rows",
    [
        (billed("0"),),  # complimentary
        (billed("2"), cost("-5", item="alpha, input")),  # a credit
        (billed("2"), billed("12", item="ft-gpt-4o, training")),  # charged as billed
    ],
)
def test_complimentary_tokens_and_credits_pass_the_gate(
    workspace: Workspace, rows: tuple[dict[str, Any], ...]
) -> None:
    bill(workspace, "2026-11-03", *rows)
    assert call(workspace.folder, "run", "--fail-on", "reconciliation").exit_code == 0


def test_the_provider_s_lag_passes_the_gate(workspace: Workspace) -> None:
    """Yesterday's bill is half there; the day is still open."""
    bill(workspace, "2026-11-23", billed("1", 500_000))
    assert call(workspace.folder, "run", "--fail-on", "reconciliation").exit_code == 0


def test_an_explained_gap_counts_as_well(workspace: Workspace) -> None:
    """Costs without usage have a cause, and still somebody has to look."""
    bill(workspace, "2026-11-03", billed("2"), billed("1", item="beta, input"))
    result = call(workspace.folder, "run", "--fail-on", "reconciliation")
    assert (result.exit_code, "costs without usage rows" in result.stderr) == (5, True)


def test_the_gate_of_a_run_counts_the_month_of_now_or_the_one_asked_for(
    workspace: Workspace,
) -> None:
    """The verb `reconcile` counts every day that was compared."""
    bill(workspace, "2026-10-20", billed("9"))
    gate = ("run", "--fail-on", "reconciliation")
    assert call(workspace.folder, *gate).exit_code == 0
    assert call(workspace.folder, *gate, "--month", "2026-10").exit_code == 5
    assert call(workspace.folder, "reconcile", *gate[1:]).exit_code == 5


def test_the_verb_prints_months_and_gaps(workspace: Workspace) -> None:
    """The largest first; both sides, matched, each cause, unexplained."""
    bill(workspace, "2026-10-20", billed("9"))
    bill(workspace, "2026-11-03", billed("4", 2_000_000), billed("1.5", 7, item="quantum leaps"))
    call(workspace.folder, "run")
    result = call(workspace.folder, "reconcile")
    assert result.exit_code == 0
    text = result.stdout
    assert "October 2026 (UTC): charges $2.00, costs $9.00, gap $7.00" in text
    assert "November 2026 (UTC): charges $3.50, costs $5.50, gap $2.00" in text
    spaced = " ".join(text.split())
    assert "matched $3.50 of it $1.50 charged as billed" in spaced
    assert "price differs $7.00 1 line" in spaced
    assert "quantity differs $2.00 1 line" in spaced
    assert "not compared $2.00 charged; no costs fetched" in spaced
    assert text.index("2026-10-20") < text.index("2026-11-03")


def test_the_verb_s_rows_are_data(workspace: Workspace) -> None:
    """JSON has the gaps alone, decimals as strings; the months go to stderr."""
    bill(workspace, "2026-10-20", billed("9"))
    bill(workspace, "2026-11-03", billed("4", 2_000_000))
    call(workspace.folder, "run")
    result = call(workspace.folder, "reconcile", "--json", "--month", "2026-11")
    [row] = json.loads(result.stdout)
    assert (row["usage_date"], row["gap_usd"], row["cause"], row["charged_quantity"]) == (
        "2026-11-03", "2.000000000000000000000000", "quantity", "1000000.000000",
    )  # fmt: skip
    assert "November 2026" in result.stderr
    rows = json.loads(call(workspace.folder, "reconcile", "--json", "--until", "2026-11-01").stdout)
    assert [r["usage_date"] for r in rows] == ["2026-10-20"]
    assert (
        json.loads(call(workspace.folder, "reconcile", "--json", "--project", "other").stdout) == []
    )
    assert (
        json.loads(call(workspace.folder, "reconcile", "--json", "--tolerance", "10").stdout) == []
    )


def test_the_verb_has_the_gate_too(workspace: Workspace) -> None:
    bill(workspace, "2026-10-20", billed("9"))
    call(workspace.folder, "run")
    gate = ("reconcile", "--fail-on", "reconciliation")
    assert call(workspace.folder, *gate).exit_code == 5
    assert call(workspace.folder, *gate, "--since", "2026-11-01").exit_code == 0


def test_without_costs_the_verb_says_what_to_do(workspace: Workspace) -> None:
    call(workspace.folder, "run")
    result = call(workspace.folder, "reconcile", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert "no costs were fetched for these days" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--fail-on", "coffee"), "'coffee' is not one of budget, reconciliation"),
        (("reconcile", "--fail-on", "budget"), "'budget' is not one of reconciliation"),
        (("run", "--tolerance", "1,20"), "'1,20' is not an amount of 0 or more"),
        (("reconcile", "--tolerance", "-1"), "'-1' is not an amount of 0 or more"),
        (("reconcile", "--tolerance", "nan"), "'nan' is not an amount of 0 or more"),
        (("reconcile", "--month", "2026-11", "--since", "2026-11-01"), "--since and --until"),
        (("reconcile", "--since", "2026-11-02", "--until", "2026-11-01"), "is not after"),
    ],
)
def test_words_that_make_no_sense_are_an_error(
    workspace: Workspace, words: tuple[str, ...], message: str
) -> None:
    """Before anything is read."""
    error = call(workspace.folder, *words).exception
    assert isinstance(error, ConfigError)
    assert message in str(error)


def test_a_name_with_control_characters_stays_in_its_line(workspace: Workspace) -> None:
    """Nor can it move the cursor or colour the terminal."""
    bill(workspace, "2026-11-03", billed("2"), billed("1", item="\x1b[31mred\n\u202eevil, input"))
    result = call(workspace.folder, "run", "--fail-on", "reconciliation")
    assert result.exit_code == 0  # as billed: an unknown line item agrees with itself
    bill(workspace, "2026-10-20", billed("2"), billed("1", item="x\x1b[31m\u202e, input"))
    gate = ("--fail-on", "reconciliation", "--month", "2026-10")
    result = call(workspace.folder, "run", *gate)
    assert result.exit_code == 5
    [line] = [x for x in result.stderr.splitlines() if "without usage rows" in x]
    assert "\x1b" not in line
    assert "\u202e" not in line
