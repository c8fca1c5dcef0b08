"""Finds the rows that new ledger files repeat or replace: duplicates, later contents, buckets.

Takes new and known ledger files; gives the rows to exclude, the days whose charges may have
changed, and how many rows of which input file got another fate. Writes nothing to the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline import resources
from pipeline.ledger.bucket import Bucket, BucketKey
from pipeline.ledger.files import (
    Exclusion,
    LedgerFile,
    ledger_relation,
    register_runs,
    view_rows,
)
from pipeline.ledger.identity import identity_hash
from pipeline.ledger.repeats.duplicates import DROPPED_SCHEMA, FateMove, find_duplicates
from pipeline.meters import METER_NAMES, OUTPUT_METERS
from pipeline.schemas import ASKER_COLUMNS, CONTENT_COLUMNS, IDENTITY_HASH, IS_PARTIAL
from pipeline.storage.engines.engine import Engine

_BUCKET_COLUMNS = (
    "identity_hash, provider, organization_id, record_id, basis, source, input_file, usage_date, "
    "project_id"
)
_SHOWN_PROJECTS = 3


@dataclass(slots=True)
class Superseded:
    """Rows to exclude from the live ledger, with what follows for their files and days."""

    exclusions: list[Exclusion] = field(default_factory=list)
    moves: Counter[FateMove] = field(default_factory=Counter)  # how many rows each
    dropped: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DROPPED_SCHEMA))
    restated_dates: set[date] = field(default_factory=set)  # UTC days
    notes: list[str] = field(default_factory=list)


def supersede_requests(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    source_order: Sequence[str],
    hash_folder: Path,
) -> Superseded:
    """Drop duplicate requests from new files; find the rows that a later content replaces."""
    repeats = find_duplicates(
        con,
        engine,
        [f for f in new if not f.is_bucket],
        [f for f in known if not f.is_bucket],
        excluded,
        {name: rank for rank, name in enumerate(source_order)},
        hash_folder,
    )
    return Superseded(
        repeats.exclusions,
        repeats.moves,
        repeats.dropped,
        repeats.restated_dates,
        repeats.notes,
    )


def supersede_buckets(
    con: duckdb.DuckDBPyConnection,
    replaced: Mapping[BucketKey, Bucket],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    new: Sequence[LedgerFile] = (),
) -> Superseded:
    """Find the live rows of buckets that were fetched again; `replaced` says by what.

    Takes the `new` ledger files, to note one that has a single project where there were others.
    """
    found = Superseded()
    rows = _rows_of_buckets(con, replaced, known, excluded)
    found.notes += _of_one_project(con, rows, [f for f in new if f.is_bucket])
    for row in rows.iter_rows(named=True):
        found.exclusions.append(
            Exclusion(
                row["ledger_id"],
                row["row_number"],
                "restated",
                row["replaced_by_file"],
                row["replaced_by_line"],
            )
        )
        move = FateMove(row["source"], row["input_file"], row["run_id"], None, "superseded")
        found.moves[move] += 1
    return found


def _of_one_project(
    con: duckdb.DuckDBPyConnection, replaced: pl.DataFrame, new: Sequence[LedgerFile]
) -> list[str]:
    """Notes on files of one project that replace the usage of others: perhaps a filtered export."""
    if not replaced.height or not new:
        return []
    projects = con.execute(
        "SELECT input_file, min(project_id) FROM "
        f"{ledger_relation(new)} GROUP BY input_file "
        "HAVING count(DISTINCT coalesce(project_id, '')) = 1 AND min(project_id) IS NOT NULL"
    ).fetchall()
    notes = []
    for file, project in projects:
        others = replaced.filter(
            (pl.col("replaced_by_file") == file) & (pl.col("project_id") != project)
        )["project_id"]
        if len(others):
            names = ", ".join(others.unique().sort().head(_SHOWN_PROJECTS))
            notes.append(
                f"{file}: names only project {project!r}, and its days replace the usage of "
                f"others ({names}); if it was exported for one project, export all and run again"
            )
    return notes


def _rows_of_buckets(
    con: duckdb.DuckDBPyConnection,
    replaced: Mapping[BucketKey, Bucket],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
) -> pl.DataFrame:
    files = [f for f in known if f.is_bucket]
    if not replaced or not files:
        return pl.DataFrame()
    rows = [(*key, by.input_file, by.input_line) for key, by in replaced.items()]
    schema = (*BucketKey._fields, "replaced_by_file", "replaced_by_line")
    con.register(
        "replaced_buckets",
        pl.DataFrame(rows, schema=list(schema), orient="row").with_columns(
            identity_hash("organization_id", "bucket_key").alias("identity_hash")
        ),
    )
    con.register("excluded_rows", excluded)
    register_runs(con, files)
    view_rows(con, "known_rows", files, _BUCKET_COLUMNS)
    found: pl.DataFrame = con.sql(resources.sql("ledger/bucket_rows")).pl()
    return found


def counting_requests(
    con: duckdb.DuckDBPyConnection,
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    dropped: pl.DataFrame,
    first_rows: pl.DataFrame,
    versions: pl.DataFrame,
    copies: Iterable[tuple[int, int, int]],
    identity_hashes: pl.Series,
    source_order: Sequence[str],
) -> pl.DataFrame:
    """Judge the requests with these identity hashes anew: ledger rows and dropped duplicates.

    Takes in `versions` every version of an input file, and whether it is out, and in `copies`
    which of them share how many lines (original, copy, lines). Gives what
    `queries/ledger/counting_rows.sql` says.
    """
    columns = ", ".join(
        ("source", "input_file", "input_line", IDENTITY_HASH, IS_PARTIAL, *CONTENT_COLUMNS)
    )
    view_rows(con, "known_rows", known, columns)
    register_runs(con, known)
    con.register("excluded_rows", excluded)
    con.register("dropped_rows", dropped)
    con.register("first_rows", first_rows)
    con.register("file_versions", versions)
    con.register(
        "file_copies",
        pl.DataFrame(
            list(copies),
            schema=dict.fromkeys(("original_id", "copy_id", "copied_lines"), pl.Int64),
            orient="row",
        ),
    )
    con.register("affected_identities", identity_hashes.to_frame(IDENTITY_HASH))
    con.register(
        "source_ranks",
        pl.DataFrame(
            {"source": source_order, "source_rank": range(len(source_order))},
            schema={"source": pl.String, "source_rank": pl.Int64},
        ),
    )
    found: pl.DataFrame = con.sql(
        resources.render_sql(
            "ledger/counting_rows",
            askers=list(ASKER_COLUMNS),
            meters=METER_NAMES,
            output_meters=OUTPUT_METERS,
        )
    ).pl()
    return found
