"""The files that the database names, against those on the disk."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import RunFailedError
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout

_MARK = b"PAR1"  # how a Parquet file begins and ends


def damaged_files(db: Database, storage: StorageLayout) -> list[Path]:
    """Ledger, charge and minute files that are named and missing, cut short or no Parquet."""
    named = db.rows(
        "SELECT path FROM ledger_files UNION SELECT path FROM posting_files "
        "UNION SELECT charge_path FROM charge_days UNION SELECT daily_path FROM charge_days "
        "UNION SELECT charge_path FROM bill_days UNION SELECT daily_path FROM bill_days "
        "UNION SELECT path FROM minute_days ORDER BY 1"
    )
    return [path for (name,) in named if name and not is_whole(path := storage.root / name)]


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
    """The error of a file of the books that is not there as it was written."""
    return RunFailedError("is missing or damaged", file=path, hint="Restore it from a backup.")
