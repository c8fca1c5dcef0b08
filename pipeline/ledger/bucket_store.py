"""The versions of provider buckets in the database: stored, superseded, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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


def buckets_to_restore(db: Database, names: Sequence[str]) -> pl.DataFrame:
    """The versions of buckets that are current again without the files of these names."""
    return db.frame(sql("ledger/buckets_to_restore"), {"names": list(names)})


def forget_files(
    db: Database,
    file_ids: Sequence[int],
    names: Sequence[str],
    versions: Sequence[int],
    run_id: str,
    at: datetime,
) -> list[int]:
    """Take the provider costs and rejects of files back; earlier versions of buckets are
    current again.

    Gives a file id for each restored cost.
    """
    db.con.execute(sql("ledger/costs_forgotten"), {"at": at, "files": list(file_ids)})
    db.con.execute(sql("ledger/buckets_restored"), {"versions": list(versions)})
    db.con.execute(sql("ledger/buckets_forgotten"), {"names": list(names)})
    db.con.execute(
        "UPDATE quarantine SET replayed_at = $at, replayed_run_id = $run "
        "WHERE replayed_at IS NULL AND list_contains(CAST($files AS BIGINT[]), file_id)",
        {"at": at, "run": run_id, "files": list(file_ids)},
    )
    return [file_id for (file_id,) in db.rows(sql("ledger/costs_restored"))]


def save_buckets(db: Database, change: BucketChange, run_id: str, at: datetime) -> None:
    """Record new versions of buckets and costs, and which earlier ones are superseded."""
    for (provider, organization_id, bucket_key), bucket in change.confirmed.items():
        db.con.execute(
            "UPDATE buckets SET fetched_at = $fetched_at WHERE is_current AND provider = $provider "
            "AND organization_id = $organization AND bucket_key = $key",
            {
                "fetched_at": bucket.fetched_at,
                "provider": provider,
                "organization": organization_id,
                "key": bucket_key,
            },
        )
    for provider, organization_id, bucket_key in change.superseded:
        db.con.execute(
            "UPDATE buckets SET is_current = false WHERE provider = $provider "
            "AND organization_id = $organization AND bucket_key = $key",
            {"provider": provider, "organization": organization_id, "key": bucket_key},
        )
    cost_store.save_costs(db, change.costs, change.superseded_costs, at)
    db.insert(
        "buckets",
        (*_BUCKET_COLUMNS, "bucket_key", "source", "content_hash", "is_current", "run_id"),
        [
            (
                *(getattr(v.bucket, name) for name in _BUCKET_COLUMNS),
                v.bucket.bucket_key,
                v.source,
                v.content_hash,
                v.is_current,
                run_id,
            )
            for v in change.new
        ],
    )
