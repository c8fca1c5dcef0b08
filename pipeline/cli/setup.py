"""`tollbook init` and `tollbook doctor`: a configuration to begin with, and whether it works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import QuietOption, say


@app.command()
def init(
    path: Annotated[
        Path, typer.Argument(help="The file to write, or the folder to write it into.")
    ] = Path("tollbook.toml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write a tollbook.toml that lists and explains every key."""
    from pipeline.config.init_file import next_steps, write_configuration

    written = write_configuration(path, is_forced=force)
    print(written)
    for step in next_steps(written):
        say(step, quiet=quiet)


@app.command()
def doctor(
    config: cli_context.ConfigOption = None, *, as_json: cli_context.AsJsonOption = False
) -> None:
    """Check software, configuration and storage; change nothing and show no secret.

    Ends with 0, with 1 where the storage would stop a run or the report of a closed month, with 2
    where the configuration would, with 3 where a source could not be fetched.
    """
    from pipeline.runs.doctor import diagnose, exit_code
    from pipeline.text import sentences

    now = cli_context.clock(None).real()
    checks = diagnose(lambda: cli_context.load_for_run(config), cli_context.environment(), now)
    if as_json:
        print(json.dumps([check.as_json() for check in checks], indent=2))
    else:
        rows = [(c.state, c.area, c.name, sentences(c.value, c.hint)) for c in checks]
        cli_context.print_table(("state", "area", "check", "finding"), rows)
    raise typer.Exit(exit_code(checks))
