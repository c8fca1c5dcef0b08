"""Which columns the files of a snapshot have, remembered between runs: a file is written once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipeline.errors import RunFailedError
from pipeline.storage.catalogue import is_whole, missing_or_damaged
from pipeline.storage.files import replace_text

Columns = tuple[str, ...]  # each a name and a type


class FileColumns:
    """The columns of files below a storage root, by their paths. Opens those that it does not know.

    What it knows is kept in a file, which may be removed.
    """

    def __init__(self, kept: Path, root: Path) -> None:
        """Take what an earlier run has kept."""
        self._kept, self._start = kept, f"{root.absolute()}{os.sep}"
        self._known: dict[str, Columns] = {}
        self._used: dict[str, Columns] = {}
        try:
            found = json.loads(kept.read_text(encoding="utf-8"))
            columns = [tuple(map(str, each)) for each in found["columns"]]
            self._known = {name: columns[number] for name, number in found["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            pass  # there is none yet, or it was cut short

    def of(self, path: Path | str) -> Columns:
        """The columns of a file. Fails: RunFailedError where it cannot be read."""
        name = str(path).removeprefix(self._start)
        columns = self._known.get(name)
        if columns is None:
            columns = self._known[name] = _read(path)
        self._used[name] = columns
        return columns

    def are(self, path: Path, columns: Columns) -> bool:
        """Whether a file is whole and has these columns."""
        try:
            return is_whole(path) and self.of(path) == columns
        except RunFailedError:
            return False

    def forget(self, path: Path | str) -> None:
        """Look at a file again when it is asked for: it is written anew."""
        self._known.pop(str(path).removeprefix(self._start), None)

    def keep(self) -> None:
        """Keep what is known of the files that were asked for, for the next run."""
        numbers = {columns: n for n, columns in enumerate(dict.fromkeys(self._used.values()))}
        files = {name: numbers[columns] for name, columns in self._used.items()}
        text = json.dumps({"columns": list(numbers), "files": files})
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        replace_text(self._kept, text)


def column_names(columns: Columns) -> set[str]:
    """The names alone."""
    return {column.split(" ", 1)[0] for column in columns}


def _read(path: Path | str) -> Columns:
    try:
        return columns_of(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, FileNotFoundError):
        raise missing_or_damaged(Path(path)) from None


def columns_of(schema: Mapping[str, pl.DataType]) -> Columns:
    """The columns of a file of this schema."""
    texts = (pl.Categorical, pl.Enum)  # in the file, they are texts
    return tuple(
        f"{name} {'String' if isinstance(dtype, texts) else dtype}"
        for name, dtype in schema.items()
    )
