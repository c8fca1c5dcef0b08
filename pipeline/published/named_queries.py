"""The analysts' named questions: `queries/analysis/*.sql`, what they ask, and their parameters.

Comes in: a name and words for parameters. Goes out: the SQL and typed values, bound and never
pasted into it. Never runs anything but the look for the newest day.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

import duckdb
import pyarrow as pa

from pipeline import resources
from pipeline.dates import parse_instant
from pipeline.errors import ConfigError
from pipeline.money import parse_decimal
from pipeline.published.reader import Column, Parameter

ParameterType = Literal["DATE", "VARCHAR", "BIGINT", "DECIMAL", "TIMESTAMP"]
TYPES: tuple[ParameterType, ...] = get_args(ParameterType)
EXAMPLES: dict[ParameterType, str] = {
    "DATE": "2026-10-01",
    "VARCHAR": "a text",
    "BIGINT": "20",
    "DECIMAL": "12.50",
    "TIMESTAMP": "2026-10-01T08:00:00Z",
}

_PARAMETER = re.compile(r"(\w+) (\w+) (?:default (\S+)|(required)), (.+)")
_LAST_DAY = re.compile(r"last_day([+-]\d+)?")


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """One parameter of a named query, as its header declares it."""

    name: str
    type: ParameterType
    default: str | None  # a word of `Days.value`, or a value; None: must be given
    meaning: str


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """One question with its SQL."""

    name: str
    question: str
    row: str
    ties: str
    parameters: tuple[QueryParameter, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class DefaultDays:
    """The days and the instant that words such as `month` stand for as defaults."""

    today: date  # the organization's day
    last_day: date  # today, or the newest day with usage where this month has none yet
    now: datetime  # naive UTC

    def value(self, word: str, kind: ParameterType) -> Parameter:
        """The value of a default: any (NULL), now, today, month, last_day-90, or a plain value."""
        if word == "any":
            return None
        if word == "now":
            return self.now
        if word == "today":
            return self.today
        if word == "month":
            return self.last_day.replace(day=1)
        near = _LAST_DAY.fullmatch(word)
        return self.last_day + timedelta(days=int(near[1] or 0)) if near else _typed(word, kind)


@dataclass(frozen=True, slots=True)
class Listing:
    """The named queries as rows: name, question, parameters."""

    queries: tuple[NamedQuery, ...]
    columns: tuple[Column, ...] = (
        Column("name", "VARCHAR", "varchar"),
        Column("question", "VARCHAR", "varchar"),
        Column("parameters", "VARCHAR", "varchar"),
    )
    is_plan: bool = False

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """A row for each query, by name."""
        for query in self.queries:
            yield query.name, query.question, ", ".join(_shown(p) for p in query.parameters)

    def arrow(self) -> Iterator[pa.RecordBatch]:
        """The rows as one Arrow batch."""
        schema = pa.schema([(c.name, pa.string()) for c in self.columns])
        names = schema.names
        rows = [dict(zip(names, row, strict=True)) for row in self.rows()]
        yield pa.RecordBatch.from_pylist(rows, schema=schema)


def named_queries() -> tuple[NamedQuery, ...]:
    """All named queries, by name."""
    return tuple(
        parse(path.removeprefix("analysis/"), resources.sql(path))
        for path in resources.sql_names("analysis")
    )


def named(name: str) -> NamedQuery:
    """The query of this name. Fails: ConfigError that names the nearest one."""
    names = [path.removeprefix("analysis/") for path in resources.sql_names("analysis")]
    if name in names:
        return parse(name, resources.sql(f"analysis/{name}"))
    near = difflib.get_close_matches(name, names, 1, 0.5)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
    raise ConfigError(f"there is no query {name!r}", key="query", hint=hint)


def parse(name: str, text: str) -> NamedQuery:
    """A query from its file's text; the header is `-- key: value`, `--      …` carries on.

    Fails: ValueError for a header without question and row, or a parameter that cannot be read:
    a mistake in our own file.
    """
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        key, colon, value = line.removeprefix("--").partition(":")
        if line.startswith("-- ") and not line.startswith("--  ") and colon:
            found.append((key.strip(), value.strip()))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.removeprefix('--').strip()}")
    header = {key: value for key, value in found if key != "parameter"}
    if "question" not in header or "row" not in header:
        raise ValueError(f"{name}.sql: the header needs `-- question:` and `-- row:`")
    parameters = tuple(_declared(name, value) for key, value in found if key == "parameter")
    return NamedQuery(
        name, header["question"], header["row"], header.get("ties", ""), parameters, text
    )


def bind(query: NamedQuery, given: Mapping[str, str], days: DefaultDays) -> dict[str, Parameter]:
    """The values of all parameters of a query.

    Takes: the words given on the command line, and what defaults stand for. Gives: a typed value
    for each parameter. Fails: ConfigError for an unknown, missing or ill-typed one, or a period
    that ends before it starts.
    """
    declared = {p.name: p for p in query.parameters}
    for name in given:
        if name not in declared:
            takes = ", ".join(declared) or "none"
            near = difflib.get_close_matches(name, declared, 1, 0.5)
            raise ConfigError(
                f"{query.name} has no parameter {name!r}",
                key="--param",
                hint=f"Did you mean {near[0]}?" if near else f"It takes {takes}.",
            )
    values: dict[str, Parameter] = {}
    for name, parameter in declared.items():
        if name in given:
            try:
                values[name] = _typed(given[name], parameter.type)
            except ValueError:
                raise ConfigError(
                    f"{given[name]!r} is not a {parameter.type}",
                    key=name,
                    hint=f"Write it like {EXAMPLES[parameter.type]}.",
                ) from None
        elif parameter.default is None:
            raise ConfigError(
                f"{query.name} needs {name}: {parameter.meaning}",
                key="--param",
                hint=f"Give --param {name}=VALUE ({parameter.type}).",
            )
        else:
            values[name] = days.value(parameter.default, parameter.type)
    since, until = values.get("since"), values.get("until")
    if isinstance(since, date) and isinstance(until, date) and until <= since:
        raise ConfigError(
            f"the period from {since} to {until} is empty",
            key="--until",
            hint="--until is the first day that is no longer counted; give one after --since.",
        )
    return values


def days_asked_about(
    con: duckdb.DuckDBPyConnection,
    query: NamedQuery,
    given: Mapping[str, str],
    today: date,
    now: datetime,
) -> tuple[DefaultDays, str | None]:
    """The days that the defaults of a query stand for.

    Takes: the words given, today in the organization's time zone, the instant as naive UTC.
    Gives: the days, and a note for the person asking where the newest day replaces today.
    """
    [(newest,)] = con.execute(
        "SELECT max(charge_date) FROM daily_costs WHERE charge_date <= $today", {"today": today}
    ).fetchall()
    if not isinstance(newest, date) or newest >= today.replace(day=1):
        return DefaultDays(today, today, now), None
    is_used = any(
        p.name not in given and (p.default == "month" or _LAST_DAY.fullmatch(p.default or ""))
        for p in query.parameters
    )
    note = f"no usage in {today:%Y-%m} yet; the newest day is {newest}" if is_used else None
    return DefaultDays(today, newest, now), note


def _declared(name: str, value: str) -> QueryParameter:
    found = _PARAMETER.fullmatch(value)
    kind = next((t for t in TYPES if found and t == found[2]), None)
    if not found or kind is None:
        raise ValueError(
            f"{name}.sql: write `-- parameter: NAME TYPE default WORD, meaning`, not {value!r}"
        )
    return QueryParameter(found[1], kind, found[3], found[5])


def _typed(text: str, kind: ParameterType) -> Parameter:
    if kind == "DATE":
        return date.fromisoformat(text)
    if kind == "TIMESTAMP":
        return parse_instant(text)
    if kind == "BIGINT":
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
            raise ValueError(text)
        return int(text)
    if kind == "DECIMAL":
        amount: Decimal = parse_decimal(text)
        return amount
    return text


def _shown(parameter: QueryParameter) -> str:
    return f"{parameter.name}={parameter.default or 'required'}"
