"""The fate of an input file's line, and the charges of its records, as text."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.reporting.explain.model.explained import LineExplained, RecordExplained
from pipeline.reporting.explain.model.files import LineFate
from pipeline.reporting.explain.model.usage import Record
from pipeline.reporting.explain.text.layout import at, usd
from pipeline.reporting.explain.text.phrases import place

_NO_MONEY = {
    "quarantined": "Quarantined: it is held back and in no charge. Once the cause is mended, "
    "`tollbook quarantine replay` reads it again.",
    "not_usage": "Not usage: nothing was used with it (an error, a deletion, an object of another "
    "kind), so it costs nothing.",
    "blank": "Blank: there is nothing on it, so it is not a row and costs nothing.",
    "header": "The header: it names the columns, so it is not a row and costs nothing.",
    "not_read": "Not read yet: the last run did not come to it, so it is in no charge; the next "
    "`tollbook run` reads it.",
    "uncounted": "It brought no record of its own: it is a duplicate, whose money is counted once "
    "with the first record, or it is not usage. Which of the two is no longer known.",
}


def line_fate(explained: LineExplained) -> Iterator[str]:
    """A sentence or two for a line, or for each record that it brought."""
    if explained.fate in _NO_MONEY:
        yield _NO_MONEY[explained.fate]
    elif explained.fate == "forgotten" and not explained.records:
        yield "Forgotten: its file was taken back, so it is in no charge."
    elif explained.fate == "duplicate":
        yield from _duplicate(explained)
    else:
        for record in explained.records:
            yield from _brought(explained, record)


def _duplicate(explained: LineExplained) -> Iterator[str]:
    if not explained.records:
        yield (
            "Duplicate: the same was read before. Its money is counted once, with the first "
            "record, which this line has no id to name."
        )
    for record in explained.records:
        yield (
            f"Duplicate: it repeats the record {record.record_id}, so nothing is added. "
            f"{_where(record)}"
        )


def _brought(explained: LineExplained, record: RecordExplained) -> Iterator[str]:
    here = (explained.input_file, explained.input_line)
    own = [
        v
        for v in record.versions
        if (v.input_file, v.input_line) == here and v.replaced_reason != "rebased"
    ]
    if any(version.replaced_at is None for version in own):
        yield f"Accepted: it counts, as the record {record.record_id}. {_where(record)}"
        return
    for version in own[:1]:
        yield f"{_replaced(version)} {_where(record)}"


def _replaced(version: Record) -> str:
    reason: LineFate = (
        "restated"
        if version.replaced_reason == "restated"
        else "forgotten"
        if version.replaced_reason == "forgotten"
        else "superseded"
    )
    when = at(version.replaced_at) if version.replaced_at else "since"
    by = (
        f"{version.replaced_by_file}:{version.replaced_by_line}"
        if version.replaced_by_file
        else "a later one"
    )
    what = {
        "superseded": f"Superseded {when}: {by} has another content of the same record "
        f"{version.record_id}.",
        "restated": f"Restated {when}: the bucket was fetched again ({by}).",
        "forgotten": f"Forgotten {when}: its file was taken back.",
    }[reason]
    return f"{what} This line is in no charge any more."


def _where(record: RecordExplained) -> str:
    """The charges in which a record is counted now."""
    counting = [v for v in record.versions if v.replaced_at is None]
    if not counting:
        return "No version of the record counts now."
    version = counting[0]
    if version.basis != "charge":
        return f"It counts from {place(version)}, as detail, which makes no charge."
    if not version.shares:
        return f"It counts from {place(version)}, without a quantity, so it costs nothing."
    project = f"project {version.project_id}" if version.project_id else "no project"
    amount = usd(version.cost_usd)
    money = f"{amount} USD are" if version.cost_usd is not None else "Its quantities are"
    note = "" if version.cost_usd is not None else f", {amount}"
    return (
        f"{money} in the charges of {version.charge_date}, {project}{note}, "
        f"counted from {place(version)}."
    )
