"""The journal of a back-fill: which pieces are done, so that the next try carries on.

A small file beside the raw files: a line a piece, appended when the piece is kept. A piece of more
than a day ago is fetched again, since the provider may have corrected it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.providers.span import Span

_FRESH = timedelta(days=1)


@dataclass(slots=True)
class Journal:
    """The pieces of a range that are done; `finish` forgets them. One thread writes."""

    path: Path
    clock: Callable[[], datetime]  # the real one, naive UTC
    done: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, folder: Path, span: Span, clock: Callable[[], datetime]) -> Journal:
        """The journal of a range (whole days), with what an earlier try wrote."""
        path = folder / f".backfill-{span.since:%Y%m%d}-{span.until:%Y%m%d}.jsonl"
        journal = cls(path, clock)
        oldest = clock() - _FRESH
        if path.is_file():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    noted = json.loads(line)
                    if datetime.fromisoformat(noted["at"]) >= oldest:
                        journal.done.add(str(noted["piece"]))
                except (ValueError, KeyError, TypeError):
                    continue  # cut off with the try that wrote it
        return journal

    def has(self, series: str, width: str, span: Span) -> bool:
        """Whether a piece is done."""
        return _piece(series, width, span) in self.done

    def note(self, series: str, width: str, span: Span) -> None:
        """A piece is done."""
        piece = _piece(series, width, span)
        self.done.add(piece)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"piece": piece, "at": self.clock().isoformat()}) + "\n")

    def finish(self) -> None:
        """The whole range is done."""
        self.path.unlink(missing_ok=True)


def _piece(series: str, width: str, span: Span) -> str:
    return f"{series} {width} {span.since.isoformat()} {span.until.isoformat()}"
