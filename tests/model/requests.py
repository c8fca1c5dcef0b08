"""The model of request-level files: what was read when, which record holds, each row's fate.

A record holds as long as one file that counts has it. Of several contents of one record the one
that came last holds, and none of zero tokens before another; a content that an earlier version had
is a duplicate. A line that cannot be read is held back once, whichever file has it. Imports nothing
of the product.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.model.content import TABLE_HEADER, Call, Junk, understood, understood_row

Place = tuple[int, int, str, int]  # run, rank of the source, path, line
Content = tuple[int, str]  # tokens, model
A_DAY = timedelta(days=1)
ALWAYS: Place = (sys.maxsize, 0, "", 0)


@dataclass
class Row:
    """One row as it was read. `rule` says why it is held back; a held row can be closed."""

    place: Place
    version: Version
    text: str
    nth: int
    call: Call | None
    rule: str | None = None
    is_closed: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two rows one record; only of rows with a call."""
        assert self.call is not None
        if self.call.name is None:
            return (self.version.basis, "raw", self.text, self.nth)
        return (self.version.basis, self.call.name, self.call.at)

    @property
    def content(self) -> Content:
        """What was used; who asked is not part of it."""
        assert self.call is not None
        return (self.call.tokens, self.call.model)

    @property
    def counts(self) -> bool:
        """Whether its file does."""
        return not self.version.is_forgotten and not self.version.is_replaced


@dataclass(eq=False)
class Version:
    """One version of one file, and how far it was read."""

    path: str
    rank: int
    kind: str
    basis: str
    text: str = ""  # all of it, as last seen
    read: int = 0  # characters read as whole lines
    written_at: datetime = datetime.min
    rows: list[Row] = field(default_factory=list)
    given_up: Row | None = None  # the incomplete last line, once it is held back
    is_forgotten: bool = False
    is_left_out: bool = False
    left_out_for: str = ""  # the forgotten text that it is or begins with
    is_replaced: bool = False  # by a version that is the whole truth
    counts_until: Place = ALWAYS  # rows behind this were read when it counted no longer

    @property
    def waiting(self) -> str:
        """The incomplete last line."""
        return self.text[self.read :]


