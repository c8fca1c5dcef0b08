"""One usage record, by its id or by the line that brought it: its versions, its charges."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipeline.errors import ConfigError
from pipeline.published.queries import named_rows
from pipeline.reporting.explain.files import FileExists, input_files, newest_version
from pipeline.reporting.explain.model.explained import LineExplained, RecordExplained
from pipeline.reporting.explain.model.files import LineFate, LineReject
from pipeline.reporting.explain.records import COLUMNS, record_of, with_shares
from pipeline.reporting.explain.untraced_line import fate_without_trace

_PREFIX = 12  # characters of an id that are enough to name ones that begin alike


def explain_record(
    con: duckdb.DuckDBPyConnection, record_id: str, *, run_id: str, exists: FileExists
) -> RecordExplained:
    """All versions of a record, and the arithmetic of the current one's share of the charges.

    Fails: ConfigError for an id that was never read, naming ids that begin like it.
    """
    rows = named_rows(
        con, "reporting/explain/record_versions", {"record_id": record_id}, columns=COLUMNS
    )
    if not rows:
        raise _unknown(con, record_id)
    versions, prices = with_shares(con, [record_of(row) for row in rows])
    places: dict[tuple[str, str], list[int]] = {}
    for version in versions:
        places.setdefault((version.source, version.input_file), []).append(version.input_line)
    return RecordExplained(
        run_id=run_id,
        record_id=record_id,
        versions=versions,
        prices=prices,
        files=input_files(
            con,
            [
                (source, name, len(lines), min(lines), max(lines))
                for (source, name), lines in places.items()
            ],
            exists,
        ),
    )


def explain_line(
    con: duckdb.DuckDBPyConnection,
    input_file: str,
    input_line: int,
    *,
    run_id: str,
    exists: FileExists,
) -> LineExplained:
    """A line of an input file explained: its fate, and the records that it gave or repeats.

    Takes: a name as `file_named` gives it. Fails: ConfigError for a line beyond the file's end.
    """
    place = {"input_file": input_file, "input_line": input_line}
    ids = [row["record_id"] for row in named_rows(con, "reporting/explain/records_of_line", place)]
    rejects = tuple(
        LineReject(**row) for row in named_rows(con, "reporting/explain/line_rejects", place)
    )
    fate: LineFate | None = None
    if not ids and any(reject.replayed_at is None for reject in rejects):
        fate = "quarantined"
    elif not ids:
        version = newest_version(con, input_file, exists)
        fate, repeated = fate_without_trace(con, version, input_line)
        ids = list(repeated)
    records = tuple(explain_record(con, i, run_id=run_id, exists=exists) for i in ids)
    return LineExplained(
        run_id=run_id,
        input_file=input_file,
        input_line=input_line,
        fate=fate or _fate(records, input_file, input_line),
        rejects=rejects,
        records=records,
    )


def _fate(records: Sequence[RecordExplained], input_file: str, input_line: int) -> LineFate:
    """The fate of a line: accepted as long as one of the records that it brought counts."""
    own = [
        version.replaced_reason
        for record in records
        for version in record.versions
        if (version.input_file, version.input_line) == (input_file, input_line)
    ]
    if None in own:
        return "accepted"
    fates: tuple[LineFate, ...] = ("superseded", "restated", "forgotten")
    return next((fate for fate in fates if fate in own), "superseded")


def _unknown(con: duckdb.DuckDBPyConnection, record_id: str) -> ConfigError:
    for prefix in (record_id, record_id[:_PREFIX]):
        near = [
            row["record_id"]
            for row in named_rows(con, "reporting/explain/record_ids", {"prefix": prefix})
        ]
        if near and prefix:
            hint = f"There are ids that begin alike: {', '.join(near)}."
            break
    else:
        hint = "Ids are in the column record_id of the view usage."
    return ConfigError(f"no record {record_id!r} was read", key="--record", hint=hint)
