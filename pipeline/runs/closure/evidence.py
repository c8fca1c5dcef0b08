"""The files that a month was closed with: written once, found by their hash, given out again.

`manifest.json` has the SHA-256 of every other file and the month's totals; the hash of its text is
the closing's `content_hash`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.charges.periods.model import ClosedPeriod
from pipeline.dates import Days
from pipeline.errors import RunFailedError
from pipeline.published.dictionary import dictionary
from pipeline.published.queries import statement
from pipeline.reporting.month.gather import choose_period
from pipeline.reporting.month.written import LATEST, WrittenReport, load_written, save_written
from pipeline.storage.files import replace_file, replace_text
from pipeline.storage.layout import StorageLayout
from pipeline.storage.parquet import write as write_parquet

MANIFEST = "manifest.json"
# A view that is kept, and the statement that picks the month's rows of it.
FRAMES = {
    "charges": "rows_of_days",
    "daily_costs": "rows_of_days",
    "prices": "prices",
    "budget_status": "budget_status",
}
_RESTORE = "Take it from a backup; the figures themselves are in the database."


def folder_of(storage: StorageLayout, month: Days, version: int) -> Path:
    """The folder of one closing of a month."""
    return storage.closed / f"{month.since:%Y-%m}" / str(version)


def begin_folder(folder: Path) -> None:
    """Make the folder of a closing, without what one that was cut off has left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def write_frames(con: duckdb.DuckDBPyConnection, month: Days, folder: Path) -> None:
    """Write charges, daily costs, prices used and budgets of a month, as published."""
    span = {"since": month.since, "until": month.until}
    for name, chosen in FRAMES.items():
        columns = [column for column in dictionary()[name] if column]
        text, parameters = statement(f"runs/closure/{chosen}", span, view=name, columns=columns)
        frame: pl.DataFrame = con.sql(text, params=parameters).pl()
        replace_file(folder / f"{name}.parquet", partial(write_parquet, frame), durable=True)


def seal(folder: Path, facts: Mapping[str, object]) -> str:
    """Write the manifest of a folder that is complete; gives its hash."""
    files = {path.name: _hash(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    text = json.dumps({**facts, "files": files}, indent=1, sort_keys=True)
    replace_text(folder / MANIFEST, text, durable=True)
    return hashlib.sha256(text.encode()).hexdigest()


def faults(storage: StorageLayout, period: ClosedPeriod) -> Iterator[str]:
    """What is missing of the files of a closing, or is not as it was written."""
    folder = storage.root / period.folder
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (OSError, ValueError):
        yield f"{folder / MANIFEST} is missing or cannot be read"
        return
    if hashlib.sha256(text.encode()).hexdigest() != period.content_hash:
        yield f"{folder / MANIFEST} is not the one that the month was closed with"
        return
    for name, expected in json.loads(text)["files"].items():
        path = folder / name
        if not path.is_file():
            yield f"{path} is missing"
        elif _hash(path) != expected:
            yield f"{path} was changed since the month was closed"


def is_given_out(storage: StorageLayout, period: ClosedPeriod) -> bool:
    """Whether the month's files among the reports are those that it was closed with."""
    folder, name = storage.root / period.folder, f"{period.month.since:%Y-%m}"
    return all(
        (storage.reports / f"{name}{suffix}").is_file()
        and _hash(storage.reports / f"{name}{suffix}") == _hash(folder / f"{name}{suffix}")
        for suffix in (".html", ".csv")
    )


def closed_report(
    con: duckdb.DuckDBPyConnection,
    storage: StorageLayout,
    closed: Sequence[ClosedPeriod],
    month: date | None,
    now: datetime,
    zone: ZoneInfo,
    fingerprint: str,
) -> WrittenReport | None:
    """The report of a month among those that are closed, as it was closed; None: it is open.

    Takes None for the month that a report without --month covers.
    Fails: as `give_out`.
    """
    period, _ = choose_period(con, month, now, zone)
    for known in closed:
        if known.month == period.month:
            is_latest = period.month.since == period.default_month
            return give_out(
                storage, known, fingerprint, is_latest=is_latest, is_asked_for=month is not None
            )
    return None


def give_out(
    storage: StorageLayout,
    period: ClosedPeriod,
    fingerprint: str,
    *,
    is_latest: bool,
    is_asked_for: bool,
) -> WrittenReport:
    """Put the report that a month was closed with among the reports, byte for byte.

    `is_latest`: it is the one that a report without --month covers.
    Fails: RunFailedError where a file of the closing is missing or damaged.
    """
    folder, name = storage.root / period.folder, f"{period.month.since:%Y-%m}"
    for fault in faults(storage, period):
        raise RunFailedError(
            f"what {name} was closed with is damaged: {fault}", key="report", hint=_RESTORE
        )
    kept = load_written(folder, period.month.since, "")
    if kept is None:
        raise RunFailedError(f"the report of {name} is missing", file=folder, hint=_RESTORE)
    out = storage.reports
    out.mkdir(parents=True, exist_ok=True)
    written = replace(
        kept,
        html=out / kept.html.name,
        csv=out / kept.csv.name,
        is_default_month=not is_asked_for,
    )
    _put(kept.csv, written.csv)
    _put(kept.html, written.html)
    if is_latest:
        _put(kept.html, out / f"{LATEST}.html")
    save_written(out, written, fingerprint, is_latest=is_latest)
    return written


def _put(source: Path, target: Path) -> None:
    content = source.read_bytes()
    if not target.is_file() or target.read_bytes() != content:
        replace_file(target, lambda path: path.write_bytes(content), durable=True)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
