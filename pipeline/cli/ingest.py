"""`tollbook ingest`: fetch a range from the provider's API, with a progress bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import AsJsonOption, ConfigOption, NowOption, QuietOption, say
from pipeline.cli.run import print_done

if TYPE_CHECKING:
    from pipeline.providers.provider import Progress

SinceOption = Annotated[
    str | None, typer.Option("--since", help="First UTC day, such as 2026-10-01.")
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="UTC day before which to stop (not counted); default: now."),
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="Only this source; default: all that are fetched from an API."),
]


@app.command()
def ingest(
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    as_json: AsJsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch a range of days from the provider's API, then read and price it; can be resumed."""
    from pipeline.runs.run_and_report import ingest_and_report

    cli_context.log_to_stderr()
    with _bar(is_shown=sys.stderr.isatty() and not quiet) as progress:
        done = ingest_and_report(
            cli_context.load_for_run(config),
            since=cli_context.day(since, "--since") if since else None,
            until=cli_context.day(until, "--until") if until else None,
            source=source,
            clock=cli_context.clock(now),
            environment=cli_context.environment(),
            stop=cli_context.stop_on_signals(),
            say=say,
            progress=progress,
        )
    print_done(done, as_json=as_json, quiet=quiet)
    raise typer.Exit(done.result.exit_code)


@contextmanager
def _bar(*, is_shown: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A bar on stderr while pieces are fetched."""
    if not is_shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("fetching", total=None)

        def show(progress: Progress) -> None:
            what = f"{progress.source}: {progress.series} of {progress.span.since:%Y-%m-%d}"
            bar.update(task, description=what, completed=progress.done, total=progress.total)

        yield show
