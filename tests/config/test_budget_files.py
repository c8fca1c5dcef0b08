"""Budgets in files: what is read, and what is wrong with file, line and column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.errors import ConfigError

AMENDMENT = """
[[amendments]]
budget = "{}"
valid_from = "2026-01-01"
{} = "1"
reason = "r"
"""
HEADER = "budget_id,project,calendar,valid_from,amount_usd,amount,currency,thresholds,reason,by\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose configuration names budgets.csv and budgets.toml."""
    (tmp_path / "tollbook.toml").write_text(
        '[budgets]\nfiles = ["budgets.csv", "budgets.toml"]\n'
        '[[budgets.plans]]\nid = "own"\namount_usd = "1"\n'
        '[currency]\nrates = "rates.csv"\n'
    )
    (tmp_path / "budgets.csv").write_text(HEADER)
    (tmp_path / "budgets.toml").write_text("")
    return tmp_path


def test_budgets_come_from_the_configuration_and_all_files(folder: Path) -> None:
    """The first row of a budget says what it is, a later one is another amount."""
    (folder / "budgets.csv").write_text(
        HEADER + "chat,proj_a,quarterly,2026-01-01,100.50,,,50 80 100,,\n"
        "chat,,,2026-04-01,200,,,,more users,sam\neur,,,,,900,EUR,,,\n"
    )
    (folder / "budgets.toml").write_text(
        '[[budgets]]\nid = "ops"\nteam = "ops"\namount_usd = "7"\n'
        '[[amendments]]\nbudget = "own"\nvalid_from = "2026-05-01"\namount_usd = "2"\n'
        'reason = "because"\n'
    )
    config = load(folder / "tollbook.toml")
    assert [b.id for b in config.budgets] == ["own", "chat", "eur", "ops"]
    chat, eur = config.budgets[1:3]
    assert (chat.project, chat.calendar, chat.amount_usd) == (
        "proj_a",
        "quarterly",
        Decimal("100.50"),
    )
    assert (eur.amount, eur.currency, eur.thresholds) == (Decimal(900), "EUR", (50, 80, 100))
    assert [(a.budget, a.valid_from, a.amount_usd, a.reason, a.by) for a in config.amendments] == [
        ("chat", date(2026, 4, 1), Decimal(200), "more users", "sam"),
        ("own", date(2026, 5, 1), Decimal(2), "because", None),
    ]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ("a,,,,1,,,,,\na,,,,2,,,,,\n", "budgets.csv:3 valid_from: line 2 has 'a' from the same"),
        (
            "a,,,2026-01-01,1,,,,,\na,,,,2,,,,,\n",
            "budgets.csv:3 valid_from: is empty; 'a' begins in line 2",
        ),
        (
            "a,,,2026-02-01,1,,,,,\na,,,2026-01-01,2,,,,,\n",
            "budgets.csv:3 valid_from: is not after 2026-02-01, with which line 2 begins",
        ),
        (
            "a,p,,,1,,,,,\na,q,,2026-01-01,2,,,,,\n",
            "budgets.csv:3 project: differs from line 2, where 'a' begins",
        ),
        ("a,,hourly,,1,,,,,\n", "budgets.csv:2 calendar: 'hourly' is not one of daily, weekly"),
        ("a,,,,1.0.0,,,,,\n", "budgets.csv:2 amount_usd: '1.0.0' is not a decimal"),
        ("a,,,,-1,,,,,\n", "budgets.csv:2 amount_usd: '-1' is not allowed; it must be more"),
        ("a,,,,1,,,0.5,,\n", "budgets.csv:2 thresholds: '0.5' is not a whole number"),
        ("a,,,,,5,,,,\n", "budgets.csv:2 amount_usd: write amount_usd, or the currency of amou"),
        ("a,,,,,,,,,\n", 'budgets.csv:2 amount_usd: is missing; write it, such as "2000.00"'),
        ("own,,,,1,,,,,\n", "tollbook.toml: budgets: the name 'own' is used twice"),
        ("own,,,,1,,,,,\n", "budgets.csv, "),
    ],
)
def test_a_wrong_row_is_told_with_its_line_and_column(folder: Path, rows: str, error: str) -> None:
    """Also what only shows beside another row."""
    (folder / "budgets.csv").write_text(HEADER + rows)
    with pytest.raises(ConfigError) as caught:
        load(folder / "tollbook.toml")
    assert error in str(caught.value)


def test_a_choice_that_is_none_is_told_with_the_choices(folder: Path) -> None:
    """In the words that tollbook.toml has for it."""
    (folder / "budgets.csv").write_text("budget_id,amount_usd,rollover\na,1,all\n")
    with pytest.raises(ConfigError) as caught:
        load(folder / "tollbook.toml")
    expected = "budgets.csv:2 rollover: 'all' is not one of none, unused, overspend, both"
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("budget_id,project\na,p\n", "budgets.csv:1 amount_usd: the column is missing. Write"),
        ("budget_id,amount_usd,rollover\na,1,unused\n", "budgets.csv:2 rollover: needs valid_from"),
        (
            "budget_id,amount_usd,model,model_family\na,1,m,f\n",
            "budgets.csv:2 model: write model or model_family, not both",
        ),
    ],
)
def test_what_is_wrong_with_several_columns_is_told_at_one(
    folder: Path, text: str, error: str
) -> None:
    """At the one to be changed, never at the id."""
    (folder / "budgets.csv").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder / "tollbook.toml")
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[[budgets]]\nid = "a"\namount = "1"\n', "budgets.toml:1 [[budgets]] no. 1: write amount"),
        ('[[budgets]]\nid = "a"\nprojekt = "p"\n', "budgets.toml:3 [[budgets]] no. 1, projekt: un"),
        ('[organization]\nid = "x"\n', "budgets.toml:1 organization: unknown key"),
        ("[[budgets]\n", "budgets.toml:1: is not valid TOML"),
        (
            AMENDMENT.format("x", "amount_usd"),
            "amendments: there is no budget 'x'. Known budgets: own.",
        ),
        (
            AMENDMENT.format("own", "amount"),
            "amendments: the budget 'own' is in USD. Write amount_usd.",
        ),
    ],
)
def test_a_wrong_table_is_told_with_its_line_and_key(folder: Path, text: str, error: str) -> None:
    """As in tollbook.toml itself."""
    (folder / "budgets.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder / "tollbook.toml")
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[budgets]\nfile = ["x.csv"]\n', "budgets.file: unknown key. Did you mean 'files'?"),
        ('[budgets]\nfiles = ["x.yaml"]\n', "x.yaml [budgets] files: is neither a .csv nor a"),
        ('[budgets]\nfiles = ["x.csv"]\n', "x.csv: there is no such file. Correct [budgets] file"),
        ('[budgets]\nfiles = ["x.toml"]\n', "x.toml: there is no such file. Correct [budgets] fil"),
        ("budget_settings = 1\n", "budget_settings: unknown key"),
        (
            '[[budgets]]\nid = "e"\namount = "1"\ncurrency = "EUR"\n',
            "currency.rates: the budget 'e' is in EUR, and no rates are known",
        ),
        (
            '[[budgets]]\nid = "e"\namount_usd = "1"\nrollover = "unused"\n',
            "rollover needs valid_from",
        ),
        ('[[budgets]]\nid = "e"\namount_usd = "1"\ncurrency = "EUR"\n', "is in EUR: write amount"),
        ('[[budgets]]\nid = "e"\n', "amount_usd is missing"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, text: str, error: str) -> None:
    """With what to write."""
    (tmp_path / "tollbook.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "tollbook.toml")
    assert error in str(caught.value)
