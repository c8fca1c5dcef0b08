"""The files that the database names, against those on the disk.

Looking at each takes longer as history grows, so what was checked is remembered by its folders: a
file that is added, removed or replaced changes its folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RunFailedError
from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.files import replace_text
from pipeline.storage.layout import StorageLayout

_MARK = b"PAR1"  # how a Parquet file begins and ends


@dataclass(slots=True)
class StoredFiles:
    """The ledger, charge and minute files of a storage, checked at most once in a run."""

    db: Database
    storage: StorageLayout
    _is_checked: bool = False
    _names: Sequence[str] = ()

    def check(self) -> None:
        """Look at every file that the database names. Fails: RunFailedError."""
        if self._is_checked:
            return
        self._names = named_files(self.db)
        for name in self._names:
            if not is_whole(path := self.storage.root / name):
                raise missing_or_damaged(path)
        self._is_checked = True

    @property
    def names(self) -> Sequence[str]:
        """What the database named when it was checked, relative to the storage root, in order."""
        return self._names

    def are_as_checked(self) -> bool:
        """Whether no file was added, removed or replaced since `note_checked`.

        What was cut short in its place is not seen; `check` sees it, before files are read.
        """
        try:
            known = json.loads(self._note.read_text(encoding="utf-8"))
            folders = known["folders"]
            return bool(
                all(_mark_of(Path(folder)) == mark for folder, mark in folders.items())
                and known["named"] == self._named()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def note_checked(self) -> None:
        """Remember that the files are whole and that there are no others."""
        roots = (self.storage.ledger, self.storage.charges, self.storage.minutes)
        folders = [str(root) for root in roots]
        folders += [f for root in roots for f, _, _ in os.walk(root) if f != str(root)]
        known = {"named": self._named(), "folders": {f: _mark_of(Path(f)) for f in folders}}
        self._note.parent.mkdir(parents=True, exist_ok=True)
        replace_text(self._note, json.dumps(known))

    @property
    def _note(self) -> Path:
        return self.storage.cache / "checked-files.json"

    def _named(self) -> str:
        named = sql("storage/named_files")
        statement = f"SELECT count(*), CAST(sum(hash(path)) AS VARCHAR) FROM ({named})"
        return repr(self.db.rows(statement))


def _mark_of(folder: Path) -> list[int] | None:
    try:
        facts = folder.stat()
    except FileNotFoundError:
        return None
    return [facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns]


def named_files(db: Database) -> list[str]:
    """Ledger, charge and minute files that a table names, relative to the root, in order."""
    return [name for (name,) in db.rows(sql("storage/named_files")) if name]


def damaged_files(db: Database, storage: StorageLayout) -> list[Path]:
    """Ledger, charge and minute files that are named and missing, cut short or no Parquet."""
    return [path for name in named_files(db) if not is_whole(path := storage.root / name)]


def is_whole(path: Path) -> bool:
    """Whether a Parquet file is there from its first bytes to its last. Fails: PermissionError."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MARK)) != _MARK:
                return False
            file.seek(-len(_MARK), 2)
            return file.read() == _MARK
    except PermissionError:
        raise
    except OSError:
        return False


def missing_or_damaged(path: Path) -> RunFailedError:
    """The error of a file of the storage that is not there as it was written."""
    return RunFailedError(
        "is missing or damaged",
        file=path,
        hint="Restore it from a backup; without one, `tollbook rebuild --from-files --force` has "
        "the next run read all sources again (--dry-run: what they lack).",
    )
