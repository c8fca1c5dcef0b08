"""`tollbook doctor`: what a run would need, and how it stands."""

from __future__ import annotations

import json

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app


@app.command()
def doctor(
    config: cli_context.ConfigOption = None, *, as_json: cli_context.AsJsonOption = False
) -> None:
    """Look at software, configuration and storage; change nothing, show no secret.

    Ends with 0, with 1 where the storage would stop a run, with 2 where the configuration would.
    """
    from pipeline.runs.doctor import diagnose, exit_code

    checks = diagnose(lambda: cli_context.load(config), cli_context.environment())
    if as_json:
        print(json.dumps([check.as_json() for check in checks], indent=2))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print(f"{check.state:<8} {check.area:<14} {check.name:<{width}}  {check.value}")
            if check.hint:
                print(f"{'':<{width + 25}} {check.hint}")
    raise typer.Exit(exit_code(checks))
