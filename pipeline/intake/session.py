"""What a run has taken in so far, none of it live: entries of files, rejects, and counted lines."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl
import xxhash

from pipeline.config.model import Source
from pipeline.errors import SourceError
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_files import InputFile, InputFiles
from pipeline.intake.source import REJECT_SCHEMA, Context
from pipeline.ledger.files import LedgerWriter
from pipeline.ledger.settle_buckets import BucketSettlement

_REJECTS_A_FILE = 20_000


@dataclass(slots=True)
class RejectStore:
    """Rejected rows on their way to the quarantine, spilled so that memory stays bounded."""

    folder: Path
    paths: list[Path] = field(default_factory=list)
    _waiting: list[pl.DataFrame] = field(default_factory=list)

    def add(self, entry: InputFile, rejects: pl.DataFrame) -> None:
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

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"rejects-{len(self.paths)}.parquet"
            pl.concat(self._waiting).write_parquet(path, compression="lz4")
            self.paths.append(path)
            self._waiting = []


@dataclass(slots=True)
class IntakeSession:
    """What this run has read so far, none of it live."""

    con: duckdb.DuckDBPyConnection
    registry: InputFiles
    writer: LedgerWriter
    rejects: RejectStore
    temporary: Path
    organization_id: str
    zone: ZoneInfo
    run_id: str
    recorded_at: datetime
    stop: threading.Event
    settlement: BucketSettlement
    superseded: LedgerWriter  # of rows of bucket versions that never are current
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    touched: list[InputFile] = field(default_factory=list)
    before: dict[int, InputFile] = field(default_factory=dict)  # what was known of grown files
    abandoned: list[InputFile] = field(default_factory=list)
    healed_tails: list[tuple[int, int]] = field(default_factory=list)  # file_id, line

    def abandon(self, entry: InputFile, before: InputFile) -> None:
        """Take back what this run has read of a file; it will be tried again."""
        entry.restore(before)
        entry.state = "unreadable"
        self.abandoned.append(entry)

    def context(self, source: Source, file: RawFile) -> Context:
        """The surroundings of one file."""
        return Context(
            organization_id=self.organization_id,
            source=source.name,
            provider=source.provider,
            basis=source.basis,
            zone=self.zone,
            recorded_at=self.recorded_at,
            now=self.recorded_at,
            input_file=file.name,
        )

    def entry(self, source: Source, file: RawFile, **facts: object) -> InputFile:
        """A fresh entry of the registry for a file of this run."""
        base: dict[str, object] = {
            "file_id": 0,
            "input_file": file.name,
            "source": source.name,
            "kind": source.kind,
            "basis": source.basis,
            "state": "read",
            "landed_path": file.landed_path,
            "size_bytes": file.size_bytes,
            "modified_ns": file.modified_ns,
            "sample_hash": file.sample_hash,
            "content_hash": "",
            "ingested_at": self.recorded_at,
            "run_id": self.run_id,
            "first_record_at": None,
            "last_record_at": None,
            "is_tail_rejected": False,
            "message": None,
        }
        counts = (
            "read_bytes lines_read rows_read accepted duplicate superseded quarantined "
            "not_usage waiting_bytes"
        )
        base |= dict.fromkeys(counts.split(), 0)
        return InputFile(**(base | facts))  # type: ignore[arg-type]  # the names are checked above


class HeadOccurrences(Counter[str]):
    """How often each raw line stands in the part of a grown file that was read before."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__()
        self._path, self._size = path, size
        self._sorted: np.ndarray | None = None

    def __missing__(self, key: str) -> int:
        if self._sorted is None:
            self._sorted = self._scan()
        wanted = np.uint64(int(key[:16], 16))
        low = int(np.searchsorted(self._sorted, wanted, side="left"))
        return int(np.searchsorted(self._sorted, wanted, side="right")) - low

    def _scan(self) -> np.ndarray:
        done, hashes = 0, []
        with self._path.open("rb") as file:
            for line in file:
                done += len(line)
                if done > self._size:
                    break
                hashes.append(xxhash.xxh3_128_intdigest(line.rstrip(b"\r\n")) >> 64)
        return np.sort(np.array(hashes, dtype=np.uint64))
