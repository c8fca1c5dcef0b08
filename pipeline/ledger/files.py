"""Ledger files: accepted usage records as Parquet, one UTC month a file, written once.

A file is live from the commit on, when the table `ledger_files` names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb
import polars as pl

from pipeline.ledger.sums.categories import as_categories
from pipeline.ledger.sums.usage_sums import sums_relation, sums_to_keep, write_sums
from pipeline.meters import INPUT_METERS, METER_NAMES
from pipeline.schemas import DEFAULTS_OF_OLDER_FILES, LEDGER_SCHEMA
from pipeline.storage.files import replace_text
from pipeline.storage.object_store.addresses import last_part
from pipeline.storage.parquet import relation, write

ROWS_A_FILE = 100_000
ROWS_A_FILE_IN_STORE = 1_000_000  # each file that is opened there costs its time
# What a file of several that were merged has beside the columns of a ledger file: which of them a
# row is of, and its number there.
PART_SCHEMA: dict[str, pl.DataType] = {"ledger_id": pl.Int64(), "row_number": pl.Int64()}
_SUMS = "sums"  # their folder, inside that of the ledger


@dataclass(slots=True)
class LedgerFile:
    """A ledger file, live or about to be."""

    ledger_id: int
    path: str  # its address: a path, or a place in an object store
    usage_month: date
    basis: str
    is_bucket: bool
    rows: int
    first_usage_date: date
    last_usage_date: date
    meters: tuple[str, ...]
    most_input_tokens: int  # of one record: whether any can be in the long context class
    run_id: str
    file_id: int | None = None  # the only version of an input file in it, where that is known
    is_part: bool = False  # its rows are in a file of several that were merged
    sums_path: str | None = None  # the sums of its rows, where they are worth keeping


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A row that is no longer live."""

    ledger_id: int
    row_number: int
    reason: str
    replaced_by_file: str | None
    replaced_by_line: int | None


class FileOfSource(Protocol):
    """Names an input file."""

    source: str
    input_file: str


