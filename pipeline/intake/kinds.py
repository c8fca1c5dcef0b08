"""The table of kinds of source: how each is detected and read, and those of no provider.

A provider brings kinds of its own; they meet these in `runs/kinds.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.config.model import Source
from pipeline.config.source_section import SourceKind
from pipeline.intake.read_file import read_log, read_table
from pipeline.intake.request_log import normalize as request_log
from pipeline.intake.session import IntakeSession
from pipeline.intake.stage import take_files
from pipeline.intake.tabular import read as tabular
from pipeline.storage.layout import StorageLayout

# Reads what is new of a source. Gives the files that are there, by source and name.
Take = Callable[[IntakeSession, StorageLayout, Source], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(SourceKind):
    """A kind of source: its traits, and how its files are detected and read."""

    take: Take
    detect: Callable[[bytes], bool] | None = None  # by the first bytes; None: it has no files
    is_replayed: bool = False  # whether rows are read again from the text kept in quarantine


Kinds = Mapping[str, Kind]


def _take_logs(
    intake: IntakeSession, storage: StorageLayout, source: Source
) -> list[tuple[str, str]]:
    return take_files(intake, storage.root, source, read_log, may_grow=True)


def _take_tables(
    intake: IntakeSession, storage: StorageLayout, source: Source
) -> list[tuple[str, str]]:
    return take_files(intake, storage.root, source, read_table)


REQUEST_LOG = Kind(
    name="request_log",
    holds=frozenset({"requests"}),
    detect=request_log.detect,
    take=_take_logs,
    is_replayed=True,
)
RECORDS = Kind(
    name="records",
    holds=frozenset({"requests"}),
    detect=tabular.detect,
    take=_take_tables,
)
KINDS: Kinds = {kind.name: kind for kind in (REQUEST_LOG, RECORDS)}
