"""The verbs that correct: `quarantine`, `forget`, `rebase`, `rerate`, and `prices diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, JsonOption, NowOption, QuietOption, say
from pipeline.cli.prices import prices
from pipeline.cli.query import FormatOption, OutOption, print_answer
from pipeline.cli.run import print_done
from pipeline.dates import Clock
from pipeline.errors import ConfigError
from pipeline.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.runs.change_set import ChangeSet
    from pipeline.runs.context import RunContext
    from pipeline.runs.result import RunResult

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="First UTC day, such as 2026-10-01.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="UTC day before which to stop (not counted).")
]
quarantine = typer.Typer(no_args_is_help=True, help="Rows that could not be taken, and why.")
app.add_typer(quarantine, name="quarantine")


@quarantine.command("list")
def quarantine_list(
    config: ConfigOption = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Rows held back, grouped by rule: how many, how many tokens, and an example."""
    from pipeline.cli.query import query

    query("quarantine_by_rule", form=form, as_json=as_json, out=out, config=config)


@quarantine.command("replay")
def quarantine_replay(
    config: ConfigOption = None,
    now: NowOption = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only rows held by this rule.")] = None,
    *,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read the held rows again; those that can be taken now land exactly once."""
    from pipeline.runs.corrections.replay import replay, replaying

    if dry_run:
        _show(config, now, lambda run: replaying(run, rule=rule))
        return
    with cli_context.correction(config, now, "replay") as run:
        result = replay(run, rule=rule)
    say(f"{counted(result.counts.accepted, 'row')} landed.", quiet=quiet)
    _finish(run, result, quiet=quiet)


@app.command()
def forget(
    files: Annotated[list[str], typer.Argument(help="Input files, as `input_files` names them.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the file.")],
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    with_copies: Annotated[
        bool, typer.Option("--with-copies", help="Take back files with the same content as well.")
    ] = False,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take back files that should never have been read: their charges are reversed."""
    from pipeline.runs.corrections import forget as act

    _show_or_do(
        config,
        now,
        "forget",
        lambda run: act.forgetting(run, files, reason, with_copies=with_copies),
        lambda run: act.forget(run, files, reason, with_copies=with_copies),
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command()
def remember(
    files: Annotated[list[str], typer.Argument(help="Input files that were forgotten.")],
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring forgotten files back: their rows count again."""
    from pipeline.runs.corrections import forget as act

    _show_or_do(
        config,
        now,
        "remember",
        lambda run: act.remembering(run, files),
        lambda run: act.remember(run, files),
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command()
def rebase(
    source: Annotated[str, typer.Argument(help="Name of a source in tollbook.toml.")],
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Move the records of a source to the basis that the configuration says now."""
    from pipeline.runs.corrections import rebase as act

    _show_or_do(
        config,
        now,
        "rebase",
        lambda run: act.rebasing(run, source),
        lambda run: act.rebase(run, source),
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command()
def rerate(
    since: Annotated[
        str | None,
        typer.Option("--since", help="First UTC day to price anew, such as 2026-10-01; needed."),
    ] = None,
    until: UntilOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    dry_run: DryRunOption = False,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    quiet: QuietOption = False,
) -> None:
    """Price days again with the current book, final days too; the difference is posted."""
    from pipeline.runs.corrections import rerate as act

    if since is None:
        raise ConfigError("is missing", key="--since", hint="Name the first UTC day to price anew.")
    if dry_run:
        _preview(config, now, since, until, "json" if as_json else form, out, quiet=quiet)
        return
    first = cli_context.day(since, "--since")
    last = cli_context.day(until, "--until") if until else None
    with cli_context.correction(config, now, "rerate") as run:
        result = act.rerate(run, first, last)
    posted = sum(result.postings.values())
    say(f"{counted(posted, 'line')} posted.", quiet=quiet)
    _finish(run, result, quiet=quiet)


@prices.command("diff")
def prices_diff(
    since: SinceOption = None,
    until: UntilOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    form: FormatOption = "table",
    as_json: JsonOption = False,
    out: OutOption = None,
    quiet: QuietOption = False,
) -> None:
    """Show what `rerate` would change with the current price files."""
    _preview(config, now, since, until, "json" if as_json else form, out, quiet=quiet)


def _show_or_do(
    config: Path | None,
    now: str | None,
    verb: str,
    change: Callable[[RunContext], ChangeSet],
    act: Callable[[RunContext], RunResult],
    *,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Print what a correction would change, or make it and say how the run ended."""
    if dry_run:
        _show(config, now, change)
        return
    with cli_context.correction(config, now, verb) as run:
        result = act(run)
    _finish(run, result, quiet=quiet)


def _show(config: Path | None, now: str | None, act: Callable[[RunContext], ChangeSet]) -> None:
    """Print what a correction would change."""
    from pipeline.money import plain
    from pipeline.runs.context import PREVIEW
    from pipeline.runs.corrections.rerate import preview

    with cli_context.correction(config, now, PREVIEW) as run:
        shown = preview(run, act(run))
    for note in shown.notes:
        typer.echo(note, err=True)
    typer.echo(
        f"{counted(shown.rows_out, 'row')} would no longer count, "
        f"{counted(shown.rows_in, 'row')} would count; the "
        f"charges would move by {plain(shown.usd)} USD. Nothing was changed."
    )


def _preview(
    config: Path | None,
    now: str | None,
    since: str | None,
    until: str | None,
    form: str,
    out: Path | None,
    *,
    quiet: bool,
) -> None:
    from pipeline.money import plain
    from pipeline.published.formats import FrameResult
    from pipeline.runs.context import PREVIEW
    from pipeline.runs.corrections.rerate import preview_rerate

    first = cli_context.day(since, "--since") if since else None
    last = cli_context.day(until, "--until") if until else None
    with cli_context.correction(config, now, PREVIEW) as run:
        shown = preview_rerate(run, first, last)
    published = run.config.storage.root / "published"
    print_answer(FrameResult(shown.moves), form, out, published, quiet=quiet)
    for note in shown.notes:
        say(note, quiet=quiet)
    billed = ""
    if shown.billed_usd:
        billed = (
            f" ({plain(shown.rated_usd)} USD by prices, {plain(shown.billed_usd)} USD since "
            "settled days stay at the provider's bill)"
        )
    say(
        f"The charges would move by {plain(shown.usd)} USD{billed}; nothing was changed.",
        quiet=quiet,
    )


def _finish(run: RunContext, result: RunResult, *, quiet: bool) -> None:
    from pipeline.runs.run_and_report import RunReport, log_end, report_of, update_after

    written = report_of(run.config, result, month=None, now=run.now)
    done = RunReport(result, written, run.today)
    log_end(done, run.head.verb)
    clock = Clock(business=lambda: run.now, real=run.clock)
    update_after(run.config, clock, result.outcome, result.undelivered)
    print_done(done, quiet=quiet)
    raise typer.Exit(result.exit_code)
