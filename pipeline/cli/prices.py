"""`tollbook prices …`: questions about the price book."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app

prices = typer.Typer(no_args_is_help=True, help="Check price files and compare price books.")
app.add_typer(prices, name="prices")


@prices.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Price files, the last one strongest (default: the configured ones)."),
    ] = None,
    config: cli_context.ConfigOption = None,
    json_: cli_context.AsJsonOption = False,
    quiet: cli_context.QuietOption = False,
) -> None:
    """Check price files for errors, overlaps (exit 2), gaps, and jumps of 10 times or more."""
    from pipeline.pricing import load as pricing_load

    configured = cli_context.load(config)
    paths = tuple(files) if files else configured.prices.files
    examined, findings = pricing_load.examine(paths, configured.discounts)
    if json_:
        print(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{finding.severity}: {finding}")
    cli_context.say(pricing_load.summary(examined, len(paths), findings), quiet=quiet)
    raise typer.Exit(pricing_load.exit_code(findings))
