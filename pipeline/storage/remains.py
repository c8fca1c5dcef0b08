"""What is left of a storage whose `warehouse.duckdb` is missing or is that of another storage.

Without it nothing says which files count, so a run would begin a new ledger and remove the rest.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import RunFailedError
from pipeline.storage.database import Database
from pipeline.storage.layout import SCHEDULE_STATE, WAREHOUSE, StorageLayout

RESTORE_HINT = (
    f"`tollbook rebuild` makes {WAREHOUSE} again; or restore it from a backup, or name another "
    "`root` under [storage] for a new storage."
)


def remains(storage: StorageLayout) -> list[str]:
    """Parts of a storage that only a run or a schedule leaves there, each as a user reads it."""
    found = [folder.name for folder in (storage.ledger, storage.charges) if _has_a_file(folder)]
    if storage.published.is_symlink() or storage.published.exists():
        found.append(f"published ({storage.published.resolve().name})")
    if snapshots(storage):
        found.append("snapshots")
    if (storage.root / SCHEDULE_STATE).exists():
        found.append(SCHEDULE_STATE)
    return found


def check_not_lost(storage: StorageLayout) -> None:
    """Refuse to begin a storage beside what is left of another. Fails: RunFailedError."""
    lost = lost_warehouse(storage)
    if lost is not None:
        raise RunFailedError(lost, file=storage.root, hint=RESTORE_HINT)


def lost_warehouse(storage: StorageLayout) -> str | None:
    """What is wrong where parts of a storage are there without the database; else None."""
    if storage.warehouse.exists():
        return None
    found = remains(storage)
    if not found:
        return None
    return f"there is a storage here ({', '.join(found)}) but no {WAREHOUSE}"


def check_own_warehouse(db: Database, storage: StorageLayout) -> None:
    """Refuse a database that is not that of the files beside it. Fails: RunFailedError."""
    foreign = foreign_warehouse(db, storage)
    if foreign is not None:
        raise RunFailedError(foreign, file=storage.warehouse, hint=RESTORE_HINT)


def foreign_warehouse(db: Database, storage: StorageLayout) -> str | None:
    """What is wrong where the database knows nothing of what lies beside it; else None.

    It names none of the ledger and charge files, and no run that published a snapshot here. One
    that is only older than the snapshots, as from a backup, names some of the files.
    """
    named = db.rows(
        "SELECT path FROM ledger_files UNION ALL "
        "SELECT coalesce(stored_in, path) FROM posting_files"
    )
    if any(Path(storage.root, path).exists() for (path,) in named):
        return None
    published = snapshots(storage)
    runs = {run_id for (run_id,) in db.rows("SELECT run_id FROM runs")}
    has_other_files = bool(named) and _has_a_file(storage.ledger)
    if has_other_files or (published and not runs & set(published)):
        return f"this {WAREHOUSE} does not belong to the files beside it: it names none of them"
    return None


def snapshots(storage: StorageLayout) -> list[str]:
    """Names of the snapshots that are there, which are those of their runs."""
    if not storage.snapshots.is_dir():
        return []
    return [p.name for p in storage.snapshots.iterdir() if p.is_dir() and any(p.iterdir())]


def _has_a_file(folder: Path) -> bool:
    return any(p.is_file() for p in folder.rglob("*"))
