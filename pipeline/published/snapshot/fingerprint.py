"""The fingerprint of a snapshot: a hash of everything that it and its report are made from.

It is kept with the snapshot, so that a run can tell that it would publish the same again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline import resources
from pipeline.config.model import Config
from pipeline.published.snapshot.retention import COMPLETE, DATABASE
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout

# A run adds its own row to `runs`; a price book never changes, and days name theirs; what was found
# of judged days is what `anomalies` are made of.
NOT_HASHED = ("runs", "begun_runs", "price_books", "judged_days", "anomaly_findings")
# Named here, since listing the tables of a database that was just opened costs 6 ms.
HASHED = (
    "alert_events",
    "alert_followups",
    "alerts",
    "anomalies",
    "anomaly_labels",
    "api_keys",
    "bill_days",
    "billed_days",
    "buckets",
    "budget_actions",
    "budget_changes",
    "budget_crossings",
    "budget_plans",
    "budget_status",
    "charge_days",
    "cleared_gaps",
    "closed_periods",
    "corrections",
    "cost_centers",
    "currency_rates",
    "day_prices",
    "deliveries",
    "dropped_duplicates",
    "dropped_rejects",
    "excluded_rows",
    "fetches",
    "forecast_record",
    "forecasts",
    "first_rows",
    "input_files",
    "invites",
    "ledger_files",
    "logged_operations",
    "message_routes",
    "messages",
    "migrations",
    "minute_coverage",
    "minute_days",
    "minute_peaks",
    "model_permissions",
    "open_pages",
    "organization_users",
    "peak_days",
    "posting_files",
    "project_history",
    "project_members",
    "provider_costs",
    "quarantine",
    "rate_limits",
    "reconciled_days",
    "reconciliation",
    "retries",
    "service_accounts",
    "settings",
    "spend_alerts",
    "spend_limits",
)
# Of which every column of every row is read.
HASHED_WHOLE = frozenset(HASHED) - {"fetches", "forecasts", "input_files"}
# Of this table, all but what tells a run that a file was not touched.
_FILES = "(SELECT * EXCLUDE (changed_ns) FROM input_files)"
# Rows are added and never changed.
_FORECASTS = "(SELECT made_date, count(*) AS rows FROM forecasts GROUP BY made_date)"


@dataclass(frozen=True, slots=True)
class PublishedState:
    """What is kept with a snapshot about how it was made."""

    fingerprint: str
    inputs: str  # `inputs_mark` of the run that made it
    notes: tuple[str, ...] = ()  # messages that hold as long as nothing changes

    def to_json(self) -> str:
        """The published state as the text of its file."""
        return json.dumps(asdict(self))


def published_state(storage: StorageLayout) -> PublishedState | None:
    """The state of the snapshot that readers see; None where there is none, or it is not whole."""
    if not storage.published.is_symlink() or not (storage.published / DATABASE).is_file():
        return None
    try:
        known = json.loads((storage.published / COMPLETE).read_text(encoding="utf-8"))
        return PublishedState(known["fingerprint"], known["inputs"], tuple(known["notes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # an earlier version kept none


def inputs_mark(config: Config) -> str | None:
    """A hash of the configuration, the price files and the program; None if one is unreadable."""
    mark = hashlib.sha256(config.model_dump_json().encode())
    mark.update(resources.program_mark().encode())
    try:
        rates = config.currency.rates
        for file in (*config.prices.files, *([rates] if rates else [])):
            mark.update(hashlib.sha256(Path(file).read_bytes()).digest())
    except OSError:
        return None
    return mark.hexdigest()


def filled_tables(db: Database) -> list[str]:
    """The tables of `HASHED` that have any row."""
    return db.filled(HASHED)


def fingerprint(
    db: Database,
    inputs: str,
    *,
    filled: Sequence[str],
    root: Path,
    now: datetime,
    today: date,
) -> str:
    """A hash of the stored rows, the inputs, the place and both clocks' days.

    Takes the mark of `inputs_mark`, the `filled_tables`, the storage's absolute root, the business
    clock (naive UTC) and the organization's day. Which days are final and which periods have ended
    depends on these two days alone.
    """
    hashed_as = {
        "forecasts": _FORECASTS,
        "input_files": _FILES,
        "fetches": f"({resources.sql('published/snapshot/fetch_states')})",
    }
    tables = " UNION ALL ".join(
        f"SELECT '{name}', count(*), sum(CAST(hash(t) AS HUGEINT)) "
        f"FROM {hashed_as.get(name, name)} AS t"
        for name in filled
    )
    hashes = sorted(db.rows(tables)) if tables else []
    parts = (inputs, str(root), now.date(), today, hashes)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
