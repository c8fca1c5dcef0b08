"""In which file a budget is."""

from __future__ import annotations

from pathlib import Path

from pipeline.budgets.amend import file_of


def test_a_budget_is_in_the_file_that_plans_it(tmp_path: Path) -> None:
    """Not in one that names it otherwise, whichever quotes it is written in."""
    config, one, other = (tmp_path / name for name in ("tollbook.toml", "one.toml", "other.toml"))
    one.write_text(
        '[[budgets]]\nid = "a"\nowner = "b"\namount_usd = "1"\n'
        '[[amendments]]\nbudget = "b"\nvalid_from = "2026-12-01"\namount_usd = "2"\nreason = "r"\n'
    )
    other.write_text("[[budgets]]\nid = 'b'\namount_usd = '1'\n")
    files = (one, other)
    assert [file_of(i, config, files) for i in ("a", "b", "own")] == [one, other, config]
