"""The result of a run, for whoever started it: counts, outcome, problems, messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.alerts.delivery.undelivered import Undelivered
from pipeline.intake.files.input_file import InputFile

if TYPE_CHECKING:
    from pipeline.calendar.model import CalendarDay
    from pipeline.charges.model import ChargeDay


@dataclass(frozen=True, slots=True)
class Counts:
    """Row counts of one run."""

    rows_read: int = 0
    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    quarantined: int = 0
    not_usage: int = 0
    files_read: int = 0


def counts_of(touched: Iterable[InputFile], before: Mapping[int, InputFile]) -> Counts:
    """Row counts of the files a run read. For a file that grew, only its new rows."""
    files = {e.file_id: e for e in touched}
    names = [f.name for f in fields(Counts) if f.name != "files_read"]
    rows = dict.fromkeys(names, 0)
    for entry in files.values():
        known = before.get(entry.file_id)
        for name in names:
            rows[name] += getattr(entry, name) - (getattr(known, name) if known is not None else 0)
    return Counts(**rows, files_read=len(files))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a run has rated and evaluated, for what comes after; empty where it has not."""

    posted: Mapping[str, int] = field(default_factory=dict)  # lines, by reason
    days: Mapping[date, ChargeDay] = field(default_factory=dict)  # all days, as they are charged
    covered: Sequence[CalendarDay] = ()  # the calendar


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of one run or correction."""

    run_id: str
    outcome: str  # done, partial
    counts: Counts
    storage_root: Path
    snapshot: Path
    fingerprint: str  # of the snapshot
    is_unchanged: bool  # the snapshot is that of an earlier run, since nothing is new
    budgets_over: int  # in the period that the business clock is in
    budgets_near: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    postings: Mapping[str, int]  # lines posted, by reason
    is_first: bool = False  # the storage was made for this run
    undelivered: tuple[Undelivered, ...] = ()  # what alert channels have not accepted
    is_undelivered_late: bool = False  # for longer than [alerts] undelivered_hours

    @property
    def reason(self) -> str:
        """Why the run is partial, in one sentence or two; empty where it is not."""
        return reason_of(self.problems)

    @property
    def exit_code(self) -> int:
        """3 where something could not be read, or alerts have not been delivered for long."""
        return 3 if self.outcome == "partial" or self.is_undelivered_late else 0


def reason_of(problems: Sequence[object]) -> str:
    """The first of some problems, and how many more there are; empty without any."""
    if not problems:
        return ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"
