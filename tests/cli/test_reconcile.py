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
    """And it is said in a line: month, project, model, cause, the gap, days and both amounts."""
    bill(workspace, "2026-11-03", billed("2.02"))
    result = call(workspace.folder, "run", "--fail-on", "reconciliation")
    assert result.exit_code == 5
    assert (
        "2026-11 proj_a, alpha: price differs, gap 0.02 USD (1 day: charges $2.00, costs $2.02)"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("usd", "tolerance", "code"),
    [("2.01", "0.01", 0), ("2.010000000001", "0.01", 5), ("1.98", "0.01", 5), ("3", "1", 0),
     ("2.000000000001", "0", 5), ("2", "0", 0)],
)  # fmt: skip
def test_the_tolerance_is_dollars_in_both_directions(
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
    assert "October 2026 (UTC): charges $2.00, costs $9.00, gap +$7.00" in text
    assert "November 2026 (UTC): charges $3.50, costs $5.50, gap +$2.00" in text
    spaced = " ".join(text.split())
    assert "matched $3.50 of it $1.50 charged as billed" in spaced
    assert "explained $0.00 to clear +$7.00 price differs +$7.00 1 line" in spaced
    assert "explained $0.00 to clear +$2.00 quantity differs +$2.00 1 line" in spaced
    assert "not compared $2.00 charged; no costs fetched" in spaced
    rows = text[text.rindex("month_date") :]
    assert rows.index("2026-10-01") < rows.index("2026-11-01")


def test_the_verb_s_rows_are_data(workspace: Workspace) -> None:
    """JSON has the gaps alone, decimals as strings; --lines has days. Months go to stderr."""
    bill(workspace, "2026-10-20", billed("9"))
    bill(workspace, "2026-11-03", billed("4", 2_000_000))
    call(workspace.folder, "run")
    result = call(workspace.folder, "reconcile", "--json", "--month", "2026-11")
    [row] = json.loads(result.stdout)
    assert (row["month_date"], row["gap_usd"], row["cause"], row["state"], row["model"]) == (
        "2026-11-01", "2.000000000000000000000000", "quantity", "to clear", "alpha",
    )  # fmt: skip
    assert "November 2026" in result.stderr
    lines_of_days = ("reconcile", "--json", "--lines", "--until", "2026-11-01")
    rows = json.loads(call(workspace.folder, *lines_of_days).stdout)
    assert [(r["usage_date"], r["charged_quantity"]) for r in rows] == [
        ("2026-10-20", "1000000.000000")
    ]
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


def test_pennies_of_many_days_count_together(workspace: Workspace) -> None:
    """Six tenths of a cent on three line items of two days: each below the tolerance, not both."""
    days = ("2026-11-03", "2026-11-04", "2026-11-05")
    more = (request(day + "more", 1_000_000, when=f"{day}T13:00:00") for day in days[1:])
    workspace.write("logs/2.jsonl", lines(*more))
    for day, usd in zip(days, ("2.006", "2.006", "1.992"), strict=True):
        bill(workspace, day, billed(usd))
    result = call(workspace.folder, "run", "--fail-on", "reconciliation")
    assert result.exit_code == 5
    # what is more and what is less do not cancel
    assert "price differs, gap 0.004 USD, +$0.01 and -$0.01 (3 days" in result.stderr
    gate = ("run", "--fail-on", "reconciliation", "--tolerance", "0.012")
    assert call(workspace.folder, *gate).exit_code == 0


def clear(workspace: Workspace, *words: str) -> Result:
    return call(
        workspace.folder, "reconcile", "clear", "--month", "2026-11", "--cause", "price", *words
    )


def test_a_gap_is_to_clear_until_somebody_clears_it_and_again_when_it_moves(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded with who and why; the gate passes what is cleared, at the amount that it had."""
    monkeypatch.setenv("TOLLBOOK_USER", "ann")
    gate = ("run", "--fail-on", "reconciliation")
    bill(workspace, "2026-11-03", billed("2.02"))
    assert call(workspace.folder, *gate).exit_code == 5
    result = clear(workspace, "--reason", "contract of May", "--project", "proj_a")
    assert (result.exit_code, result.stdout.count("cleared by ann: 2026-11 proj_a, alpha")) == (
        0,
        1,
    )
    assert call(workspace.folder, *gate).exit_code == 0
    text = call(workspace.folder, "reconcile").stdout
    assert "to clear $0.00 cleared +$0.02 price differs +$0.02 1 line" in " ".join(text.split())
    assert workspace.rows(
        "SELECT CAST(month_date AS VARCHAR), cause, project_id, model, CAST(up_usd AS VARCHAR), "
        "reason, cleared_by, undone_at FROM cleared_gaps"
    ) == [
        (
            "2026-11-01",
            "price",
            "proj_a",
            "alpha",
            f"0.02{'0' * 22}",
            "contract of May",
            "ann",
            None,
        )
    ]
    # the bill moves
    text = page("costs", "2026-11-24T07:00:00Z", bucket("2026-11-03", billed("2.05")))
    workspace.write("costs/again.json", text)
    result = call(workspace.folder, *gate)
    assert result.exit_code == 5
    assert "; was cleared at +$0.02 by ann: contract of May" in result.stderr
    # it is cleared anew, by another, and that is taken back
    assert clear(workspace, "--reason", "and June", "--as", "bob").exit_code == 0
    assert call(workspace.folder, *gate).exit_code == 0
    result = clear(workspace, "--undo", "--reason", "a mistake", "--as", "eve")
    assert (result.exit_code, result.stdout.count("to clear again: ")) == (0, 1)
    assert call(workspace.folder, *gate).exit_code == 5
    assert workspace.rows(
        "SELECT cleared_by, undone_by, undone_reason FROM cleared_gaps ORDER BY cleared_at"
    ) == [("ann", "bob", "cleared anew"), ("bob", "eve", "a mistake")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--reason"),
        (("--reason", " "), "--reason"),
        (("--reason", "x", "--cause", "lag"), "'lag' is not one of price, quantity"),
        (("--reason", "x", "--model", "other"), "nothing is to clear by this choice"),
        (("--undo",), "nothing is cleared by this choice: price in 2026-11"),
    ],
)
def test_what_cannot_be_cleared_is_an_error(
    workspace: Workspace, words: tuple[str, ...], message: str
) -> None:
    bill(workspace, "2026-11-03", billed("2.02"))
    workspace.run()
    error = clear(workspace, *words).exception
    assert isinstance(error, ConfigError)
    assert message in str(error)


def test_an_option_before_clear_is_an_error(workspace: Workspace) -> None:
    """It would belong to the comparison, not to what is cleared."""
    words = ("reconcile", "--month", "2026-11", "clear", "--month", "2026-11", "--cause", "price")
    error = call(workspace.folder, *words).exception
    assert isinstance(error, ConfigError)
    assert "an option stands before 'clear'" in str(error)
