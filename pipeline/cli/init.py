"""`tollbook init`: a configuration to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.context import QuietOption, say


@app.command()
def init(
    path: Annotated[
        Path, typer.Argument(help="The file to write, or the folder to write it into.")
    ] = Path("tollbook.toml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write a tollbook.toml in which every key there is stands explained."""
    from pipeline.config.init_file import next_steps, write_configuration

    written = write_configuration(path, is_forced=force)
    print(written)
    for step in next_steps(written):
        say(step, quiet=quiet)
