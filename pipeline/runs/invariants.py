"""The invariants of `queries/checks/`: each gives the rows that break it, and a run fails for one.

`check_books` reads the books inside the run's transaction; `check_days` reads files before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import duckdb

from pipeline import resources
from pipeline.charges.model import PostingFile, RatingResult, charge_relation
from pipeline.errors import CheckFailedError
from pipeline.storage.database import Database

_OF_DAYS = "checks/charges_are_their_postings"


def check_books(db: Database) -> None:
    """Fails: CheckFailedError naming the check and the first row that breaks it."""
    for name in resources.sql_names("checks"):
        if name != _OF_DAYS:
            _check(db.con, name)


def check_days(
    con: duckdb.DuckDBPyConnection, rated: RatingResult, postings: Sequence[PostingFile]
) -> None:
    """The charges of every day that this run wrote are the sum of all its postings."""
    listed = [p for p in postings if p.usage_date in rated.days]
    times = Counter(p.usage_date for p in listed)
    # a day's first postings are its charges, one file under two names: nothing to compare
    days = {
        d: s
        for d, s in rated.days.items()
        if times[d] != 1 or not rated.is_first_posting(d, s.charge_path)
    }
    files = [p for p in listed if p.usage_date in days]
    if not files:
        return
    for view, paths in (
        ("day_charges", [s.charge_path for s in days.values()]),
        ("day_postings", [p.path for p in files]),
    ):
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT usage_date, quantity, list_cost_usd, "
            f"cost_usd FROM {charge_relation(paths)}"
        )
    _check(con, _OF_DAYS)


def _check(con: duckdb.DuckDBPyConnection, name: str) -> None:
    relation = con.sql(resources.sql(name))
    broken = relation.limit(1).fetchall()
    if broken:
        facts = ", ".join(f"{c}={v}" for c, v in zip(relation.columns, broken[0], strict=True))
        raise CheckFailedError(
            f"the check {name.removeprefix('checks/')!r} does not hold: {facts}",
            hint="Nothing was committed. Please report this, with the output of the run.",
        )
