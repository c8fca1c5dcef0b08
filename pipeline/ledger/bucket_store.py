"""The versions of provider buckets in the database: stored, superseded, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from pipeline.ledger import cost_store
from pipeline.ledger.settle_buckets import BucketChange
from pipeline.resources import sql
from pipeline.storage.database import Database

_BUCKET_COLUMNS = (
    "provider",
    "organization_id",
    "endpoint",
    "started_at",
    "width",
    "fetched_at",
    "rows",
    "input_file",
    "input_line",
    "late_seconds",
)

_IS_BUCKET = (
    "provider = $provider AND organization_id = $organization_id "
    "AND basis = $basis AND bucket_key = $bucket_key"
)


def buckets_to_judge(
    db: Database, going: Sequence[str], returning: Sequence[str], source: str | None
) -> pl.DataFrame:
    """The versions of the buckets of these files, or of a source, with all others of their days."""
    parameters = {"going": list(going), "returning": list(returning), "source": source}
    return db.frame(sql("ledger/buckets_to_judge"), parameters)


def rows_known(db: Database, names: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """How many rows the versions of buckets have: by source and name of the file, and run."""
    rows = db.rows(
        "SELECT source, input_file, run_id, sum(rows) FROM buckets "
        "WHERE list_contains(CAST($names AS VARCHAR[]), input_file) GROUP BY ALL",
        {"names": list(names)},
    )
    return {(source, name, run_id): int(count) for source, name, run_id, count in rows}


def forget_files(db: Database, file_ids: Sequence[int], run_id: str, at: datetime) -> None:
    """Take the provider costs and rejects of files back."""
    db.con.execute(sql("ledger/costs_forgotten"), {"at": at, "files": list(file_ids)})
    db.con.execute(
        "UPDATE quarantine SET replayed_at = $at, replayed_run_id = $run "
        "WHERE replayed_at IS NULL AND list_contains(CAST($files AS BIGINT[]), file_id)",
        {"at": at, "run": run_id, "files": list(file_ids)},
    )


def save_renamed(db: Database, file_ids: Sequence[int]) -> None:
    """Record the buckets of renamed pages: they count once the earlier name is forgotten."""
    db.con.execute(sql("ledger/buckets_copied"), {"files": list(file_ids)})


class MovedCosts(NamedTuple):
    """File ids of costs that got another fate, one for each."""

    outdated: list[int]
    restored: list[int]
    copied: list[int]


@dataclass(frozen=True, slots=True)
class JudgedBuckets:
    """The versions of buckets that were judged anew, after files were forgotten or moved."""

    versions: pl.DataFrame  # as ledger/buckets_judged takes them
    # version ids of costs: a duplicate that counts now, and the version with its content
    copied: Sequence[tuple[int, int]]


def save_judged(db: Database, judged: JudgedBuckets, at: datetime) -> MovedCosts:
    """Record which versions count now that files are forgotten or moved, and apply it to costs."""
    db.con.register("judged_buckets", judged.versions)
    db.con.execute(sql("ledger/buckets_judged"))
    outdated = [i for (i,) in db.rows(sql("ledger/costs_outdated"), {"at": at})]
    restored = [i for (i,) in db.rows(sql("ledger/costs_restored"))]
    pairs = pl.DataFrame(
        list(judged.copied), schema={"version_id": pl.Int64, "original_id": pl.Int64}, orient="row"
    )
    db.con.register("copied_buckets", pairs)
    written = [i for (i,) in db.rows(sql("ledger/costs_copied"))] if judged.copied else []
    for view in ("judged_buckets", "copied_buckets"):
        db.con.unregister(view)
    return MovedCosts(outdated, restored, written)


def files_without_duplicates(db: Database) -> int:
    """File ids below this one are of versions whose duplicate buckets were only counted."""
    known = "SELECT value FROM settings WHERE name = 'duplicate_buckets_kept_since'"
    return int(db.value(known))


def held_for_width(db: Database, names: Sequence[str]) -> set[int]:
    """The versions of files with buckets held back for those of another width in these files."""
    rows = db.rows(sql("ledger/held_for_width"), {"names": list(names)})
    return {file_id for (file_id,) in rows}


def save_buckets(db: Database, change: BucketChange, run_id: str, at: datetime) -> None:
    """Record new versions of buckets and costs, and which earlier ones are superseded."""
    for key, bucket in change.confirmed.items():
        db.con.execute(
            f"UPDATE buckets SET fetched_at = $fetched_at WHERE is_current AND {_IS_BUCKET}",
            {"fetched_at": bucket.fetched_at, **key._asdict()},
        )
    for key in change.superseded:
        db.con.execute(f"UPDATE buckets SET is_current = false WHERE {_IS_BUCKET}", key._asdict())
    cost_store.save_costs(db, change.costs, change.superseded_costs, at)
    db.insert(
        "buckets",
        (
            *_BUCKET_COLUMNS,
            "basis",
            "own_fetched_at",
            "bucket_key",
            "source",
            "content_hash",
            "is_current",
            "is_duplicate",
            "run_id",
        ),
        [
            (
                *(getattr(v.bucket, name) for name in _BUCKET_COLUMNS),
                v.bucket.key.basis,
                v.own_fetched_at,
                v.bucket.bucket_key,
                v.source,
                v.content_hash,
                v.is_current,
                v.is_duplicate,
                run_id,
            )
            for v in change.new
        ],
    )
