"""Ledger files: accepted usage records as Parquet, one UTC month a file, written once.

A file is live from the commit on, when the table `ledger_files` names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.ledger.sums.categories import as_categories, coded
from pipeline.ledger.sums.usage_sums import sums_relation, sums_to_keep, write_sums
from pipeline.meters import INPUT_METERS, METER_NAMES
from pipeline.schemas import DEFAULTS_OF_OLDER_FILES, LEDGER_SCHEMA
from pipeline.storage.engines.question import PLACE_SCHEMA, FileRows
from pipeline.storage.files import replace_text
from pipeline.storage.object_store.addresses import last_part
from pipeline.storage.parquet import relation, write

ROWS_A_FILE = 100_000
ROWS_A_FILE_IN_STORE = 1_000_000  # each file that is opened there costs its time
# What a file of several that were merged has beside the columns of a ledger file: which of them a
# row is of, and its number there.
PART_SCHEMA = PLACE_SCHEMA
_SUMS = "sums"  # their folder, inside that of the ledger
_ORGANIZATION = "organization_id"
_CODED = coded(LEDGER_SCHEMA)
_OPERATION = ("provider", _ORGANIZATION, "project_id", "operation")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows of a ledger file have, so that nobody need read it for that."""

    days: frozenset[date]
    organizations: frozenset[str]
    # provider, organization, project, operation
    operations: frozenset[tuple[str, str, str | None, str]]


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
    facts: Facts | None = None  # of a file that this run has written
    hashes_path: str | None = None  # sorted hashes of its rows and others', where it was read apart


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A row that is no longer live."""

    ledger_id: int
    row_number: int
    reason: str
    replaced_by_file: str | None
    replaced_by_line: int | None


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
            # texts of few values may come as Enum, each frame with its own values
            whole = pl.concat([f.cast(pl.Schema(_CODED)) for f in frames])
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
        keep_sums(self.files[-1], part)


def keep_sums(file: LedgerFile, rows: pl.DataFrame) -> None:
    """Write the sums of a ledger file that is not live yet where they are worth it; note facts."""
    sums = None
    if file.sums_path is not None:
        sums = sums_to_keep(rows, file.meters)
        if sums is not None:
            write_sums(sums, Path(file.sums_path))
        else:
            file.sums_path = None
    file.facts = _facts_of(rows if sums is None else sums)


def _facts_of(rows: pl.DataFrame) -> Facts:
    found = rows.select(_OPERATION).unique().with_columns(pl.col(_OPERATION).cast(pl.String))
    return Facts(
        frozenset(rows["usage_date"].unique()),
        frozenset(found["organization_id"]),
        frozenset(found.rows()),
    )


def _month(day: object) -> date:
    assert isinstance(day, date)  # noqa: S101  narrows for the type checker
    return day.replace(day=1)


def ledger_relation(files: Sequence[LedgerFile]) -> str:
    """A FROM item over ledger files, with all columns of LEDGER_SCHEMA."""
    whole = relation(
        [f.path for f in files if not f.is_part], LEDGER_SCHEMA, defaults=DEFAULTS_OF_OLDER_FILES
    )
    rows = rows_of(files, ())
    if not rows.parts:
        return whole
    merged = f"(SELECT * EXCLUDE ({', '.join(PART_SCHEMA)}) FROM {rows.merged()})"
    return f"(FROM {whole} UNION ALL BY NAME FROM {merged})"


def values_relation(files: Sequence[LedgerFile], columns: str) -> str:
    """A FROM item with all values of some of USAGE_DIMENSIONS, of sums where files have them."""
    sums = [f.sums_path for f in files if f.sums_path is not None]
    rest = [f for f in files if f.sums_path is None]
    items = [sums_relation(sums)] if sums else []
    items += [ledger_relation(rest)] if rest or not sums else []
    return "(" + " UNION ALL ".join(f"SELECT {columns} FROM {item}" for item in items) + ")"


def rows_of(files: Sequence[LedgerFile], columns: Sequence[str]) -> FileRows:
    """The rows of ledger files as a table of a statement."""
    return FileRows(
        columns,
        LEDGER_SCHEMA,
        DEFAULTS_OF_OLDER_FILES,
        [(f.path, f.ledger_id) for f in files if not f.is_part],
        [(f.path, f.ledger_id) for f in files if f.is_part],
        sum(f.rows for f in files),
    )


def view_rows(
    con: duckdb.DuckDBPyConnection, view: str, files: Sequence[LedgerFile], columns: str
) -> None:
    """Make a view of ledger rows with `ledger_id` and `row_number` beside the columns."""
    rows_of(files, [columns]).show(con, view)


def runs_of(files: Sequence[LedgerFile]) -> pl.DataFrame:
    """Which run has written ledger files (ledger_id, run_id, file_id)."""
    return pl.DataFrame(
        {
            "ledger_id": [f.ledger_id for f in files],
            "run_id": [f.run_id for f in files],
            "file_id": [f.file_id for f in files],
        },
        schema={"ledger_id": pl.Int64, "run_id": pl.String, "file_id": pl.Int64},
    )


def register_runs(con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile]) -> None:
    """Make `ledger_runs`, as `runs_of` gives it."""
    con.register("ledger_runs", runs_of(files))


def dates_of(con: duckdb.DuckDBPyConnection, files: Sequence[LedgerFile]) -> set[date]:
    """The UTC days that occur in ledger files."""
    days = {f.first_usage_date for f in files if f.first_usage_date == f.last_usage_date}
    several = [f for f in files if f.first_usage_date != f.last_usage_date]
    days.update(day for f in several if f.facts is not None for day in f.facts.days)
    unknown = [f for f in several if f.facts is None]
    if unknown:
        query = f"SELECT DISTINCT usage_date FROM {values_relation(unknown, 'usage_date')}"
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
    found = {name for f in files if f.facts is not None for name in f.facts.organizations}
    unknown = [f for f in files if f.facts is None]
    if unknown:
        query = f"SELECT DISTINCT organization_id FROM {values_relation(unknown, _ORGANIZATION)}"
        found |= {str(organization) for (organization,) in con.execute(query).fetchall()}
    return found
