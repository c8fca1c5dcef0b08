"""The explicit acts that move the past: forget a file, replay the quarantine, rate anew.

Each is one recorded act on the books, like a run: the same lock, rating, checks and publishing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipeline.charges import provider_billed
from pipeline.charges import store as charge_store
from pipeline.charges.model import RatingJob, RatingResult, charge_relation
from pipeline.charges.rate import rate
from pipeline.charges.reconciliation.reconcile import Scope
from pipeline.config.model import Config
from pipeline.errors import ConfigError
from pipeline.intake.files.input_files import InputFile
from pipeline.intake.replay import take_lines
from pipeline.intake.session import IntakeSession, RejectStore
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import (
    Exclusion,
    LedgerFile,
    LedgerWriter,
    dates_of,
    register_runs,
    view_rows,
)
from pipeline.ledger.identity import identity_hash
from pipeline.resources import render_sql, sql
from pipeline.runs.context import Batch, ChangeSet, RunResult
from pipeline.runs.run import act, drop_duplicates, intake_of, settle

_FORGOTTEN_COLUMNS = (
    "identity_hash, organization_id, record_id, source, input_file, basis, usage_date"
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, on what: the configuration, the clocks, the environment, who reads alerts."""

    config: Config
    now: datetime
    real_clock: Callable[[], datetime]
    environment: Mapping[str, str]
    say: Callable[[str], None] | None = None


def _acting(actor: Actor, verb: str) -> AbstractContextManager[Batch]:
    return act(
        actor.config,
        verb=verb,
        now=actor.now,
        real_clock=actor.real_clock,
        environment=actor.environment,
        say=actor.say,
    )


def forget(actor: Actor, names: Sequence[str], reason: str) -> RunResult:
    """Take files back: their rows leave the ledger, their charges are reversed, both readable.

    Rows of other files that were dropped as duplicates of these are read again by the next run.
    Fails: ConfigError for a file that was never read.
    """
    with _acting(actor, "forget") as work:
        entries = [e for name in names for e in _entries(work, name)]
        change = ChangeSet(exclusion_note=reason, forgotten=[e.file_id for e in entries])
        known = ledger_store.ledger_files(work.db, work.storage.root)
        rows = _rows(work, known, entries)
        live = rows.filter("is_live") if rows.height else rows
        for row in live.iter_rows(named=True):
            change.exclusions.append(
                Exclusion(row["ledger_id"], row["row_number"], "forgotten", None, None)
            )
            if row["basis"] == "charge":
                change.reasons[row["usage_date"]] = "correction"
        if rows.height:
            # what they held before a later row replaced it is no earlier version any more
            replaced = rows.filter(~pl.col("is_live")).select("ledger_id", "row_number")
            change.forgotten_versions = replaced.rows()
        names_of = sorted({e.input_file for e in entries})
        change.minutes = minute_store.forgotten(work.db, work.storage, names_of, work.run_id)
        _restore_requests(work, change, [f for f in known if not f.is_bucket], live)
        _restore_buckets(work, change, [f for f in known if f.is_bucket], entries)
        for entry in entries:
            entry.state, entry.message = "forgotten", reason
            entry.superseded += entry.accepted + entry.quarantined
            entry.accepted = entry.quarantined = 0
            work.registry.touch(entry)
        _reread_duplicates(work, change)
        return settle(work, change)


def _restore_requests(
    work: Batch, change: ChangeSet, known: Sequence[LedgerFile], rows: pl.DataFrame
) -> None:
    """The requests that the forgotten rows had replaced hold again."""
    if not rows.height or not known:
        return
    view_rows(work.con, "known_rows", known, _FORGOTTEN_COLUMNS)
    work.con.register("forgotten_rows", rows.select("identity_hash").unique())
    register_runs(work.con, known)
    _hold_again(work, change, work.con.sql(sql("ledger/restored_rows")).pl())


def _restore_buckets(
    work: Batch, change: ChangeSet, known: Sequence[LedgerFile], entries: Sequence[InputFile]
) -> None:
    """The newest versions left of the buckets of the forgotten files hold again, each whole."""
    names = sorted({e.input_file for e in entries})
    versions = bucket_store.buckets_to_restore(work.db, names)
    change.restored_buckets = versions["version_id"].to_list()
    if not versions.height or not known:
        return
    view_rows(work.con, "known_rows", known, _FORGOTTEN_COLUMNS)
    work.con.register(
        "restored_buckets",
        versions.with_columns(
            identity_hash("organization_id", "bucket_key").alias("identity_hash")
        ),
    )
    register_runs(work.con, known)
    _hold_again(work, change, work.con.sql(sql("ledger/restored_buckets")).pl())


def _hold_again(work: Batch, change: ChangeSet, rows: pl.DataFrame) -> None:
    for row in rows.iter_rows(named=True):
        change.restored.append((row["ledger_id"], row["row_number"]))
        entry = work.registry.version_of_run(row["source"], row["input_file"], row["run_id"])
        entry.accepted += 1
        entry.superseded -= 1
        work.registry.touch(entry)
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"


def _entries(work: Batch, name: str) -> list[InputFile]:
    wanted = {name, str(Path.cwd() / name)}
    found = [v for v in work.registry.versions if v.input_file in wanted and v.state != "forgotten"]
    if not found:
        raise ConfigError(
            "no such file was read, or it was forgotten already",
            file=name,
            hint='See the files with: tollbook sql "SELECT input_file, state FROM input_files".',
        )
    return found


