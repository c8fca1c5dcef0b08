"""Finds rows of new ledger files that repeat or replace a call that another row records.

What decides is `queries/ledger/repeat_fates.sql`; here its answers are applied to the new files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl

from pipeline import resources
from pipeline.ledger.files import (
    Exclusion,
    LedgerFile,
    ledger_relation,
    register_runs,
    rewrite_rows,
    view_rows,
)
from pipeline.ledger.identity import SORTED_AT_ONCE, SortedHashes, read_hashes
from pipeline.meters import METER_NAMES, OUTPUT_METERS
from pipeline.schemas import ASKER_COLUMNS, CONTENT_COLUMNS, IS_PARTIAL
from pipeline.storage.object_store.addresses import last_part

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
    hashes. Duplicates are dropped from the new files, which are rewritten; rows that a later
    content replaces become exclusions.
    """
    repeats = Repeats()
    if not new:
        return repeats
    hashes, known = _repeated_hashes(con, new, known, hash_folder, sorted_at_once)
    if not hashes.height:
        return repeats
    con.register("excluded_rows", excluded)
    con.register(
        "source_ranks",
        pl.DataFrame(
            {"source": list(source_order), "source_rank": list(source_order.values())},
            schema={"source": pl.String, "source_rank": pl.Int64},
        ),
    )
    columns = ", ".join(
        ("source", "input_file", "input_line", "identity_hash", IS_PARTIAL, *CONTENT_COLUMNS)
    )
    view_rows(con, "new_rows", new, columns)
    if known:
        view_rows(con, "known_rows", known, columns)
    else:
        con.execute("CREATE OR REPLACE TEMP VIEW known_rows AS FROM new_rows WHERE false")
    register_runs(con, known)
    changes = _Changes(repeats, {f.ledger_id: f.file_id for f in (*new, *known)})
    fates = resources.render_sql(
        "ledger/repeat_fates",
        askers=list(ASKER_COLUMNS),
        meters=METER_NAMES,
        output_meters=OUTPUT_METERS,
    )
    for start in range(0, hashes.height, COMPARED_AT_ONCE):
        con.register("repeated_identities", hashes.slice(start, COMPARED_AT_ONCE))
        found: pl.DataFrame = con.sql(fates).pl()
        for row in found.filter(pl.col("fate") != "asked").iter_rows(named=True):
            if row["fate"] == "duplicate":
                changes.drop(row)
            else:
                changes.supersede(row, row["replaced_by_file"], row["replaced_by_line"])
        changes.keep_dropped(found.filter(pl.col("fate") == "duplicate"))
        for rows in _by_call(found.filter(pl.col("fate") == "asked")):
            changes.merge_askers(rows)
        _note_reused_ids(con, repeats)
    superseded = changes.replaced
    for file in new:
        gone = changes.dropped.get(file.ledger_id, set())
        filled = changes.filled.get(file.ledger_id, {})
        if gone or filled:
            rewrite_rows(file, gone, filled)
            superseded = _renumber(superseded, file.ledger_id, sorted(gone))
            changes.renumber_kept(file.ledger_id, sorted(gone))
    repeats.dropped = pl.concat([repeats.dropped, *changes.kept])
    repeats.exclusions = [Exclusion(i, n, "superseded", f, ln) for i, n, f, ln in superseded]
    return repeats


def _by_call(rows: pl.DataFrame) -> Iterator[list[Row]]:
    """The rows of each call, in their order."""
    ordered = rows.sort(*_CALL, "position", nulls_last=True).iter_rows(named=True)
    for _, same in groupby(ordered, key=lambda row: tuple(row[c] for c in _CALL)):
        yield list(same)


