"""Publishes a snapshot: plain DuckDB and Parquet that analysts read, flipped in by one rename.

Takes what the books say is live. Hard links what did not change, writes what did; an open
connection keeps its snapshot. Idempotent: the next run finishes what a crash left.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import xxhash

from pipeline import resources
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, PostingFile
from pipeline.ledger.files import LedgerFile
from pipeline.ledger.minute_store import minute_files
from pipeline.ledger.minutes import MINUTE_SCHEMA
from pipeline.meters import INPUT_METERS, METER_NAMES, OUTPUT_METERS
from pipeline.resources import render_sql
from pipeline.schemas import CHARGE_SCHEMA, DEFAULTS_OF_OLDER_FILES, LEDGER_SCHEMA
from pipeline.storage.database import Database
from pipeline.storage.engines.duckdb import SCRATCH_MEMORY, prepare
from pipeline.storage.files import link_or_copy, replace_file
from pipeline.storage.layout import StorageLayout
from pipeline.storage.parquet import quote, relation
from pipeline.storage.parquet import write as write_parquet

KEPT_SNAPSHOTS = 3
KEPT_FOR = timedelta(days=1)
_DATABASE = "tollbook.duckdb"
_COMPLETE = ".complete"
# Tables of the books that a snapshot carries as they are.
_COPIED = (
    "runs",
    "input_files",
    "quarantine",
    "provider_costs",
    "reconciliation",
    "projects",
    "project_history",
    "project_members",
    "service_accounts",
    "api_keys",
    "rate_limits",
    "model_permissions",
    "organization_users",
    "invites",
    "spend_limits",
    "cost_centers",
    "minute_coverage",
    "excluded_rows",
    "budget_status",
    "alerts",
    "fetches",
)
_CONDITIONS = {"provider_costs": "WHERE replaced_at IS NULL"}


@dataclass(frozen=True, slots=True)
class SnapshotContents:
    """What is live: everything a snapshot is made of."""

    ledger: Sequence[LedgerFile]
    excluded: pl.DataFrame  # ledger_id, row_number
    days: Sequence[ChargeDay]
    postings: Sequence[PostingFile]
    prices: pl.DataFrame
    budgets: pl.DataFrame
    aliases: pl.DataFrame  # of models


def publish(
    db: Database,
    storage: StorageLayout,
    live: SnapshotContents,
    run_id: str,
    now: datetime,
    real_now: datetime,
) -> Path:
    """Build the snapshot of a run and flip `published` to it. Gives its folder."""
    storage.snapshots.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(storage)
    folder = storage.snapshots / run_id
    # built where it will stay, since its views are bound to its files; nobody looks before the flip
    _Snapshot(db, storage, live, folder.absolute(), now).build()
    (folder / _COMPLETE).touch()
    _flip(storage.published, folder)
    _prune(storage, folder, real_now)
    return folder


def _remove_unfinished(storage: StorageLayout) -> None:
    for folder in storage.snapshots.iterdir():
        if not (folder / _COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _flip(link: Path, target: Path) -> None:
    fresh = link.with_name(link.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.relative_to(link.parent), target_is_directory=True)
    fresh.replace(link)


def _prune(storage: StorageLayout, newest: Path, real_now: datetime) -> None:
    """Keep the last three snapshots, and any younger than a day."""
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere
    folders = sorted(storage.snapshots.iterdir(), reverse=True)
    for folder in folders[KEPT_SNAPSHOTS:]:
        age = real_now - (epoch + timedelta(seconds=folder.stat().st_mtime))
        if folder != newest and age > KEPT_FOR:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Snapshot:
    db: Database
    storage: StorageLayout
    live: SnapshotContents
    folder: Path
    now: datetime

    def build(self) -> None:
        """Files first, then the database that names them by absolute path."""
        self.folder.mkdir(parents=True)
        files = {
            "usage_files": self._usage(),
            "charge_files": self._days("charges"),
            "daily_files": self._days("daily"),
            "posting_files": self._postings(),
            "version_files": self._versions(),
            "minute_files": self._minutes(),
        }
        self._copy_tables()
        con = duckdb.connect(str(self.folder / _DATABASE))
        try:
            prepare(con, memory=SCRATCH_MEMORY, temporary=self.storage.temporary / "snapshot")
            con.execute("BEGIN")
            self._small_tables(con)
            for name in resources.sql_names("published"):
                body = render_sql(
                    name,
                    meters=METER_NAMES,
                    input_meters=INPUT_METERS,
                    output_meters=OUTPUT_METERS,
                    stored="stored.",
                    **files,
                )
                con.execute(f"CREATE VIEW {name.removeprefix('published/')} AS {body}")
            _comment(con)
            con.execute("COMMIT")
        finally:
            con.close()

    def _usage(self) -> str:
        paths = []
        counts = dict(self.live.excluded.group_by("ledger_id").len().iter_rows())
        for file in self.live.ledger:
            struck = counts.get(file.ledger_id, 0)
            if struck == file.rows:
                continue
            source = file.path if not struck else self._filtered(file)
            target = Path("usage", f"usage_month={file.usage_month:%Y-%m}", source.name)
            link_or_copy(source, self.folder / target)
            paths.append(target)
        return self._relation(paths, LEDGER_SCHEMA)

    def _filtered(self, file: LedgerFile) -> Path:
        """A copy of a ledger file without its excluded rows, kept until others are excluded."""
        gone = self.live.excluded.filter(pl.col("ledger_id") == file.ledger_id)["row_number"].sort()
        # not only how many: a row may come back while another one goes
        mark = xxhash.xxh3_64_hexdigest(gone.cast(pl.Int64).to_numpy().tobytes())
        path = self.storage.root / "live" / f"{file.ledger_id}-{len(gone)}-{mark}.parquet"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in path.parent.glob(f"{file.ledger_id}-*"):
                old.unlink()
            kept = (
                pl.read_parquet(file.path, hive_partitioning=False)
                .with_row_index("row_index")
                .filter(~pl.col("row_index").cast(pl.Int64).is_in(gone.implode()))
                .drop("row_index")
            )
            replace_file(path, lambda beside: write_parquet(kept, beside))
        return path

    def _days(self, kind: str) -> str:
        paths = []
        for day in self.live.days:
            source = day.charge_path if kind == "charges" else day.daily_path
            month = f"usage_month={day.usage_date:%Y-%m}"
            target = Path(kind, month, f"{day.usage_date}.parquet")
            link_or_copy(source, self.folder / target)
            paths.append(target)
        return self._relation(paths, CHARGE_SCHEMA if kind == "charges" else DAILY_SCHEMA)

    def _postings(self) -> str:
        paths = []
        for posting in self.live.postings:
            target = Path("postings", posting.path.name)
            link_or_copy(posting.path, self.folder / target)
            paths.append(target)
        return self._relation(paths, CHARGE_SCHEMA, with_row_numbers=True)

    def _minutes(self) -> str:
        paths = []
        for day, source in minute_files(self.db, self.storage).items():
            target = Path("minutes", f"usage_month={day:%Y-%m}", source.name)
            link_or_copy(source, self.folder / target)
            paths.append(target)
        return self._relation(paths, MINUTE_SCHEMA)

    def _versions(self) -> str:
        paths = []
        ids = set(self.live.excluded["ledger_id"])
        for file in self.live.ledger:
            if file.ledger_id in ids:
                target = Path("versions", file.path.name)
                link_or_copy(file.path, self.folder / target)
                paths.append(target)
        return self._relation(paths, LEDGER_SCHEMA, with_row_numbers=True)

    def _relation(
        self,
        paths: Sequence[Path],
        columns: Mapping[str, pl.DataType],
        *,
        with_row_numbers: bool = False,
    ) -> str:
        """A FROM item over files of this snapshot, by the absolute paths they will have."""
        return relation(
            [self.folder / path for path in paths],
            columns,
            defaults=DEFAULTS_OF_OLDER_FILES,
            with_row_numbers=with_row_numbers,
        )

    def _copy_tables(self) -> None:
        con = self.db.con
        con.execute(f"ATTACH {quote(str(self.folder / _DATABASE))} AS snapshot")
        try:
            con.execute("CREATE SCHEMA snapshot.stored")
            for table in _COPIED:
                condition = _CONDITIONS.get(table, "")
                con.execute(f"CREATE TABLE snapshot.stored.{table} AS FROM {table} {condition}")
        finally:
            con.execute("DETACH snapshot")

    def _small_tables(self, con: duckdb.DuckDBPyConnection) -> None:
        provisional_from = first_provisional_date(self.now)
        root = self.folder
        tables: dict[str, pl.DataFrame] = {
            "snapshot": pl.DataFrame(
                {"run_id": [self.folder.name], "provisional_from_date": [provisional_from]},
                schema={"run_id": pl.String, "provisional_from_date": pl.Date},
            ),
            "posting_files": pl.DataFrame(
                [
                    (str(root / "postings" / p.path.name), p.reason, p.run_id, p.posted_at)
                    for p in self.live.postings
                ],
                schema={
                    "path": pl.String,
                    "reason": pl.String,
                    "run_id": pl.String,
                    "posted_at": pl.Datetime("us"),
                },
                orient="row",
            ),
            "version_files": pl.DataFrame(
                [(str(root / "versions" / f.path.name), f.ledger_id) for f in self.live.ledger],
                schema={"path": pl.String, "ledger_id": pl.Int64},
                orient="row",
            ),
            "prices": self.live.prices,
            "budgets": self.live.budgets,
            "model_aliases": self.live.aliases,
        }
        for name, frame in tables.items():
            con.register("incoming_rows", frame)
            con.execute(f"CREATE TABLE stored.{name} AS FROM incoming_rows")
            con.unregister("incoming_rows")


def _comment(con: duckdb.DuckDBPyConnection) -> None:
    """Every published view and column carries its description."""
    path = resources.folder("queries") / "published" / "dictionary.csv"
    known = {
        (view, column)
        for view, column in con.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'main'"
        ).fetchall()
    }
    views = {view for view, _ in known}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = quote(row["comment"])
            if not row["column"] and row["view"] in views:
                con.execute(f"COMMENT ON VIEW {row['view']} IS {text}")
            elif (row["view"], row["column"]) in known:
                con.execute(f"COMMENT ON COLUMN {row['view']}.{row['column']} IS {text}")


def first_provisional_date(now: datetime) -> date:
    """The first day that is not final yet at `now`."""
    return now.date() - timedelta(days=3)
