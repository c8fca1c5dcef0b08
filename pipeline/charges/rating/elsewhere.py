"""Sums usage by the portable statements, on an engine that answers them elsewhere.

What crosses is sums: no price and no cost is computed there, and no ledger file is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from pipeline.charges.model import USAGE_COLUMNS
from pipeline.charges.rating.context_class import (
    FIRST_INSTANT,
    LAST_INSTANT,
    thresholds_of,
)
from pipeline.charges.rating.usage_of_days import Summed, UsageOfDays
from pipeline.ledger.files import rows_of
from pipeline.meters import INPUT_METERS, METER_NAMES, METERS
from pipeline.resources import render_sql
from pipeline.storage.engines.engine import Engine
from pipeline.storage.engines.question import FileRows, Question

_SQL_TYPES = {m.name: "DECIMAL(22, 6)" if m.is_fraction else "BIGINT" for m in METERS}
_USAGE = (
    "SELECT {columns} FROM ledger_rows AS r "
    "ANTI JOIN excluded_rows AS e ON e.ledger_id = r.ledger_id AND e.row_number = r.row_number "
    "WHERE r.usage_date IN (SELECT usage_date FROM rated_days)"
)
_MODELS = "SELECT DISTINCT provider, model FROM usage_rows WHERE model IS NOT NULL"

Tables = Mapping[str, pl.DataFrame | FileRows]


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks an engine about the usage of some days."""

    con: duckdb.DuckDBPyConnection
    engine: Engine
    tables: Tables
    columns: tuple[str, ...]

    def ask(self, statement: str, more: Tables) -> pl.DataFrame:
        """The whole answer."""
        usage = _USAGE.format(columns=", ".join(f"r.{c}" for c in self.columns))
        question = Question(statement, {**self.tables, **more}, {"usage_rows": usage})
        return pl.concat(list(self.engine.ask(self.con, question)))


def sum_elsewhere(
    con: duckdb.DuckDBPyConnection, engine: Engine, usage: UsageOfDays
) -> Summed | None:
    """The quantities of some days, and those whose class is not known; None without ledger files.

    Fails: RunStoppedError, RunFailedError.
    """
    if not usage.files:
        return None
    left_out = {*METER_NAMES} - {*usage.meters}
    columns = tuple(c for c in USAGE_COLUMNS if c not in left_out)
    days = pl.DataFrame({"usage_date": [d.usage_date for d in usage.days]})
    asking = _Asking(
        con,
        engine,
        {
            "ledger_rows": rows_of(usage.files, columns),
            "excluded_rows": usage.excluded.select("ledger_id", "row_number"),
            "rated_days": days.cast(pl.Date),
        },
        columns,
    )
    facts = statement_facts(usage)
    more: dict[str, pl.DataFrame] = {}
    if usage.cuts:
        more["price_segments"] = segments_of(usage)
    lowest = usage.book.lowest_threshold
    if lowest is not None and usage.most_input_tokens > lowest:
        models = asking.ask(_MODELS, {}).rows()
        more["long_thresholds"] = thresholds_of(usage.book, sorted(models))
    has_thresholds = "long_thresholds" in more
    statement = render_sql("charges/rating/quantities", has_thresholds=has_thresholds, **facts)
    quantities = asking.ask(statement, more)
    doubtful = pl.DataFrame()
    if has_thresholds:
        statement = render_sql("charges/rating/doubtful_quantities", **facts)
        doubtful = asking.ask(statement, more)
    return Summed(quantities, doubtful)


def statement_facts(usage: UsageOfDays) -> dict[str, object]:
    """What the statements that sum usage are filled in with."""
    return {
        "meters": usage.meters,
        "types": _SQL_TYPES,
        "input_meters": [m for m in usage.meters if m in INPUT_METERS],
        "has_segments": bool(usage.cuts),
    }


def segments_of(usage: UsageOfDays) -> pl.DataFrame:
    """The segments between the instants at which a price changes."""
    edges = [FIRST_INSTANT, *usage.cuts, LAST_INSTANT]
    return pl.DataFrame(
        {"starts_at": edges[:-1], "ends_at": edges[1:]},
        schema={"starts_at": pl.Datetime("us"), "ends_at": pl.Datetime("us")},
    )
