"""Reads the quarantined rows again, from the raw text that was kept."""

from __future__ import annotations

from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.intake.quarantine_store import RejectChange
from pipeline.intake.replay import take_lines
from pipeline.intake.session import IntakeSession
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.result import Counts, RunResult
from pipeline.runs.run import rate_and_commit
from pipeline.runs.stages.read_sources import open_intake
from pipeline.runs.stages.supersede import supersede


def replay(run: RunContext, *, rule: str | None = None) -> RunResult:
    """Accept the quarantined rows that can be read now; the others stay. Each is accepted once.

    A file whose line was mended is read by `run` itself; this is for rows that a newer version of
    tollbook, or another clock, can read. Takes the rule whose rows are read; None: all.
    """
    return rate_and_commit(run, replaying(run, rule=rule))


def replaying(run: RunContext, *, rule: str | None = None) -> ChangeSet:
    """The changes of `replay`; nothing is live."""
    intake = open_intake(run)
    change = ChangeSet()
    accepted, change.rejects, change.notes = _replay_lines(run, intake, rule)
    change.rows.new_files = intake.writer.close()
    change.counts = Counts(rows_read=accepted, accepted=accepted)
    supersede(run, change)
    return change


def _replay_lines(
    run: RunContext, intake: IntakeSession, rule: str | None
) -> tuple[int, RejectChange, list[str]]:
    """Read the rejected lines; gives how many records they made, the rejects read, and notes."""
    rejects, notes = RejectChange(), []
    rows = run.db.rows(
        sql("intake/rejects_to_replay"),
        {"rule": rule},
    )
    by_file: dict[int, list[tuple[int | None, int | None, int, str]]] = {}
    for quarantine_id, dropped_id, file_id, line, raw in rows:
        by_file.setdefault(file_id, []).append((quarantine_id, dropped_id, line, raw))
    files = {f.file_id: f for f in run.files.versions}
    providers = {s.name: s.provider for s in run.config.sources}
    accepted = 0
    for file_id, lines in by_file.items():
        file = files[file_id]
        if file.kind not in run.kinds or not run.kinds[file.kind].is_replayed:
            held = sum(quarantine_id is not None for quarantine_id, *_ in lines)
            notes.append(
                f"{file.input_file}: {held} rows of kind {file.kind} are not replayed; "
                "mend the file and run"
            )
            continue
        records = take_lines(
            intake,
            file,
            [(line, raw) for _, _, line, raw in lines],
            providers.get(file.source, DEFAULT_PROVIDER),
        )
        for quarantine_id, dropped_id, line, _ in lines:
            if records[line]:
                if quarantine_id is not None:
                    rejects.replayed.append(quarantine_id)
                    file.move(1, "quarantined", "accepted")
                elif dropped_id is not None:
                    rejects.read.append(dropped_id)
                    file.move(1, "duplicate", "accepted")
                file.count(records[line] - 1, "accepted")
                accepted += records[line]
        run.files.touch(file)
    return accepted, rejects, notes
