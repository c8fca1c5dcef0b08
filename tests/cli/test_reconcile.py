"""`tollbook reconcile` and `--fail-on reconciliation`: what is printed, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.cli import fail_on as cli_fail_on
from pipeline.errors import ConfigError
from tests.support.workspace import Prepared, Workspace, bucket, cost, lines, page, request

NOW = ("--now", "2026-11-24T08:00Z")
Bill = tuple[dict[str, Any], ...]


def call(folder: Path, *words: str) -> Result:
    """Call the command with the folder's configuration."""
    return CliRunner().invoke(app, [*words, "--config", str(folder / "tollbook.toml"), *NOW])


def bill(workspace: Workspace, day: str, *rows: dict[str, Any]) -> None:
    text = page("costs", "2026-11-24T06:00:00Z", bucket(day, *rows))
    workspace.write(f"costs/{day}.json", text)


def billed(usd: str, tokens: int = 1_000_000, **more: Any) -> dict[str, Any]:
    return {**cost(usd, **more), "quantity": tokens, "quantity_unit": "tokens"}


DAYS = ("2026-10-20", "2026-11-03", "2026-11-23")


def new(folder: Path, *, days: Sequence[str] = DAYS) -> Workspace:
    """A million tokens, 2 USD, on each day."""
    workspace = Workspace(folder.resolve())
    workspace.write(
        "logs/1.jsonl",
        lines(*(request(day, 1_000_000, when=f"{day}T12:00:00") for day in days)),
    )
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A million tokens, 2 USD, on a final day of October, of November, and yesterday."""
    return new(tmp_path)


# Each case has a month of its own in the books that the gate is held against; each of its days has
# a million tokens, 2 USD. None is the month of now.
TOLERANCES = {
    "2025-01": ("2.01", "0.01", 0),
    "2025-02": ("2.010000000001", "0.01", 5),
    "2025-03": ("1.98", "0.01", 5),
    "2025-04": ("3", "1", 0),
    "2025-05": ("2.000000000001", "0", 5),
    "2025-06": ("2", "0", 0),
}
FORGIVEN: dict[str, Bill] = {
    "2025-07": (billed("0"),),  # complimentary
    "2025-08": (billed("2"), cost("-5", item="alpha, input")),  # a credit
    "2025-09": (billed("2"), billed("12", item="ft-gpt-4o, training")),  # charged as billed
}
NO_USAGE: dict[str, Bill] = {"2025-10": (billed("2"), billed("1", item="beta, input"))}
HOSTILE_AS_BILLED: dict[str, Bill] = {
    "2025-11": (billed("2"), billed("1", item="\x1b[31mred\n\u202eevil, input"))
}
HOSTILE_GAP: dict[str, Bill] = {
    "2025-12": (billed("2"), billed("1", item="x\x1b[31m\u202e, input"))
}
PENNIES = {"2026-01-03": "2.006", "2026-01-04": "2.006", "2026-01-05": "1.992"}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """All cases of the gate, run once; yesterday's bill is half there."""
    bills: dict[str, Bill] = {month: (billed(usd),) for month, (usd, _, _) in TOLERANCES.items()}
    bills |= FORGIVEN | NO_USAGE | HOSTILE_AS_BILLED | HOSTILE_GAP
    by_day = {f"{month}-03": rows for month, rows in bills.items()}
    by_day |= {day: (billed(usd),) for day, usd in PENNIES.items()}
    by_day |= {"2026-11-23": (billed("1", 500_000),)}
    workspace = new(tmp_path_factory.mktemp("books"), days=tuple(by_day))
    for day, rows in by_day.items():
        bill(workspace, day, *rows)
    workspace.run()
    return workspace


def gate(workspace: Workspace, month: str, tolerance: str = "0.01") -> int:
    """The exit code that a run with these words ends with; the gaps are printed on stderr."""
    return cli_fail_on.exit_code_of_run(
        (cli_fail_on.RECONCILIATION,),
        budgets_over=0,
        root=workspace.path("var"),
        tolerance_usd=cli_fail_on.tolerance_of(tolerance),
        month=date.fromisoformat(f"{month}-01"),
        now=workspace.at,
    )


