"""Refuses to charge traffic that the storage charges already from a source not configured any more.

Such are files that were named on the command line before there was a configuration. What configured
sources charge beside each other is checked with the configuration.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from pipeline.errors import ConfigError
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import LedgerFile, view_rows
from pipeline.resources import sql
from pipeline.runs.context import RunContext

_COLUMNS = "source, provider, scope, usage_date, input_file"
_WHAT = {True: "usage pages", False: "requests"}


def check_charged_once(
    run: RunContext, new_files: Sequence[LedgerFile], beside: Collection[str] = ()
) -> None:
    """Whether the new charges are of other traffic than those of sources that are left. By day.

    `beside`: configured sources that this run does not read. Fails: ConfigError.
    """
    new = [f for f in new_files if f.basis == "charge"]
    configured = {s.name for s in run.config.sources} | set(beside)
    left = any(
        v.source not in configured and v.basis == "charge" and v.accepted
        for v in run.files.versions
    )
    if not new or not left:
        return
    known = [f for f in ledger_store.ledger_files(run.db, run.storage) if f.basis == "charge"]
    if not known:
        return
    view_rows(run.con, "new_charges", new, _COLUMNS)
    view_rows(run.con, "known_charges", known, _COLUMNS)
    run.con.register("new_files_kinds", _kinds(new))
    run.con.register("known_files_kinds", _kinds(known))
    run.con.register("excluded_rows", ledger_store.excluded_rows(run.db))
    run.con.register("configured_sources", pl.DataFrame({"source": sorted(configured)}))
    for row in run.con.sql(sql("ledger/charged_twice")).pl().iter_rows(named=True):
        first, last = row["first_date"], row["last_date"]
        days = f"of {first}" if first == last else f"between {first} and {last}"
        mine, theirs = _WHAT[row["is_bucket"]], _WHAT[not row["is_bucket"]]
        raise ConfigError(
            f"the {mine} of the source {row['source']!r} would charge the traffic {days} twice: "
            f"the {theirs} of {row['known_source']!r}, which is not configured, charge it already "
            f"({row['known_file']}); nothing was taken",
            key="sources.basis",
            hint=f'Set basis = "detail" for {row["source"]!r}; or, for it to charge, add a source '
            f'named "{row["known_source"]}" for the other files with basis = "detail" and run '
            f"`tollbook rebase {row['known_source']}`.",
        )


def _kinds(files: Sequence[LedgerFile]) -> pl.DataFrame:
    return pl.DataFrame(
        {"ledger_id": [f.ledger_id for f in files], "is_bucket": [f.is_bucket for f in files]},
        schema={"ledger_id": pl.Int64, "is_bucket": pl.Boolean},
    )
