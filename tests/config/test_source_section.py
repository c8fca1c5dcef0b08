"""The keys of a source that is fetched: what they may hold, and to which kind they belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.config.model import Source
from pipeline.errors import ConfigError
from pipeline.providers.openai.credentials import address, connect
from pipeline.runs.kinds import KINDS

SECRET = "sk-admin-made-up-0123456789"  # noqa: S105  of nobody
FETCHED = '[[sources]]\nname = "api"\nkind = "openai"\n'
RECORDS = '[[sources]]\nname = "files"\nkind = "records"\npath = "x"\n'


def _load(folder: Path, text: str) -> Source:
    path = folder / "tollbook.toml"
    path.write_text(text)
    return load(path, KINDS).sources[0]


def test_a_fetched_source_needs_nothing_but_its_kind(tmp_path: Path) -> None:
    """The defaults fetch from the provider with the key of the environment."""
    source = _load(tmp_path, FETCHED)
    assert (source.key, source.bucket_width, source.trailing_days) == (
        "env:OPENAI_ADMIN_KEY",
        "1h",
        3,
    )
    assert address(source, {}) == "https://api.openai.com/v1"
    assert address(source, {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1/"}) == "http://127.0.0.1:9/v1"


def test_a_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """Secrets come from the environment, and no message shows what stood there instead."""
    with pytest.raises(ConfigError, match="does not belong into a file") as refused:
        _load(tmp_path, f'{FETCHED}key = "{SECRET}"\n')
    assert SECRET not in str(refused.value)
    assert refused.value.line == 4


@pytest.mark.parametrize(
    "url", [f"https://user:{SECRET}@host/v1", f"https://host/v1?key={SECRET}", SECRET, "http://[/"]
)
def test_an_address_holds_no_secret(tmp_path: Path, url: str) -> None:
    """An address is shown in messages, so that it may hold nothing else."""
    with pytest.raises(ConfigError, match=r"write (an address|the address alone)") as refused:
        _load(tmp_path, f'{FETCHED}base_url = "{url}"\n')
    assert SECRET not in str(refused.value)
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL") as refused:
        address(_load(tmp_path, FETCHED), {"OPENAI_BASE_URL": url})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{FETCHED}path = "x.json"\n', "has no `path`"),
        (
            '[[sources]]\nname = "a"\nkind = "records"\npath = "x"\nsince = "2026-01-01"\n',
            "`since`",
        ),
        (f"{FETCHED}requests_in_flight = 17\n", "17 is not allowed; it must be 16 or less"),
        (f'{FETCHED}bucket_width = "1m"\n', "'1m' is not one of 1h, 1d"),
    ],
)
def test_keys_belong_to_their_kind(tmp_path: Path, text: str, says: str) -> None:
    """A key that would do nothing is an error."""
    with pytest.raises(ConfigError, match=says):
        _load(tmp_path, text)


@pytest.mark.parametrize(
    ("held", "says"),
    [("", "is not set"), (f"{SECRET} x", "cannot be a key"), ("sk-ö", "cannot be a key")],
)
def test_a_key_that_is_none_is_said_without_it(tmp_path: Path, held: str, says: str) -> None:
    """The message names the variable, never what it holds."""
    source = _load(tmp_path, FETCHED)
    with pytest.raises(ConfigError, match=f"OPENAI_ADMIN_KEY.*{says}|{says}") as refused:
        connect(source, {"OPENAI_ADMIN_KEY": held})
    assert SECRET not in str(refused.value)
