"""`tollbook run`, and the summary that every run and correction prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli import fail_on as cli_fail_on
from pipeline.cli.app import app
from pipeline.cli.context import AsJsonOption, ConfigOption, NowOption, QuietOption, say
from pipeline.cli.fail_on import ToleranceOption
from pipeline.config.model import Config
from pipeline.errors import ConfigError, SourceError
from pipeline.text import collapse_repeats

if TYPE_CHECKING:
    from pipeline.runs.named_files import NamedFiles
    from pipeline.runs.run_and_report import RunReport

FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Files, globs or folders, instead of the configured sources."),
]
FailOnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        help="budget: end with 4 when a budget is over in the period that now is in; "
        "reconciliation: end with 5 when a gap to the provider's costs counts in the month that "
        "now is in (or in --month). Can be given twice.",
    ),
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Fetch nothing: read what lies there, raw files too.")
]
SkipOption = Annotated[
    list[str] | None,
    typer.Option(
        "--skip",
        help="A file, folder or glob that this run passes over; the rest is booked. Can be given "
        "more than once.",
    ),
]
MonthOption = Annotated[
    str | None, typer.Option("--month", help="The report's month, such as 2026-10.")
]


@app.command()
def run(
    files: FilesArgument = None,
    config: ConfigOption = None,
    now: NowOption = None,
    month: MonthOption = None,
    fail_on: FailOnOption = None,
    tolerance: ToleranceOption = "0.01",
    skip: SkipOption = None,
    *,
    offline: OfflineOption = False,
    as_json: AsJsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read what is new, price it, check budgets, publish, and write the report."""
    code = run_and_print(
        config, now=now, files=files or (), skip=skip or (), month=month, fail_on=fail_on or (),
        tolerance=tolerance, offline=offline, as_json=as_json, quiet=quiet,
    )  # fmt: skip
    raise typer.Exit(code)


def run_and_print(
    config_path: Path | None,
    *,
    now: str | None,
    files: Sequence[str] = (),
    skip: Sequence[str] = (),
    month: str | None = None,
    fail_on: Sequence[str] = (),
    tolerance: str = "0.01",
    offline: bool = False,
    as_json: bool = False,
    quiet: bool = False,
    environment: Mapping[str, str] | None = None,
) -> int:
    """One run with its summary, in another environment if given. Gives the exit code."""
    from pipeline.providers.provider import FetchRequest
    from pipeline.runs.run_and_report import run_and_report

    cli_fail_on.check(fail_on, (cli_fail_on.BUDGET, cli_fail_on.RECONCILIATION))
    tolerance_usd = cli_fail_on.tolerance_of(tolerance)
    cli_context.log_to_stderr()
    config, notes, problems, named = _config(config_path, files)
    known = cli_context.environment() if environment is None else environment
    clock = cli_context.clock(now)
    done = run_and_report(
        config,
        clock=clock,
        environment=known,
        month=cli_context.month(month),
        stop=cli_context.stop_on_signals(),
        say=say,
        problems=problems,
        named=named,
        skip=skip,
        fetching=FetchRequest(known, is_offline=offline),
    )
    for note in notes:
        say(note, quiet=quiet)
    print_done(done, as_json=as_json, quiet=quiet)
    if done.result.exit_code:
        return done.result.exit_code
    return cli_fail_on.exit_code_of_run(
        fail_on,
        budgets_over=done.result.budgets_over,
        root=config.storage.root,
        tolerance_usd=tolerance_usd,
        month=cli_context.month(month),
        now=clock.business(),
    )


def _config(
    path: Path | None, files: Sequence[str]
) -> tuple[Config, Sequence[str], Sequence[SourceError], NamedFiles | None]:
    """The configuration of this run, and what was found out about the files named."""
    config = cli_context.load_for_run(path)
    if files:
        from pipeline.intake.files.detect_kind import sources_of
        from pipeline.runs.kinds import KINDS
        from pipeline.runs.named_files import NamedFiles

        found = sources_of(files, Path.cwd(), KINDS, config.sources)
        named = NamedFiles(found.made_up, config.sources)
        chosen = config.model_copy(update={"sources": found.sources})
        return chosen, found.notes, found.problems, named
    if not config.sources:
        raise ConfigError(
            "there is nothing to read",
            hint="Name files (tollbook run logs/*.jsonl.gz), or write a configuration "
            "(tollbook init).",
        )
    return config, (), (), None


def say_news(done: RunReport, *, quiet: bool = False) -> None:
    """Notes (not when quiet) and problems on stderr."""
    if done.result.is_first:
        say(f"A new storage was begun in {done.result.storage_root}.", quiet=quiet)
    for note in collapse_repeats(done.result.notes):
        say(note, quiet=quiet)
    for problem in done.result.problems:
        say(f"tollbook: {problem}")


def print_done(done: RunReport, *, as_json: bool = False, quiet: bool = False) -> None:
    """Problems and notes on stderr; the summary and the report's path on stdout."""
    say_news(done, quiet=quiet)
    if as_json:
        cli_context.put(json.dumps(done.facts(), indent=2))
    else:
        cli_context.put("\n".join(done.summary()))
