"""Copies the sample organization into a folder to try tollbook on."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.resources import folder


def copy_sample(to: Path) -> Path:
    """Copy the sample organization's files into a working folder, unless they are there already.

    **Gives** the path of its `tollbook.toml`. What stands there already is left as it is.
    **Fails** with ConfigError where the folder holds something else or cannot be written.
    """
    configuration = to / "tollbook.toml"
    if configuration.is_file():
        return configuration
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(
            "is there already and was not made by `tollbook demo`",
            file=to,
            hint="Name a folder that is new or empty, with --into.",
        )
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a copy that was cut short would pass for the sample next time.
        with tempfile.TemporaryDirectory(prefix=f".{to.name}-", dir=to.parent) as unfinished:
            copied = Path(unfinished) / "sample"
            _copy_contents(folder("data") / "sample", copied)
            if to.exists():
                to.rmdir()
            copied.rename(to)
    except OSError as error:
        raise ConfigError(
            f"cannot be written ({error.strerror})", file=to, hint="Name another one with --into."
        ) from None
    return configuration


def _copy_contents(source: Path, to: Path) -> None:
    """Contents without modes: an installed sample may be read-only, the copy must not be."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            copied = to / path.relative_to(source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
