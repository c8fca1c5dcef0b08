"""Writes the explained tollbook.toml of `tollbook init`, and lists the next steps.

Replaces an existing file only where that is wanted, and never leaves half of one.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.config.keys.reference import starting_file
from pipeline.config.load import load
from pipeline.errors import ConfigError
from pipeline.storage.files import replace_text
from pipeline.text import counted

FILE_NAME = "tollbook.toml"


def write_configuration(path: Path, *, is_forced: bool = False) -> Path:
    """Write the file, or `tollbook.toml` into the folder. Gives its path.

    Fails: ConfigError where a file is there already and `is_forced` is not set, or the folder is
    not there or cannot be written.
    """
    target = path / FILE_NAME if path.is_dir() else path
    try:
        _write(target, starting_file(), is_forced=is_forced)
    except FileExistsError:
        raise ConfigError(
            "already exists", file=target, hint="Name another file, or replace it with --force."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"cannot be written ({error.strerror})",
            file=target,
            hint="Name a file in an existing folder that you may write to.",
        ) from None
    return target


def next_steps(written: Path) -> tuple[str, ...]:
    """The next steps for a file just written, one sentence each."""
    found = []
    for source in load(written).sources:
        for pattern in source.path:
            folder = Path(pattern).parent
            files = [p for p in folder.glob(Path(pattern).name) if p.is_file()]
            there = f"it matches {counted(len(files), 'file')}" if files else "no file matches yet"
            found.append(f"The source {source.name!r} reads {pattern}: {there}.")
    option = "" if written == Path(FILE_NAME) else f" -c {written}"
    return (*found, f"Look it through, then: tollbook doctor{option}; tollbook run{option}")


def _write(target: Path, text: str, *, is_forced: bool) -> None:
    if not is_forced:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
        return
    replace_text(target, text)
