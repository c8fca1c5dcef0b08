"""Every error in tollbook.toml has file, line and key, and says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.errors import ConfigError
from pipeline.runs.kinds import KINDS

BUDGET = '[[budgets]]\nid = "one"\namount_usd = "1"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[alerts]\nchannels = "env:SLACK_URL"\n',
            'tollbook.toml:2 alerts.channels: write a list, such as ["env:SLACK_URL"].',
        ),
        (
            f'{BUDGET}[[budgets]]\nid = "a b"\namount_usd = "1"\n',
            (
                "tollbook.toml:5 [[budgets]] no. 2, id: 'a b' is not a name: letters, digits and "
                ". _ - are allowed, 64 at most, beginning with a letter or digit."
            ),
        ),
        (
            '[[budgets]]\namount_usd = "1"\n',
            "tollbook.toml:1 [[budgets]] no. 1, id: is missing; write it, such as",
        ),
        (
            f"{BUDGET}thresholds = 80\n",
            "tollbook.toml:4 [[budgets]] no. 1, thresholds: write a list, such as [50, 80, 100].",
        ),
        (
            f"{BUDGET}thresholds = [0]\n",
            "tollbook.toml:4 [[budgets]] no. 1, thresholds: 0 is not allowed; it must be more",
        ),
        (
            '[[sources]]\nname = "a"\nkind = "logs"\n',
            "tollbook.toml:3 [[sources]] no. 1, kind: 'logs' is not one of request_log,",
        ),
        (
            '[sources]\nname = "a"\n',
            "tollbook.toml:1 sources: is a list of tables; write [[sources]] with two brackets.",
        ),
        (
            'storage = "var"\n',
            "tollbook.toml:1 storage: is a section; write [storage] and its keys below.",
        ),
        (
            '[headroom]\nnear_percent = "high"\n',
            (
                "tollbook.toml:2 headroom.near_percent: 'high' is not a whole number; write it "
                "without quotes, such as 80."
            ),
        ),
        (
            '[policy]\nalerts = "maybe"\n',
            "tollbook.toml:2 policy.alerts: 'maybe' is not a truth value; write true or false.",
        ),
        (
            "[organization]\nid = 7\n",
            "tollbook.toml:2 organization.id: write a text in quotes, such as",
        ),
        (
            '[organization]\ntimezone = "Berlin"\n',
            "tollbook.toml:2 organization.timezone: 'Berlin' is not an IANA time zone",
        ),
        (
            '[organization]\nnmae = "a"\n',
            "tollbook.toml:2 organization.nmae: unknown key. Did you mean 'name'?",
        ),
        ("[organization\n", "tollbook.toml:1: is not valid TOML: "),
    ],
)
def test_an_error_has_its_place_and_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    """No word of the library that validates reaches the user."""
    path = tmp_path / "tollbook.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS)
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(message)


def test_further_errors_are_counted(tmp_path: Path) -> None:
    """The first is shown, with the number of the others."""
    path = tmp_path / "tollbook.toml"
    path.write_text("[organization]\nid = 1\nname = 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\(1 more after this one\.\)$"):
        load(path, KINDS)
