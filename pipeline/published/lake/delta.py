"""A table of the open format Delta Lake, on a disk or an object store.

The mark of each day is the version of an application transaction of Delta's log, which is committed
with the rows and outlives checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.errors import ConfigError, RunFailedError
from pipeline.published.lake.model import DAY, Changes

_APPLICATION = "tollbook"


class DeltaLakeTable:
    """A Delta table with the rows of a published view."""

    def __init__(self, folder: str, view: str, comment: str) -> None:
        self.address = f"{folder.rstrip('/')}/{view}"
        self._name = f"{_APPLICATION}.{view}"
        self._comment = comment
        self._table: Any = None

    def marks(self) -> dict[date, int]:
        """See `LakeTable`."""
        with _as_our_errors(self.address):
            if not DeltaTable.is_deltatable(self.address):
                return {}
            self._table = DeltaTable(self.address)
            if self._table.metadata().name != self._name:
                raise ConfigError(
                    "is a table that tollbook has not written",
                    file=self.address,
                    hint="Choose another folder.",
                )
            days = (date.fromisoformat(part[DAY]) for part in self._table.partitions())
            return {day: self._table.transaction_version(_mark_name(day)) or 0 for day in days}

    def replace(self, changes: Changes) -> None:
        """See `LakeTable`."""
        reader = pa.RecordBatchReader.from_batches(changes.schema, _batches(changes.months))
        marks = dict.fromkeys(changes.removed, 0) | dict(changes.marks)
        commit = CommitProperties(
            custom_metadata={"tollbook_run": changes.run_id},
            app_transactions=[Transaction(_mark_name(day), marks[day]) for day in changes.days],
        )
        with _as_our_errors(self.address):
            if self._table is None:
                write_deltalake(
                    self.address,
                    reader,
                    mode="error",
                    partition_by=[DAY],
                    name=self._name,
                    description=self._comment,
                    commit_properties=commit,
                )
                return
            days = ", ".join(f"CAST('{day}' AS DATE)" for day in changes.days)
            known = [field.name for field in self._table.schema().fields]
            write_deltalake(
                self._table,
                reader,
                mode="overwrite",
                predicate=f"{DAY} IN ({days})",
                schema_mode=None if known == changes.schema.names else "merge",
                commit_properties=commit,
            )


def _batches(months: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    for table in months:
        yield from table.to_batches()


def _mark_name(day: date) -> str:
    return f"{_APPLICATION}:{day}"


@contextmanager
def _as_our_errors(address: str) -> Iterator[None]:
    try:
        yield
    except CommitFailedError:
        raise RunFailedError(
            "was changed by something else meanwhile, and stays as that left it",
            file=address,
            hint="Export again.",
        ) from None
    except (DeltaError, OSError) as error:
        # the text of a store's error may carry a signed address or a key
        what = type(error).__name__ if "://" in address else str(error).splitlines()[0]
        raise RunFailedError(
            f"cannot be written: {what}",
            file=address,
            hint="Look at the disk, or the address and the credentials in the environment.",
        ) from None
