"""`tollbook rebuild`: the database once more, where it was lost or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context as cli_context
from pipeline.cli.app import app
from pipeline.cli.context import ConfigOption, QuietOption, say
from pipeline.text import counted

if TYPE_CHECKING:
    from pipeline.storage.layout import StorageLayout
    from pipeline.storage.rebuild.examine import KeptCopy
    from pipeline.storage.rebuild.start_over import GoneFile


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
    from_files: Annotated[
        bool,
        typer.Option(
            "--from-files", help="Without a copy: set the old books aside, to read all files again."
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Make a lost or damaged warehouse.duckdb again; the next `tollbook run` carries on."""
    from pipeline.storage.rebuild import rebuild as making
    from pipeline.storage.rebuild.examine import examine

    storage = cli_context.load(config).storage.layout
    if from_files:
        _start_over(storage, is_forced=force, is_dry=dry_run, quiet=quiet)
        return
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


def _start_over(storage: StorageLayout, *, is_forced: bool, is_dry: bool, quiet: bool) -> None:
    from pipeline.storage.rebuild import rebuild as making
    from pipeline.storage.rebuild.start_over import start_over, what_is_left, with_published

    published = _published(storage.root / "published")
    if is_dry:
        making.check_root(storage)
        found = what_is_left(storage, is_forced=is_forced)
    else:
        now = cli_context.clock(None).real()
        found = start_over(storage, is_forced=is_forced, real_now=now)
    found = with_published(storage, found, published)
    print(storage.warehouse)
    would = "would be" if is_dry else "are"
    say(
        f"The old books {would} set aside; `tollbook run` begins new ones and reads every source: "
        f"{counted(found.files, 'file')} with usage of the old ledger can be read again.",
        quiet=quiet,
    )
    for file in found.gone:
        say(
            f"- {file.input_file} is gone: {counted(file.rows, 'record')} of {file.first_date} to "
            f"{file.last_date} will not count, but for those that other files have as well",
            quiet=quiet,
        )
    for path in found.unreadable:
        say(f"- {path} cannot be read: what it has is not known", quiet=quiet)
    if storage.ledger_store is not None:
        say(
            f"The files of the old ledger in {storage.ledger_store} stay there and do not count: "
            "`tollbook doctor` names their folders. Remove them once the totals are right.",
            quiet=quiet,
        )
    say(
        "The new books cannot know: which prices past days were pinned with (they take those of "
        "today), when what was posted, what was forgotten, rebased, closed, acknowledged, labelled "
        "or cleared, the limits set at the provider, and which alerts were sent: those of periods "
        "that run are sent once more, with the same ids.",
        quiet=quiet,
    )


def _published(folder: Path) -> list[GoneFile]:
    """The input files with records that were published last; none where that cannot be read."""
    from pipeline.errors import TollbookError
    from pipeline.published.queries import named_rows
    from pipeline.published.reader import open_published
    from pipeline.storage.rebuild.start_over import GoneFile

    try:
        with open_published(folder) as con:
            rows = named_rows(con, "storage/published_files", {})
    except TollbookError:
        return []
    return [GoneFile(**row) for row in rows]


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
    for folder, files in copy.unknown_stored.items():
        yield f"{counted(files, 'file')} in {folder}, which stay there and do not count"
    if copy.unknown_closings:
        yield f"closed months: {', '.join(copy.unknown_closings)}; close them again"
