"""Files of a killed run: written, but never committed."""

from __future__ import annotations

from pathlib import Path

from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout


def orphans(db: Database, layout: StorageLayout) -> list[Path]:
    """Ledger, charge and minute files that no table names: a run that was killed left them."""
    known = {
        str(layout.root / path)
        for (path,) in db.rows(
            "SELECT path FROM ledger_files UNION ALL SELECT path FROM posting_files "
            "UNION ALL SELECT charge_path FROM charge_days "
            "UNION ALL SELECT daily_path FROM charge_days "
            "UNION ALL SELECT path FROM minute_days"
        )
    }
    folders = (layout.ledger, layout.charges, layout.minutes)
    return [p for f in folders for p in f.rglob("*") if p.is_file() and str(p) not in known]
