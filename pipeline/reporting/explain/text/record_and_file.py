"""A record, a file or a line of one as text; and what explanations of cells have in common."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.reporting.explain.model.charges import PriceUsed
from pipeline.reporting.explain.model.explained import FileExplained, LineExplained, RecordExplained
from pipeline.reporting.explain.model.files import FileState
from pipeline.reporting.explain.model.usage import Record
from pipeline.reporting.explain.text.layout import TextColumn, TextPage, at, count, usd
from pipeline.reporting.explain.text.line import line_fate
from pipeline.reporting.explain.text.phrases import (
    copy_line,
    named,
    place,
    price_lines,
    share_line,
    version_lines,
)
from pipeline.text import counted


def draw_record(page: TextPage, explained: RecordExplained) -> None:
    """A record: its place, the arithmetic of its share, its versions and files."""
    numbers = {price.price_id: n for n, price in enumerate(explained.prices, 1)}
    page.heading(f"Record {explained.record_id}")
    now = [v for v in explained.versions if v.replaced_at is None]
    for record in now:
        for line in _facts(record):
            page.line(line)
        if record.basis != "charge":
            page.line("of a detail source: it adds attribution and makes no charge")
        elif not record.shares:
            page.line("it has no quantity, so it makes no charge")
        for share in record.shares:
            page.line(share_line(share, numbers), 2)
        if record.shares:
            amount = usd(record.cost_usd)
            page.line(f"its share: {amount}{' USD' if record.cost_usd is not None else ''}", 2)
    if not now:
        page.line("none of its versions counts any more, so it is in no charge")
    draw_prices(page, explained.prices)
    old = [v for v in explained.versions if v.replaced_at is not None]
    if old:
        page.heading(f"Versions that no longer count ({len(old)})")
        for record in old:
            draw_old_version(page, record)
    draw_files(page, explained.files, len(explained.files))


def draw_file(page: TextPage, explained: FileExplained) -> None:
    """A file: its versions and fates, and where its records are."""
    page.heading(f"File {explained.input_file}")
    for version in explained.versions:
        for n, line in enumerate(version_lines(version)):
            page.line(line, 1 if n == 0 else 2)
    if explained.copies:
        page.line(copy_line(explained.copies))
    if explained.rejects:
        page.heading("Held back (tollbook quarantine list)")
        for reject in explained.rejects:
            page.line(
                f"{reject.rule}: {counted(reject.rows, 'row')}, first line {reject.first_line:,}: "
                f"{reject.detail}"
            )
    cells = explained.cells
    if not cells:
        page.line("no record of it counts now")
        return
    more = (
        f", the {len(cells)} with the most records" if explained.cells_in_all > len(cells) else ""
    )
    page.heading(f"Where its records are ({counted(explained.cells_in_all, 'cell')}{more})")
    page.table(
        [
            TextColumn("day", [c.charge_date.isoformat() for c in cells]),
            TextColumn("project", [c.project_id or "(no project)" for c in cells]),
            TextColumn("model", [named(c.model) for c in cells]),
            TextColumn("basis", [c.basis if c.basis != "charge" else "" for c in cells]),
            TextColumn("records", [f"{c.records:,}" for c in cells], is_number=True),
            TextColumn("requests", [f"{c.requests:,}" for c in cells], is_number=True),
            TextColumn("lines", [f"{c.first_line}-{c.last_line}" for c in cells]),
        ]
    )


def draw_line(page: TextPage, explained: LineExplained) -> None:
    """A line of a file: what became of it and where its money is; then its records."""
    page.heading(f"Line {explained.input_file}:{explained.input_line}")
    for text in line_fate(explained):
        page.line(text)
    for reject in explained.rejects:
        after = f", taken {at(reject.replayed_at)}" if reject.replayed_at else ", held back"
        page.line(f"{reject.rule}: {reject.detail} ({at(reject.quarantined_at)}{after})")
    for record in explained.records:
        draw_record(page, record)


def draw_prices(page: TextPage, prices: Sequence[PriceUsed]) -> None:
    """The list of prices, numbered from 1."""
    if prices:
        page.heading("Prices")
    for number, price in enumerate(prices, 1):
        for line in price_lines(number, price):
            page.line(line)


def draw_files(page: TextPage, files: Sequence[FileState], in_all: int) -> None:
    """Input files with their versions, hashes, states and fates, and where copies are."""
    if not files:
        return
    shown = f"the {len(files)} with the most records" if in_all > len(files) else "all"
    page.heading(f"Input files ({in_all:,}, {shown})")
    for file in files:
        lines = (
            f"line {file.first_line:,}"
            if file.first_line == file.last_line
            else f"lines {file.first_line:,} to {file.last_line:,}"
        )
        page.line(
            f"{file.input_file} (source {file.source}): "
            f"{counted(file.records, 'record')} here, {lines}"
        )
        for version in file.versions:
            for line in version_lines(version):
                page.line(line, 2)
        if file.copies:
            page.line(copy_line(file.copies), 2)


def draw_old_version(page: TextPage, record: Record) -> None:
    """A version that no longer counts, and what replaced it."""
    quantities = ", ".join(f"{meter} {count(q)}" for meter, q in record.quantities.items())
    page.line(f"{place(record)} {record.record_id}: {quantities or 'no quantity'}", 2)
    by = (
        f" by {record.replaced_by_file}:{record.replaced_by_line}"
        if record.replaced_by_file
        else ""
    )
    if record.replaced_at is not None:
        page.line(f"{record.replaced_reason} {at(record.replaced_at)}{by}", 3)


def _facts(record: Record) -> list[str]:
    who = [
        f"project {record.project_id}" if record.project_id else "no project",
        f"key {record.api_key_id}" if record.api_key_id else "",
        f"user {record.user_id}" if record.user_id else "",
        f"service account {record.service_account_id}" if record.service_account_id else "",
    ]
    what = [
        named(record.model),
        record.operation,
        record.variant or "",
        f"tier {record.service_tier}",
        "batch" if record.is_batch else "",
        counted(record.requests, "request"),
    ]
    until = f" to {at(record.ended_at)}" if record.ended_at else ""
    days = f"UTC day {record.usage_date}, the organization's day {record.charge_date}"
    return [
        f"{place(record)} (source {record.source})",
        f"{at(record.started_at)}{until}: {days}",
        ", ".join(w for w in who if w),
        ", ".join(w for w in what if w),
    ]
