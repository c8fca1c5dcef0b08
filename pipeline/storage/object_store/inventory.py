"""What lies in the store of the ledger, against what the database names there. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.store import sizes_below


@dataclass(frozen=True, slots=True)
class Inventory:
    """The files of a store that are not as the database has them."""

    missing: list[str]  # addresses that are named: not there, or empty
    unknown: dict[str, int]  # folders of runs that the database does not know, with their files


def stored(storage: StorageLayout) -> Mapping[str, int]:
    """The bytes of each file in the store, by address; empty without one.

    Fails: RunFailedError where it cannot be used; ConfigError.
    """
    return {} if storage.ledger_store is None else sizes_below(storage.ledger_store)


def inventory(db: Database, storage: StorageLayout, there: Mapping[str, int]) -> Inventory:
    """Compare what is `there` with what the database names.

    Fails: ConfigError where files are named and no store is configured.
    """
    named = {storage.address(name) for (name,) in db.rows(sql("storage/named_in_store"))}
    runs = {run_id for (run_id,) in db.rows("SELECT run_id FROM runs UNION FROM begun_runs")}
    return Inventory(
        sorted(address for address in named if not there.get(address)),
        _unknown(str(storage.ledger_store), there.keys() - named, runs),
    )


def _unknown(store: str, unnamed: Collection[str], runs: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for address in sorted(unnamed):
        run_id = address.removeprefix(f"{store}/").split("/", 1)[0]
        if run_id not in runs:
            folder = f"{store}/{run_id}"
            found[folder] = found.get(folder, 0) + 1
    return found
