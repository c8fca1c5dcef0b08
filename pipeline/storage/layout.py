"""The paths under the storage root. Nothing here reads or writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import ConfigError

WAREHOUSE = "warehouse.duckdb"
BEFORE = "before-"  # how a folder of what was replaced begins, in `set_aside`
IN_STORE = "store:"  # how the name of a ledger file in an object store begins
SCHEDULE_STATE = "schedule.json"  # what the schedule remembers between restarts


@dataclass(frozen=True, slots=True)
class StorageLayout:
    """The folders under the storage root."""

    root: Path
    ledger_store: str | None = None  # the address of the object store of the ledger

    def address(self, named: str) -> str:
        """Where a ledger file lies that the database names.

        Fails: ConfigError for one in a store, where no store is configured.
        """
        if not named.startswith(IN_STORE):
            return f"{self.root}/{named}"
        if self.ledger_store is None:
            raise ConfigError(
                "is not set, but ledger files of this storage lie in an object store",
                key="storage.ledger",
                hint="Set it to the address that it had.",
            )
        return f"{self.ledger_store}/{named.removeprefix(IN_STORE)}"

    def named(self, address: str) -> str:
        """How the database names a ledger file. Fails: ValueError for another one."""
        for start, name in ((f"{self.ledger_store}/", IN_STORE), (f"{self.root}/", "")):
            if address.startswith(start):
                return f"{name}{address[len(start) :]}"
        raise ValueError(f"{address} is not in {self.root}")

    def before(self, verb: str, at: datetime) -> Path:
        """The folder in `set_aside` for what a verb replaces at an instant."""
        return self.set_aside / f"{BEFORE}{verb}-{at:%Y%m%dT%H%M%S}"

    @property
    def warehouse(self) -> Path:
        """The database: catalogue of files, fates, prices, alerts, runs."""
        return self.root / WAREHOUSE

    @property
    def ledger(self) -> Path:
        """Ledger files, one UTC month each, written once."""
        return self.root / "ledger"

    @property
    def charges(self) -> Path:
        """Charges of a day, the small sums beside them, and postings."""
        return self.root / "charges"

    @property
    def minutes(self) -> Path:
        """Minute buckets, one UTC day a file, never charged."""
        return self.root / "minutes"

    @property
    def raw(self) -> Path:
        """Raw files: the answers that were fetched, unchanged."""
        return self.root / "raw"

    @property
    def snapshots(self) -> Path:
        """Published snapshots, one folder a run."""
        return self.root / "snapshots"

    @property
    def published(self) -> Path:
        """The symbolic link to the newest snapshot."""
        return self.root / "published"

    @property
    def reports(self) -> Path:
        """Reports, rewritten in place."""
        return self.root / "reports"

    @property
    def closed(self) -> Path:
        """What closed months were closed with: a folder a month, and in it one a version."""
        return self.root / "closed"

    @property
    def kept_books(self) -> Path:
        """The database as it was committed last, of which `rebuild` makes it again."""
        return self.root / "books" / "copy.duckdb"

    @property
    def set_aside(self) -> Path:
        """Files of runs that the database does not know, by the run that found them."""
        return self.root / "set-aside"

    @property
    def cache(self) -> Path:
        """Made once and read by later runs: the template of snapshots, price rows."""
        return self.root / "cache"

    @property
    def hashes(self) -> Path:
        """Sorted hashes of known identities; made again where they are missing."""
        return self.cache / "hashes"

    @property
    def charge_sums(self) -> Path:
        """What reports read in place of charges, by the names of their files; made again, too."""
        return self.cache / "charge-sums"

    @property
    def file_columns(self) -> Path:
        """Which columns the files have that were published; made again, too."""
        return self.cache / "file-columns.json"

    @property
    def seen_organizations(self) -> Path:
        """Which ledger files were looked at for their organizations, and these."""
        return self.cache / "organizations.json"

    @property
    def temporary(self) -> Path:
        """Temporary files of a run; removed by it, or by the next one."""
        return self.root / "tmp"

    @property
    def live(self) -> Path:
        """Copies of ledger files without their excluded rows, for snapshots."""
        return self.root / "live"
