"""Versions of provider buckets, and provider costs, in the books: stored, replaced, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from pipeline.providers.read_pages import BucketChange
from pipeline.resources import sql
from pipeline.storage.database import Database


def buckets_to_restore(db: Database, names: Sequence[str]) -> pl.DataFrame:
    """The versions of buckets that hold again without the files of these names."""
    return db.frame(sql("ledger/buckets_to_restore"), {"names": list(names)})


def forget_files(
    db: Database,
    file_ids: Sequence[int],
    names: Sequence[str],
    versions: Sequence[int],
    run_id: str,
    at: datetime,
) -> list[int]:
    """Take the provider costs and rejects of files back; versions of buckets hold again.

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
    """Record new versions of buckets, and which ones no longer hold."""
    for organization_id, key in change.replaced:
        db.con.execute(
            "UPDATE buckets SET is_current = false "
            "WHERE organization_id = $org AND bucket_key = $key",
            {"org": organization_id, "key": key},
        )
    for key in change.replaced_costs:
        # by the day alone: rows name the provider's organization, the bucket the configured one
        db.con.execute(
            "UPDATE provider_costs SET replaced_at = $at "
            "WHERE bucket_key = $key AND replaced_at IS NULL",
            {"at": at, "key": key},
        )
    for frame in change.costs:
        db.insert_frame("provider_costs", frame)
    db.insert(
        "buckets",
        (
            "organization_id",
            "bucket_key",
            "endpoint",
            "started_at",
            "width",
            "fetched_at",
            "content_hash",
            "rows",
            "source",
            "input_file",
            "input_line",
            "is_current",
            "run_id",
            "late_seconds",
        ),
        [
            (
                v.bucket.organization_id,
                v.bucket.bucket_key,
                v.bucket.endpoint,
                v.bucket.started_at,
                v.bucket.width,
                v.bucket.fetched_at,
                v.content_hash,
                v.bucket.rows,
                v.source,
                v.bucket.input_file,
                v.bucket.input_line,
                v.is_current,
                run_id,
                v.bucket.late_seconds,
            )
            for v in change.new
        ],
    )


def replaced_costs(db: Database, change: BucketChange) -> dict[int, int]:
    """How many current provider costs of which file a change replaces."""
    if not change.replaced_costs:
        return {}
    keys = pl.DataFrame({"bucket_key": sorted(set(change.replaced_costs))})
    db.con.register("replaced_cost_keys", keys)
    found = db.rows(
        "SELECT c.file_id, count(*) FROM provider_costs AS c "
        "INNER JOIN replaced_cost_keys AS k USING (bucket_key) "
        "WHERE c.replaced_at IS NULL GROUP BY c.file_id"
    )
    db.con.unregister("replaced_cost_keys")
    return dict(found)
