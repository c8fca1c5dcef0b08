"""Publishes a snapshot: plain DuckDB and Parquet that analysts read, flipped in by one rename.

Takes what is live by the warehouse. Hard links files that did not change, writes those that did;
an open connection keeps its snapshot. Idempotent: the next run finishes what a crash left.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import polars as pl
import xxhash

from pipeline import resources
from pipeline.charges.charge_sums import SUMS_SCHEMA, sums_of_file
from pipeline.charges.finality import first_provisional_date
from pipeline.charges.model import ChargeDay, PostingFile
from pipeline.config.operations_section import Retention
from pipeline.ledger.files import LedgerFile
from pipeline.ledger.minute_store import minute_files
from pipeline.published.snapshot.file_columns import Columns, FileColumns, columns_of
from pipeline.published.snapshot.file_kinds import (
    CHARGE_SUMS,
    FILE_KINDS,
    GONE_ROWS,
    GONE_ROWS_SCHEMA,
    SnapshotFile,
    macro,
)
from pipeline.published.snapshot.fingerprint import PublishedState
from pipeline.published.snapshot.retention import (
    COMPLETE,
    DATABASE,
    VIEWS,
    prune,
    remove_unfinished,
)
from pipeline.published.snapshot.template import (
    COPIED,
    DAY_FILES,
    DAY_FILES_SCHEMA,
    LEDGER_STORE,
    LEDGER_STORE_SCHEMA,
    mark,
    template,
)
from pipeline.storage.database import Database
from pipeline.storage.files import link_or_copy, replace_file
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.addresses import is_remote, last_part
from pipeline.storage.parquet import quote
from pipeline.storage.parquet import write as write_parquet

# Copied tables that are no tables of their own, by the one whose rows they show.
_ROWS_OF = {"projects": "project_history"}


@dataclass(frozen=True, slots=True)
class SnapshotContents:
    """Everything a snapshot is made of: the files, rows and prices that are live."""

    ledger: Sequence[LedgerFile]
    excluded: pl.DataFrame  # ledger_id, row_number
    days: Sequence[ChargeDay]
    postings: Sequence[PostingFile]
    book_id: str
    of_book: Callable[[], Mapping[str, pl.DataFrame]]  # the tables that show the price book
    budgets: pl.DataFrame
    calendar: pl.DataFrame
    followed: Collection[str]  # providers whose costs are followed


def publish(
    db: Database,
    storage: StorageLayout,
    live: SnapshotContents,
    run_id: str,
    now: datetime,
    real_now: datetime,
    state: PublishedState,
    retention: Retention,
    filled: Collection[str],
) -> list[Path]:
    """Build the snapshot of a run and flip `published` to it. Gives the snapshots that it removed.

    Takes the `state` to be kept with it, for `published_state`, which earlier ones are kept, and
    the `filled_tables` of the warehouse.
    """
    storage.snapshots.mkdir(parents=True, exist_ok=True)
    remove_unfinished(storage.snapshots)
    folder = storage.snapshots / run_id
    # built where it will stay, since its views are bound to its files; nobody looks before the flip
    columns = FileColumns(storage.file_columns, storage.root)
    _Snapshot(db, storage, live, folder.absolute(), now, filled, columns).build()
    columns.keep()
    (folder / VIEWS).write_text(mark(), encoding="utf-8")
    (folder / COMPLETE).write_text(state.to_json(), encoding="utf-8")
    _flip(storage.published, folder)
    return prune(storage.snapshots, storage.published, retention, real_now)


def _flip(link: Path, target: Path) -> None:
    fresh = link.with_name(link.name + ".new")
    for path in (fresh, link):
        if path.is_dir() and not path.is_symlink():  # copied with links followed
            shutil.rmtree(path)
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.relative_to(link.parent), target_is_directory=True)
    fresh.replace(link)


@dataclass(slots=True)
class _Snapshot:
    db: Database
    storage: StorageLayout
    live: SnapshotContents
    folder: Path
    now: datetime
    filled: Collection[str]  # tables of the warehouse
    columns: FileColumns

    def build(self) -> None:
        """Files first, then the database that names them by absolute path."""
        self.folder.mkdir(parents=True)
        dated = {
            "usage_files": self._usage(),
            "charge_files": self._days("charges"),
            "daily_files": self._days("daily"),
            "posting_files": self._postings(),
            CHARGE_SUMS.macro: self._charge_sums(),
        }
        files = dated | {"version_files": self._versions(), "minute_files": self._minutes()}
        filled = {*self.filled, "runs"}  # there is this run's
        copied = [table for table in COPIED if _ROWS_OF.get(table, table) in filled]
        gone = self._gone_rows()
        tables = self._tables() | {
            DAY_FILES: self._day_files(dated),
            GONE_ROWS: gone,
            LEDGER_STORE: self._ledger_store(files["usage_files"]),
        }
        database = self.folder / DATABASE
        shutil.copyfile(
            template(self.db, self.storage.cache, tables, self.live.book_id, self.live.of_book),
            database,
        )
        con = self.db.con
        here = self.db.value("SELECT current_database()")
        con.execute(f"ATTACH {quote(str(database))} AS snapshot")
        try:
            with self.db.transaction():
                for table in copied:
                    con.execute(
                        f"INSERT INTO snapshot.stored.{table} BY NAME FROM {table} {COPIED[table]}"
                    )
                for table, frame in tables.items():
                    self.db.insert_frame(f"snapshot.stored.{table}", frame)
                con.execute("USE snapshot")  # macros are bound where they will be read
                for kind in FILE_KINDS:
                    if theirs := files[kind.macro]:
                        left_out = set(gone["name"]) if kind.macro == "usage_files" else ()
                        con.execute(macro(kind, theirs, left_out))
        finally:
            con.execute(f"USE {here}")
            con.execute("DETACH snapshot")

    def _place(self, target: str) -> str:
        return f"{self.folder}/{target}"

    def _day_files(self, dated: Mapping[str, Sequence[SnapshotFile]]) -> pl.DataFrame:
        """Which of the files are about which UTC days, and which have the same columns."""
        numbers: dict[Columns, int] = {}
        rows = [
            (
                macro,
                *(file.days or (None, None)),
                file.address,
                None if file.columns is None else numbers.setdefault(file.columns, len(numbers)),
            )
            for macro, files in dated.items()
            for file in files
        ]
        return pl.DataFrame(rows, schema=DAY_FILES_SCHEMA, orient="row")

    def _usage(self) -> list[SnapshotFile]:
        files = []
        counts = dict(self.live.excluded.group_by("ledger_id").len().iter_rows())
        for path, parts in _by_path(self.live.ledger).items():
            excluded = sum(counts.get(f.ledger_id, 0) for f in parts)
            if excluded == sum(f.rows for f in parts):
                continue
            first = min(f.first_usage_date for f in parts)
            days = first, max(f.last_usage_date for f in parts)
            if is_remote(path):
                files.append(SnapshotFile(path, None, days))
                continue
            source = path if not excluded else str(self._filtered(Path(path), parts))
            month = f"usage_month={parts[0].usage_month:%Y-%m}"
            files.append(self._linked(source, f"usage/{month}/{last_part(source)}", days))
        return files

    def _linked(
        self, source: Path | str, place: str, days: tuple[date, date] | None = None
    ) -> SnapshotFile:
        """A file of the storage as it is in this snapshot."""
        target = self._place(place)
        link_or_copy(source, target)
        return SnapshotFile(target, self.columns.of(source), days)

    def _gone_rows(self) -> pl.DataFrame:
        """The rows of files in an object store that do not count, by the name of the file."""
        names = {f.ledger_id: last_part(f.path) for f in self.live.ledger if is_remote(f.path)}
        if not names:
            return pl.DataFrame(schema=GONE_ROWS_SCHEMA)
        files = pl.DataFrame(
            list(names.items()), schema={"ledger_id": pl.Int64, "name": pl.String}, orient="row"
        )
        gone = self.live.excluded.cast({"ledger_id": pl.Int64, "row_number": pl.Int64})
        return gone.join(files, on="ledger_id").select(*GONE_ROWS_SCHEMA)

    def _ledger_store(self, usage: Sequence[SnapshotFile]) -> pl.DataFrame:
        """The store that files are read from, if any."""
        is_any = any(is_remote(file.address) for file in usage)
        stores = [self.storage.ledger_store] if is_any else []
        return pl.DataFrame({"address": stores}, schema=LEDGER_STORE_SCHEMA)

    def _filtered(self, source: Path, parts: Sequence[LedgerFile]) -> Path:
        """A copy of a ledger file without its excluded rows, kept until others are excluded."""
        place = ("ledger_id", "row_number")
        ids = pl.Series([f.ledger_id for f in parts], dtype=pl.Int64)
        gone = (
            self.live.excluded.filter(pl.col("ledger_id").is_in(ids.implode()))
            .select(pl.col(place).cast(pl.Int64))
            .sort(place)
        )
        named = gone if parts[0].is_part else gone["row_number"].to_frame()
        # not only how many: a row may come back while another one goes
        mark = xxhash.xxh3_64_hexdigest(named.to_numpy(order="c").tobytes())
        # not by number: those of an older database that was restored are given out again
        path = self.storage.live / f"{source.stem}-{len(gone)}-{mark}.parquet"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            for name in (source.stem, str(parts[0].ledger_id)):  # the number: by earlier versions
                for old in path.parent.glob(f"{name}-*"):
                    old.unlink()
            rows = pl.read_parquet(source, hive_partitioning=False)
            if parts[0].is_part:
                kept = rows.join(gone, on=place, how="anti", maintain_order="left")
            else:
                numbered = rows.with_row_index("row_index")
                numbers = gone["row_number"].implode()
                is_gone = pl.col("row_index").cast(pl.Int64).is_in(numbers)
                kept = numbered.filter(~is_gone).drop("row_index")
            replace_file(path, lambda beside: write_parquet(kept, beside))
        return path

    def _days(self, kind: str) -> list[SnapshotFile]:
        return [
            self._linked_day(
                kind, day.usage_date, day.charge_path if kind == "charges" else day.daily_path
            )
            for day in self.live.days
        ]

    def _linked_day(self, kind: str, day: date, source: Path) -> SnapshotFile:
        name = day.isoformat()
        return self._linked(source, f"{kind}/usage_month={name[:7]}/{name}.parquet", (day, day))

    def _charge_sums(self) -> list[SnapshotFile]:
        """The sums of each day's charges; of days that have none yet they are made."""
        folder = self.storage.charge_sums
        folder.mkdir(parents=True, exist_ok=True)
        others = {path.name for path in folder.iterdir()}
        wanted = columns_of(SUMS_SCHEMA)  # an earlier version may have kept others, or half of one
        files = []
        for day in self.live.days:
            source = folder / day.charge_path.name
            if source.name not in others or not self.columns.are(source, wanted):
                made = sums_of_file(day.charge_path)
                replace_file(source, partial(write_parquet, made))
                self.columns.forget(source)
            others.discard(source.name)
            files.append(self._linked_day("sums", day.usage_date, source))
        for name in others:  # of charges that were replaced
            (folder / name).unlink()
        return files

    def _postings(self) -> list[SnapshotFile]:
        days: dict[Path, list[date]] = {}
        for posting in self.live.postings:
            days.setdefault(posting.stored_path, []).append(posting.usage_date)
        return [
            self._linked(path, f"postings/{path.name}", (min(theirs), max(theirs)))
            for path, theirs in days.items()
        ]

    def _minutes(self) -> list[SnapshotFile]:
        return [
            self._linked(source, f"minutes/usage_month={day:%Y-%m}/{source.name}")
            for day, source in minute_files(self.db, self.storage).items()
        ]

    def _versions(self) -> list[SnapshotFile]:
        files = []
        rows = self.db.rows("SELECT DISTINCT ledger_id FROM excluded_rows")  # restored ones too
        ids = {ledger_id for (ledger_id,) in rows}
        for path, parts in _by_path(self.live.ledger).items():
            if not ids.isdisjoint(f.ledger_id for f in parts):
                place = f"versions/{last_part(path)}"
                is_here = not is_remote(path)
                files.append(self._linked(path, place) if is_here else SnapshotFile(path))
        return files

    def _version(self, path: str) -> str:
        """The address that a file with replaced rows has in this snapshot."""
        return path if is_remote(path) else self._place(f"versions/{last_part(path)}")

    def _tables(self) -> dict[str, pl.DataFrame]:
        """The tables that are no copies and change from run to run."""
        provisional_from = first_provisional_date(self.now)
        return {
            "snapshot": pl.DataFrame(
                {"run_id": [self.folder.name], "provisional_from_date": [provisional_from]},
                schema={"run_id": pl.String, "provisional_from_date": pl.Date},
            ),
            "posting_files": pl.DataFrame(
                [
                    (
                        *(self._place(f"postings/{p.path.name}"), p.path.name, p.reason),
                        *(p.run_id, p.posted_at, p.open_from),
                        self._place(f"postings/{p.stored_in.name}") if p.stored_in else None,
                    )
                    for p in self.live.postings
                ],
                schema={
                    "path": pl.String,
                    "name": pl.String,
                    "reason": pl.String,
                    "run_id": pl.String,
                    "posted_at": pl.Datetime("us"),
                    "open_from_date": pl.Date,
                    "stored_in": pl.String,
                },
                orient="row",
            ),
            "version_files": pl.DataFrame(
                [
                    (self._version(path), _own_id(parts))
                    for path, parts in _by_path(self.live.ledger).items()
                ],
                schema={"path": pl.String, "ledger_id": pl.Int64},
                orient="row",
            ),
            "budgets": self.live.budgets,
            "calendar": self.live.calendar,
            "followed_days": self._followed_days(),
        }

    def _followed_days(self) -> pl.DataFrame:
        """The days of each provider whose bill is followed, and whether it is settled."""
        wanted = {"providers": sorted(self.live.followed), "today": self.now.date()}
        query = resources.sql("published/snapshot/followed_days")
        found = self.db.rows(query, wanted) if "bill_days" in self.filled else []
        schema = {"provider": pl.String, "usage_date": pl.Date, "is_settled": pl.Boolean}
        return pl.DataFrame(found, schema=schema, orient="row")


def _by_path(files: Sequence[LedgerFile]) -> dict[str, list[LedgerFile]]:
    """Ledger files by the file that their rows are in."""
    found: dict[str, list[LedgerFile]] = {}
    for file in files:
        found.setdefault(file.path, []).append(file)
    return found


def _own_id(parts: Sequence[LedgerFile]) -> int | None:
    """The ledger id of all rows of a file; None where each row has its own."""
    return None if parts[0].is_part else parts[0].ledger_id
