"""Texts of few values as numbers of categories, one set for each column of usage and charges.

They are summed, written and joined by their numbers; files of them are read as text by name.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.schemas import CHARGE_SCHEMA, USAGE_SCHEMA

_OWN_TEXT = "record_id"  # each is another


def coded(schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """A schema with categories for its texts: the same for a column of the same name."""
    return {
        name: pl.Categorical(pl.Categories(f"tollbook.{name}"))
        if dtype == pl.String and name != _OWN_TEXT
        else dtype
        for name, dtype in schema.items()
    }


# Columns of usage and charges that have one name have one type.
CODED: dict[str, pl.DataType] = coded({**USAGE_SCHEMA, **CHARGE_SCHEMA})


def as_categories(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with categories for its texts; what is an Enum already stays one."""
    texts = [c for c, dtype in frame.schema.items() if dtype == pl.String and c in CODED]
    return frame.with_columns(pl.col(c).cast(CODED[c]) for c in texts)


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with texts again, for what is asked of a few rows."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
