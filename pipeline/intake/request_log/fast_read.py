"""Lines of a request log to typed frames: fast where a line is beyond doubt, by hand where not.

Each reader is a statement in `queries/intake/request_log/`. What it does not claim goes to the
next, as a smaller file, and at last to the reading by hand. A frame never mixes the two ways.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

from pipeline.errors import SourceError
from pipeline.intake.rejects import RowError
from pipeline.intake.request_log.fields import COUNTS, NAMES, SECONDS, TEXTS, microseconds, typed
from pipeline.intake.request_log.json_fields import parse_object
from pipeline.intake.request_log.raw_lines import RawParts, Rows
from pipeline.intake.request_log.slow_read import tokens_named, usage_rows
from pipeline.ledger.sums.categories import CODED
from pipeline.resources import render_sql
from pipeline.schemas import IS_PARTIAL

RAW_BYTES_KEPT = 64 * 1024
LINE_PREFIX = "line:"

_BY_HAND_ROWS = 20_000
_FEW_LINES = 2_000  # cheaper by hand than to set up another pass
_SAMPLE_LINES = 50  # looked at by hand, for each file
_SAMPLE_BYTES = 1 << 20
_CLEAR_MAJORITY = 0.8

_BY_HAND_SCHEMA: dict[str, Any] = {
    "input_line": pl.Int64,
    "operation": pl.String,
    **dict.fromkeys(TEXTS, pl.String),
    **dict.fromkeys(COUNTS, pl.Int64),
    **dict.fromkeys(SECONDS, pl.String),
    "record_id": pl.String,
    "is_batch": pl.Boolean,
    IS_PARTIAL: pl.Boolean,
    "requests": pl.Int64,
    "started_at_us": pl.Int64,
    "rule": pl.String,
    "detail": pl.String,
    "raw": pl.String,
    "tokens_held_back": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """A statement that reads one shape of line; without `operation` it gives its own."""

    statement: str
    operation: str | None = None
    is_batch: bool = False
    doubtful_models: str = ""  # what is in the names of models whose lines are read by hand


class Lines(NamedTuple):
    """Lines to read of a file, or of `parts` with so many each, and which of the input each is.

    A time after `doubtful_after`, and an organization that is not one of `organizations` (None:
    any may be named), need their raw line at hand: they will be refused, perhaps.
    """

    path: Path
    numbers: Rows
    doubtful_after: datetime
    organizations: frozenset[str] | None = None
    parts: tuple[tuple[Path, int], ...] = ()

    @property
    def files(self) -> tuple[tuple[Path, int], ...]:
        """All files that they stand in, with how many each has."""
        return self.parts or ((self.path, len(self.numbers)),)

    def is_foreign(self, organization_id: str | None) -> bool:
        """Whether a row names an organization that is not one of these."""
        return (
            self.organizations is not None
            and organization_id is not None
            and organization_id not in self.organizations
        )


# How often each raw line without an id has occurred so far, in the file that a line stands in.
OccurrencesOf = Callable[[int], Counter[str]]

# searches of a chat model show only in what it cites
CHAT = Reader("intake/request_log/chat", "completions", doubtful_models="-search-")
RESPONSE = Reader("intake/request_log/response", "completions")
EMBEDDINGS = Reader("intake/request_log/embeddings", "embeddings")
BATCH = Reader("intake/request_log/batch", is_batch=True)
ANY = Reader("intake/request_log/any")
_NARROW = {"chat.completion": CHAT, "response": RESPONSE, "list": EMBEDDINGS}


def choose_readers(path: Path) -> tuple[Reader, ...]:
    """The readers for a file, the one for what most of its first lines are before the others."""
    votes: Counter[Reader] = Counter()
    with path.open("rb") as file:
        for line in islice(iter(lambda: file.readline(_SAMPLE_BYTES), b""), _SAMPLE_LINES):
            votes[_reader_of(line)] += 1
    reader, most = votes.most_common(1)[0] if votes else (ANY, 0)
    if reader == ANY or most < _CLEAR_MAJORITY * votes.total():
        return (ANY,)
    return (reader, ANY)


def _reader_of(line: bytes) -> Reader:
    try:
        fields = parse_object(line)
        if fields.has("custom_id"):
            return BATCH
        narrow = _NARROW.get(fields.text("object") or "", ANY)
        # An ISO 8601 time is NULL as a DOUBLE: only the reader of all kinds has text there.
        created = fields.text("created") or fields.text("created_at") or ""
    except RowError:
        return ANY
    else:
        return ANY if "-" in created else narrow


def read_lines(
    con: duckdb.DuckDBPyConnection,
    lines: Lines,
    readers: tuple[Reader, ...],
    batch_rows: int,
    occurrences: OccurrencesOf,
) -> Iterator[pl.DataFrame]:
    """The lines as frames of `request_fields`, with `input_line` and `record_id`.

    Rows that no reader claimed come last, with `rule`, `detail` and `raw` where they break a
    rule and without `operation` where they are not usage.
    Fails: SourceError where DuckDB does not give one row a line.
    """
    if not readers:
        yield from _by_hand(lines, batch_rows, occurrences)
        return
    with RawParts(lines.files) as raw, tempfile.NamedTemporaryFile(prefix="tollbook-") as aside:
        numbers: list[Rows] = []
        first = 0
        for found in _batches(con, readers[0], lines, batch_rows):
            frame = _doubted(typed(found, lines.doubtful_after), readers[0], lines.organizations)
            here = lines.numbers[first : first + len(frame)]
            claimed, others = _claim(frame, readers[0], raw, first, here, occurrences)
            first += len(frame)
            if others.rows:
                aside.writelines(line + b"\n" for line in others.lines)
                numbers.append(here[others.rows])
                here = np.delete(here, others.rows)
            if len(claimed):
                yield claimed.with_columns(input_line=pl.Series(here))
        if numbers:
            aside.flush()
            rest = lines._replace(path=Path(aside.name), numbers=np.concatenate(numbers), parts=())
            further = readers[1:] if len(rest.numbers) > _FEW_LINES else ()
            yield from read_lines(con, rest, further, batch_rows, occurrences)


def _doubted(
    frame: pl.DataFrame, reader: Reader, organizations: frozenset[str] | None
) -> pl.DataFrame:
    """Rows that name another organization, or some models, are not beyond doubt."""
    clean = pl.col("is_clean")
    if organizations is not None and "organization_id" in frame.columns:
        is_own = pl.col("organization_id").cast(pl.String).is_in(organizations)
        clean &= is_own.fill_null(True)
    if reader.doubtful_models and "model" in frame.columns:
        models = frame["model"].unique().cast(pl.String)
        doubtful = models.filter(models.str.contains(reader.doubtful_models, literal=True))
        if len(doubtful):
            clean &= ~pl.col("model").cast(pl.String).is_in(doubtful.implode())
    return frame.with_columns(clean)


class _Unclaimed(NamedTuple):
    rows: list[int]
    lines: list[bytes]


def _claim(
    frame: pl.DataFrame,
    reader: Reader,
    raw: RawParts,
    first: int,
    numbers: Rows,
    occurrences: OccurrencesOf,
) -> tuple[pl.DataFrame, _Unclaimed]:
    """The rows that are beyond doubt, with their identity, and the raw lines of the others."""
    clean = frame["is_clean"]
    ids = [c for c in ("id", "request_id") if c in frame.columns]
    record_id = (
        frame.select(pl.coalesce(ids)).to_series()
        if ids
        else pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    )
    wanted = (~clean | record_id.is_null()).arg_true()
    lines = raw.take(wanted.to_numpy().astype(np.int64) + first)
    others = _Unclaimed([], [])
    anonymous: dict[int, str] = {}
    are_clean = clean.gather(wanted).to_list()
    for row, line, is_clean in zip(wanted.to_list(), lines, are_clean, strict=True):
        if is_clean:
            anonymous[row] = _line_identity(line, occurrences(int(numbers[row])))
        else:
            others.rows.append(row)
            others.lines.append(line)
    if anonymous:
        record_id = record_id.scatter(list(anonymous), list(anonymous.values()))
    operation = (
        {"operation": pl.lit(reader.operation, dtype=pl.Enum([reader.operation]))}
        if reader.operation
        else {}
    )
    frame = frame.drop("is_clean", *ids).with_columns(
        record_id.alias("record_id"),
        requests=pl.lit(1, dtype=pl.Int64),
        is_batch=pl.lit(reader.is_batch),
        **({} if IS_PARTIAL in frame.columns else {IS_PARTIAL: pl.lit(False)}),
        **operation,
    )
    return (frame.filter(clean) if others.rows else frame), others


def of_one_file(occurrences: Counter[str]) -> OccurrencesOf:
    """Count lines that are all of one file."""
    return lambda _: occurrences


def _line_identity(line: bytes, occurrences: Counter[str]) -> str:
    """The identity of a line without an id: its bytes, and which time it occurs in its file."""
    digest = xxhash.xxh3_128_hexdigest(line)
    occurrences[digest] += 1
    return f"{LINE_PREFIX}{digest}:{occurrences[digest]}"


def _batches(
    con: duckdb.DuckDBPyConnection, reader: Reader, lines: Lines, batch_rows: int
) -> Iterator[pl.DataFrame]:
    """What a reader makes of the lines, in order, some `batch_rows` at a time."""
    left = len(lines.numbers)
    collected: list[pa.RecordBatch] = []
    try:
        paths = [str(path) for path, _ in lines.files]
        relation = con.sql(render_sql(reader.statement), params={"path": paths})
        for batch in relation.to_arrow_reader(batch_rows):
            collected.append(batch.slice(0, left))
            left -= len(collected[-1])
            if not left or sum(map(len, collected)) >= batch_rows:
                yield _frame(collected)
                collected = []
            if not left:
                return
    except (duckdb.Error, pa.ArrowException, OSError) as error:  # the reader's come as OSError
        what = str(error).splitlines()[0]
        raise SourceError(f"cannot be read: {what}", file=lines.path) from None
    if collected:
        yield _frame(collected)
    if left:
        raise SourceError(
            f"{len(lines.numbers)} lines were expected, {left} of them were not found",
            file=lines.path,
            hint="Was the file changed while it was read? Run again.",
        )


def _frame(batches: list[pa.RecordBatch]) -> pl.DataFrame:
    frame = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  from_arrow may also give a Series
    # what is asked of a text of few values is asked of these
    texts = [c for c in NAMES if c in frame.columns and frame[c].null_count() < len(frame)]
    return frame.with_columns(pl.col(c).cast(CODED[c]) for c in texts)


def _by_hand(lines: Lines, batch_rows: int, occurrences: OccurrencesOf) -> Iterator[pl.DataFrame]:
    """The lines one by one; the only reading that knows what is wrong with a line."""
    last = microseconds(lines.doubtful_after)
    rows: list[dict[str, Any]] = []
    with lines.path.open("rb") as file:
        for number, ended in zip(lines.numbers.tolist(), file, strict=False):
            line = ended.rstrip(b"\r\n")
            found = _rows_of(line, number, last, occurrences(number))
            for row in found:
                if lines.is_foreign(row.get("organization_id")):
                    row["raw"] = _shown(line)
            rows += found
            if len(rows) >= min(batch_rows, _BY_HAND_ROWS):
                yield _from_rows(rows)
                rows = []
    if rows:
        yield _from_rows(rows)


def _rows_of(
    line: bytes, number: int, last: int, occurrences: Counter[str]
) -> list[dict[str, Any]]:
    """The usage rows of a line; one row without usage where it has none or is refused."""
    try:
        found = usage_rows(line)
    except RowError as error:
        return [
            {
                "input_line": number,
                "rule": error.rule,
                "detail": error.detail,
                "raw": _shown(line),
                "tokens_held_back": tokens_named(line),
            }
        ]
    if not found:
        return [{"input_line": number}]
    base = found[0]["id"] or found[0]["request_id"] or _line_identity(line, occurrences)
    for row in found:
        row["input_line"] = number
        row["record_id"] = (row.get("container") or base) + row.get("suffix", "")
        if row["started_at_us"] > last:
            row["raw"] = _shown(line)
    return found


def _shown(line: bytes) -> str:
    return line[:RAW_BYTES_KEPT].decode("utf-8", "replace")


def _from_rows(rows: list[dict[str, Any]]) -> pl.DataFrame:
    frame = pl.DataFrame(
        [[row.get(c) for c in _BY_HAND_SCHEMA] for row in rows],
        schema=_BY_HAND_SCHEMA,
        orient="row",
    )
    return frame.drop("id", "request_id")
