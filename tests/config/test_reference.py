"""The written tollbook.toml: every key is in it, explained, and what it says is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pipeline.config import model as config_model
from pipeline.config.keys.key_texts import TEXTS
from pipeline.config.keys.reference import WIDTH, Section, sections, starting_file
from pipeline.config.load import load, without_file

_OFF = re.compile(r"^#(?=\[|[a-z_]+ = )", re.MULTILINE)


def test_every_key_is_explained_and_no_other() -> None:
    """A new key without words fails here, and so do words for a key that is gone."""
    assert set(TEXTS) == {key.path for section in sections() for key in section.keys}


def test_the_file_loads_as_written(tmp_path: Path) -> None:
    """Who changes nothing has a valid configuration with one source and every default."""
    path = tmp_path / "tollbook.toml"
    path.write_text(starting_file())
    loaded = load(path)
    assert loaded == without_file(
        tmp_path,
        (
            config_model.Source(
                name="gateway", kind="request_log", path=(f"{tmp_path}/logs/*.jsonl*",)
            ),
        ),
    )


def test_the_file_loads_with_everything_set(tmp_path: Path) -> None:
    """Each setting that is off is valid once its # is taken away, also together with all others."""
    path = tmp_path / "tollbook.toml"
    path.write_text(_OFF.sub("", starting_file()))
    load(path)


def test_every_key_stands_in_the_file() -> None:
    """With all settings on, the file names exactly the keys of the models."""
    raw = tomllib.loads(_OFF.sub("", starting_file()))
    inner = {section.name for section in sections() if section.is_named}
    named = {
        f"{section.name}.{key}"
        for section in sections()
        for table in _tables(raw, section)
        for key in table
        if f"{section.name}.{key}" not in inner
    }
    assert named == set(TEXTS)


def _tables(raw: dict[str, Any], section: Section) -> list[dict[str, Any]]:
    """The tables of a section: the one, each of a list, or each that has a name."""
    found: Any = raw
    for part in section.name.split("."):
        found = found[part]
    return list(found.values()) if section.is_named else found if section.is_list else [found]


def test_settings_that_are_off_and_have_a_default_show_it() -> None:
    """Taking the # away changes nothing, unless the default is empty: then an example is there."""
    raw = tomllib.loads(_OFF.sub("", starting_file()))
    for section in sections():
        tables = _tables(raw, section)
        for key in section.keys:
            if key.is_required or key.default in (None, ()):
                continue
            shown = next(table[key.name] for table in tables if key.name in table)
            value = tuple(shown) if isinstance(shown, list) else shown
            assert str(value) == str(key.default), key.path


def test_lines_fit_a_terminal() -> None:
    """Nothing has to be scrolled to the side."""
    assert max(map(len, starting_file().splitlines())) <= WIDTH
