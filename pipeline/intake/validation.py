"""The canonical usage record as a Pandera schema: types, presence and business rules.

Every source's rows pass through `validate`. Rows that break a rule come back with its name and
a sentence for people; the rest go on as they are, and nothing is changed or filled in.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from pipeline.meters import LARGEST_QUANTITY, METER_NAMES
from pipeline.schemas import LEDGER_SCHEMA, OPERATIONS, REQUIRED_COLUMNS

if TYPE_CHECKING:
    import pandera.polars as pa

EARLIEST = datetime(2020, 1, 1)  # noqa: DTZ001  times are naive UTC
LATEST_AHEAD = timedelta(days=1)
_ONE_DAY = timedelta(days=1)

BAD_SCHEMA: dict[str, pl.DataType] = {
    "input_line": pl.Int64(),
    "rule": pl.String(),
    "detail": pl.String(),
}

_TEXTS = tuple(c for c, dtype in LEDGER_SCHEMA.items() if dtype == pl.String())
_REQUIRED = tuple(c for c in LEDGER_SCHEMA if c in REQUIRED_COLUMNS)
_COUNTED = (*METER_NAMES, "requests")


class Validated(NamedTuple):
    """The rows that keep every rule, in order, and why each of the others does not."""

    good: pl.DataFrame
    bad: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Rule:
    """One business rule: true or NULL where a row keeps it, and what to say where it does not."""

    name: str
    holds: pl.Expr
    detail: pl.Expr


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String)


def _say(template: str, *columns: str) -> pl.Expr:
    return pl.format(template, *(_text(c).fill_null("nothing") for c in columns))


def _first_negative() -> pl.Expr:
    return pl.concat_str(
        [
            pl.when(pl.col(c) < 0).then(pl.format(c + " is {}. ", pl.col(c)))
            for c in (*METER_NAMES, "requests")
        ],
        ignore_nulls=True,
    ).str.strip_chars_end(" .")


IMPLAUSIBLE_TIME = Rule(
    "implausible_time",
    pl.col("started_at") >= EARLIEST,  # what is too late says who knows the clock
    _say("started_at {} is not between 2020-01-01 and a day from now", "started_at"),
)

OTHER_ORGANIZATION = "other_organization"
_OTHER_DETAIL = "organization_id is '{}', not one of [organization] id and also"


def other_organization(organization_id: str) -> str:
    """What to say of a row of an organization that is not configured."""
    return _OTHER_DETAIL.format(organization_id)


def foreign_rows(records: pl.DataFrame, organizations: frozenset[str] | None) -> pl.DataFrame:
    """The rows of other organizations, as BAD_SCHEMA; None: no row is foreign."""
    foreign = pl.lit(False) if organizations is None else is_foreign(organizations)
    return records.filter(foreign).select(
        "input_line",
        rule=pl.lit(OTHER_ORGANIZATION),
        detail=pl.format(_OTHER_DETAIL, _text("organization_id")),
    )


def is_foreign(organizations: frozenset[str]) -> pl.Expr:
    """Whether a row names an organization that is not one of these."""
    return ~_text("organization_id").is_in(list(organizations)).fill_null(True)


RULES = (
    Rule(
        "missing_value",
        pl.all_horizontal(pl.col(c).is_not_null() for c in _REQUIRED),
        pl.concat_str(
            [pl.when(pl.col(c).is_null()).then(pl.lit(f"{c} is missing. ")) for c in _REQUIRED],
            ignore_nulls=True,
        ).str.strip_chars_end(" ."),
    ),
    Rule(
        "missing_id",
        (pl.col("record_id") != "") & (pl.col("organization_id") != ""),
        pl.lit("record_id or organization_id is empty"),
    ),
    Rule(
        # A provider's bucket need not be grouped by model; a request always has one.
        "missing_model",
        (pl.col("model") != "").fill_null(False)
        | pl.col("ended_at").is_not_null()
        | _text("scope").is_in(("storage", "tools")),
        pl.lit("model is missing"),
    ),
    IMPLAUSIBLE_TIME,
    Rule(
        "negative_duration",
        pl.col("ended_at") >= pl.col("started_at"),
        _say("ended_at {} is before started_at {}", "ended_at", "started_at"),
    ),
    Rule(
        # Zones reach from -12 to +14 hours: no local day is further away.
        "wrong_date",
        (pl.col("usage_date") == pl.col("started_at").dt.date())
        & (pl.col("charge_date") - pl.col("usage_date")).is_between(
            timedelta(days=-1), timedelta(days=1)
        ),
        _say(
            "usage_date {} or charge_date {} is not the day of started_at {}",
            "usage_date",
            "charge_date",
            "started_at",
        ),
    ),
    Rule(
        "unknown_operation",
        _text("operation").replace_strict(OPERATIONS, default="no scope") == _text("scope"),
        _say("operation {} does not belong to scope {}", "operation", "scope"),
    ),
    Rule(
        "unknown_basis",
        _text("basis").is_in(("charge", "detail")),
        _say("basis {} is neither charge nor detail", "basis"),
    ),
    Rule(
        "wrong_tier",
        (_text("service_tier") != "") & (~pl.col("is_batch") | (_text("service_tier") == "batch")),
        _say("service_tier {} of a record with is_batch {}", "service_tier", "is_batch"),
    ),
    Rule(
        "negative_quantity",
        pl.all_horizontal(pl.col(c) >= 0 for c in (*METER_NAMES, "requests")),
        _first_negative(),
    ),
    Rule(
        "implausible_quantity",
        pl.all_horizontal(pl.col(c) <= LARGEST_QUANTITY for c in _COUNTED),
        pl.concat_str(
            [
                pl.when(pl.col(c) > LARGEST_QUANTITY).then(
                    pl.format(c + f" is {{}}, more than {LARGEST_QUANTITY:,}. ", pl.col(c))
                )
                for c in _COUNTED
            ],
            ignore_nulls=True,
        ).str.strip_chars_end(" ."),
    ),
    Rule(
        "nothing_counted",
        pl.any_horizontal(pl.col(c) > 0 for c in ("requests", *METER_NAMES)),
        pl.lit("neither a request nor any quantity is above zero"),
    ),
)


@cache
def ledger_schema() -> pa.DataFrameSchema:
    """The columns of the canonical usage record as a Pandera schema."""
    # pandera imports PySpark where that is installed, which is of no account to who reads this
    warnings.filterwarnings("ignore", message="PySpark does not yet", category=FutureWarning)
    # imported by the thread that validates, while another one reads the first rows already
    import pandera.polars as pa  # noqa: PLC0415  as above

    return pa.DataFrameSchema(
        {name: pa.Column(dtype, nullable=True) for name, dtype in LEDGER_SCHEMA.items()},
        strict=True,
        ordered=True,
    )


@cache
def rules_schema() -> pa.DataFrameSchema:
    """The business rules as a Pandera schema."""
    import pandera.polars as pa  # noqa: PLC0415  as above

    def keeps_every_rule(data: pa.PolarsData) -> bool:
        # One boolean for the whole frame: which rule and row is looked up only when it is false. A
        # check for each rule would have pandera collect twelve times.
        kept = data.lazyframe.select(pl.all_horizontal(rule.holds.all() for rule in RULES))
        return bool(kept.collect().item())

    return pa.DataFrameSchema(checks=[pa.Check(keeps_every_rule, name="business_rules")])


def validate(frame: pl.DataFrame) -> Validated:
    """The rows of a ledger frame that keep every rule, and the reasons for the others.

    Takes: the columns of `schemas.LEDGER_SCHEMA` in order, text also as Enum or Categorical.
    Gives: `good` in input order; `bad` with `input_line`, `rule` (the first one broken), `detail`.
    Fails: pandera's SchemaErrors for a missing, unknown or wrongly typed column, which is a
    mistake in the source's code and not in its input.
    """
    # Text may come as an Enum or a Categorical: few values are written faster as one.
    columns = {
        name: pl.String()
        if name in _TEXTS and isinstance(dtype, pl.Enum | pl.Categorical)
        else dtype
        for name, dtype in frame.schema.items()
    }
    for name in _TEXTS:
        if name in columns and columns[name] != pl.String:
            raise TypeError(f"{name} is {columns[name]}, not text")
    _check_columns(tuple(columns.items()))
    if _is_plain(frame):
        return Validated(frame, pl.DataFrame(schema=BAD_SCHEMA))
    from pandera.errors import SchemaErrorReason, SchemaErrors  # noqa: PLC0415  as above

    try:
        rules_schema().validate(frame, lazy=True)
    except SchemaErrors as errors:
        if any(e.reason_code != SchemaErrorReason.DATAFRAME_CHECK for e in errors.schema_errors):
            raise
        return _split(frame)
    return Validated(frame, pl.DataFrame(schema=BAD_SCHEMA))


def _is_plain(frame: pl.DataFrame) -> bool:
    """Whether the extremes of the columns alone prove that every row keeps every rule.

    They cost a tenth of the rules. True for requests of one operation as nearly all are; where it
    is false, the rules decide.
    """
    rows = frame.height
    if not rows or frame["ended_at"].null_count() < rows:
        return False
    constant = {
        name: dtype.categories[0]
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Enum) and len(dtype.categories) == 1
    }
    if (
        frame.select(pl.sum_horizontal(pl.col(c).null_count() for c in _REQUIRED)).item()
        or constant.get("basis") not in {"charge", "detail"}
        or constant.get("scope") is None
        or OPERATIONS.get(constant.get("operation", "")) != constant["scope"]
        or not (_has_text(frame, "service_tier") and _has_text(frame, "organization_id"))
        or not (_has_text(frame, "record_id") and _has_text(frame, "model"))
        or (frame["is_batch"].any() and constant.get("service_tier") != "batch")
    ):
        return False
    away = pl.col("charge_date") - pl.col("usage_date")
    is_dated = (pl.col("usage_date") == pl.col("started_at").dt.date()).all()
    facts = frame.select(
        is_timely=pl.col("started_at").min() >= EARLIEST,
        is_dated=is_dated & (away.min() >= -_ONE_DAY) & (away.max() <= _ONE_DAY),
        is_counted=pl.col("requests").min() >= 1,
        are_positive=pl.all_horizontal(pl.col(c).min() >= 0 for c in _COUNTED),
        are_plausible=pl.all_horizontal(pl.col(c).max() <= LARGEST_QUANTITY for c in _COUNTED),
    )
    return all(facts.row(0))


def _has_text(frame: pl.DataFrame, name: str) -> bool:
    """Whether no row has a NULL or an empty text there."""
    column = frame[name]
    if isinstance(column.dtype, pl.Enum):
        return "" not in column.dtype.categories and not column.null_count()
    texts = column.cat if isinstance(column.dtype, pl.Categorical) else column.str
    shortest = texts.len_bytes().min()
    return isinstance(shortest, int) and shortest > 0 and not column.null_count()


@lru_cache(maxsize=16)  # takes longer than to check the rules of a thousand rows
def _check_columns(columns: tuple[tuple[str, pl.DataType], ...]) -> None:
    ledger_schema().validate(pl.DataFrame(schema=dict(columns)), lazy=True)


def _split(frame: pl.DataFrame) -> Validated:
    """Each row with the first rule that it breaks."""
    broken = [rule.holds.fill_null(True).not_() for rule in RULES]
    keeps = ~frame.select(broken=pl.any_horizontal(broken))["broken"]
    bad = frame.filter(~keeps).select(
        pl.col("input_line"),
        rule=pl.coalesce(
            pl.when(b).then(pl.lit(r.name)) for r, b in zip(RULES, broken, strict=True)
        ),
        detail=pl.coalesce(pl.when(b).then(r.detail) for r, b in zip(RULES, broken, strict=True)),
    )
    return Validated(frame.filter(keeps), bad)
