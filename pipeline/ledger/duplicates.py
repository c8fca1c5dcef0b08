"""Finds rows with an identity that the ledger has already: duplicates, and what they replace.

A hash of the identity finds candidates; the whole identity and the content decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb
import polars as pl

from pipeline import resources
from pipeline.ledger.files import (
    Exclusion,
    LedgerFile,
    drop_rows,
    ledger_relation,
    register_runs,
    view_rows,
)
from pipeline.schemas import CONTENT_COLUMNS

# Hashes of identities that are sorted in memory at once, 8 bytes each.
SORTED_AT_ONCE = 6_000_000
# Rows whose identities repeat are compared in full, this many at a time.
COMPARED_AT_ONCE = 1_000_000


@dataclass(slots=True)
class Repeats:
    """Rows that repeat an identity. Counts are by source and input file."""

    exclusions: list[Exclusion] = field(default_factory=list)
    duplicates: Counter[tuple[str, str]] = field(default_factory=Counter)
    superseded_new: Counter[tuple[str, str]] = field(default_factory=Counter)
    superseded_old: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # and run
    restated_dates: set[date] = field(default_factory=set)


def find_duplicates(
    con: duckdb.DuckDBPyConnection,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    source_order: Mapping[str, int],
    *,
    sorted_at_once: int = SORTED_AT_ONCE,
) -> Repeats:
    """Find the rows of new request-level files that repeat an identity, here or in known files.

    Takes `excluded` (ledger_id, row_number, reason) of known files. Duplicates are dropped from
    the new files, which are rewritten; rows that a later content replaces become exclusions.
    """
    repeats = Repeats()
    if not new:
        return repeats
    hashes = _repeated_hashes(con, new, known, sorted_at_once)
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
    columns = ", ".join(("source", "input_file", "input_line", "identity_hash", *CONTENT_COLUMNS))
    view_rows(con, "new_rows", new, columns)
    if known:
        view_rows(con, "known_rows", known, columns)
    else:
        con.execute("CREATE OR REPLACE TEMP VIEW known_rows AS FROM new_rows WHERE false")
    register_runs(con, known)
    dropped: dict[int, list[int]] = {}
    superseded: list[tuple[int, int, str, int]] = []
    new_ids = {f.ledger_id for f in new}
    for start in range(0, hashes.height, COMPARED_AT_ONCE):
        con.register("repeated_identities", hashes.slice(start, COMPARED_AT_ONCE))
        for row in con.sql(resources.render_sql("ledger/repeat_fates")).pl().iter_rows(named=True):
            key = (row["source"], row["input_file"])
            ledger_id, is_new = row["ledger_id"], row["ledger_id"] in new_ids
            if row["fate"] == "duplicate":
                dropped.setdefault(ledger_id, []).append(row["row_number"])
                repeats.duplicates[key] += 1
                continue
            if is_new:
                repeats.superseded_new[key] += 1
            else:
                repeats.superseded_old[(*key, row["run_id"])] += 1
                repeats.restated_dates.add(row["usage_date"])
            superseded.append(
                (ledger_id, row["row_number"], row["replaced_by_file"], row["replaced_by_line"])
            )
    for file in new:
        gone = dropped.get(file.ledger_id)
        if gone:
            drop_rows(file, gone)
            superseded = _renumber(superseded, file.ledger_id, sorted(gone))
    repeats.exclusions = [Exclusion(i, n, "superseded", f, ln) for i, n, f, ln in superseded]
    return repeats


def _repeated_hashes(
    con: duckdb.DuckDBPyConnection,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    sorted_at_once: int,
) -> pl.DataFrame:
    """Identity hashes that new rows share with each other or with known ones, as one column.

    Sorting in memory takes a sixth of the time of grouping; what is too much for memory is grouped.
    """
    if sum(f.rows for f in new) <= sorted_at_once:
        mine = _hashes(new).sort()
        found = [mine.filter(mine == mine.shift(1))]
        wanted = mine.to_frame()
        part: list[LedgerFile] = []
        for file in known:
            part.append(file)
            if sum(f.rows for f in part) >= sorted_at_once or file is known[-1]:
                theirs = _hashes(part).to_frame()
                found.append(theirs.join(wanted, on="identity_hash", how="semi").to_series())
                part = []
        return pl.concat(found).unique().to_frame()
    _identities(con, "new_rows", new)
    if known:
        _identities(con, "known_rows", known)
    else:
        con.execute("CREATE OR REPLACE TEMP VIEW known_rows AS FROM new_rows WHERE false")
    grouped: pl.DataFrame = con.sql(resources.sql("ledger/repeated_identities")).pl()
    return grouped


def _hashes(files: Sequence[LedgerFile]) -> pl.Series:
    frames = [
        pl.read_parquet(f.path, columns=["identity_hash"], hive_partitioning=False) for f in files
    ]
    return pl.concat(frames)["identity_hash"]


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
