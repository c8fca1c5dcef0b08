"""Supersedes what new ledger files repeat or replace, and releases rows that were mended.

What a run with nothing new does not reach is imported where it is called.
"""

from __future__ import annotations

from collections.abc import Collection

from pipeline.ledger import cost_store
from pipeline.ledger import store as ledger_store
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.stages.mended_rows import mended_files, release_mended


def supersede(run: RunContext, change: ChangeSet, beside: Collection[str] = ()) -> None:
    """Drop duplicates from the new ledger files, exclude what they replace, note days to rate.

    `beside`: configured sources that this run does not read.
    Fails: ConfigError where traffic would be charged twice.
    """
    if change.rows.new_files:
        from pipeline.runs.stages.charged_twice import check_charged_once

        check_charged_once(run, change.rows.new_files, beside)
    if any(run.kinds[s.kind].is_table for s in run.config.sources):
        from pipeline.runs.stages.rewritten_tables import notes_of_kept, supersede_vanished

        supersede_vanished(run, change)
        _supersede_new(run, change)
        change.notes += notes_of_kept(run)
    else:
        _supersede_new(run, change)


def _supersede_new(run: RunContext, change: ChangeSet) -> None:
    rows, buckets = change.rows, change.buckets
    has_new = bool(rows.new_files or buckets.superseded or buckets.dates)
    if has_new:
        run.stored.check()
    mended = mended_files(run, rows.new_files)
    if has_new:
        _exclude_replaced(run, change)
    change.rejects.replayed += release_mended(run.db, run.files, mended)


def _exclude_replaced(run: RunContext, change: ChangeSet) -> None:
    from pipeline.ledger.files import dates_of, several_organizations
    from pipeline.ledger.supersede import supersede_buckets, supersede_requests

    rows, buckets = change.rows, change.buckets
    known = ledger_store.ledger_files(run.db, run.storage)
    excluded = ledger_store.excluded_with(
        ledger_store.excluded_rows(run.db), rows.exclusions, rows.vanished_versions, run.started_at
    )
    names = [s.name for s in run.config.sources]
    requests = supersede_requests(
        run.con, run.engine, rows.new_files, known, excluded, names, run.storage.hashes
    )
    rows.dropped = requests.dropped
    replaced = supersede_buckets(run.con, buckets.superseded, known, excluded, rows.new_files)
    for found in (requests, replaced):
        rows.exclusions += found.exclusions
        change.notes += found.notes
        run.files.move_rows(found.moves, change.files.before)
    run.files.move_costs(cost_store.count_current(run.db, buckets.superseded_costs))
    rows.new_files = [f for f in rows.new_files if f.rows]
    for day in dates_of(run.con, [f for f in rows.new_files if f.basis == "charge"]):
        change.days.reasons[day] = "usage"
    if run.config.organization.ids is None:
        change.notes += several_organizations(
            run.con, rows.new_files, known, run.storage.seen_organizations
        )
    restated = requests.restated_dates | buckets.dates
    change.days.reasons |= dict.fromkeys(restated, "restatement")
