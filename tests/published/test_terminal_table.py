"""Tables on terminals: every digit is there, whatever the width."""

from __future__ import annotations

import pytest

from pipeline.published.terminal_table import drawn

AMOUNT = "99999999999999.999999999999999999999999"


def plain_lines(text: str) -> list[str]:
    """The lines without trailing blanks."""
    return [line.rstrip() for line in text.splitlines()]


@pytest.fixture
def _no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


@pytest.mark.usefixtures("_no_color")
@pytest.mark.parametrize("width", range(58, 110))
def test_long_texts_fold_and_numbers_stay_whole(width: int) -> None:
    """A message is folded at the terminal's edge, an amount never, and nothing is lost."""
    columns = [["ab " * 20], [AMOUNT]]
    lines = plain_lines(drawn(["what", "amount_usd"], [False, True], columns, width))
    assert lines[0].split() == ["what", "amount_usd"]
    assert lines[2].endswith(f" {AMOUNT}")
    assert all(len(line) <= width for line in lines)
    assert " ".join(lines[2:]).split().count("ab") == 20


@pytest.mark.usefixtures("_no_color")
def test_too_many_columns_are_shown_one_below_the_other() -> None:
    """Where not even the numbers fit, each row is a list of its columns."""
    text = drawn(["a_usd", "b_usd", "c"], [True, True, False], [[AMOUNT], [AMOUNT], [None]], 60)
    assert plain_lines(text) == [
        "row 1",
        f"a_usd  {AMOUNT}",
        f"b_usd  {AMOUNT}",
        "c      NULL",
        "",
    ]


@pytest.mark.usefixtures("_no_color")
def test_a_terminal_too_narrow_for_anything_still_gets_every_digit() -> None:
    """Then a number is folded as well: there is no other way."""
    text = drawn(["a_usd", "b"], [True, False], [[AMOUNT], ["x"]], 20)
    assert AMOUNT in "".join(text.replace("a_usd", "").split())


def test_a_pipe_gets_no_styles_and_no_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal there is no width, and no color even if the environment begs for it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = drawn(["what", "usd"], [False, True], [["ab " * 200], [AMOUNT]], None)
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_a_terminal_gets_styles_unless_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR is respected (no-color.org)."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in drawn(["n"], [True], [["1"]], 80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in drawn(["n"], [True], [["1"]], 80)


def test_wide_characters_count_as_two_cells() -> None:
    """A column of Chinese lines up."""
    lines = drawn(["t", "n"], [False, True], [["日本", "ab"], ["1", "2"]], None).splitlines()
    assert lines[2:] == ["日本   1", "ab     2"]
