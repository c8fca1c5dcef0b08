"""`tollbook export lake`: the published figures in the form of another system."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, QuietOption, say
from pipeline.text import counted

export_app = typer.Typer(
    help="Write the published figures in the form of another system.", no_args_is_help=True
)
app.add_typer(export_app, name="export")


@export_app.command("lake")
def lake(
    to: Annotated[
        str, typer.Option("--to", help="The folder of the tables; for Delta also s3://….")
    ],
    config: ConfigOption = None,
    *,
    form: Annotated[
        Literal["delta", "iceberg"], typer.Option("--format", "-f", help="delta or iceberg.")
    ] = "delta",
    quiet: QuietOption = False,
) -> None:
    """Write usage and charges as Delta or Iceberg tables, only the days that changed.

    Each table changes in one commit. Needs the extra: pip install 'tollbook[lake]'.
    """
    from pipeline.published.lake.export import export_lake

    published = cli_context.load(config).storage.root / "published"
    for done in export_lake(published, to, form):
        print(done.address)
        say(
            f"{done.view}: {counted(done.written_days, 'day')} written "
            f"({counted(done.rows, 'row')}), {done.removed_days} removed, "
            f"{done.kept_days} as they were.",
            quiet=quiet,
        )
