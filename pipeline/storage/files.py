"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

UNFINISHED = ".new"  # how the name of a file that is still being written ends
_WAL = ".wal"  # what DuckDB keeps beside a database, and would take up with a later one of its name


def replace_file(path: Path, write: Callable[[Path], object], *, durable: bool = False) -> None:
    """Let `write` make a file beside `path`, then rename it onto `path` in one step.

    Takes `durable`: the file and its name outlive a power cut. The folder is there already.
    Fails: whatever `write` fails with; `path` is then as it was and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    _remove(beside)  # of a killed process: in a container, each may have the same number
    try:
        write(beside)
        if durable:
            _sync(beside)
        beside.replace(path)
    except BaseException:
        _remove(beside)
        raise
    if durable:
        _sync(path.parent)  # or a power cut may undo the rename


def remove_unfinished(path: Path) -> None:
    """Remove what a killed process has left of replacing a file, where no other process can be."""
    for end in (UNFINISHED, UNFINISHED + _WAL):
        for left in path.parent.glob(f".{path.name}.*{end}"):
            left.unlink(missing_ok=True)


def remove_unfinished_below(folders: Iterable[Path]) -> None:
    """The same of all files in some folders and those below them."""
    for folder in folders:
        for end in (UNFINISHED, UNFINISHED + _WAL):
            for left in folder.rglob(f".*{end}"):
                left.unlink(missing_ok=True)


def _remove(beside: Path) -> None:
    for left in (beside, beside.with_name(beside.name + _WAL)):
        left.unlink(missing_ok=True)


def replace_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write a UTF-8 text as `replace_file` does, its line ends as they are."""
    replace_file(
        path, lambda beside: beside.write_text(text, encoding="utf-8", newline=""), durable=durable
    )


def link_or_copy(source: Path | str, target: Path | str) -> None:
    """The same file under a second name; a copy where there are no hard links.

    Takes texts as well: of thousands of files, paths take longer to make than links.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:  # most often its folder is there
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120  as above
        _link_or_copy(source, target)
    except OSError:
        _link_or_copy(source, target)


def _link_or_copy(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
