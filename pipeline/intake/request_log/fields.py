"""The flat columns of one logged response body, and when a row of them is beyond doubt.

What comes in is what a statement of `queries/intake/request_log/` gave, most of it text;
what goes out has counts as Int64, times as microseconds, and `is_clean`. A row that is not
clean is not wrong: it is read again, at last by hand, where each rule has its name.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import add, and_

import polars as pl

from pipeline.intake.validation import EARLIEST
from pipeline.meters import LARGEST_QUANTITY

ATTRIBUTION = ("organization_id", "project_id", "api_key_id", "user_id", "service_account_id")
NAMES = ("model", "service_tier", *ATTRIBUTION)  # of few values
TEXTS = ("id", "request_id", "variant", *NAMES)
COUNTS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cached_tokens",
    "cached_text_tokens",
    "cached_audio_tokens",
    "cached_image_tokens",
    "cache_write_tokens",
    "cache_write_30m_tokens",
    "cache_write_12h_tokens",
    "input_text_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "output_text_tokens",
    "output_audio_tokens",
    "output_image_tokens",
    "reasoning_tokens",
    "trained_tokens",
    "images",
    "characters",
    "code_interpreter_sessions",
    "web_search_calls",
    "file_search_calls",
)
_TOTALS = ("input_tokens", "output_tokens", "total_tokens")
SECONDS = ("audio_seconds", "video_seconds")  # text until they are quantities

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  times are naive UTC
_US = 1_000_000
# Up to six decimals, a number of seconds as a DOUBLE still gives the microsecond that is written.
_SECONDS_TEXT = r"^[0-9]{1,10}(\.[0-9]{1,6})?$"
# The commonest form of an instant: about others, readers might disagree.
_INSTANT_TEXT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-][01][0-9]:[0-5][0-9])$"
)


def microseconds(instant: datetime) -> int:
    """A naive UTC instant as microseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def count(frame: pl.DataFrame, *names: str) -> pl.Expr:
    """The sum of these counts; 0 for what a row, or the whole frame, does not have."""
    present = [
        pl.col(n).fill_null(0) if frame[n].null_count() else pl.col(n)
        for n in names
        if n in frame.columns
    ]
    return reduce(add, present) if present else pl.lit(0, dtype=pl.Int64)


def typed(frame: pl.DataFrame, last: datetime) -> pl.DataFrame:
    """Counts and times out of their text, and whether each row is beyond doubt.

    Takes: those of TEXTS, COUNTS and SECONDS that the kind has, `created` as DOUBLE or VARCHAR,
    `is_plain`; an instant after which a time is doubtful.
    Gives: the same with `started_at_us` and `is_clean`, less counts without values.
    """
    counts = [c for c in COUNTS if c in frame.columns]
    named = [c for c in (*TEXTS, *SECONDS) if c in frame.columns]
    empty = [c for c in (*counts, *named) if frame[c].null_count() == len(frame)]
    counts = [c for c in counts if c not in empty]
    read = frame.select(pl.col(counts).cast(pl.Int64, strict=False), _started_at(frame["created"]))
    # The reader has no way to say "there, but not a count": the cast makes one more NULL.
    unread = [c for c in counts if read[c].null_count() != frame[c].null_count()]
    doubts = [(frame[c].is_not_null() & read[c].is_null()) for c in unread]
    texts = [c for c in named if c in TEXTS and c not in empty]
    are_blank = frame.select((pl.col(c) == "").any() for c in texts)
    blank = [c for c in texts if are_blank[c].item()]
    # Many kinds of token never occur in a log: a column of zeros says what no column says.
    empty += [c for c in counts if c not in _TOTALS and not read[c].max() and not read[c].min()]
    read = read.drop(c for c in empty if c in read.columns)
    frame = frame.drop("created", *empty, *read.columns[:-1]).with_columns(
        pl.col(blank).cast(pl.String).replace("", None), *read.get_columns()
    )
    clean = frame.select(is_clean=_is_clean(frame, last).fill_null(False))["is_clean"]
    for doubt in doubts:
        clean &= ~doubt
    return frame.drop("is_plain").with_columns(clean)


