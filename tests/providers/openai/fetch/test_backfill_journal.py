"""What a back-fill has done is known to the next try, for a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pipeline.providers.openai.fetch.backfill_journal import Journal
from pipeline.providers.span import Span

RANGE = Span(datetime(2026, 11, 1), datetime(2026, 11, 8))
AT = datetime(2026, 11, 24, 8)


def _journal(folder: Path, at: datetime) -> Journal:
    return Journal.of(folder, RANGE, lambda: at)


def test_a_piece_is_done_for_a_day_and_a_cut_line_is_none(tmp_path: Path) -> None:
    """Later the provider may have corrected it; a line cut off with its writer says nothing."""
    journal = _journal(tmp_path, AT)
    journal.note("completions", "1h", RANGE)
    with journal.path.open("a") as file:
        file.write('{"piece": "cos')
    assert _journal(tmp_path, AT + timedelta(hours=23)).has("completions", "1h", RANGE)
    assert not _journal(tmp_path, AT + timedelta(hours=25)).has("completions", "1h", RANGE)
    assert not _journal(tmp_path, AT).has("completions", "1d", RANGE)
    assert not _journal(tmp_path, AT).has("costs", "1h", RANGE)


def test_a_finished_range_leaves_nothing(tmp_path: Path) -> None:
    """The same range again is fetched again."""
    journal = _journal(tmp_path, AT)
    journal.note("costs", "1d", RANGE)
    journal.finish()
    assert list(tmp_path.iterdir()) == []
