"""`tollbook guide`: the pages beside the README, for a machine without a checkout."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.app import app


@app.command()
def guide(
    name: Annotated[
        str | None, typer.Argument(help="A page, such as prices; without it, list them.")
    ] = None,
) -> None:
    """Print a page of the documentation; without a name, list the pages."""
    from pipeline.published.guides import guide_names, guide_text

    if name is None:
        print("\n".join(guide_names()))
        return
    print(guide_text(name), end="")
