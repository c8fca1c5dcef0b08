"""Checks of price rows: overlaps are errors, gaps and jumps of 10 times or more are warnings.

Each check takes the rows of one file (the built-in book counts as one) and returns all findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from pipeline.money import EXACT, plain
from pipeline.pricing.findings import PriceFinding
from pipeline.pricing.rows import PriceRow, written
from pipeline.pricing.validity import LATEST, end, meet, start

JUMP = 10


def check_rows(rows: Sequence[PriceRow]) -> tuple[PriceFinding, ...]:
    """All findings about the rows of one file, check by check."""
    return (*check_errors(rows), *gaps(rows), *jumps(rows))


def check_errors(rows: Sequence[PriceRow]) -> tuple[PriceFinding, ...]:
    """The findings about the rows of one file that are errors."""
    return (*overlaps(rows), *thresholds(rows))


def overlaps(rows: Iterable[PriceRow]) -> Iterator[PriceFinding]:
    """Errors: two rows of one key that are valid at the same instant."""
    for series in _by_key(rows):
        for earlier, later in _intersecting(series):
            yield PriceFinding(
                "error",
                "overlap",
                f"{_named(later)} holds {_span(later)}, and so does {_other(later, earlier)} "
                f"({_span(earlier)})",
                later.file,
                later.line,
                "valid_from",
                "Give one of them the valid_to at which the other starts, or remove it.",
            )


def thresholds(rows: Iterable[PriceRow]) -> Iterator[PriceFinding]:
    """Errors: long rows of one model that disagree about where long begins, at one instant."""
    by_model: dict[tuple[str, str], list[PriceRow]] = defaultdict(list)
    for row in rows:
        if row.long_above_tokens is not None:
            by_model[row.provider, row.model].append(row)
    for series in by_model.values():
        series.sort(key=_place)
        for index, row in enumerate(series):
            other = next((r for r in series[:index] if _disagree(r, row)), None)
            if other is not None:
                yield PriceFinding(
                    "error",
                    "threshold",
                    f"{row.long_above_tokens} for {row.model}, but {_other(row, other)} says "
                    f"{other.long_above_tokens}",
                    row.file,
                    row.line,
                    "long_above_tokens",
                    "A request is long or not as a whole: write the same number on every long "
                    "row of a model that holds at the same time.",
                )


def gaps(rows: Iterable[PriceRow]) -> Iterator[PriceFinding]:
    """Warnings: time between two rows of one key in which neither is valid."""
    for earlier, later in _neighbours(rows):
        if earlier.valid_to is None or later.valid_from is None:
            continue
        if earlier.valid_to < later.valid_from:
            yield PriceFinding(
                "warning",
                "gap",
                f"{_named(later)} has no price from {written(earlier.valid_to)} "
                f"({_other(later, earlier)} ends) until {written(later.valid_from)}",
                later.file,
                later.line,
                "valid_from",
                "Usage in between has the price of an earlier file or of the built-in book, "
                "or is unpriced.",
            )


def jumps(rows: Iterable[PriceRow]) -> Iterator[PriceFinding]:
    """Warnings: a price ten times the one before it, or a tenth of it."""
    for earlier, later in _neighbours(rows):
        if is_jump(earlier.unit_price_usd, later.unit_price_usd):
            yield PriceFinding(
                "warning",
                "jump",
                f"{_named(later)} changes from {_price(earlier)} ({_other(later, earlier)}) to "
                f"{_price(later)}",
                later.file,
                later.line,
                "price_usd",
                "Check `per` and the decimal point.",
            )


def jumps_from_list(
    rows: Iterable[PriceRow], list_price: Callable[[PriceRow, datetime], Decimal | None]
) -> Iterator[PriceFinding]:
    """Warnings: a user's price ten times the list price at its time, or a tenth of it.

    The usual cause is a price for a thousand units written with `per` 1000000.
    """
    for row in rows:
        listed = list_price(row, _moment(row))
        if listed is not None and is_jump(listed, row.unit_price_usd):
            yield PriceFinding(
                "warning",
                "jump",
                f"{_named(row)} is {_price(row)}, the list price is "
                f"{plain(EXACT.multiply(listed, row.per))} USD",
                row.file,
                row.line,
                "price_usd",
                "Check `per` and the decimal point.",
            )


def is_jump(old: Decimal, new: Decimal) -> bool:
    """Whether one price is ten times the other or more; to or from nothing is a jump, too."""
    low, high = sorted((old, new))
    return low != high and high >= JUMP * low


def _moment(row: PriceRow) -> datetime:
    """An instant at which the row is valid: its start, else just before its end, else far ahead."""
    if row.valid_from is not None:
        return row.valid_from
    return LATEST if row.valid_to is None else row.valid_to - datetime.resolution


def _by_key(rows: Iterable[PriceRow]) -> Iterator[list[PriceRow]]:
    by_key: dict[object, list[PriceRow]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    for series in by_key.values():
        yield sorted(series, key=lambda row: (start(row), _place(row)))


def _neighbours(rows: Iterable[PriceRow]) -> Iterator[tuple[PriceRow, PriceRow]]:
    for series in _by_key(rows):
        yield from pairwise(series)


def _intersecting(series: Sequence[PriceRow]) -> Iterator[tuple[PriceRow, PriceRow]]:
    """Each row that starts before an earlier one has ended, with the one that lasts longest."""
    longest = series[0]
    for row in series[1:]:
        if meet(longest, row):
            yield (longest, row) if _place(longest) <= _place(row) else (row, longest)
        if end(row) > end(longest):
            longest = row


def _disagree(one: PriceRow, other: PriceRow) -> bool:
    return one.long_above_tokens != other.long_above_tokens and meet(one, other)


def _place(row: PriceRow) -> tuple[str, int]:
    return row.file, row.line


def _other(row: PriceRow, other: PriceRow) -> str:
    return f"line {other.line}" if row.file == other.file else f"line {other.line} of {other.file}"


def _named(row: PriceRow) -> str:
    return "/".join(part for part in row.key if part is not None)


def _span(row: PriceRow) -> str:
    if row.valid_from is None and row.valid_to is None:
        return "always"
    since = f"from {written(row.valid_from)}" if row.valid_from else ""
    until = f"until {written(row.valid_to)}" if row.valid_to else ""
    return f"{since} {until}".strip()


def _price(row: PriceRow) -> str:
    return f"{plain(row.price_usd)} USD per {plain(row.per)} {row.unit}"
