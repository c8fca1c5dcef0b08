"""Sources that went silent in words."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.model import Change, SilentSource
from pipeline.text import counted, printable


def silent(facts: SilentSource) -> str:
    """A source without new records, and what it means for the figures."""
    since = f"{facts.last_record_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"Source {printable(facts.source)}: no data since {since} (its newest record), which is "
        f"{counted(facts.hours, 'hour')} or more. What was used since then is in no figure and in "
        "no budget. The alert stays open until there are data again."
    )


def headline(news: Sequence[Change]) -> str:
    """What a message about some sources says first."""
    silent_now = [c.after.subject_id for c in news if c.is_raised]
    back = [c.after.subject_id for c in news if not c.is_raised]
    parts = []
    if silent_now:
        parts.append(f"no data from {', '.join(map(printable, silent_now))}")
    if back:
        parts.append(f"data again from {', '.join(map(printable, back))}")
    return "; ".join(parts)


def line(change: Change) -> str:
    """The line of a message about one source."""
    facts = change.condition.facts
    if change.is_raised or not isinstance(facts, SilentSource):
        return change.after.message
    name, last = printable(facts.source), facts.last_record_at
    return f"Source {name} has data again, the newest of {last:%Y-%m-%d %H:%M} UTC."
