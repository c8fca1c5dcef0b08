"""Rows that a source module refuses: where they stand, which rule they break, their raw text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

_REJECTS_A_FILE = 20_000

REJECT_SCHEMA: dict[str, pl.DataType] = {
    "input_line": pl.Int64(),
    "rule": pl.String(),
    "detail": pl.String(),
    "raw": pl.String(),
    "tokens_held_back": pl.Int64(),  # input and output tokens that the row names; 0: none readable
}


class Reject(NamedTuple):
    """One refused row."""

    input_line: int
    rule: str
    detail: str
    raw: str
    tokens_held_back: int = 0


class RowError(Exception):
    """A row breaks a rule; caught by the module that reads the row, never shown as it is."""

    def __init__(self, rule: str, detail: str) -> None:
        self.rule = rule
        self.detail = detail
        super().__init__(f"{rule}: {detail}")


def reject_frame(rejects: Sequence[Reject]) -> pl.DataFrame:
    """The refused rows as a frame of ``REJECT_SCHEMA``, in the order given."""
    return pl.DataFrame(rejects, schema=REJECT_SCHEMA, orient="row")


class RejectingFile(Protocol):
    """The input file that rejected rows stand in."""

    @property
    def file_id(self) -> int: ...  # noqa: D102  as in `input_files`
    @property
    def source(self) -> str: ...  # noqa: D102  as in `input_files`
    @property
    def input_file(self) -> str: ...  # noqa: D102  as in `input_files`


@dataclass(slots=True)
class RejectStore:
    """Rejected rows on their way to the quarantine, spilled so that memory stays bounded."""

    folder: Path
    paths: list[Path] = field(default_factory=list)
    # files of others, each with the file ids that stand in it and what these are here
    adopted: list[tuple[Path, Mapping[int, int]]] = field(default_factory=list)
    _waiting: list[pl.DataFrame] = field(default_factory=list)

    def add(self, entry: RejectingFile, rejects: pl.DataFrame) -> None:
        """Take rejects (REJECT_SCHEMA) of one file."""
        if not rejects.height:
            return
        self._waiting.append(
            rejects.select(
                pl.lit(entry.file_id, dtype=pl.Int64).alias("file_id"),
                pl.lit(entry.source).alias("source"),
                pl.lit(entry.input_file).alias("input_file"),
                *(pl.col(c).cast(t) for c, t in REJECT_SCHEMA.items()),
            )
        )
        if sum(f.height for f in self._waiting) >= _REJECTS_A_FILE:
            self.flush()

    def adopt(self, paths: Iterable[Path], ids: Mapping[int, int]) -> None:
        """Take files of rejects that another store has written, and how its file ids are named.

        Rejects of files that have no id here count for nothing.
        """
        if ids:
            self.adopted += [(path, ids) for path in paths]

    @property
    def has_any(self) -> bool:
        """Whether there are files of rejects."""
        return bool(self.paths or self.adopted)

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"rejects-{len(self.paths)}.parquet"
            pl.concat(self._waiting).write_parquet(path, compression="lz4")
            self.paths.append(path)
            self._waiting = []
