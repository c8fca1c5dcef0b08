"""`tollbook init`: writes a configuration, replaces nothing by itself, says what comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.init_file import next_steps, write_configuration
from pipeline.config.keys.reference import starting_file
from pipeline.errors import ConfigError


def test_a_folder_gets_a_file_of_the_usual_name(tmp_path: Path) -> None:
    """`tollbook init FOLDER` writes FOLDER/tollbook.toml."""
    written = write_configuration(tmp_path)
    assert written == tmp_path / "tollbook.toml"
    assert written.read_text() == starting_file()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    """Exit 2, and not a byte of the file has changed."""
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n")
    with pytest.raises(ConfigError, match=r"mine\.toml: already exists.*--force") as failed:
        write_configuration(path)
    assert failed.value.exit_code == 2
    assert path.read_text() == "# mine\n"


def test_force_replaces_it(tmp_path: Path) -> None:
    """With --force the old file is gone and nothing else lies beside the new one."""
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n")
    assert write_configuration(path, is_forced=True) == path
    assert path.read_text() == starting_file()
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    """It is not made: a slip of the hand would make it in the wrong place."""
    with pytest.raises(ConfigError, match="cannot be written"):
        write_configuration(tmp_path / "conf" / "tollbook.toml")
    assert list(tmp_path.iterdir()) == []


def test_logs_that_lie_there_are_counted(tmp_path: Path) -> None:
    """Who starts beside a folder `logs` hears at once whether the source finds anything."""
    written = write_configuration(tmp_path)
    assert "no file matches yet" in next_steps(written)[0]
    (tmp_path / "logs").mkdir()
    for name in ("a.jsonl", "b.jsonl.gz", "notes.txt"):
        (tmp_path / "logs" / name).touch()
    assert "matches 2 files" in next_steps(written)[0]


def test_the_next_command_names_the_file_where_it_must(tmp_path: Path) -> None:
    """Only ./tollbook.toml is found without -c."""
    written = write_configuration(tmp_path / "mine.toml")
    assert f"tollbook run -c {written}" in next_steps(written)[-1]
