"""`tollbook compact`: small files of the storage are merged now."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, NowOption, QuietOption, say
from pipeline.errors import ConfigError
from pipeline.text import counted


@app.command()
def compact(
    config: ConfigOption = None,
    now: NowOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many files would be merged.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Merge small ledger files of a month, and small files of postings; no figure changes.

    Runs do it by themselves where there are more than [retention] compact_files of them.
    """
    from pipeline.compaction.compact import plan
    from pipeline.runs.change_set import ChangeSet
    from pipeline.runs.run import rate_and_commit
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.read_copy import open_read_copy

    if dry_run:
        storage = StorageLayout(cli_context.load(config).storage.root.absolute())
        with open_read_copy(storage) as db:
            if db is None:
                raise ConfigError("nothing has run yet", file=storage.root)
            found = plan(db, storage, more_than=0)
        files = counted(len(found.replaced), "file")
        say(f"{files} would be merged into {found.merged}; nothing was changed.", quiet=quiet)
        return
    with cli_context.correction(config, now, "compact") as run:
        result = rate_and_commit(run, ChangeSet(), merge_over=0)
    for note in result.notes:
        say(note, quiet=quiet)
    raise typer.Exit(result.exit_code)
