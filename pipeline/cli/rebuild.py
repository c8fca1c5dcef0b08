"""`tollbook rebuild`: the database once more, where it was lost or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, QuietOption, say
from pipeline.text import counted

if TYPE_CHECKING:
    from pipeline.storage.rebuild.examine import KeptCopy


@app.command()
def rebuild(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what was found, and change nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also where the database is whole.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Make a lost or damaged warehouse.duckdb again; the next `tollbook run` carries on."""
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.rebuild import rebuild as making
    from pipeline.storage.rebuild.examine import examine

    storage = StorageLayout(cli_context.load(config).storage.root.absolute())
    if dry_run:
        making.check_root(storage)
        found = examine(storage)
    else:
        now = cli_context.clock(None).real()
        found = making.rebuild(storage, is_forced=force, real_now=now)
    copy = making.check(storage, found, is_forced=force)
    print(storage.warehouse)
    say(f"Found: {found.damage or 'the database is whole'}.", quiet=quiet)
    for line in _told(copy, is_done=not dry_run):
        say(line, quiet=quiet)


def _told(copy: KeptCopy, *, is_done: bool) -> Iterator[str]:
    """What is done, and what the copy does not know."""
    yield (
        f"{'Rebuilt' if is_done else 'Would be rebuilt'} from its copy: "
        f"{counted(copy.rows, 'row')}, as run {copy.last_run or '(none)'} left them; every file "
        "that they name is there."
    )
    later = list(_later(copy))
    if later:
        yield "Not in it, since it came later:"
        yield from (f"- {line}" for line in later)
        yield "The next `tollbook run` reads again what the sources still have of it."
    else:
        yield "Nothing in the storage is of a later run."
    if is_done:
        yield "The old database, if there was one, is in set-aside. `tollbook run` carries on."


def _later(copy: KeptCopy) -> Iterator[str]:
    if copy.later_snapshots:
        runs = ", ".join(copy.later_snapshots)
        yield f"what was published as {runs}; acts of people since then must be made again"
    if copy.unknown_files:
        yield f"{counted(len(copy.unknown_files), 'file')} in the ledger and the charges"
    if copy.unknown_closings:
        yield f"closed months: {', '.join(copy.unknown_closings)}; close them again"
