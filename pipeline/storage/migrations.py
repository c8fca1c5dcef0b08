"""Brings the tables of `warehouse.duckdb` to this version: `queries/schema/`, each file once.

A file that was applied anywhere never changes; a change is a new file with the next number.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipeline import __version__, resources
from pipeline.errors import RunFailedError

# What an applied migration was called before each had a number of its own: name now, then.
RENUMBERED = {
    "021_model_permissions": "020_model_permissions",
    "022_messages": "021_messages",
    "023_organization_users": "021_organization_users",
    "024_deliveries": "022_deliveries",
    "025_project_history": "022_project_history",
    "026_budget_status": "023_budget_status",
    "027_day_prices_without_model": "024_day_prices_without_model",
    "028_projects_become_history": "025_projects_become_history",
    "029_projects_table_goes": "026_projects_table_goes",
    "030_projects": "027_projects",
    "031_beginnings_of_api_keys": "028_beginnings_of_api_keys",
    "032_ends_of_api_keys": "028_ends_of_api_keys",
    "033_roles_of_service_accounts": "028_roles_of_service_accounts",
    "034_source_of_api_keys": "028_source_of_api_keys",
    "035_source_of_model_permissions": "028_source_of_model_permissions",
    "036_source_of_organization_users": "028_source_of_organization_users",
    "037_source_of_project_members": "028_source_of_project_members",
    "038_source_of_rate_limits": "028_source_of_rate_limits",
    "039_source_of_service_accounts": "028_source_of_service_accounts",
    "040_cost_centers": "029_cost_centers",
    "041_invites": "029_invites",
    "042_spend_limits": "029_spend_limits",
    "043_reconciliation": "030_reconciliation",
    "044_reconciled_days": "031_reconciled_days",
    "045_minute_days": "035_minute_days",
    "046_minute_coverage": "036_minute_coverage",
    "047_minute_peaks": "037_minute_peaks",
    "048_peak_days": "038_peak_days",
    "049_billed_days": "040_billed_days",
    "050_logged_operations": "041_logged_operations",
    "051_budget_period_calendar": "042_budget_period_calendar",
}
NEWER_HINT = "Install that version again; this one must not write to them."


def migrate(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Apply what the database does not have yet, each statement in a transaction of its own.

    Takes `path` for messages. Fails: RunFailedError where a newer version has written it; nothing
    is changed then.
    """
    con.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY)")
    applied = _applied(con)
    newer = sorted(applied - set(resources.sql_names("schema")))
    if newer:
        raise newer_version(newer, path)
    for name in resources.sql_names("schema"):
        if name not in applied:
            con.execute("BEGIN")
            con.execute(resources.sql(name))
            con.execute("INSERT INTO migrations VALUES ($1)", [name])
            con.execute("COMMIT")


def newer_migrations(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of applied migrations that this version does not know: a newer one applied them."""
    return sorted(_applied(con) - set(resources.sql_names("schema")))


def newer_version(migrations: list[str], path: Path) -> RunFailedError:
    """The error of a database that a newer version has written."""
    return RunFailedError(
        f"the storage was {written_by_newer(migrations)}", file=path, hint=NEWER_HINT
    )


def written_by_newer(migrations: list[str]) -> str:
    """What is wrong with a database that has these unknown migrations."""
    return f"written by a newer tollbook ({migrations[-1]})"


def record_version(con: duckdb.DuckDBPyConnection) -> None:
    """Note which version writes, in the caller's transaction."""
    known = con.execute("SELECT value FROM settings WHERE name = 'written_by'").fetchall()
    if known != [(__version__,)]:
        con.execute("INSERT OR REPLACE INTO settings VALUES ('written_by', $1)", [__version__])


def _applied(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the applied migrations, as they are called now."""
    now = {f"schema/{then}": f"schema/{name}" for name, then in RENUMBERED.items()}
    rows = con.execute("SELECT name FROM migrations").fetchall()
    return {now.get(name, name) for (name,) in rows}