class Requests:
    """All request-level files that were ever read."""

    def __init__(self, faults: Collection[str] = ()) -> None:
        self.versions: list[Version] = []
        self.faults = faults
        self.newest: dict[str, Version] = {}
        self.went_on: list[Row] = []  # incomplete lines that were held back until they did
        self._run = 0  # the latest
        self._by_identity: dict[tuple[object, ...], list[Row]] = defaultdict(list)

    def read(
        self,
        run: int,
        rank: int,
        kind: str,
        basis: str,
        path: str,
        text: str,
        written_at: datetime,
        clock: datetime,
        *,
        replaces: bool = False,
    ) -> None:
        """Look at one file as it lies: read it, its new part, or nothing."""
        self._run = run
        known = self.newest.get(path)
        if known is None:
            if begun := self._forgotten_beginning(kind, basis, text):
                version = Version(path, rank, kind, basis, text, is_forgotten=True)
                version.is_left_out, version.left_out_for = True, begun
                self._keep(version)
                return
        elif known.is_forgotten:
            # of an empty file nothing was forgotten
            if text == known.text or (known.text and text.startswith(known.text)):
                return
        elif text == known.text and not (known.waiting and known.given_up is None):
            known.written_at = written_at
            return
        elif text.startswith(known.text) and kind == "request_log" and not path.endswith(".gz"):
            self._read_on(run, known, text, written_at, clock)
            return
        elif text == known.text:  # packed, with an incomplete last line
            self._give_up(run, known, clock)
            return
        if known is not None and "mended_row" not in self.faults and _is_mended(known, text):
            again = {line for line in text.splitlines() if _rule(kind, line, clock) is not None}
            for row in list(self.held()):
                if row.version.path == path and row.text not in again:
                    row.is_closed = True
        for earlier in self.versions:
            if replaces and earlier.path == path:
                earlier.is_replaced = True
                earlier.counts_until = min(earlier.counts_until, (run, rank, path, 0))
        version = Version(path, rank, kind, basis)
        self._keep(version)
        self._read_on(run, version, text, written_at, clock)

    def _keep(self, version: Version) -> None:
        self.versions.append(version)
        self.newest[version.path] = version

    def _forgotten_beginning(self, kind: str, basis: str, text: str) -> str:
        """The forgotten text that a file of a new name is or begins with.

        Not where it begins as well with one of its basis that counts. What was left out for a text
        is forgotten only as far as that goes.
        """
        known = [
            (v.left_out_for or v.text, v.is_forgotten)
            for v in self.versions
            if v.kind == kind and (v.is_forgotten or v.basis == basis)
        ]
        found = [(len(t), out, t) for t, out in known if t and text.startswith(t)]
        forgotten = [(length, t) for length, out, t in found if out]
        others = [length for length, out, _ in found if not out]
        if not forgotten or max(others, default=0) >= min(forgotten)[0]:
            return ""
        return min(forgotten)[1]

    def _read_on(
        self, run: int, version: Version, text: str, written_at: datetime, clock: datetime
    ) -> None:
        if version.given_up is not None and text != version.text:
            version.rows.remove(version.given_up)
            version.given_up.is_closed = (
                True  # read on: a copy of what was there holds nothing back
            )
            self.went_on.append(version.given_up)
            version.given_up = None
        version.text, version.written_at = text, written_at
        end = text.rfind("\n") + 1
        seen = Counter(row.text for row in version.rows)
        number = version.text[: version.read].count("\n")
        for line in text[version.read : end].splitlines():
            number += 1
            if version.kind == "records" and line == TABLE_HEADER:
                continue
            seen[line] += 1
            place = (run, version.rank, version.path, number)
            self._add(Row(place, version, line, seen[line], None), clock)
        version.read = end
        self._give_up(run, version, clock)

    def _give_up(self, run: int, version: Version, clock: datetime) -> None:
        """An incomplete last line waits a day, and is then held back."""
        if not version.waiting or version.given_up or clock - version.written_at <= A_DAY:
            return
        number = version.text[: version.read].count("\n") + 1
        place = (run, version.rank, version.path, number)
        row = Row(place, version, version.waiting, 1, None, "incomplete line")
        version.given_up = row
        version.rows.append(row)

    def _add(self, row: Row, clock: datetime) -> None:
        row.version.rows.append(row)
        self._understand(row, clock)

    def _understand(self, row: Row, clock: datetime) -> None:
        said = _understood(row.version.kind, row.text)
        row.rule = _rule(row.version.kind, row.text, clock)
        if row.rule is None and not isinstance(said, Junk):
            row.call = said
            self._by_identity[row.identity].append(row)

    def forget(self, path: str) -> bool:
        """Take back every version read under a path."""
        found = [v for v in self.versions if v.path == path and not v.is_forgotten]
        for version in found:
            version.is_forgotten = True
            version.counts_until = min(version.counts_until, (self._run, sys.maxsize, "", 0))
        return bool(found)

    def remember(self, path: str) -> None:
        """Bring back what was forgotten under a path."""
        for version in self.versions:
            if version.path == path and not version.is_left_out:
                version.is_forgotten = False
                if not version.is_replaced:
                    version.counts_until = ALWAYS

    def rebase(self, folder: str, basis: str) -> None:
        """Move the records of a folder to another basis, as if they had always been there."""
        for version in self.versions:
            if version.path.startswith(f"{folder}/"):
                version.basis = basis
        self._by_identity.clear()
        for row in self._rows():
            if row.call is not None:
                self._by_identity[row.identity].append(row)

    def replay(self, run: int, clock: datetime) -> None:
        """Read the held rows again, and equal ones of other files.

        Each is booked on the version of the file it came from.
        """
        self._run = run
        for row in list(self._rows()):
            if row.rule is None or row.is_closed or not row.counts:
                continue
            if row.version.kind != "request_log" or row.rule == "incomplete line":
                continue
            place = row.place
            row.place = (run, *place[1:])
            self._understand(row, clock)
            if row.rule is not None:
                row.place = place

    def held(self) -> Iterator[Row]:
        """The rows that are held back: of equal ones the first that counts, until it is mended.

        Of one run's, that of the file that was known first: a copy of a file that has grown is
        behind it.
        """
        seen = set()
        known = {id(version): number for number, version in enumerate(self.versions)}
        for row in sorted(
            (*self._rows(), *self.went_on),
            key=lambda r: (r.place[0], known[id(r.version)], r.place[-1]),
        ):
            key = (row.rule, row.text, row.nth)
            if row.rule is not None and row.counts and key not in seen:
                seen.add(key)
                if not row.is_closed:
                    yield row

    def _rows(self) -> Iterator[Row]:
        return (row for version in self.versions for row in version.rows)

    def accepted(self) -> list[Row]:
        """The rows whose records hold."""
        found = []
        for rows in self._by_identity.values():
            counting = [r for r in rows if r.counts]
            if not counting:
                continue
            order = _places(rows)
            last = max((r.content for r in counting), key=lambda c: (c[0] > 0, order[c]))
            found.append(_first_who_asked([r for r in counting if r.content == last]))
        return found

    def fates(self) -> dict[str, list[int]]:
        """Rows read, accepted, duplicate or superseded, held back; by path, over its versions."""
        fates: dict[str, list[int]] = {v.path: [0, 0, 0, 0] for v in self.versions}
        for row in self._rows():
            fates[row.version.path][0] += 1
        for place, rows in ((1, self.accepted()), (3, list(self.held()))):
            for row in rows:
                fates[row.version.path][place] += 1
        for counts in fates.values():
            counts[2] = counts[0] - counts[1] - counts[3]
        return fates


def _places(rows: list[Row]) -> dict[Content, Place]:
    """The place of each content of a record: that of the first row that had it.

    One that is read when no file that has it counts any more begins anew.
    """
    places: dict[Content, Place] = {}
    counted_until: dict[Content, Place] = {}
    for row in sorted(rows, key=lambda row: row.place):
        until = counted_until.get(row.content)
        if until is None or until < row.place:
            places[row.content] = row.place
        counted_until[row.content] = max(until or row.place, row.version.counts_until)
    return places


def _first_who_asked(rows: list[Row]) -> Row:
    """Of equal rows the first that says who asked, else the first."""
    rows.sort(key=lambda row: row.place)
    return next((r for r in rows if r.call and r.call.project is not None), rows[0])


def _understood(kind: str, line: str) -> Call | Junk:
    return understood_row(line) if kind == "records" else understood(line)


def _rule(kind: str, line: str, clock: datetime) -> str | None:
    """Why a line is held back, if it is."""
    if kind == "records" and line == TABLE_HEADER:
        return None
    said = _understood(kind, line)
    if isinstance(said, Junk):
        return said.rule
    return "in the future" if said.at > clock + A_DAY else None


def _is_mended(before: Version, text: str) -> bool:
    """Whether a file was mended, and not put in the place of another.

    It is not shorter, and still has every line that could be read.
    """
    new = text.splitlines()
    good = Counter(row.text for row in before.rows if row.rule is None)
    return len(new) >= len(before.text.splitlines()) and not good - Counter(new)
