"""Ledger, charge and minute files that no table names.

Those of runs that the database knows are leftovers: a killed run wrote them, or a later run has
replaced them. Those of other runs are kept: the database may be an older one from a backup.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import SourceError
from pipeline.storage.database import Database
from pipeline.storage.layout import BEFORE, StorageLayout
from pipeline.text import counted

_RUN_ID = re.compile(r"\d{8}T\d{12}Z")  # in the name of every file that a run writes


@dataclass(frozen=True, slots=True)
class Orphans:
    """Files that no table names."""

    replaced: list[Path]  # of runs that have ended
    cut_off: list[Path]  # of the run that began last and has not ended
    unknown: list[Path]  # of runs that this database does not know, or of none


def orphans(db: Database, layout: StorageLayout, names: Iterable[str]) -> Orphans:
    """The files that no table names, by whether a run that this database knows has written them.

    Takes the names that the tables have.
    """
    root = f"{layout.root}{os.sep}"
    named = {root + name for name in names}
    files = [
        Path(path)
        for folder in (layout.ledger, layout.charges, layout.minutes)
        for path in _files(folder)
        if path not in named
    ]
    found = Orphans([], [], [])
    if files:
        ended = {run_id for (run_id,) in db.rows("SELECT run_id FROM runs")}
        # one that published had committed: the database is a copy made while it was on
        begun = {i for i in _begun(db) if not (layout.snapshots / i).exists()}
        for file in files:
            match = _RUN_ID.search(file.name)
            run_id = match[0] if match else None
            if run_id in ended:
                found.replaced.append(file)
            elif run_id in begun:
                found.cut_off.append(file)
            else:
                found.unknown.append(file)
    return found


def clear_orphans(
    db: Database, layout: StorageLayout, names: Iterable[str], run_id: str
) -> list[SourceError]:
    """Remove leftovers, and set the files of unknown runs aside in a folder of this run.

    Takes the names that the tables have. Gives what is to be said of files that were set aside.
    """
    found = orphans(db, layout, names)
    for path in (*found.replaced, *found.cut_off):
        path.unlink()
    folder = layout.set_aside / run_id
    for path in found.unknown:
        target = folder / path.relative_to(layout.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    if not found.unknown:
        return []
    return [
        SourceError(
            f"{counted(len(found.unknown), 'file')} of runs that {layout.warehouse.name} does not "
            "know, as after restoring an older one, were set aside",
            file=folder,
            hint="The raw files that are still there were read again. Compare the totals, then "
            "remove the folder.",
        )
    ]


def clear_uploads(db: Database, layout: StorageLayout) -> None:
    """Remove what the run that began last has put into the store of the ledger, if it failed.

    Fails: RunFailedError where the store cannot be used.
    """
    if layout.ledger_store is None:
        return
    committed = {i for (i,) in db.rows("SELECT run_id FROM runs WHERE outcome <> 'failed'")}
    for run_id in _begun(db):
        # one that published had committed: the database is a copy made while it was on
        if run_id not in committed and not (layout.snapshots / run_id).exists():
            from pipeline.storage.object_store.ship import unship

            unship(layout, run_id)


def note_begun(db: Database, run_id: str) -> None:
    """Note that a run has begun, so that its files are known as cut off if it does not end."""
    with db.transaction():
        db.con.execute("DELETE FROM begun_runs")
        db.con.execute("INSERT INTO begun_runs VALUES ($1)", [run_id])


def set_aside(layout: StorageLayout) -> list[Path]:
    """The files that earlier runs have set aside; not what `restore` or `rebuild` replaced."""
    folders = (p for p in layout.set_aside.glob("*") if not p.name.startswith(BEFORE))
    return [p for folder in folders for p in folder.rglob("*") if p.is_file()]


def _files(folder: Path) -> Iterator[str]:
    for within, _, names in os.walk(folder):
        yield from (f"{within}{os.sep}{name}" for name in names)


def _begun(db: Database) -> list[str]:
    """The run that began last; none in a storage that only an earlier version has written."""
    try:
        return [run_id for (run_id,) in db.rows("SELECT run_id FROM begun_runs")]
    except duckdb.CatalogException:
        return []
