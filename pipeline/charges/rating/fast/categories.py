"""Frames of usage and charges whose texts are numbers of categories, one set for each column."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.schemas import CHARGE_SCHEMA, USAGE_SCHEMA


def coded(schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """A schema with categories for its texts: the same for a column of the same name."""
    return {
        name: pl.Categorical(pl.Categories(f"tollbook.{name}")) if dtype == pl.String else dtype
        for name, dtype in schema.items()
    }


# Columns of usage and charges that have one name have one type.
CODED: dict[str, pl.DataType] = coded({**USAGE_SCHEMA, **CHARGE_SCHEMA})


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with texts again, for what is asked of a few rows."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