def _rows(work: Batch, known: Sequence[LedgerFile], entries: Sequence[InputFile]) -> pl.DataFrame:
    if not known:
        return pl.DataFrame()
    view_rows(work.con, "known_rows", known, _FORGOTTEN_COLUMNS)
    work.con.register("excluded_rows", ledger_store.excluded_rows(work.db))
    work.con.register(
        "forgotten_files",
        pl.DataFrame(
            [(e.source, e.input_file) for e in entries],
            schema={"source": pl.String, "input_file": pl.String},
            orient="row",
        ).unique(),
    )
    found: pl.DataFrame = work.con.sql(sql("ledger/rows_of_files")).pl()
    return found


def _reread_duplicates(work: Batch, change: ChangeSet) -> None:
    """Files with duplicates may hold rows that only the forgotten ones had: look at them again."""
    for entry in work.registry.entries.values():
        if entry.duplicate and entry.state in {"read", "waiting"}:
            entry.sample_hash = entry.content_hash = ""  # unlike any file's
            work.registry.touch(entry)
            change.notes.append(f"{entry.input_file}: has duplicates; the next run reads it again")


def reconcile(actor: Actor, scope: Scope) -> RunResult:
    """Compare our charges with the provider's costs anew for these days; nothing else is read."""
    with _acting(actor, "reconcile") as work:
        return settle(work, ChangeSet(compare_anew=scope))


def replay(actor: Actor, *, rule: str | None = None) -> RunResult:
    """Read the quarantined rows again, from the raw text that was kept; each lands once or stays.

    A file whose line was mended is read by `run` itself; this is for rows that a newer version of
    tollbook, or another clock, can read.
    """
    with _acting(actor, "replay") as work:
        known = ledger_store.ledger_files(work.db, work.storage.root)
        next_id = max((f.ledger_id for f in known), default=0) + 1
        writer = LedgerWriter(work.storage.ledger, work.run_id, next_id)
        intake = intake_of(work, writer, RejectStore(work.storage.temporary / "rejects"))
        change = ChangeSet()
        landed = _replay_lines(work, intake, change, rule)
        new = writer.close()
        change.counts.rows_read = change.counts.accepted = landed
        excluded = ledger_store.excluded_rows(work.db)
        restated = drop_duplicates(work, change, new, known, excluded)
        change.new_files = [f for f in new if f.rows]
        for day in dates_of(work.con, [f for f in change.new_files if f.basis == "charge"]):
            change.reasons[day] = "usage"
        change.reasons |= dict.fromkeys(restated, "restatement")
        return settle(work, change)


def _replay_lines(work: Batch, intake: IntakeSession, change: ChangeSet, rule: str | None) -> int:
    rows = work.db.rows(
        "SELECT quarantine_id, file_id, input_line, raw FROM quarantine "
        "WHERE replayed_at IS NULL AND ($rule IS NULL OR rule = $rule) AND raw IS NOT NULL "
        "ORDER BY file_id, input_line",
        {"rule": rule},
    )
    by_file: dict[int, list[tuple[int, int, str]]] = {}
    for quarantine_id, file_id, line, raw in rows:
        by_file.setdefault(file_id, []).append((quarantine_id, line, raw))
    entries = {e.file_id: e for e in work.registry.versions}
    landed = 0
    for file_id, lines in by_file.items():
        entry = entries[file_id]
        if entry.kind != "request_log":
            change.notes.append(
                f"{entry.input_file}: {len(lines)} rows of kind {entry.kind} are not replayed; "
                "mend the file and run"
            )
            continue
        good = take_lines(intake, entry, [(line, raw) for _, line, raw in lines])
        for quarantine_id, line, _ in lines:
            if good[line]:
                change.replayed.append(quarantine_id)
                entry.quarantined -= 1
                entry.rows_read += good[line] - 1
                entry.accepted += good[line]
                landed += good[line]
        work.registry.touch(entry)
    return landed


def rerate(actor: Actor, since: date | None, until: date | None) -> RunResult:
    """Price days anew with the current book, also final ones; the difference is posted."""
    with _acting(actor, "rerate") as work:
        days = _days(work, since, until)
        return settle(
            work, ChangeSet(reasons=dict.fromkeys(days, "rerate"), current_book_days=set(days))
        )


def _days(work: Batch, since: date | None, until: date | None) -> list[date]:
    return [
        day
        for day in charge_store.days(work.db, work.storage.root)
        if (since is None or day >= since) and (until is None or day < until)
    ]


def preview(actor: Actor, since: date | None, until: date | None) -> pl.DataFrame:
    """What `rerate` would post, by month, project, model and meter. Changes nothing.

    A row is what would move from one price to another; NULL costs are unpriced.
    """
    with _acting(actor, "preview") as work:
        states = charge_store.days(work.db, work.storage.root)
        days = _days(work, since, until)
        excluded = ledger_store.excluded_rows(work.db)
        ledger = ledger_store.ledger_files(work.db, work.storage.root)
        rated: RatingResult = rate(
            work.con,
            [RatingJob(day, work.book, "rerate") for day in days],
            ledger,
            excluded,
            states,
            work.storage.temporary / "preview",
            work.run_id,
            work.started_at,
            provider_billed.gather(work.db).lines,
        )
        posting_files = charge_relation(p.path for p in rated.postings)
        found: pl.DataFrame = work.con.sql(
            render_sql("charges/rerate_preview", posting_files=posting_files)
        ).pl()
        return found


def total_difference(preview_rows: pl.DataFrame) -> Decimal:
    """By how much the charges would move."""
    return sum((d for d in preview_rows["difference_usd"] if d is not None), Decimal(0))