class LedgerWriter:
    """Collects accepted records and writes them as ledger files, a UTC month each.

    With a `stem` of its own for their names, another one may write for the same run meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        run_id: str,
        first_id: int,
        *,
        stem: str = "",
        rows_a_file: int = ROWS_A_FILE,
    ) -> None:
        self.files: list[LedgerFile] = []
        self._folder = folder
        self._run_id = run_id
        self._stem = stem or run_id
        self._rows_a_file = rows_a_file
        self._next_id = first_id
        self._waiting: dict[tuple[str, bool, int | None], list[pl.DataFrame]] = {}

    def add(
        self,
        records: pl.DataFrame,
        basis: str,
        *,
        is_bucket: bool = False,
        file_id: int | None = None,
    ) -> None:
        """Take records in LEDGER_SCHEMA, all of one basis.

        With a `file_id` they get ledger files of their own: they are of this version of their
        input file, which may not be the newest.
        """
        if not records.height:
            return
        frames = self._waiting.setdefault((basis, is_bucket, file_id), [])
        frames.append(records)
        if sum(f.height for f in frames) >= self._rows_a_file:
            self._write(basis, is_bucket=is_bucket, file_id=file_id)

    def adopt(self, files: Iterable[LedgerFile]) -> None:
        """Take files that another writer has written, and give them ids."""
        for file in files:
            file.ledger_id, self._next_id = self._next_id, self._next_id + 1
            self.files.append(file)

    def close(self) -> list[LedgerFile]:
        """Write what is left; give all files of this run."""
        for basis, is_bucket, file_id in list(self._waiting):
            self._write(basis, is_bucket=is_bucket, file_id=file_id)
        return self.files

    def _write(self, basis: str, *, is_bucket: bool, file_id: int | None) -> None:
        frames = self._waiting.pop((basis, is_bucket, file_id), [])
        if not frames:
            return
        whole = frames[0]
        if len(frames) > 1:
            # columns of few values come as Enum, each frame with its own values
            whole = pl.concat([f.cast(pl.Schema(LEDGER_SCHEMA)) for f in frames])
        days = whole["usage_date"]
        first, last = (_month(d) for d in (days.min(), days.max()))
        month = pl.col("usage_date").dt.truncate("1mo").alias("month")
        parts = (
            [(first, whole)]
            if first == last
            else [(key[0], part) for key, part in whole.group_by(month, maintain_order=True)]
        )
        for usage_month, part in parts:
            self._write_file(part, usage_month, basis, is_bucket=is_bucket, file_id=file_id)

    def _write_file(
        self,
        part: pl.DataFrame,
        month: date,
        basis: str,
        *,
        is_bucket: bool,
        file_id: int | None,
    ) -> None:
        ledger_id, self._next_id = self._next_id, self._next_id + 1
        folder = self._folder / f"usage_month={month:%Y-%m}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self._stem}-{ledger_id}.parquet"
        part = as_categories(part)
        write(part, path)
        facts = part.select(
            pl.col("usage_date").min().alias("first"),
            pl.col("usage_date").max().alias("last"),
            *(pl.col(m).max().alias(m) for m in METER_NAMES),
            pl.sum_horizontal(INPUT_METERS).max().alias("input_tokens"),
        ).row(0, named=True)
        meters = tuple(m for m in METER_NAMES if facts[m])
        sums_path = None
        if basis == "charge" and not is_bucket:
            sums_path = str(self._folder / _SUMS / folder.name / path.name)
        self.files.append(
            LedgerFile(
                ledger_id=ledger_id,
                path=str(path),
                usage_month=month,
                basis=basis,
                is_bucket=is_bucket,
                rows=part.height,
                first_usage_date=facts["first"],
                last_usage_date=facts["last"],
                meters=meters,
                most_input_tokens=facts["input_tokens"],
                run_id=self._run_id,
                file_id=file_id,
                sums_path=sums_path,
            )
        )
        _keep_sums(self.files[-1], part)


def _keep_sums(file: LedgerFile, rows: pl.DataFrame) -> None:
    """Write the sums of a ledger file that is not live yet, or remove them."""
    if file.sums_path is None:
        return
    sums = sums_to_keep(rows, file.meters)
    if sums is not None:
        write_sums(sums, Path(file.sums_path))
    else:
        Path(file.sums_path).unlink(missing_ok=True)
        file.sums_path = None


def _month(day: object) -> date:
    assert isinstance(day, date)  # noqa: S101  narrows for the type checker
    return day.replace(day=1)


def ledger_relation(files: Sequence[LedgerFile]) -> str:
    """A FROM item over ledger files, with all columns of LEDGER_SCHEMA."""
    whole, parts = _whole(files), _parts(files)
    if not parts:
        return whole
    merged = f"(SELECT * EXCLUDE ({', '.join(PART_SCHEMA)}) FROM {parts})"
    return f"(FROM {whole} UNION ALL BY NAME FROM {merged})"


def values_relation(files: Sequence[LedgerFile], columns: str) -> str:
    """A FROM item with all values of some of USAGE_DIMENSIONS, of sums where files have them."""
    sums = [f.sums_path for f in files if f.sums_path is not None]
    rest = [f for f in files if f.sums_path is None]
    items = [sums_relation(sums)] if sums else []
    items += [ledger_relation(rest)] if rest or not sums else []
    return "(" + " UNION ALL ".join(f"SELECT {columns} FROM {item}" for item in items) + ")"


def _whole(files: Sequence[LedgerFile], *, with_row_numbers: bool = False) -> str:
    """A FROM item over those of the ledger files that are files of their own."""
    return relation(
        [f.path for f in files if not f.is_part],
        LEDGER_SCHEMA,
        defaults=DEFAULTS_OF_OLDER_FILES,
        with_row_numbers=with_row_numbers,
    )


def _parts(files: Sequence[LedgerFile]) -> str:
    """A FROM item over those that are parts of merged files, with PART_SCHEMA; empty without."""
    parts = [f for f in files if f.is_part]
    if not parts:
        return ""
    paths = dict.fromkeys(f.path for f in parts)
    ids = ", ".join(str(f.ledger_id) for f in parts)
    merged = relation(paths, LEDGER_SCHEMA | PART_SCHEMA, defaults=DEFAULTS_OF_OLDER_FILES)
    return f"(SELECT * FROM {merged} WHERE ledger_id IN ({ids}))"


def view_rows(
    con: duckdb.DuckDBPyConnection, view: str, files: Sequence[LedgerFile], columns: str
) -> None:
    """Make a view of ledger rows with `ledger_id` and `row_number` beside the columns."""
    con.register(
        f"{view}_files",
        pl.DataFrame(
            [(f.path, f.ledger_id) for f in files if not f.is_part],
            schema={"filename": pl.String, "ledger_id": pl.Int64},
            orient="row",
        ),
    )
    parts = _parts(files)
    more = f" UNION ALL SELECT ledger_id, row_number, {columns} FROM {parts}" if parts else ""
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT n.ledger_id, "
        f"CAST(f.file_row_number AS BIGINT) AS row_number, {columns} "
        f"FROM {_whole(files, with_row_numbers=True)} AS f "
        f"INNER JOIN {view}_files AS n USING (filename){more}"
    )


def register_runs(con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile]) -> None:
    """Make `ledger_runs` (ledger_id, run_id, file_id)."""
    con.register(
        "ledger_runs",
        pl.DataFrame(
            {
                "ledger_id": [f.ledger_id for f in files],
                "run_id": [f.run_id for f in files],
                "file_id": [f.file_id for f in files],
            },
            schema={"ledger_id": pl.Int64, "run_id": pl.String, "file_id": pl.Int64},
        ),
    )


def discard(files: Sequence[LedgerFile], entries: Sequence[FileOfSource]) -> list[LedgerFile]:
    """Take the rows of input files that could not be read whole out of files not live yet."""
    for entry in entries:
        for file in files:
            rows = pl.scan_parquet(file.path, hive_partitioning=False)
            is_theirs = (pl.col("source") == entry.source) & (
                pl.col("input_file") == entry.input_file
            )
            numbers = rows.with_row_index("n").filter(is_theirs).select("n").collect()["n"]
            if len(numbers):
                rewrite_rows(file, numbers.to_list(), {})
    return [f for f in files if f.rows]


def rewrite_rows(
    file: LedgerFile, without: Iterable[int], changes: Mapping[int, Mapping[str, str | None]]
) -> None:
    """Rewrite a file that is not live yet without some rows, and with other texts in others.

    Takes row numbers of the file as it is, and for `changes` the columns to set.
    """
    rows = pl.read_parquet(file.path, hive_partitioning=False).with_row_index("row_index")
    for number, texts in changes.items():
        here = pl.col("row_index") == number
        rows = rows.with_columns(
            pl.when(here).then(pl.lit(text)).otherwise(pl.col(c).cast(pl.String)).alias(c)
            for c, text in texts.items()
        )
    numbers = pl.Series("n", sorted(without), dtype=pl.UInt32)
    kept = rows.filter(~pl.col("row_index").is_in(numbers.implode())).drop("row_index")
    if kept.height:
        kept = as_categories(kept)
        write(kept, Path(file.path))
        _keep_sums(file, kept)
    else:
        Path(file.path).unlink()
        if file.sums_path is not None:
            Path(file.sums_path).unlink(missing_ok=True)
    file.rows = kept.height


def dates_of(con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile]) -> set[date]:
    """The UTC days that occur in ledger files."""
    days = {f.first_usage_date for f in files if f.first_usage_date == f.last_usage_date}
    several = [f for f in files if f.first_usage_date != f.last_usage_date]
    if several:
        query = f"SELECT DISTINCT usage_date FROM {values_relation(several, 'usage_date')}"
        days.update(day for (day,) in con.execute(query).fetchall())
    return days


def several_organizations(
    con: duckdb.DuckDBPyConnection,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    seen: Path,
) -> list[str]:
    """A note where ledger files have the usage of more than one organization; else none.

    What is known of live files is kept in the file `seen`, so that each is looked at once.
    """
    found = sorted(_organizations(con, new) | _seen_organizations(con, known, seen))
    if len(found) < 2:
        return []
    return [
        (
            f"The storage has usage of {len(found)} organizations: {', '.join(found[:5])}"
            f"{', …' if len(found) > 5 else ''}; set [organization] id to take only its own"
        )
    ]


def _seen_organizations(
    con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile], seen: Path
) -> set[str]:
    names = {last_part(file.path) for file in files}
    before: dict[str, list[str]] = {"files": [], "organizations": []}
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(seen.read_text(encoding="utf-8"))
        if names.issuperset(kept["files"]):  # files of another state of the storage say nothing
            before = {key: list(kept[key]) for key in before}
    known = set(before["files"])
    unseen = [file for file in files if last_part(file.path) not in known]
    organizations = set(before["organizations"]) | _organizations(con, unseen)
    if unseen:
        seen.parent.mkdir(parents=True, exist_ok=True)
        now = {"files": sorted(names), "organizations": sorted(organizations)}
        replace_text(seen, json.dumps(now))
    return organizations


def _organizations(con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile]) -> set[str]:
    if not files:
        return set()
    query = f"SELECT DISTINCT organization_id FROM {values_relation(files, 'organization_id')}"
    return {str(organization) for (organization,) in con.execute(query).fetchall()}
