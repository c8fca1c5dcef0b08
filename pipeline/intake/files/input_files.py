"""Input files: which are new, grown, copies or missing, what to read of them, their row counts.

Owns the table `input_files`. Reads no record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.model import Source
from pipeline.intake.files.discovery import RawFile, age_seconds
from pipeline.intake.files.hashes import content_hashes
from pipeline.intake.files.input_file import COLUMNS, InputFile
from pipeline.intake.files.recognize import (
    by_content,
    has_grown,
    has_same_content,
    is_still_forgotten,
    is_untouched,
)
from pipeline.intake.quarantine_store import files_with_other_rejects
from pipeline.storage.database import Database

if TYPE_CHECKING:
    from pipeline.ledger.repeats.duplicates import FateMove

DAY_SECONDS = 86_400


class Action(StrEnum):
    """How to read a file."""

    SKIP = "skip"  # unchanged, or forgotten
    READ = "read"  # new, or changed otherwise than by growing
    TAIL = "tail"  # it grew, or its waiting last line is a day old


@dataclass(frozen=True, slots=True)
class Decision:
    """How to read one file, and its newest version so far."""

    action: Action
    known: InputFile | None = None

    @property
    def is_tail(self) -> bool:
        """Whether only what came behind the newest version is read."""
        return self.action is Action.TAIL


@dataclass(slots=True)
class InputFiles:
    """The input files by source and name, newest version of each; and by content."""

    entries: dict[tuple[str, str], InputFile] = field(default_factory=dict)
    versions: list[InputFile] = field(default_factory=list)
    changed: dict[int, InputFile] = field(default_factory=dict)
    next_id: int = 1
    # file ids of versions with rejected rows that are held back elsewhere, or no longer
    with_other_rejects: set[int] = field(default_factory=set)
    _by_id: dict[int, InputFile] = field(default_factory=dict)
    _by_path: dict[tuple[str, str], list[InputFile]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # versions that have or had a content, and versions that are or were forgotten
    _by_hash: dict[str, list[InputFile]] = field(default_factory=lambda: defaultdict(list))
    _forgotten: list[InputFile] = field(default_factory=list)

    @classmethod
    def load(cls, db: Database) -> InputFiles:
        """All input files of the storage."""
        files = cls(with_other_rejects=files_with_other_rejects(db))
        for row in db.rows(f"SELECT {', '.join(COLUMNS)} FROM input_files ORDER BY file_id"):
            files._remember(InputFile(*row))
        return files

    def _remember(self, entry: InputFile) -> None:
        self.entries[entry.source, entry.input_file] = entry
        self.versions.append(entry)
        self._by_id[entry.file_id] = entry
        self._by_path[entry.source, entry.input_file].append(entry)
        self._by_hash[entry.content_hash].append(entry)
        if entry.state == "forgotten":
            self._forgotten.append(entry)
        self.next_id = max(self.next_id, entry.file_id + 1)

    def note_content(self, entry: InputFile, content_hash: str) -> None:
        """Note the hash of the content of a version, once it is known."""
        entry.content_hash = content_hash
        self._by_hash[content_hash].append(entry)

    def decide(
        self, source: Source, file: RawFile, real_now: datetime, *, may_grow: bool
    ) -> Decision:
        """How to read a file of a source; `may_grow`: of a grown file only the tail is read."""
        known = self.entries.get((source.name, file.name))
        if known is None:
            return Decision(Action.READ)
        if known.state == "forgotten":
            is_out = is_still_forgotten(known, file)
            return Decision(Action.SKIP if is_out else Action.READ, known)
        # not opened where it was not touched: that takes longer as history grows
        was_left_alone = is_untouched(known, file)
        is_same = was_left_alone or (known.size_bytes, known.modified_ns, known.sample_hash) == (
            file.size_bytes,
            file.modified_ns,
            file.sample_hash,
        )
        if known.state != "unreadable" and (is_same or has_same_content(known, file)):
            if not was_left_alone:  # only its times or how it is packed has changed
                known.size_bytes = file.size_bytes
                known.note_state(file)
                self.touch(known)
            is_overdue = (
                known.waiting_bytes > 0
                and not known.is_tail_rejected
                and age_seconds(file, real_now) > DAY_SECONDS
            )
            return Decision(Action.TAIL if is_overdue else Action.SKIP, known)
        is_tail = may_grow and known.kind == source.kind
        if is_tail and known.state in {"read", "waiting", "gone"} and has_grown(known, file):
            return Decision(Action.TAIL, known)
        return Decision(Action.READ, known)

    def copy_of(self, kind: str, basis: str, content_hash: str) -> InputFile | None:
        """A file of the same kind with the same content, wholly read.

        A forgotten one only where no other has this content. Not one with rejected rows: they may
        be readable by now.
        """
        found = [
            entry
            for entry in sorted(
                self._by_hash.get(content_hash, ()), key=lambda e: e.file_id, reverse=True
            )
            if (entry.kind, entry.basis, entry.content_hash) == (kind, basis, content_hash)
            and entry.waiting_bytes == 0
            and entry.state != "unreadable"
        ]
        counting = [entry for entry in found if entry.state != "forgotten"]
        if not counting:  # of an empty file nothing was forgotten
            return next((entry for entry in found if entry.size_bytes), None)
        whole = (
            entry
            for entry in counting
            if not (entry.quarantined or entry.file_id in self.with_other_rejects)
        )
        return next(whole, None)

    def repeats_itself(self, entry: InputFile) -> bool:
        """Whether a version may have rows that an earlier one of the same name had as well."""
        earlier = self._by_path[entry.source, entry.input_file]
        return entry.duplicate > 0 and any(e.file_id < entry.file_id for e in earlier)

    def forgotten_beginning(self, kind: str, basis: str, path: Path) -> InputFile | None:
        """The forgotten file of the same kind that this file is, renamed, packed or grown.

        None where it begins with a file of this basis that counts as well: then it is that one.
        """
        forgotten = by_content(self._forgotten, kind, are_forgotten=True)
        if not forgotten:
            return None
        found = [f for f in content_hashes(path, (size for size, _ in forgotten)) if f in forgotten]
        if not found:
            return None
        least, _ = found[0]
        of_basis = (entry for entry in self.versions if entry.basis == basis)
        known = by_content(of_basis, kind, are_forgotten=False)
        counting = {f for f in known if f[0] >= least}
        if any(f in counting for f in content_hashes(path, (size for size, _ in counting))):
            return None
        return forgotten[found[0]]

    def copies(self) -> Iterator[tuple[int, int, int]]:
        """Every version and copy of it, by file id, with how many lines they share.

        A copy that has grown may have copies of its own.
        """
        for copy in self.versions:
            version, lines = copy, copy.lines_read
            while version.copy_of is not None:
                if version.copied_lines is not None:
                    lines = min(lines, version.copied_lines)
                version = self._by_id[version.copy_of]
                yield version.file_id, copy.file_id, lines

    def add(self, entry: InputFile, replaced: InputFile | None) -> InputFile:
        """Register a new file, or a new version of one."""
        if replaced is not None and replaced.state != "forgotten":
            replaced.state = "replaced"
            self.touch(replaced)
        entry = replace(entry, file_id=self.next_id)
        self._remember(entry)
        self.touch(entry)
        return entry

    def read_again(self, run_id: str) -> list[tuple[list[InputFile], InputFile]]:
        """Files of which a run read a new version: the versions before, in order, and the new."""
        found = []
        for (source, name), entry in self.entries.items():
            if entry.run_id != run_id or entry.state not in {"read", "waiting"}:
                continue
            earlier = [v for v in self._by_path[source, name] if v is not entry]
            if earlier:
                found.append((earlier, entry))
        return found

    def touch(self, entry: InputFile) -> None:
        """Have this entry written at the end of the run."""
        self.changed[entry.file_id] = entry

    def version_of_rows(
        self, source: str, input_file: str, run_id: str | None, file_id: int | None
    ) -> InputFile:
        """The version of a file that rows are of, by its id or by the run that read them.

        Without either it is the newest.
        """
        if file_id is not None:
            return self._by_id[file_id]
        if run_id is None:
            return self.entries[source, input_file]
        found = [v for v in self._by_path[source, input_file] if v.run_id <= run_id]
        return max(found, key=lambda v: v.file_id)

    def move_rows(self, moves: Mapping[FateMove, int], before: Mapping[int, InputFile]) -> None:
        """Give accepted rows another fate; also in `before`, the grown files as they were.

        So the counts of a run, which are what grew since `before`, leave older rows out.
        """
        for move, rows in moves.items():
            entry = self.version_of_rows(move.source, move.input_file, move.run_id, move.file_id)
            entry.move(rows, "accepted", move.fate)
            earlier = before.get(entry.file_id)
            if earlier is not None and move.run_id is not None:
                earlier.move(rows, "accepted", move.fate)
            self.touch(entry)

    def move_costs(self, rows: Mapping[int, int]) -> None:
        """Note that accepted provider costs, so many a file id, are superseded."""
        for file_id, count in rows.items():
            self._by_id[file_id].move(count, "accepted", "superseded")
            self.touch(self._by_id[file_id])

    def note_missing(self, seen: Iterable[tuple[str, str]]) -> list[InputFile]:
        """Mark files that are no longer where they were; their records stay."""
        present = set(seen)
        missing = []
        for key, entry in self.entries.items():
            if key in present or entry.state not in {"read", "waiting"} or entry.landed_path:
                continue
            if _is_gone(Path(entry.input_file)):
                entry.state = "gone"
                self.touch(entry)
                missing.append(entry)
        return missing

    def save(self, db: Database) -> None:
        """Write the entries that changed, in the caller's transaction."""
        entries: Sequence[InputFile] = list(self.changed.values())
        if not entries:
            return
        ids = ", ".join(str(e.file_id) for e in entries)
        db.con.execute(f"DELETE FROM input_files WHERE file_id IN ({ids})")
        db.insert("input_files", COLUMNS, [tuple(getattr(e, c) for c in COLUMNS) for e in entries])


def _is_gone(path: Path) -> bool:
    try:
        return not path.exists()
    except PermissionError:  # a folder on the way is closed: it may be there still
        return False
