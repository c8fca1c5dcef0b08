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
    if change.new_files:
        from pipeline.runs.stages.charged_twice import check_charged_once

        check_charged_once(run, change, beside)
    if any(s.kind == "records" for s in run.config.sources):
        from pipeline.runs.stages.rewritten_tables import note_kept, supersede_vanished

        supersede_vanished(run, change)
        _supersede_new(run, change)
        note_kept(run, change)
    else:
        _supersede_new(run, change)


def _supersede_new(run: RunContext, change: ChangeSet) -> None:
    if not (change.new_files or change.buckets.superseded or change.buckets.dates):
        release_mended(run, change, mended_files(run, ()))
        return
    from pipeline.ledger.files import dates_of, several_organizations
    from pipeline.ledger.supersede import supersede_buckets, supersede_requests

    run.stored.check()

    known = ledger_store.ledger_files(run.db, run.storage.root)
    excluded = ledger_store.excluded_with(
        ledger_store.excluded_rows(run.db),
        change.exclusions,
        change.vanished_versions,
        run.started_at,
    )
    names = [s.name for s in run.config.sources]
    mended = mended_files(run, change.new_files)
    requests = supersede_requests(run.con, change.new_files, known, excluded, names)
    change.dropped = requests.dropped
    buckets = supersede_buckets(
        run.con, change.buckets.superseded, known, excluded, change.new_files
    )
    for found in (requests, buckets):
        change.exclusions += found.exclusions
        change.notes += found.notes
        run.files.move_rows(found.moves, change.before)
    release_mended(run, change, mended)
    costs = cost_store.count_current(run.db, change.buckets.superseded_costs)
    run.files.move_costs(costs)
    change.new_files = [f for f in change.new_files if f.rows]
    for day in dates_of(run.con, [f for f in change.new_files if f.basis == "charge"]):
        change.reasons[day] = "usage"
    if run.config.organization.ids is None:
        change.notes += several_organizations(run.con, [*known, *change.new_files])
    restated = requests.restated_dates | change.buckets.dates
    change.reasons |= dict.fromkeys(restated, "restatement")
