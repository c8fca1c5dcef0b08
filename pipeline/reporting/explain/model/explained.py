"""What an explanation gives: of a cell, a record, a file or a line."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.reporting.explain.billed import BillLine
from pipeline.reporting.explain.model.charges import (
    Cell,
    ChargeLine,
    Posting,
    PricedSum,
    PriceUsed,
    Total,
)
from pipeline.reporting.explain.model.files import (
    FileCell,
    FileRejects,
    FileState,
    FileVersion,
    LineFate,
    LineReject,
)
from pipeline.reporting.explain.model.usage import Record, Replaced, Usage


@dataclass(frozen=True, slots=True)
class CellExplained:
    """A cell down to example records."""

    run_id: str
    cell: Cell
    total: Total
    sums: tuple[PricedSum, ...]
    prices: tuple[PriceUsed, ...]
    lines: tuple[ChargeLine, ...]  # the dearest
    postings: tuple[Posting, ...]  # the newest
    postings_in_all: int
    usage: Usage
    examples: tuple[Record, ...]
    files: tuple[FileState, ...]  # those with the most records
    files_in_all: int
    replaced: tuple[Replaced, ...]
    replaced_records: tuple[Record, ...]
    bill: tuple[BillLine, ...]  # the dearest


@dataclass(frozen=True, slots=True)
class RecordExplained:
    """A record: its versions, and the arithmetic of its share."""

    run_id: str
    record_id: str
    versions: tuple[Record, ...]
    prices: tuple[PriceUsed, ...]
    files: tuple[FileState, ...]


@dataclass(frozen=True, slots=True)
class FileExplained:
    """A file: its versions and fates, and where its rows went."""

    run_id: str
    input_file: str
    versions: tuple[FileVersion, ...]
    copies: tuple[FileVersion, ...]
    cells: tuple[FileCell, ...]
    cells_in_all: int
    rejects: tuple[FileRejects, ...]


@dataclass(frozen=True, slots=True)
class LineExplained:
    """A line of an input file: what became of it, and the records that it brought or repeats."""

    run_id: str
    input_file: str
    input_line: int
    fate: LineFate
    rejects: tuple[LineReject, ...]
    records: tuple[RecordExplained, ...]


Explained = CellExplained | RecordExplained | FileExplained | LineExplained
