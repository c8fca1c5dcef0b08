"""A table of the open format Apache Iceberg, in a catalogue of its own: one SQLite file.

The marks of the days are a property of the table, which is committed with the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.expressions import In
from sqlalchemy.exc import SQLAlchemyError

from pipeline.dates import first_of
from pipeline.errors import ConfigError, RunFailedError
from pipeline.published.lake.model import DAY, Changes

NAMESPACE = "tollbook"
CATALOGUE = "catalog.db"
_DAYS = "tollbook.days"


class IcebergTable:
    """An Iceberg table with the rows of a published view."""

    def __init__(self, folder: Path, view: str, comment: str) -> None:
        self.address = str(folder / NAMESPACE / view)
        self._folder = folder
        self._identifier = (NAMESPACE, view)
        self._comment = comment

    def marks(self) -> dict[date, int]:
        """See `LakeTable`."""
        if not (self._folder / CATALOGUE).exists():
            return {}
        with _as_our_errors(self.address), _catalogue(self._folder) as catalogue:
            try:
                properties = catalogue.load_table(self._identifier).properties
            except NoSuchTableError:
                return {}
        if _DAYS not in properties:
            raise ConfigError(
                "is a table that tollbook has not written",
                file=self.address,
                hint="Choose another folder.",
            )
        return {date.fromisoformat(d): mark for d, mark in json.loads(properties[_DAYS]).items()}

    def replace(self, changes: Changes) -> None:
        """See `LakeTable`. Each month is a snapshot of its own, all in one commit."""
        before = self.marks()
        after = {d: mark for d, mark in before.items() if d not in changes.removed}
        after |= changes.marks
        properties = {
            "comment": self._comment,
            "tollbook.run": changes.run_id,
            _DAYS: json.dumps({str(day): mark for day, mark in sorted(after.items())}),
        }
        with _as_our_errors(self.address):
            self._folder.mkdir(parents=True, exist_ok=True)
            with _catalogue(self._folder) as catalogue:
                catalogue.create_namespace_if_not_exists(NAMESPACE)
                with self._transaction(catalogue, changes) as transaction:
                    for month in _months([day for day in changes.days if day in before]):
                        transaction.delete(In(DAY, month))
                    for rows in changes.months:
                        transaction.append(rows)
                    transaction.set_properties(properties)

    @contextmanager
    def _transaction(self, catalogue: Any, changes: Changes) -> Iterator[Any]:
        if not catalogue.table_exists(self._identifier):
            created = catalogue.create_table_transaction(self._identifier, changes.schema)
            with created as transaction:
                with transaction.update_spec() as spec:
                    spec.add_identity(DAY)
                yield transaction
            return
        table = catalogue.load_table(self._identifier)
        with table.transaction() as transaction:
            if list(table.schema().column_names) != changes.schema.names:
                with transaction.update_schema() as schema:
                    schema.union_by_name(changes.schema)
            yield transaction


def _months(days: list[date]) -> list[list[date]]:
    """The days by month: pyiceberg deletes whole files for at most 200 days at a time."""
    return [list(theirs) for _, theirs in groupby(days, first_of)]


@contextmanager
def _catalogue(folder: Path) -> Iterator[Any]:
    catalogue = SqlCatalog(
        NAMESPACE, uri=f"sqlite:///{folder / CATALOGUE}", warehouse=folder.as_uri()
    )
    try:
        yield catalogue
    finally:
        catalogue.close()


@contextmanager
def _as_our_errors(address: str) -> Iterator[None]:
    try:
        yield
    except CommitFailedException:
        raise RunFailedError(
            "was changed by something else meanwhile, and stays as that left it",
            file=address,
            hint="Export again.",
        ) from None
    except (OSError, SQLAlchemyError) as error:
        raise RunFailedError(
            f"cannot be written: {str(error).splitlines()[0]}",
            file=address,
            hint="Look at the disk it is on.",
        ) from None
