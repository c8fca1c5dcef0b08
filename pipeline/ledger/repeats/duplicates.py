"""Finds rows of new ledger files that repeat or replace a call that another row records.

What decides is `queries/ledger/repeat_fates.sql`; here its answers are applied to the new files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import numpy as np
import polars as pl

from pipeline import resources
from pipeline.ledger.files import (
    PART_SCHEMA,
    Exclusion,
    LedgerFile,
    ledger_relation,
    rows_of,
    runs_of,
)
from pipeline.ledger.identity import SORTED_AT_ONCE, SortedHashes, read_hashes
from pipeline.ledger.repeats.hash_ranges import find_repeated
from pipeline.ledger.repeats.rewrites import Rewrite, rewrite_files
from pipeline.meters import METER_NAMES, OUTPUT_METERS
from pipeline.schemas import ASKER_COLUMNS, CONTENT_COLUMNS, IS_PARTIAL
from pipeline.storage.engines.engine import Engine
from pipeline.storage.engines.question import FileRows, Question
from pipeline.storage.object_store.addresses import last_part

if TYPE_CHECKING:
    from pipeline.ledger.repeats.rewrites import Numbers

# Rows whose identities repeat are compared in full, this many at a time.
COMPARED_AT_ONCE = 1_000_000
_CALL = ("basis", "provider", "organization_id", "record_id", "called_at")

# Duplicates of rows that another file has. Without a file id they are of the version read now.
DROPPED_SCHEMA: dict[str, pl.DataType] = {
    "identity_hash": pl.UInt64(),
    "source": pl.String(),
    "input_file": pl.String(),
    "file_id": pl.Int64(),
    "input_line": pl.Int64(),
    "ledger_id": pl.Int64(),
    "row_number": pl.Int64(),
    **dict.fromkeys(ASKER_COLUMNS, pl.String()),
}

Row = dict[str, Any]
_NO_PLACES = pl.DataFrame(schema=PART_SCHEMA)


@dataclass(frozen=True, slots=True)
class FateMove:
    """Accepted rows of an input file that are duplicates or superseded now."""

    source: str
    input_file: str
    run_id: str | None  # that read them; None: this run, they are in no live ledger file yet
    file_id: int | None  # the version that has them; None: the one that the run read
    fate: Literal["duplicate", "superseded"]


@dataclass(slots=True)
class Repeats:
    """Rows that repeat an identity, and what follows for their files and days."""

    exclusions: list[Exclusion] = field(default_factory=list)
    moves: Counter[FateMove] = field(default_factory=Counter)  # how many rows each
    dropped: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DROPPED_SCHEMA))
    restated_dates: set[date] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def find_duplicates(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    source_order: Mapping[str, int],
    hash_folder: Path,
    *,
    sorted_at_once: int = SORTED_AT_ONCE,
) -> Repeats:
    """Find the rows of new request-level files that repeat an identity, here or in known files.

    Takes `excluded` (ledger_id, row_number, reason) of known files, and the folder of their sorted
    hashes. Duplicates are dropped from the new files, which are written again; rows that a later
    content replaces become exclusions.
    """
    repeats = Repeats()
    if not new:
        return repeats
    hashes, known, keep = _repeated_hashes(con, engine, new, known, hash_folder, sorted_at_once)
    if hashes.height:
        tables = _tables(new, known, excluded, source_order, hashes)
        changes = _Changes(repeats, {f.ledger_id: f.file_id for f in (*new, *known)})
        fates = resources.render_sql(
            "ledger/repeat_fates",
            askers=list(ASKER_COLUMNS),
            meters=METER_NAMES,
            output_meters=OUTPUT_METERS,
        )
        for found in engine.ask(con, _about(fates, tables)):
            changes.take(found)
        reused = resources.sql("ledger/reused_ids")
        _note_reused_ids(pl.concat(engine.ask(con, _about(reused, tables))), repeats)
        changes.finish(engine, new)
    keep([f.path for f in new if f.rows])
    return repeats


def _about(statement: str, tables: Mapping[str, pl.DataFrame | FileRows]) -> Question:
    return Question(statement, tables, part_of="repeated_identities", rows_a_part=COMPARED_AT_ONCE)


def _tables(
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    source_order: Mapping[str, int],
    hashes: pl.DataFrame,
) -> dict[str, pl.DataFrame | FileRows]:
    columns = ("source", "input_file", "input_line", "identity_hash", IS_PARTIAL, *CONTENT_COLUMNS)
    return {
        "new_rows": rows_of(new, columns),
        "known_rows": rows_of(known, columns),
        "excluded_rows": excluded,
        "source_ranks": pl.DataFrame(
            {"source": list(source_order), "source_rank": list(source_order.values())},
            schema={"source": pl.String, "source_rank": pl.Int64},
        ),
        "ledger_runs": runs_of(known),
        "repeated_identities": hashes,
    }


def _by_call(rows: pl.DataFrame) -> Iterator[list[Row]]:
    """The rows of each call, in their order."""
    ordered = rows.sort(*_CALL, "position", nulls_last=True).iter_rows(named=True)
    for _, same in groupby(ordered, key=lambda row: tuple(row[c] for c in _CALL)):
        yield list(same)


class _Changes:
    """Changes to rows of new files, and rows of any file to exclude."""

    def __init__(self, repeats: Repeats, versions: Mapping[int, int | None]) -> None:
        self.filled: dict[int, dict[int, dict[str, str | None]]] = {}
        self.replaced: list[tuple[int, int, str, int]] = []
        self.kept: list[pl.DataFrame] = []  # dropped rows that other files have too
        self._dropped: list[pl.DataFrame] = []
        self._repeats, self._versions = repeats, versions

    def take(self, found: pl.DataFrame) -> None:
        """Take fates, as `ledger/repeat_fates` gives them; the rows of a call come together."""
        duplicates = found.filter(pl.col("fate") == "duplicate")
        self._drop(duplicates)
        self._keep_dropped(duplicates)
        for row in found.filter(pl.col("fate") == "superseded").iter_rows(named=True):
            self.supersede(row, row["replaced_by_file"], row["replaced_by_line"])
        for rows in _by_call(found.filter(pl.col("fate") == "asked")):
            self.merge_askers(rows)

    def finish(self, engine: Engine, new: Sequence[LedgerFile]) -> None:
        """Write the new files again that have other rows now, and number what is left of them."""
        dropped = pl.concat(self._dropped).unique() if self._dropped else _NO_PLACES
        gone = {
            ledger_id: part["row_number"].sort().to_numpy()
            for (ledger_id,), part in dropped.partition_by("ledger_id", as_dict=True).items()
        }
        none = _NO_PLACES["row_number"].to_numpy()
        rewrite_files(
            engine,
            [
                Rewrite(f, gone.get(f.ledger_id, none), self.filled.get(f.ledger_id, {}))
                for f in new
                if f.ledger_id in gone or f.ledger_id in self.filled
            ],
        )
        self._repeats.dropped = _renumber(pl.concat([self._repeats.dropped, *self.kept]), gone)
        self._repeats.exclusions = [
            Exclusion(i, n - _fewer(gone, i, n), "superseded", file, line)
            for i, n, file, line in self.replaced
        ]

    def _drop(self, rows: pl.DataFrame) -> None:
        """Drop new rows as duplicates."""
        if not rows.height:
            return
        self._dropped.append(rows.select(pl.col(c).cast(t) for c, t in _NO_PLACES.schema.items()))
        counts = rows.group_by("source", "input_file", "ledger_id").len()
        for source, input_file, ledger_id, count in counts.iter_rows():
            move = FateMove(source, input_file, None, self._versions[ledger_id], "duplicate")
            self._repeats.moves[move] += count

    def _keep_dropped(self, rows: pl.DataFrame) -> None:
        """Keep where duplicates stand, and which row of another file has their content."""
        versions = pl.DataFrame(
            {"ledger_id": list(self._versions), "file_id": list(self._versions.values())},
            schema={"ledger_id": pl.Int64, "file_id": pl.Int64},
        )
        kept = (
            rows.filter(pl.col("input_file") != pl.col("standing_file"))
            .join(versions, on="ledger_id", how="left", maintain_order="left")
            .drop("ledger_id", "row_number")
            .rename({"standing_ledger_id": "ledger_id", "standing_row_number": "row_number"})
        )
        if kept.height:
            self.kept.append(kept.select(pl.col(c).cast(t) for c, t in DROPPED_SCHEMA.items()))

    def supersede(self, row: Row, by_file: str, by_line: int) -> None:
        """Exclude a row, since another one replaces it."""
        run_id = None if row["is_new"] else row["run_id"]
        file_id = self._versions[row["ledger_id"]]
        move = FateMove(row["source"], row["input_file"], run_id, file_id, "superseded")
        self._repeats.moves[move] += 1
        if not row["is_new"]:
            self._repeats.restated_dates.add(row["usage_date"])
        self.replaced.append((row["ledger_id"], row["row_number"], by_file, by_line))

    def merge_askers(self, rows: Sequence[Row]) -> None:
        """Of rows that differ only in who asked, one counts, with all that they agree about.

        The first row that names somebody stands; a later one fills in what was left open, unless
        it contradicts what is known.
        """
        known: dict[str, str | None] = dict.fromkeys(ASKER_COLUMNS)
        agreeing: list[Row] = []
        for row in rows:
            if all(row[c] is None or known[c] in (None, row[c]) for c in known):
                known = {c: known[c] if known[c] is not None else row[c] for c in known}
                agreeing.append(row)
        standing = [r for r in rows if not r["is_new"] and not r["is_excluded"]]
        fitting = [
            r
            for r in [*standing, *(r for r in rows if r["is_new"])]
            if all(r[c] == known[c] for c in known)
        ]
        completed = [r for r in agreeing if r["is_new"]][-1:]
        counting = next(iter((*fitting, *completed, *standing, *rows)))
        if counting["is_new"] and counting not in fitting:
            changes = self.filled.setdefault(counting["ledger_id"], {})
            changes[counting["row_number"]] = known
        dropped: list[Row] = []
        for row in rows:
            if row is counting:
                continue
            if row["is_new"]:
                dropped.append(
                    row
                    | {
                        "standing_ledger_id": counting["ledger_id"],
                        "standing_row_number": counting["row_number"],
                        "standing_file": counting["input_file"],
                    }
                )
            elif not row["is_excluded"]:
                self.supersede(row, counting["input_file"], counting["input_line"])
        if dropped:
            schema: dict[str, pl.DataType] = dict.fromkeys(
                ("standing_ledger_id", "standing_row_number"), pl.Int64()
            )
            schema |= {"standing_file": pl.String(), **DROPPED_SCHEMA}
            found = pl.DataFrame(
                [{c: row.get(c) for c in schema} for row in dropped], schema=schema
            ).drop("file_id")
            self._drop(found)
            self._keep_dropped(found)


def _note_reused_ids(reused: pl.DataFrame, repeats: Repeats) -> None:
    if reused.height:
        record_id, times = reused.sort("record_id").row(0)
        are = "response id is" if reused.height == 1 else "response ids are"
        repeats.notes.append(
            f"{reused.height:,} {are} used with several times of creation, such as {record_id!r} "
            f"with {times:,}; each time is counted as a call of its own."
        )


def _repeated_hashes(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    folder: Path,
    sorted_at_once: int,
) -> tuple[pl.DataFrame, Sequence[LedgerFile], Callable[[Sequence[str]], None]]:
    """Identity hashes that new rows share with each other or with known ones, as one column.

    With them the known files that may have such rows, and what keeps the new hashes for those new
    files that are left. Sorting in memory takes a sixth of the time of grouping; what is too much
    for memory is grouped, or taken by ranges where hashes were sorted with the reading.
    """
    paths = [f.path for f in new]
    if all(f.hashes_path is not None for f in new):
        sorted_hashes = SortedHashes(folder)
        mine = [Path(p) for p in dict.fromkeys(f.hashes_path for f in new) if p is not None]
        known_paths = [f.path for f in known]
        found = find_repeated(engine, mine, sorted_hashes, known_paths, Path(paths[0]).stem)

        def take(files: Sequence[str]) -> None:
            sorted_hashes.take(found.files, files)

        return found.hashes, [f for f in known if last_part(f.path) in found.names], take
    if sum(f.rows for f in new) <= sorted_at_once:
        hashes = read_hashes(paths).sort()
        sorted_hashes = SortedHashes(folder)
        theirs = sorted_hashes.shared(hashes, [f.path for f in known])

        def add(files: Sequence[str]) -> None:
            sorted_hashes.add(hashes.to_numpy(), files)

        repeated = pl.concat([hashes.filter(hashes == hashes.shift(1)), theirs.hashes])
        where = [f for f in known if last_part(f.path) in theirs.names]
        return repeated.unique().to_frame(), where, add
    _identities(con, "new_rows", new)
    _identities(con, "known_rows", known)
    grouped: pl.DataFrame = con.sql(resources.sql("ledger/repeated_identities")).pl()
    return grouped, known, lambda _: None


def _identities(con: duckdb.DuckDBPyConnection, view: str, files: Sequence[LedgerFile]) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT identity_hash FROM {ledger_relation(files)}"
    )


def _renumber(rows: pl.DataFrame, gone: Mapping[int, Numbers]) -> pl.DataFrame:
    """Rows with the numbers that they have once files were written without some others."""
    if not gone or not rows.height:
        return rows
    rows = rows.with_row_index("place")
    parts = []
    for (ledger_id,), part in rows.partition_by("ledger_id", as_dict=True).items():
        numbers = part["row_number"].to_numpy()
        fewer = _fewer(gone, ledger_id, numbers)
        parts.append(part.with_columns(pl.Series("row_number", numbers - fewer, dtype=pl.Int64)))
    return pl.concat(parts).sort("place").drop("place")


def _fewer(gone: Mapping[int, Numbers], ledger_id: int, numbers: Any) -> Any:
    """How many rows of a file are gone before these."""
    return np.searchsorted(gone[ledger_id], numbers, side="left") if ledger_id in gone else 0
