"""Phrases for prices, the state of files, and shares of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time

from pipeline.money import plain
from pipeline.reporting.explain.model.charges import BookRow, PriceUsed
from pipeline.reporting.explain.model.files import FileVersion
from pipeline.reporting.explain.model.usage import Record, Share
from pipeline.reporting.explain.text.layout import TIMES, UNPRICED, at, count, usd
from pipeline.text import counted

NO_MODEL = "(no model)"  # as in reports

Numbers = Mapping[str, int]  # of the list of prices, by price id

_STATES = {
    "read": "read",
    "gone": "gone: no longer at this path; its records stay",
    "replaced": "replaced: another content was at this path later",
    "forgotten": "forgotten: its records were taken back",
    "unreadable": "could not be read to its end",
}


def named(model: str | None) -> str:
    """A model as it is shown; its id, where it has one."""
    return model or NO_MODEL


def price_lines(number: int, price: PriceUsed) -> list[str]:
    """The lines of one price of the list; the first has its number."""
    first = price.price_id.partition(" ")[0]
    if price.row is None:
        lines = [f"[{number}] {first}: not in the current price book any more; kept by the day"]
    else:
        lines = [f"[{number}] {first}: {_terms(price.row)}"]
    if price.list_row is not None:
        lines.append(f"    beside it: {_terms(price.list_row)}")
    if price.discount is not None:
        lines.append(f"    {price.discount} (under [[discounts]] in the configuration)")
    return lines


def _terms(row: BookRow) -> str:
    per = f"{row.per:,} {row.unit}" if row.per != 1 else f"one of {row.unit}"
    parts = [f"{row.layer} price of {row.model}", f"{plain(row.price_usd)} USD for {per}"]
    if row.long_above_tokens is not None:
        parts.append(f"for requests with more than {row.long_above_tokens:,} input tokens")
    parts.append(_validity(row))
    recorded = f", recorded {_short(row.recorded_at)}" if row.recorded_at else ""
    return f"{', '.join(parts)}; {row.source}{recorded}"


def _validity(row: BookRow) -> str:
    since, until = row.valid_from_at, row.valid_to_at
    if since is None and until is None:
        return "at any time"
    parts = []
    if since is not None:
        parts.append(f"from {_short(since)} on")
    if until is not None:
        parts.append(f"until before {_short(until)}")
    return " ".join(parts)


def _short(instant: datetime) -> str:
    return instant.date().isoformat() if instant.time() == time() else at(instant)


def price_mark(price_id: str | None, numbers: Numbers) -> str:
    """The number of a price in the list of prices."""
    number = None if price_id is None else numbers.get(price_id)
    return "" if number is None else f"[{number}]"


def state(version: FileVersion) -> str:
    """The state of a version of a file, and whether the file exists now."""
    if version.state == "waiting":
        text = f"read but for its half-written last line ({version.waiting_bytes:,} bytes wait)"
    else:
        text = _STATES.get(version.state, version.state)
    if version.message:
        text = f"{text}: {version.message}"
    if version.state in {"read", "waiting", "unreadable"} and version.is_there is False:
        text = f"{text}; gone since: no longer at this path; its records stay"
    return text


def version_lines(version: FileVersion) -> list[str]:
    """A version of a file: its state, then its hash and fates."""
    content_hash = version.content_hash or "(to be read again)"
    content = f"content hash {content_hash}, {version.size_bytes:,} bytes"
    names = ("accepted", "duplicate", "superseded", "quarantined")
    fates = [f"{getattr(version, name):,} {name}" for name in names]
    return [
        state(version),
        ", ".join((content, f"read {at(version.ingested_at)} by run {version.run_id}")),
        f"{counted(version.rows_read, 'row')}: {', '.join(fates)}",
    ]


def copy_line(copies: Sequence[FileVersion]) -> str:
    """The other files with the same content."""
    places = [
        f"{c.input_file}{' (gone)' if c.is_there is False or c.state == 'gone' else ''}"
        for c in copies
    ]
    return f"the same content: {', '.join(dict.fromkeys(places))}"


def place(record: Record) -> str:
    """The file and line of a record."""
    return f"{record.input_file}:{record.input_line}"


def share_line(share: Share, numbers: Numbers) -> str:
    """The arithmetic of one meter of one record."""
    amount = f"{share.meter} {count(share.quantity)}"
    if share.pricing_status is None:
        why = (
            f"one of {share.candidates} prices; which one, the current price book does not tell"
            if share.candidates
            else "in no charge line"
        )
        return f"{amount}: {why}"
    price = share.contracted_unit_price_usd
    where = f"{share.context_class} context" if share.context_class != "base" else ""
    of_line = f"of {count(share.line_quantity)} in its charge line" if share.line_quantity else ""
    notes = ", ".join(note for note in (where, of_line) if note)
    if price is None:
        return f"{amount}: {UNPRICED} ({notes})"
    mark = price_mark(share.price_id, numbers)
    return f"{amount} {TIMES} {plain(price)} = {usd(share.cost_usd)} USD {mark} ({notes})"
