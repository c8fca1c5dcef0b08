"""Writes the published `usage` and `charges` as tables of a lake: only the days that changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from pipeline.errors import ConfigError
from pipeline.published.dictionary import dictionary
from pipeline.published.lake.model import Changes, Exported, LakeTable
from pipeline.published.lake.snapshot_days import marks_of, rows_of, schema_of
from pipeline.published.reader import needs_this_version, open_published

Format = Literal["delta", "iceberg"]
FORMATS: tuple[Format, ...] = ("delta", "iceberg")
VIEWS = ("usage", "charges")


def export_lake(published: Path, to: str, form: Format) -> list[Exported]:
    """Write the snapshot that `published` leads to into a folder, or for Delta an address.

    Each table changes in one commit. Fails: ConfigError where the extra is missing, for a place
    that cannot take the tables; RunFailedError where a table cannot be written, which is then as
    it was.
    """
    target = _target(to, form, published)
    tables = {view: lake_table(target, view, form) for view in VIEWS}
    with open_published(published) as con, needs_this_version(published):
        return [export_view(con, view, table) for view, table in tables.items()]


def export_view(con: duckdb.DuckDBPyConnection, view: str, table: LakeTable) -> Exported:
    """Bring a table to what a view holds, in one commit; nothing is written where it holds that."""
    before, now = table.marks(), marks_of(con, view)
    changed = {day: mark for day, mark in now.items() if before.get(day) != mark}
    removed = before.keys() - now.keys()
    schema = schema_of(con, view)
    written = 0

    def months() -> Iterator[pa.Table]:
        nonlocal written
        for rows in rows_of(con, view, schema, changed):
            written += rows.num_rows
            yield rows

    if changed or removed or not before:
        table.replace(Changes(schema, changed, removed, months(), _run_id(con)))
    kept = len(now) - len(changed)
    return Exported(view, table.address, len(changed), len(removed), kept, written)


def lake_table(target: str, view: str, form: Format) -> LakeTable:
    """A table for a view. Fails: ConfigError where the extra is missing."""
    comment = dictionary()[view][""][1]
    try:
        if form == "delta":
            from pipeline.published.lake.delta import DeltaLakeTable

            return DeltaLakeTable(target, view, comment)
        from pipeline.published.lake.iceberg import IcebergTable

        return IcebergTable(Path(target), view, comment)
    except ImportError as error:
        raise ConfigError(
            f"{form} tables need the package {error.name or form}, which is not installed",
            key="--format",
            hint="Install it with: pip install 'tollbook[lake]'.",
        ) from None


def _run_id(con: duckdb.DuckDBPyConnection) -> str:
    """The run that made the open snapshot, which its folder is named by."""
    paths = con.execute("SELECT path FROM duckdb_databases() WHERE database_name = 'tollbook'")
    [(path,)] = paths.fetchall()
    return Path(path).parent.name


def _target(to: str, form: Format, published: Path) -> str:
    if "://" in to:
        if form == "iceberg":
            raise ConfigError(
                "Iceberg tables and their catalogue are written to a folder",
                file=to,
                hint="Export to a folder, or as Delta.",
            )
        return to
    target = Path(to).resolve()
    if target.is_relative_to(published.parent.resolve()):
        raise ConfigError("lies in tollbook's own storage", file=to, hint="Choose another folder.")
    if target.exists() and not target.is_dir():
        raise ConfigError("is not a folder", file=to, hint="Choose another place.")
    return str(target)