def _started_at(created: pl.Series) -> pl.Expr:
    """`created` as microseconds; seconds may have a fraction, text may be an ISO 8601 instant.

    NULL where it is not beyond doubt, also where it might be rounded otherwise than from its text.
    """
    seconds = pl.col("created")
    if created.dtype == pl.String:
        is_number = seconds.str.contains(_SECONDS_TEXT)
        seconds = pl.when(is_number).then(seconds).cast(pl.Float64, strict=False)
    # Out of range becomes NULL before it becomes an integer: 1e300 does not fit.
    inside = seconds.is_between(microseconds(EARLIEST) / _US, 2.0**33)
    exact = pl.when(inside).then((seconds * _US + 0.5).floor()).cast(pl.Int64)
    if created.dtype != pl.String:
        exact = pl.when(exact % 1_000 == 0).then(exact)
    elif created.str.contains("T", literal=True).any():
        text = pl.when(pl.col("created").str.contains(_INSTANT_TEXT)).then(pl.col("created"))
        instant = text.str.to_datetime("%+", time_unit="us", strict=False)
        exact = pl.coalesce(exact, instant.dt.timestamp("us"))
    return exact.alias("started_at_us")


def _is_clean(frame: pl.DataFrame, last: datetime) -> pl.Expr:
    """Everything that `request_by_hand` refuses fails here, or the two readers would differ."""

    def n(*names: str) -> pl.Expr:
        return count(frame, *names)

    def has(name: str) -> bool:
        return name in frame.columns

    times = (microseconds(EARLIEST), microseconds(last))
    holds = [pl.col("is_plain"), pl.col("started_at_us").is_between(*times)]
    holds += [
        pl.col(c).is_between(0, LARGEST_QUANTITY) | pl.col(c).is_null() for c in COUNTS if has(c)
    ]
    # A list or an object where a name belongs comes as its JSON text.
    for name in (c for c in TEXTS if has(c)):
        is_coded = isinstance(frame.schema[name], pl.Categorical)
        begins = pl.col(name).cat.starts_with if is_coded else pl.col(name).str.starts_with
        holds.append(~(begins("{") | begins("[")).fill_null(False))
    if has("variant"):  # made of two of them
        holds.append(~pl.col("variant").str.contains(r"[\[{]").fill_null(False))
    for text in (pl.col(c) for c in SECONDS if has(c)):
        number = text.cast(pl.Decimal(38, 18), strict=False)
        holds.append(text.is_null() | number.is_between(0, LARGEST_QUANTITY).fill_null(False))
    written = n("cache_write_30m_tokens", "cache_write_12h_tokens")
    cached_parts = n("cached_text_tokens", "cached_audio_tokens", "cached_image_tokens")
    writes = n("cache_write_tokens")
    cached = n("cached_tokens")
    if has("cache_write_30m_tokens") or has("cache_write_12h_tokens"):
        holds.append(writes >= written)
    if any(has(f"cached_{m}_tokens") for m in ("text", "audio", "image")):
        holds.append(cached >= cached_parts)
        holds += [
            pl.col(f"cached_{m}_tokens").fill_null(0) <= n(f"input_{m}_tokens")
            for m in ("text", "audio", "image")
            if has(f"cached_{m}_tokens")
        ]
    if has("cached_tokens") or has("cache_write_tokens"):
        holds.append(cached + writes <= n("input_tokens"))
    if any(has(f"input_{m}_tokens") for m in ("text", "audio", "image")):
        parts = n("input_text_tokens", "input_audio_tokens", "input_image_tokens")
        holds.append(parts <= n("input_tokens"))
    if any(has(f"output_{m}_tokens") for m in ("text", "audio", "image")):
        parts = n("output_text_tokens", "output_audio_tokens", "output_image_tokens")
        holds.append(parts <= n("output_tokens"))
    if has("reasoning_tokens"):
        holds.append(n("reasoning_tokens") <= n("output_tokens"))
    if has("total_tokens"):
        total = n("input_tokens", "output_tokens")
        holds.append(pl.col("total_tokens").fill_null(total) == total)
    return reduce(and_, holds)
