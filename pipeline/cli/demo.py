"""The verb `demo`: tollbook on a made-up organization, without any account or configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.setting import NowOption, QuietOption, say

IntoOption = Annotated[
    Path, typer.Option("--into", help="The folder for the sample and all that comes of it.")
]


@app.command()
def demo(
    into: IntoOption = Path("tollbook-demo"), now: NowOption = None, quiet: QuietOption = False
) -> None:
    """Copy the sample organization into a folder (once) and run on it."""
    from pipeline.cli.running import run_and_print
    from pipeline.demo import copy_sample

    configuration = copy_sample(into)
    say(
        f"The sample organization lies in {into}; this is `tollbook run -c {configuration}`.",
        quiet=quiet,
    )
    raise typer.Exit(run_and_print(configuration, now=now))
