"""Turns rows of CSV and Parquet files into usage records; a bad cell costs only its row.

Converts the text of each cell to the ledger's types, fills in what is left out, and gives each
row its identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import polars as pl
import polars_hash as plh
import xxhash

from pipeline.intake.source import Context, Normalized
from pipeline.intake.tabular.columns import GIVEN, LINE, OCCURRENCE, PROBLEM, RAW
from pipeline.intake.tabular.read import detect, read_frames
from pipeline.intake.validation import OTHER_ORGANIZATION, is_foreign, other_organization
from pipeline.meters import (
    INPUT_METERS,
    LARGEST_QUANTITY,
    METER_NAMES,
    METERS,
    OUTPUT_METERS,
    QUANTITY,
)
from pipeline.money import parse_decimal, round_quantity
from pipeline.schemas import (
    IDENTITY_HASH,
    IS_PARTIAL,
    LEDGER_SCHEMA,
    OPERATIONS,
    SCOPES,
    normalize_tier,
)

__all__ = ["Normalized", "detect", "normalize", "read_frames"]

FIRST_PLAUSIBLE = datetime(2020, 1, 1)  # noqa: DTZ001  naive UTC

_COUNTS = (*(m.name for m in METERS if not m.is_fraction), "requests")
_FRACTIONS = tuple(m.name for m in METERS if m.is_fraction)
_NUMBERS = (*_COUNTS, *_FRACTIONS)
_TIMES = ("started_at", "ended_at")
# Not \d, which also means the digits of other scripts.
_COUNT = r"^([0-9]{1,18})(?:\.0*)?$"
_MANY_DIGITS = r"^[0-9]{13,}(?:\.[0-9]*)?$"
# 1.000 may be one or a thousand, 1000.0 and 1.5 can only have a decimal point.
_MAYBE_THOUSANDS = r"^[0-9]{1,3}(?:\.[0-9]{3})+$"
_ANY_POINT = r"^[0-9]*\.[0-9]*$"
_SINCE_1970 = r"^[0-9]{9,10}(?:\.[0-9]+)?$"
_MILLISECONDS = r"^[0-9]{12,13}(?:\.[0-9]+)?$"
_TIME = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r" ?(?:([Zz]|UTC)|([+-])([0-9]{2}):?([0-9]{2})?)?$"
)
# Columns whose text must be a value of their type: the rule, and what a bad text is not.
_TYPED = {
    **dict.fromkeys(_TIMES, ("not_a_time", "not an ISO 8601 time such as 2026-10-26T10:00:00Z")),
    "is_batch": ("not_a_boolean", "neither true nor false"),
    **dict.fromkeys(_COUNTS, ("not_a_count", "not a whole number such as 1000")),
    **dict.fromkeys(_FRACTIONS, ("not_a_quantity", "not a decimal number such as 12.5")),
}


def normalize(frame: pl.DataFrame, context: Context) -> Normalized:
    """Convert one frame of `read_frames`.

    **Gives** records with defaults: the context's organization and provider, operation
    `completions`, its scope, tier `default`, one request, 0 of every other meter. A row without
    `record_id` is identified by its text and how often that has occurred. A row of a whole UTC
    day (a bare date, or a day from midnight to midnight) keeps that date as `charge_date`, and
    its requests are 0, which means not known, where it does not give them.
    """
    given = frame.with_columns(
        pl.lit(None, dtype=pl.String).alias(c) for c in GIVEN if c not in frame.columns
    )
    texts = given.select(pl.col(name).alias(_text_of(name)) for name in _TYPED)
    converted = given.with_columns(*_converted(given), *texts.get_columns())
    # Most columns have nothing to look at: none of their texts failed, or has a point.
    failing = [n for n in _TYPED if converted[n].null_count() > given[n].null_count()]
    pointed = [n for n in _NUMBERS if given[n].str.contains(".", literal=True).any()]
    complaints = _complaints(context, failing, pointed)
    judged = converted.with_columns(
        pl.coalesce(pl.when(c.holds).then(c.rule) for c in complaints).alias("_rule"),
        pl.coalesce(pl.when(c.holds).then(c.detail) for c in complaints).alias("_detail"),
    )
    tokens = (*INPUT_METERS, *OUTPUT_METERS)
    rejects = judged.filter(pl.col("_rule").is_not_null()).select(
        pl.col(LINE).alias("input_line"),
        pl.col("_rule").alias("rule"),
        pl.col("_detail").alias("detail"),
        pl.col(RAW).alias("raw"),
        pl.sum_horizontal(pl.col(t).cast(pl.Int128).fill_null(0) for t in tokens)
        .clip(upper_bound=10**18 - 1)
        .cast(pl.Int64)
        .alias("tokens_held_back"),
    )
    good = judged.filter(pl.col("_rule").is_null())
    return Normalized(_records(good, context), rejects, frame.height, 0)


def _text_of(name: str) -> str:
    return f"_text_{name}"


def _converted(given: pl.DataFrame) -> list[pl.Series | pl.Expr]:
    """Each typed column from its text; NULL where the text is none of its values."""
    is_batch = pl.col("is_batch").str.to_lowercase()
    return [
        *(_plausible(pl.col(name).str.extract(_COUNT, 1).cast(pl.Int64)) for name in _COUNTS),
        *(_quantities(given[name]) for name in _FRACTIONS),
        *(_instants(given[name]) for name in _TIMES),
        pl.when(is_batch.is_in(["true", "1"]))
        .then(pl.lit(True))
        .when(is_batch.is_in(["false", "0"]))
        .then(pl.lit(False))
        .alias("is_batch"),
    ]


def _plausible(count: pl.Expr) -> pl.Expr:
    return pl.when(count <= LARGEST_QUANTITY).then(count)


def _quantities(text: pl.Series) -> pl.Series:
    known = {t: _quantity(t) for t in text.drop_nulls().unique().to_list()}
    return pl.Series(
        text.name, [None if t is None else known[t] for t in text.to_list()], dtype=QUANTITY
    )


def _quantity(text: str) -> Decimal | None:
    try:
        value = parse_decimal(text)
        return round_quantity(value) if 0 <= value <= LARGEST_QUANTITY else None
    except (ValueError, ArithmeticError):
        return None


def _instants(text: pl.Series) -> pl.Series:
    """Naive UTC instants; digits beyond microseconds are cut."""
    part = [f"_{n}" for n in range(1, 9)]
    day, clock, second, fraction, _, sign, hours, minutes = (pl.col(p) for p in part)
    shift = pl.duration(
        hours=hours.cast(pl.Int64).fill_null(0), minutes=minutes.cast(pl.Int64).fill_null(0)
    )
    local = pl.concat_str(
        day,
        pl.lit("T"),
        clock.fill_null("00:00"),
        pl.lit(":"),
        second.fill_null("00"),
        pl.lit("."),
        fraction.fill_null("0").str.pad_end(9, "0"),
    ).str.to_datetime("%Y-%m-%dT%H:%M:%S%.9f", time_unit="us", strict=False)
    return (
        text.to_frame("_text")
        .select(
            pl.col("_text").str.extract_groups(_TIME).struct.rename_fields(part).struct.unnest()
        )
        .select(
            pl.when(sign.is_null())
            .then(local)
            .when(hours.cast(pl.Int64) > 14)
            .then(None)
            .when(sign == "-")
            .then(local + shift)
            .otherwise(local - shift)
            .alias(text.name)
        )
        .to_series()
    )


class _Complaint(NamedTuple):
    rule: pl.Expr
    holds: pl.Expr
    detail: pl.Expr


def _complaints(
    context: Context, failing: Sequence[str], pointed: Sequence[str]
) -> list[_Complaint]:
    """What keeps a row out; the first that holds is the one that is said.

    Takes the columns of which some text has no value of its type, and the numbers of which some
    text has a point.
    """
    started, ended = pl.col("started_at"), pl.col("ended_at")
    operation, scope = _operation(), pl.col("scope")
    return [
        _Complaint(
            pl.col(PROBLEM).str.extract(r"^(\w+): ", 1),
            pl.col(PROBLEM).is_not_null(),
            pl.col(PROBLEM).str.replace(r"^\w+: ", ""),
        ),
        *(
            _Complaint(pl.lit("missing_value"), pl.col(name).is_null(), pl.lit(f"{name} is empty"))
            for name in (_text_of("started_at"), "model")
        ),
        *(_thousands(name, pointed) for name in pointed if name in _COUNTS),
        *(_too_many(name) for name in failing if name in _NUMBERS),
        *(_epoch(name) for name in failing if name in _TIMES),
        *(
            _Complaint(
                pl.lit(rule),
                pl.col(_text_of(name)).is_not_null() & pl.col(name).is_null(),
                pl.format(f"{name} is '{{}}', {what}", pl.col(_text_of(name))),
            )
            for name, (rule, what) in _TYPED.items()
            if name in failing
        ),
        *(
            []
            if context.organizations is None
            else [
                _Complaint(
                    pl.lit(OTHER_ORGANIZATION),
                    is_foreign(context.organizations),
                    pl.format(other_organization("{}"), pl.col("organization_id")),
                )
            ]
        ),
        _Complaint(
            pl.lit("implausible_time"),
            ~started.is_between(
                pl.lit(FIRST_PLAUSIBLE, dtype=pl.Datetime("us")),
                pl.lit(context.now + timedelta(days=1), dtype=pl.Datetime("us")),
            ),
            pl.format("started_at is {}", started),
        ),
        _Complaint(
            pl.lit("ends_before_start"),
            ended < started,
            pl.format("ended_at {} is before started_at {}", ended, started),
        ),
        _Complaint(
            pl.lit("unknown_operation"),
            scope.is_null() & ~operation.is_in(list(OPERATIONS)),
            pl.format("operation is '{}', whose scope is not known: give the scope", operation),
        ),
        _Complaint(
            pl.lit("unknown_scope"),
            scope.is_not_null() & ~scope.is_in(list(SCOPES)),
            pl.format(f"scope is '{{}}', not one of {', '.join(SCOPES)}", scope),
        ),
    ]


def _thousands(name: str, pointed: Sequence[str]) -> _Complaint:
    """A count whose point may separate thousands, unless its row shows that points are decimal."""
    text = pl.col(_text_of(name))
    shows = pl.any_horizontal(
        pl.col(_text_of(other)).str.contains(_ANY_POINT)
        & ~pl.col(_text_of(other)).str.contains(_MAYBE_THOUSANDS)
        for other in pointed
    )
    return _Complaint(
        pl.lit("not_a_count"),
        text.str.contains(_MAYBE_THOUSANDS) & ~shows.fill_null(value=False),
        pl.format(
            f"{name} is '{{}}', whose point may separate thousands: write it without a point", text
        ),
    )


def _too_many(name: str) -> _Complaint:
    text = pl.col(_text_of(name))
    return _Complaint(
        pl.lit("implausible_quantity"),
        pl.col(name).is_null() & text.str.contains(_MANY_DIGITS),
        pl.format(f"{name} is '{{}}', more than {LARGEST_QUANTITY:,}", text),
    )


def _epoch(name: str) -> _Complaint:
    text = pl.col(_text_of(name))
    is_seconds, is_milliseconds = text.str.contains(_SINCE_1970), text.str.contains(_MILLISECONDS)
    unit = pl.when(is_seconds).then(pl.lit("seconds")).otherwise(pl.lit("milliseconds"))
    return _Complaint(
        pl.lit("not_a_time"),
        is_seconds | is_milliseconds,
        pl.format(
            f"{name} is '{{}}', {{}} since 1970: write it in ISO 8601, such as "
            "2026-10-26T10:00:00Z",
            text,
            unit,
        ),
    )


def _operation() -> pl.Expr:
    return pl.col("operation").fill_null("completions")


def _records(good: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Rows without a fault, their defaults filled in, as the ledger has them."""
    started, ended = pl.col("started_at"), pl.col("ended_at")
    usage_date = started.dt.date()
    is_date = pl.col(_text_of("started_at")).str.len_bytes() == 10  # no clock: 2026-10-01
    is_midnight = started == started.dt.truncate("1d")
    is_whole = (is_midnight & (ended - started == pl.duration(days=1))).fill_null(value=False)
    is_utc_day = is_date | is_whole
    is_used = pl.any_horizontal(pl.col(m).fill_null(0) > 0 for m in METER_NAMES)
    local = started.dt.replace_time_zone("UTC").dt.convert_time_zone(context.zone.key).dt.date()
    tier, is_batch = pl.col("service_tier"), pl.col("is_batch")
    ids = [
        known or _line_id(raw, occurrence)
        for known, raw, occurrence in good.select("record_id", RAW, OCCURRENCE).iter_rows()
    ]
    identity = pl.concat_str("organization_id", pl.lit("\x1f"), "record_id")
    return (
        good.with_columns(
            pl.Series("record_id", ids, dtype=pl.String),
            pl.col("organization_id").fill_null(context.organization_id),
            pl.col("provider").fill_null(context.provider),
            pl.lit(context.source).alias("source"),
            pl.lit(context.basis).alias("basis"),
            usage_date.alias("usage_date"),
            pl.when(is_utc_day).then(usage_date).otherwise(local).alias("charge_date"),
            _operation().alias("operation"),
            pl.col("scope").fill_null(_operation().replace_strict(OPERATIONS, default=None)),
            is_batch.fill_null(tier.eq("batch").fill_null(value=False)),
            # how many requests a whole day sums is not known where the row does not say it
            pl.col("requests").fill_null(pl.when(is_utc_day & is_used).then(0).otherwise(1)),
            pl.col(METER_NAMES).fill_null(0),
            pl.when(is_date & ended.is_null())
            .then(started + timedelta(days=1))
            .otherwise(ended)
            .alias("ended_at"),
            pl.lit(context.recorded_at, dtype=pl.Datetime("us")).alias("recorded_at"),
            pl.lit(context.input_file).alias("input_file"),
            pl.lit(False).alias(IS_PARTIAL),
            pl.col(LINE).alias("input_line"),
            _tier(good).alias("service_tier"),
        )
        .with_columns(identity.alias("_identity"))
        .with_columns(plh.col("_identity").nchash.xxh3_64().alias(IDENTITY_HASH))
        .select(pl.col(name).cast(dtype) for name, dtype in LEDGER_SCHEMA.items())
    )


def _tier(good: pl.DataFrame) -> pl.Series:
    """The canonical service tier of each row."""
    pairs = good.select("service_tier", pl.col("is_batch").fill_null(value=False))
    known = {
        (tier, is_batch): normalize_tier(tier, is_batch=is_batch)
        for tier, is_batch in pairs.unique().iter_rows()
    }
    return pl.Series("service_tier", [known[p] for p in pairs.iter_rows()], dtype=pl.String)


def _line_id(raw: str, occurrence: int) -> str:
    """The identity of a row without an id: its text, and which of the equal rows it is."""
    repeat = f"#{occurrence}" if occurrence > 1 else ""
    return f"line:{xxhash.xxh3_128_hexdigest(raw.encode())}{repeat}"
