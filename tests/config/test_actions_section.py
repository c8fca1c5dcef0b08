"""`action` of a budget and the section [actions]: what fits together, and whose key is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.config.model import Config
from pipeline.errors import ConfigError
from pipeline.runs.kinds import KINDS

BUDGET = '[[budgets]]\nid = "one"\namount_usd = "1"\n'
HARD = f'{BUDGET}project = "proj_a"\nhard = true\naction = "spend_limit"\n'
FETCHED = '[[sources]]\nname = "{}"\nkind = "openai"\nsince = "2026-11-01"\n'
ON = '[actions]\nmode = "on"\n'


def loaded(folder: Path, text: str) -> Config:
    """The configuration of a text."""
    path = folder / "tollbook.toml"
    path.write_text(text)
    return load(path, KINDS)


def test_actions_are_off(tmp_path: Path) -> None:
    """And need approval, once they are on; without them a budget with an action needs no key."""
    config = loaded(tmp_path, HARD)
    assert (config.actions.mode, config.actions.approval) == ("off", True)
    assert config.budgets[0].action == "spend_limit"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{BUDGET}project = "a"\naction = "spend_limit"\n', "action needs hard = true"),
        (f'{BUDGET}hard = true\naction = "rate_limits"\n', "action needs project"),
        (
            f'{HARD}model = "m"\nscope = "tools"\n',
            "action sets limits of the whole project; take out model and scope",
        ),
        (f'{BUDGET}action = "stop"\n', "'stop' is not one of spend_limit, rate_limits"),
        ('[actions]\nmode = "yes"\n', "'yes' is not one of off, dry-run, on"),
        (HARD + ON, "actions.source: no source is fetched"),
        (HARD + ON + FETCHED.format("a") + FETCHED.format("b"), "actions.source: is missing"),
        (
            f'{HARD}{ON}source = "c"\n{FETCHED.format("a")}',
            "actions.source: 'c' is not one of the sources that are fetched. Name one of a.",
        ),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With the reason."""
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        HARD + ON + FETCHED.format("a"),
        f'{HARD}{ON}source = "b"\n{FETCHED.format("a")}{FETCHED.format("b")}',
        BUDGET + ON,
    ],
)
def test_the_only_source_is_used_or_the_one_that_is_named(tmp_path: Path, text: str) -> None:
    """None is needed where no budget has an action."""
    assert loaded(tmp_path, text).actions.mode == "on"


def test_a_csv_file_may_have_the_column(tmp_path: Path) -> None:
    """Like every other key of a budget."""
    (tmp_path / "b.csv").write_text(
        "budget_id,project,amount_usd,hard,action\none,proj_a,10,true,rate_limits\ntwo,,5,,\n"
    )
    config = loaded(tmp_path, '[budgets]\nfiles = ["b.csv"]\n')
    assert [b.action for b in config.budgets] == ["rate_limits", None]