@pytest.mark.parametrize(
    ("month", "tolerance", "code"),
    [
        pytest.param(month, tolerance, code, id=f"{usd}-{tolerance}-{code}")
        for month, (usd, tolerance, code) in TOLERANCES.items()
    ],
)
def test_the_tolerance_is_dollars_in_both_directions(
    books: Workspace, month: str, tolerance: str, code: int
) -> None:
    """A gap of just the tolerance passes."""
    assert gate(books, month, tolerance) == code


@pytest.mark.parametrize("month", FORGIVEN)
def test_complimentary_tokens_and_credits_pass_the_gate(books: Workspace, month: str) -> None:
    assert gate(books, month) == 0


def test_the_provider_s_lag_passes_the_gate(books: Workspace) -> None:
    """Yesterday's bill is half there; the day is still open."""
    costs = "SELECT costs_usd FROM reconciliation WHERE usage_date = '2026-11-23'"
    assert books.rows(costs) == [(Decimal(1),)]
    assert gate(books, "2026-11") == 0


def test_an_explained_gap_counts_as_well(
    books: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Costs without usage have a cause, and still somebody has to look."""
    [month] = NO_USAGE
    code = gate(books, month)
    assert (code, "costs without usage rows" in capsys.readouterr().err) == (5, True)


@pytest.mark.slow
def test_the_gate_counts_the_month_of_now_or_the_days_asked_for(books: Workspace) -> None:
    """A gap ends them with 5, and is said in a line: month, project, model, cause, both amounts.

    The verb `reconcile` has it, too, and counts every day that was compared.
    """
    words = ("--fail-on", "reconciliation")
    assert gate(books, "2026-11") == 0
    result = call(books.folder, "run", *words, "--month", "2025-04")
    assert result.exit_code == 5
    line = "2025-04 proj_a, alpha: price differs, gap 1 USD (1 day: charges $2.00, costs $3.00)"
    assert line in result.stderr
    assert call(books.folder, "reconcile", *words).exit_code == 5
    assert call(books.folder, "reconcile", *words, "--since", "2026-11-01").exit_code == 0


@pytest.fixture(scope="module")
def with_gaps(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Another price in October, another quantity and an unknown line item in November."""
    workspace = new(tmp_path_factory.mktemp("gaps"))
    bill(workspace, "2026-10-20", billed("9"))
    bill(workspace, "2026-11-03", billed("4", 2_000_000), billed("1.5", 7, item="quantum leaps"))
    workspace.run()
    return workspace


def test_the_verb_prints_months_and_gaps(with_gaps: Workspace) -> None:
    """The largest first; both sides, matched, each cause, unexplained."""
    result = call(with_gaps.folder, "reconcile")
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


@pytest.mark.slow
def test_the_verb_s_rows_are_data(with_gaps: Workspace) -> None:
    """JSON has the gaps alone, decimals as strings; --lines has days. Months go to stderr."""
    result = call(with_gaps.folder, "reconcile", "--json", "--month", "2026-11")
    [row] = json.loads(result.stdout)
    assert (row["month_date"], row["gap_usd"], row["cause"], row["state"], row["model"]) == (
        "2026-11-01", "2.000000000000000000000000", "quantity", "to clear", "alpha",
    )  # fmt: skip
    assert "November 2026" in result.stderr
    lines_of_days = ("reconcile", "--json", "--lines", "--until", "2026-11-01")
    rows = json.loads(call(with_gaps.folder, *lines_of_days).stdout)
    assert [(r["usage_date"], r["charged_quantity"]) for r in rows] == [
        ("2026-10-20", "1000000.000000")
    ]
    result = call(with_gaps.folder, "reconcile", "--json", "--tolerance", "10")
    assert json.loads(result.stdout) == []
    result = call(with_gaps.folder, "reconcile", "--json", "--project", "other")
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("--project: no project 'other' is known")


def test_a_project_that_only_the_bill_names_is_known(workspace: Workspace) -> None:
    bill(workspace, "2026-11-23", cost("3", item="alpha, input", project="proj_b"))
    workspace.run()
    result = call(workspace.folder, "reconcile", "--json", "--project", "proj_b")
    assert [row["project_id"] for row in json.loads(result.stdout)] == ["proj_b"]


def test_without_costs_the_verb_says_what_to_do(workspace: Workspace) -> None:
    workspace.run()
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


def test_a_name_with_control_characters_stays_in_its_line(
    books: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor can it move the cursor or colour the terminal."""
    [as_billed], [gap] = HOSTILE_AS_BILLED, HOSTILE_GAP
    assert gate(books, as_billed) == 0  # an unknown line item agrees with itself
    assert gate(books, gap) == 5
    [line] = [x for x in capsys.readouterr().err.splitlines() if "without usage rows" in x]
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_pennies_of_many_days_count_together(
    books: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six tenths of a cent on three line items of two days: each below the tolerance, not both."""
    assert gate(books, "2026-01") == 5
    # what is more and what is less do not cancel
    assert "price differs, gap 0.004 USD, +$0.01 and -$0.01 (3 days" in capsys.readouterr().err
    assert gate(books, "2026-01", "0.012") == 0


@pytest.fixture(scope="module")
def to_clear_prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A gap of two cents; nothing is cleared."""
    workspace = new(tmp_path_factory.mktemp("to_clear"))
    bill(workspace, "2026-11-03", billed("2.02"))
    workspace.run()
    return Prepared(workspace)


@pytest.fixture
def to_clear(to_clear_prepared: Prepared) -> Workspace:
    return to_clear_prepared.again()


def clear(workspace: Workspace, *words: str) -> Result:
    return call(
        workspace.folder, "reconcile", "clear", "--month", "2026-11", "--cause", "price", *words
    )


@pytest.mark.slow
def test_a_gap_is_to_clear_until_somebody_clears_it_and_again_when_it_moves(
    to_clear_prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Recorded with who and why; the gate passes what is cleared, at the amount that it had."""
    monkeypatch.setenv("TOLLBOOK_USER", "ann")
    workspace = to_clear_prepared.again()
    assert gate(workspace, "2026-11") == 5
    result = clear(workspace, "--reason", "contract of May", "--project", "proj_a")
    assert (result.exit_code, result.stdout.count("cleared by ann: 2026-11 proj_a, alpha")) == (
        0,
        1,
    )
    assert gate(workspace, "2026-11") == 0
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
    workspace.run()
    capsys.readouterr()
    assert gate(workspace, "2026-11") == 5
    assert "; was cleared at +$0.02 by ann: contract of May" in capsys.readouterr().err
    # it is cleared anew, by another, and that is taken back
    assert clear(workspace, "--reason", "and June", "--as", "bob").exit_code == 0
    assert gate(workspace, "2026-11") == 0
    result = clear(workspace, "--undo", "--reason", "a mistake", "--as", "eve")
    assert (result.exit_code, result.stdout.count("to clear again: ")) == (0, 1)
    assert gate(workspace, "2026-11") == 5
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
    to_clear: Workspace, words: tuple[str, ...], message: str
) -> None:
    error = clear(to_clear, *words).exception
    assert isinstance(error, ConfigError)
    assert message in str(error)


def test_an_option_before_clear_is_an_error(workspace: Workspace) -> None:
    """It would belong to the comparison, not to what is cleared."""
    words = ("reconcile", "--month", "2026-11", "clear", "--month", "2026-11", "--cause", "price")
    error = call(workspace.folder, *words).exception
    assert isinstance(error, ConfigError)
    assert "an option stands before 'clear'" in str(error)
