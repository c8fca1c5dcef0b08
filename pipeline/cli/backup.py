"""`tollbook backup` and `tollbook restore`: the storage as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, QuietOption, say
from pipeline.text import counted


@app.command()
def backup(
    to: Annotated[
        Path | None, typer.Argument(help="The file to write (default: named by the time).")
    ] = None,
    config: ConfigOption = None,
    *,
    quiet: QuietOption = False,
) -> None:
    """Write the whole storage to one tar file, also while runs happen; print where it is."""
    from pipeline.storage.backup.back_up import back_up
    from pipeline.storage.layout import StorageLayout

    real = cli_context.clock(None).real
    storage = StorageLayout(cli_context.load(config).storage.root.absolute())
    target = to or Path(f"tollbook-backup-{real():%Y%m%dT%H%M%SZ}.tar")
    manifest = back_up(storage, target, real_clock=real)
    print(target)
    say(_contents(len(manifest.files), manifest.total_bytes, manifest.last_run), quiet=quiet)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `tollbook backup` has written.")],
    config: ConfigOption = None,
    *,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Move what is in the root to its folder set-aside first."),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Make the storage of a backup; every file is checked first. The next run publishes it."""
    from pipeline.storage.backup import restore as backups
    from pipeline.storage.layout import StorageLayout

    now = cli_context.clock(None).real()
    storage = StorageLayout(cli_context.load(config).storage.root.absolute())
    manifest = backups.restore(source, storage, is_replacing=replace, real_now=now)
    print(storage.root)
    say(
        f"{_contents(len(manifest.files), manifest.total_bytes, manifest.last_run)} "
        f"As of {manifest.made_at:%Y-%m-%d %H:%M} UTC. `tollbook run` publishes it.",
        quiet=quiet,
    )


def _contents(files: int, size: int, last_run: str | None) -> str:
    ran = f"the last run in it is {last_run}" if last_run else "no run in it"
    return f"{counted(files, 'file')}, {size / 1_000_000:,.1f} MB; {ran}."
