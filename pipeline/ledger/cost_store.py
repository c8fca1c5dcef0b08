"""The rows of `provider_costs` in the database: stored, replaced, their line items parsed once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from pipeline.ledger.bill import ITEM_TYPE, UNKNOWN, Bills, item_values
from pipeline.resources import sql
from pipeline.storage.database import Database

# The columns of `provider_costs` that a provider's reader fills.
COSTS_SCHEMA: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "usage_date": pl.Date(),
    "organization_id": pl.String(),
    "project_id": pl.String(),
    "api_key_id": pl.String(),
    "user_id": pl.String(),
    "line_item": pl.String(),  # as sent, unknown ones too
    "item": ITEM_TYPE,  # the same, taken apart
    "amount": pl.Decimal(38, 24),
    "currency": pl.String(),  # lower case
    "quantity": pl.Decimal(38, 6),
    "quantity_unit": pl.String(),
    "fetched_at": pl.Datetime("us"),  # NULL: a page from elsewhere
    "input_file": pl.String(),
    "input_line": pl.Int64(),
    "bucket_key": pl.String(),  # costs|DATE
    "bucket_position": pl.Int64(),  # which version of the bucket: `Bucket.position` in this file
}


def save_costs(
    db: Database,
    frames: Iterable[pl.DataFrame],
    replaced: Iterable[tuple[str, str]],
    at: datetime,
) -> None:
    """Insert costs, after those of some buckets (provider, bucket key) are marked as replaced."""
    for provider, key in replaced:
        # by the day alone: rows name the provider's organization, the bucket the configured one
        db.con.execute(
            "UPDATE provider_costs SET replaced_at = $at "
            "WHERE provider = $provider AND bucket_key = $key AND replaced_at IS NULL",
            {"at": at, "provider": provider, "key": key},
        )
    for frame in frames:
        db.insert_frame("provider_costs", frame)


def count_current(db: Database, buckets: Iterable[tuple[str, str]]) -> dict[int, int]:
    """The number of current costs of some buckets (provider, bucket key), by file id."""
    keys = pl.DataFrame(
        sorted(set(buckets)), schema={"provider": pl.String, "bucket_key": pl.String}, orient="row"
    )
    if not keys.height:
        return {}
    db.con.register("replaced_cost_keys", keys)
    found = db.rows(sql("ledger/costs_of_buckets"))
    db.con.unregister("replaced_cost_keys")
    return dict(found)


def parse_stored_items(db: Database, bills: Bills) -> None:
    """Take apart the line items of costs that an earlier version stored as text only."""
    rows = db.rows(
        "SELECT DISTINCT provider, line_item, quantity_unit FROM provider_costs WHERE item IS NULL"
    )
    if not rows:
        return
    parsed = [
        (*row, item_values(bills[row[0]].parse(row[1], row[2]) if row[0] in bills else UNKNOWN))
        for row in rows
    ]
    schema = {
        "provider": pl.String(),
        "line_item": pl.String(),
        "quantity_unit": pl.String(),
        "item": ITEM_TYPE,
    }
    db.con.register("parsed_items", pl.DataFrame(parsed, schema=schema, orient="row"))
    db.con.execute(sql("ledger/costs_parsed"))
    db.con.unregister("parsed_items")
