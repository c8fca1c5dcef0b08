"""`tollbook schema`, `tollbook query` and `tollbook sql`: describe and ask the published views."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption
from pipeline.dates import local_date
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.published.formats import Tabular

FormatOption = Annotated[
    str, typer.Option("--format", "-f", help="table, csv, json, parquet or markdown.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write to this file instead of stdout.")
]
ParamOption = Annotated[
    list[str] | None, typer.Option("--param", "-p", help="NAME=VALUE, for each parameter.")
]
SinceOption = Annotated[str | None, typer.Option("--since", help="Short for --param since=DATE.")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Short for --param until=DATE (not counted).")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="Usage and charges as known at this instant, in UTC."),
]
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Short for --param project=ID.")
]


@app.command("sql")
def sql(
    statement: Annotated[
        str, typer.Argument(help="One SELECT, EXPLAIN or DESCRIBE; - reads it from stdin.")
    ],
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    param: ParamOption = None,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """Ask the published views in SQL, read-only: tollbook sql "SHOW TABLES".

    In CSV, a text that a spreadsheet would run as a formula (it starts with =, +, -, @, a tab or
    a carriage return) has an apostrophe before it. JSON is an array of objects with decimals as
    strings; Parquet goes to a pipe or to --out.
    """
    from pipeline.published.reader import open_published, run_statement

    published = cli_context.load(config).storage.root / "published"
    text = sys.stdin.read() if statement == "-" else statement
    with open_published(published, at=_known_at(as_of, quiet=quiet)) as con:
        answer = run_statement(con, text, _pairs(param))
        print_answer(answer, "json" if as_json else form, out, published, quiet=quiet)


@app.command("query")
def query(
    name: Annotated[
        str | None, typer.Argument(help="Name of the query; without one, all are listed.")
    ] = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    param: ParamOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    project: ProjectOption = None,
    show_sql: Annotated[
        bool, typer.Option("--show-sql", help="Print the query's SQL, to start your own from.")
    ] = False,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    quiet: QuietOption = False,
) -> None:
    """Ask one of the named questions; without a name, list them.

    A default of `month` is the first day of this month, or of the newest month with usage;
    `last_day+1` the day after the newest; `any` does not narrow.
    """
    from pipeline.published.named_queries import (
        Listing,
        bind,
        days_asked_about,
        named,
        named_queries,
    )
    from pipeline.published.reader import open_published, run_statement

    settings = cli_context.load(config)
    published = settings.storage.root / "published"
    chosen = "json" if as_json else form
    if name is None:
        print_answer(Listing(named_queries()), chosen, out, published, quiet=quiet)
        return
    asked = named(name)
    if show_sql:
        print(asked.sql, end="")
        return
    given = _pairs(param) | _given(since=since, until=until, project=project)
    instant = cli_context.clock(now).business()
    today = local_date(instant, settings.organization.zone)
    with open_published(published, at=_known_at(as_of, quiet=quiet)) as con:
        days, note = days_asked_about(con, asked, given, today, instant)
        if note:
            cli_context.say(note, quiet=quiet)
        answer = run_statement(con, asked.sql, bind(asked, given, days))
        print_answer(answer, chosen, out, published, quiet=quiet)


@app.command("schema")
def schema(
    view: Annotated[
        str | None, typer.Argument(help="Name of the view; without one, all are listed.")
    ] = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """List the published views, or the columns of one with type and meaning."""
    from pipeline.published.schema import columns, views

    published = cli_context.load(config).storage.root / "published"
    answer = views() if view is None else columns(view)
    print_answer(answer, "json" if as_json else form, out, published, quiet=quiet)


def print_answer(
    answer: Tabular, form: str, out: Path | None, published: Path, *, quiet: bool
) -> None:
    """The answer to the file or to stdout; what is not data to stderr."""
    from pipeline.published.formats import format_named, write, write_file

    chosen = format_named(form)
    if out is not None:
        note = write_file(answer, chosen, out, storage=published.parent)
    else:
        width = cli_context.terminal_width()
        is_terminal = width is not None
        try:
            note = write(answer, chosen, sys.stdout.buffer, is_terminal=is_terminal, width=width)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            cli_context.leave_stdout()
            return
    if note:
        cli_context.say(note, quiet=quiet)


def _known_at(as_of: str | None, *, quiet: bool) -> datetime | None:
    if as_of is None:
        return None
    at = cli_context.instant(as_of, "--as-of")
    cli_context.say(
        f"usage, charges and daily_costs as known at {at} UTC; other views as of now", quiet=quiet
    )
    return at


def _given(**words: str | None) -> dict[str, str]:
    return {name: word for name, word in words.items() if word is not None}


def _pairs(param: Sequence[str] | None) -> dict[str, str]:
    """NAME=VALUE words as a mapping. Fails: ConfigError for another form."""
    pairs: dict[str, str] = {}
    for word in param or ():
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(
                f"{word!r} is not a parameter",
                key="--param",
                hint="Write it like since=2026-10-01.",
            )
        pairs[name] = value
    return pairs
