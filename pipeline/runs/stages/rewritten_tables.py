"""Rows that vanished from a rewritten table of a source with `replace = true`: superseded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from pipeline.config.model import Source
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.kinds import Kinds
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import Exclusion, LedgerFile, ledger_relation, view_rows
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.storage.database import Database

_COLUMNS = "identity_hash, source, input_file, basis, usage_date"


def supersede_vanished(run: RunContext, change: ChangeSet) -> None:
    """Exclude the rows of earlier versions that are not in the version that this run has read.

    A row that another file has too goes on counting. What an earlier version had is forgotten: a
    row or a value that comes back is new. Comes before duplicates are dropped from the new ledger
    files.
    """
    rewritten = _rewritten(
        run.files, _tables(run.config.sources, run.kinds, replaces=True), run.run_id
    )
    if not rewritten:
        return
    known = [f for f in ledger_store.ledger_files(run.db, run.storage) if not f.is_bucket]
    if not known:
        return
    from pipeline.ledger.repeats.duplicates import FateMove

    ledger = {f.ledger_id: f for f in known}
    for entry in rewritten:
        kept = set()
        if change.rows.new_files:
            rows = run.con.execute(
                f"SELECT DISTINCT identity_hash FROM {ledger_relation(change.rows.new_files)} "
                "WHERE source = $source AND input_file = $file",
                {"source": entry.source, "file": entry.input_file},
            ).fetchall()
            kept = {identity for (identity,) in rows}
        moves: Counter[FateMove] = Counter()
        view_rows(run.con, "known_rows", known, _COLUMNS)
        run.con.register("excluded_rows", ledger_store.excluded_rows(run.db))
        wanted = {"source": [entry.source], "input_file": [entry.input_file]}
        run.con.register("forgotten_files", pl.DataFrame(wanted))
        found = run.con.sql(sql("ledger/rows_of_files")).pl()
        kept |= _elsewhere(run.db, run.files.versions, entry, found["identity_hash"])
        copied = _copied_versions(run.files.versions, entry)
        for row in found.iter_rows(named=True):
            place = (row["ledger_id"], row["row_number"])
            file = ledger[row["ledger_id"]]
            if not row["is_live"]:
                if row["reason"] == "superseded":
                    change.rows.vanished_versions.append(place)
                continue
            if (
                row["identity_hash"] in kept
                or _version_of(run.files.versions, entry, file) in copied
            ):
                continue
            change.rows.exclusions.append(Exclusion(*place, "vanished", entry.input_file, None))
            moves[
                FateMove(entry.source, entry.input_file, file.run_id, file.file_id, "superseded")
            ] += 1
            if row["basis"] == "charge":
                change.days.reasons[row["usage_date"]] = "restatement"
        run.files.move_rows(moves, change.files.before)
        if moves:
            change.notes.append(
                f"{entry.input_file}: {moves.total()} rows vanished from it and count no longer "
                "(replace = true)"
            )


def _elsewhere(
    db: Database, versions: Sequence[InputFile], entry: InputFile, identities: pl.Series
) -> set[int]:
    """Which of these identity hashes another file had as well; its rows were dropped."""
    others = [
        v.file_id for v in versions if v.state != "forgotten" and v.input_file != entry.input_file
    ]
    dropped = ledger_store.dropped_of(db, identities.unique())
    return set(dropped.filter(pl.col("file_id").is_in(others))["identity_hash"])


def _copied_versions(versions: Sequence[InputFile], entry: InputFile) -> set[int | None]:
    """The versions of a file that another file is a copy of, which still counts."""
    return {
        v.copy_of
        for v in versions
        if v.copy_of is not None
        and v.state not in {"forgotten", "replaced"}
        and v.input_file != entry.input_file
    }


def _version_of(versions: Sequence[InputFile], entry: InputFile, file: LedgerFile) -> int | None:
    """The version of an input file whose rows a ledger file has."""
    if file.file_id is not None:
        return file.file_id
    read = [
        v.file_id
        for v in versions
        if (v.source, v.input_file) == (entry.source, entry.input_file) and v.run_id <= file.run_id
    ]
    return max(read, default=None)


def notes_of_kept(run: RunContext) -> list[str]:
    """Notes of rewritten tables whose vanished rows go on counting."""
    notes = []
    for entry in _rewritten(
        run.files, _tables(run.config.sources, run.kinds, replaces=False), run.run_id
    ):
        earlier = [
            v
            for v in run.files.versions
            if (v.source, v.input_file) == (entry.source, entry.input_file) and v is not entry
        ]
        if sum(v.accepted for v in earlier) > entry.duplicate:
            notes.append(
                f"{entry.input_file}: was rewritten; rows that vanished from it go on counting, "
                "unless its source has replace = true"
            )
    return notes


def _tables(sources: Sequence[Source], kinds: Kinds, *, replaces: bool) -> set[str]:
    return {s.name for s in sources if s.replace is replaces and kinds[s.kind].is_table}


def _rewritten(files: InputFiles, sources: set[str], run_id: str) -> list[InputFile]:
    before = {
        (v.source, v.input_file)
        for v in files.versions
        if v.run_id != run_id and v.state != "forgotten"
    }
    return [
        entry
        for key, entry in files.entries.items()
        if entry.run_id == run_id
        and entry.source in sources
        and key in before
        and entry.state == "read"
        and entry.copy_of is None
    ]
