"""Turns errors of the disk and of memory into errors that say what to do.

Python, DuckDB and polars each raise their own kind; any other error of theirs is a mistake in the
program and passes through unchanged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import NotPublishedError, RunFailedError, TollbookError
from pipeline.storage.layout import WAREHOUSE
from pipeline.storage.object_store.store import store_failure
from pipeline.storage.permissions import may_not_use

_FULL = re.compile(r"no space left|file too large|disk quota", re.IGNORECASE)
_DAMAGE = re.compile(
    r"not a valid duckdb|could not read enough bytes|corrupt|checksum|failed to deserialize",
    re.IGNORECASE,
)
_FILE = re.compile(r'file "([^"]+)"')
_RESTORE = "Restore it from a backup."
_REBUILD = "`tollbook rebuild` makes it again; or restore it from a backup."
_NUMBER = re.compile(r"\(os error (\d+)\)")
_OF_A_FILE = re.compile(r"\bIO error\b|\bcould not (?:write|read|open|sync) file\b", re.IGNORECASE)


def as_tollbook_error(error: BaseException, root: Path) -> TollbookError | None:
    """The error as one with a file and a hint; None if neither disk nor memory caused it."""
    if isinstance(error, TollbookError):
        return error
    if (of_store := store_failure(error)) is not None:
        return of_store
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, PermissionError) and error.filename:
        return may_not_use(Path(error.filename))
    if isinstance(error, OSError):
        return _of_a_file(Path(error.filename or root), error.strerror or text)
    number = _NUMBER.search(text)
    if number is not None and isinstance(error, pl.exceptions.PolarsError):
        return _of_a_file(root, os.strerror(int(number[1])))
    if (damaged := _damage_behind(error, root / WAREHOUSE)) is not None:
        return damaged
    if isinstance(error, duckdb.Error) and _OF_A_FILE.search(text):
        return _of_a_file(root, text)
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return RunFailedError(
            f"there is not enough memory, or room to spill to: {text}",
            file=root,
            hint="Free some of both and run again.",
        )
    return None


def damage(error: BaseException, path: Path | None = None) -> RunFailedError | None:
    """That a file is damaged: the one at `path`, else the one that the error names; or None."""
    text = str(error)
    if not isinstance(error, duckdb.Error) or not _DAMAGE.search(text):
        return None
    named = _FILE.search(text)
    file = path or (Path(named[1]) if named else None)
    if file is None:
        return None
    hint = _REBUILD if file.name == WAREHOUSE else _RESTORE
    return RunFailedError("is damaged", file=file, hint=hint)


def _damage_behind(error: BaseException, warehouse: Path) -> RunFailedError | None:
    """That a file is damaged, also where the error came while another one was dealt with.

    DuckDB names no file where the checksum of a block of the database is wrong.
    """
    one: BaseException | None = error
    while one is not None:
        if (found := damage(one) or damage(one, warehouse)) is not None:
            return found
        one = one.__context__
    return None


def name_of(error: BaseException) -> str:
    """What to record of an error that nobody foresaw: its kind, and what DuckDB or polars say.

    Texts of others are left out: they may have secrets in them.
    """
    kind = type(error).__name__
    if not isinstance(error, duckdb.Error | pl.exceptions.PolarsError) or not str(error).strip():
        return kind
    return f"{kind}: {str(error).strip().splitlines()[0]}"


def _of_a_file(file: Path, what: str) -> RunFailedError:
    if _FULL.search(what):
        return RunFailedError(
            f"cannot be written: {what}", file=file, hint="Free some space and run again."
        )
    hint = _RESTORE if "no such file" in what.lower() else "Look at the disk it is on."
    return RunFailedError(f"cannot be used: {what}", file=file, hint=hint)


def _cure(failure: TollbookError) -> str:
    if _FULL.search(failure.what):
        return "Free some space; the next run publishes them."
    return f"{failure.hint or 'Mend it.'} The next run publishes them."


@contextmanager
def before_the_commit(root: Path) -> Iterator[None]:
    """Turn errors of disk and memory into RunFailedError: nothing was committed."""
    try:
        yield
    except Exception as error:
        failure = as_tollbook_error(error, root)
        if failure is None:
            raise
        raise failure from None


@contextmanager
def after_the_commit(root: Path) -> Iterator[None]:
    """Turn errors of disk and memory into NotPublishedError: the next run publishes."""
    try:
        yield
    except Exception as error:
        failure = as_tollbook_error(error, root)
        if failure is None:
            raise
        raise NotPublishedError(
            f"the run was committed, but its figures could not be published: {failure.what}",
            file=failure.file,
            hint=_cure(failure),
        ) from None
