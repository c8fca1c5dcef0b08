"""Brings the tables of `warehouse.duckdb` to this version: `queries/schema/`, each file once."""

from __future__ import annotations

import duckdb

from pipeline import resources


def migrate(con: duckdb.DuckDBPyConnection) -> None:
    """Apply what the database does not have yet, each statement in a transaction of its own."""
    con.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY)")
    done = {name for (name,) in con.execute("SELECT name FROM migrations").fetchall()}
    for name in resources.sql_names("schema"):
        if name not in done:
            con.execute("BEGIN")
            con.execute(resources.sql(name))
            con.execute("INSERT INTO migrations VALUES ($1)", [name])
            con.execute("COMMIT")


def newer_migrations(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of applied migrations that this version does not know: a newer one applied them."""
    known = set(resources.sql_names("schema"))
    rows = con.execute("SELECT name FROM migrations ORDER BY name").fetchall()
    return [name for (name,) in rows if name not in known]
