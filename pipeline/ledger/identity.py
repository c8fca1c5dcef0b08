"""The stored hash of a record's identity: a fixed algorithm, the same on every machine.

It narrows the search for duplicates; the full identity is compared before a row is excluded.
"""

from __future__ import annotations

import polars as pl
import polars_hash as plh

SEPARATOR = "\x1f"


def identity_hash(
    organization: str | pl.Expr = "organization_id", record: str = "record_id"
) -> pl.Expr:
    """XXH3-64 (seed 0) of the UTF-8 bytes of organization, unit separator, record id.

    Takes: the names of two text columns, or an expression for the organization.
    Gives: UInt64, NULL where either is NULL.
    """
    named = pl.col(organization) if isinstance(organization, str) else organization
    joined = plh.concat_str(
        named.cast(pl.String), pl.col(record).cast(pl.String), separator=SEPARATOR
    )
    hashed: pl.Expr = joined.nchash.xxh3_64()
    return hashed