class _Changes:
    """Changes to rows of new files, and rows of any file to exclude."""

    def __init__(self, repeats: Repeats, versions: Mapping[int, int | None]) -> None:
        self.dropped: dict[int, set[int]] = {}
        self.filled: dict[int, dict[int, dict[str, str | None]]] = {}
        self.replaced: list[tuple[int, int, str, int]] = []
        self.kept: list[pl.DataFrame] = []  # dropped rows that other files have too
        self._repeats, self._versions = repeats, versions

    def drop(self, row: Row) -> None:
        """Drop a new row as a duplicate."""
        self.dropped.setdefault(row["ledger_id"], set()).add(row["row_number"])
        self._move(row, "duplicate")

    def keep_dropped(self, rows: pl.DataFrame) -> None:
        """Keep where duplicates stand, and which row of another file has their content."""
        versions = pl.DataFrame(
            {"ledger_id": list(self._versions), "file_id": list(self._versions.values())},
            schema={"ledger_id": pl.Int64, "file_id": pl.Int64},
        )
        kept = (
            rows.filter(pl.col("input_file") != pl.col("standing_file"))
            .join(versions, on="ledger_id", how="left")
            .drop("ledger_id", "row_number")
            .rename({"standing_ledger_id": "ledger_id", "standing_row_number": "row_number"})
        )
        if kept.height:
            self.kept.append(kept.select(pl.col(c).cast(t) for c, t in DROPPED_SCHEMA.items()))

    def renumber_kept(self, ledger_id: int, gone: Sequence[int]) -> None:
        """A new file is rewritten without some rows: those behind them have other numbers."""
        removed = pl.Series(gone, dtype=pl.Int64)
        for n, frame in enumerate(self.kept):
            numbers = frame["row_number"]
            fewer = numbers - removed.search_sorted(numbers, side="left").cast(pl.Int64)
            here = pl.col("ledger_id") == ledger_id
            self.kept[n] = frame.with_columns(
                pl.when(here).then(fewer).otherwise(pl.col("row_number")).alias("row_number")
            )

    def supersede(self, row: Row, by_file: str, by_line: int) -> None:
        """Exclude a row, since another one replaces it."""
        self._move(row, "superseded")
        if not row["is_new"]:
            self._repeats.restated_dates.add(row["usage_date"])
        self.replaced.append((row["ledger_id"], row["row_number"], by_file, by_line))

    def _move(self, row: Row, fate: Literal["duplicate", "superseded"]) -> None:
        run_id = None if row["is_new"] else row["run_id"]
        file_id = self._versions[row["ledger_id"]]
        move = FateMove(row["source"], row["input_file"], run_id, file_id, fate)
        self._repeats.moves[move] += 1

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
                self.drop(row)
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
            self.keep_dropped(
                pl.DataFrame(
                    [{c: row.get(c) for c in schema} for row in dropped], schema=schema
                ).drop("file_id")
            )


def _note_reused_ids(con: duckdb.DuckDBPyConnection, repeats: Repeats) -> None:
    reused = con.execute(resources.sql("ledger/reused_ids")).fetchall()
    if reused:
        record_id, times = reused[0]
        are = "response id is" if len(reused) == 1 else "response ids are"
        repeats.notes.append(
            f"{len(reused):,} {are} used with several times of creation, such as {record_id!r} "
            f"with {times:,}; each time is counted as a call of its own."
        )


def _repeated_hashes(
    con: duckdb.DuckDBPyConnection,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    folder: Path,
    sorted_at_once: int,
) -> tuple[pl.DataFrame, Sequence[LedgerFile]]:
    """Identity hashes that new rows share with each other or with known ones, as one column.

    With them the known files that may have such rows. Sorting in memory takes a sixth of the time
    of grouping; what is too much for memory is grouped.
    """
    if sum(f.rows for f in new) <= sorted_at_once:
        paths = [f.path for f in new]
        mine = read_hashes(paths).sort()
        sorted_hashes = SortedHashes(folder)
        theirs = sorted_hashes.shared(mine, [f.path for f in known])
        sorted_hashes.add(mine.to_numpy(), paths)
        found = pl.concat([mine.filter(mine == mine.shift(1)), theirs.hashes])
        return found.unique().to_frame(), [f for f in known if last_part(f.path) in theirs.names]
    _identities(con, "new_rows", new)
    if known:
        _identities(con, "known_rows", known)
    else:
        con.execute("CREATE OR REPLACE TEMP VIEW known_rows AS FROM new_rows WHERE false")
    grouped: pl.DataFrame = con.sql(resources.sql("ledger/repeated_identities")).pl()
    return grouped, known


def _identities(con: duckdb.DuckDBPyConnection, view: str, files: Sequence[LedgerFile]) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT identity_hash FROM {ledger_relation(files)}"
    )


def _renumber(
    superseded: list[tuple[int, int, str, int]], ledger_id: int, gone: Sequence[int]
) -> list[tuple[int, int, str, int]]:
    removed = pl.Series(gone, dtype=pl.Int64)
    return [
        (i, n - int((removed < n).sum()), f, ln) if i == ledger_id else (i, n, f, ln)
        for i, n, f, ln in superseded
    ]
