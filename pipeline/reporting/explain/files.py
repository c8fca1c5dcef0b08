"""Input files behind what is explained: their versions, hashes, fates, and whether they are there.

A file's state is that of the last run; the caller may check whether the file exists now.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

import duckdb

from pipeline.errors import ConfigError
from pipeline.published.queries import named_rows
from pipeline.reporting.explain.model.explained import FileExplained
from pipeline.reporting.explain.model.files import FileCell, FileRejects, FileState, FileVersion

# Whether a file lies at a path now; None where it cannot be known, as for an address.
FileExists = Callable[[str], bool | None]


def input_files(
    con: duckdb.DuckDBPyConnection,
    found: Sequence[tuple[str, str, int, int, int]],
    exists: FileExists,
) -> tuple[FileState, ...]:
    """Files with their versions and copies.

    Takes: source, input file, records, first and last line of each.
    """
    versions = _versions(con, [name for _, name, *_ in found], exists)
    files = []
    for source, name, records, first_line, last_line in found:
        own = tuple(v for v in versions if v.input_file == name and v.source == source)
        files.append(
            FileState(
                input_file=name,
                source=source,
                records=records,
                first_line=first_line,
                last_line=last_line,
                versions=own,
                copies=_copies(versions, own, name),
            )
        )
    return tuple(files)


def explain_file(
    con: duckdb.DuckDBPyConnection, name: str, *, run_id: str, lines: int, exists: FileExists
) -> FileExplained:
    """A file explained: its versions and fates, the cells its records are in, its rejects.

    Takes: a name as `file_named` gives it, and how many cells to show.
    """
    versions = _versions(con, [name], exists)
    own = tuple(v for v in versions if v.input_file == name)
    cells = named_rows(con, "reporting/explain/file_cells", {"input_file": name, "lines": lines})
    in_all = cells[0]["cells"] if cells else 0
    return FileExplained(
        run_id=run_id,
        input_file=name,
        versions=own,
        copies=_copies(versions, own, name),
        cells=tuple(FileCell(**{k: v for k, v in row.items() if k != "cells"}) for row in cells),
        cells_in_all=in_all,
        rejects=tuple(
            FileRejects(**row)
            for row in named_rows(con, "reporting/explain/file_rejects", {"input_file": name})
        ),
    )


def newest_version(con: duckdb.DuckDBPyConnection, name: str, exists: FileExists) -> FileVersion:
    """The version of a file that was read last."""
    own = [v for v in _versions(con, [name], exists) if v.input_file == name]
    return max(own, key=lambda version: (version.ingested_at, version.run_id))


def file_named(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """The input file that a word names.

    Takes: the word as given, and what else it may stand for (its absolute path). Gives: the name
    that the storage has; the end of one is enough where it fits one file only.
    Fails: ConfigError naming the nearest ones.
    """
    known: list[str] = [
        row["input_file"] for row in named_rows(con, "reporting/explain/file_names", {})
    ]
    for name in names:
        if name in known:
            return name
    word = names[0]
    ending = [name for name in known if name.endswith(f"/{word.removeprefix('./')}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise ConfigError(
            f"{len(ending)} files end like this",
            key="--file",
            hint=f"Take one of {', '.join(ending[:3])}.",
        )
    ends = {PurePath(name).name: name for name in known}
    near = difflib.get_close_matches(PurePath(word).name, ends, 1, 0.6)
    hint = (
        f"Did you mean {ends[near[0]]}?"
        if near
        else 'See the files with: tollbook sql "SELECT input_file, state FROM input_files".'
    )
    raise ConfigError(f"no file {word!r} was read", key="--file", hint=hint)


def _versions(
    con: duckdb.DuckDBPyConnection, names: Iterable[str], exists: FileExists
) -> tuple[FileVersion, ...]:
    wanted = sorted(set(names))
    if not wanted:
        return ()
    return tuple(
        FileVersion(**row, is_there=exists(row["input_file"]))
        for row in named_rows(con, "reporting/explain/file_versions", {"names": wanted})
    )


def _copies(
    versions: Sequence[FileVersion], own: Sequence[FileVersion], name: str
) -> tuple[FileVersion, ...]:
    hashes = {version.content_hash for version in own if version.content_hash}
    return tuple(v for v in versions if v.input_file != name and v.content_hash in hashes)
