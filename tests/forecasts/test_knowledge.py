"""What was known at an instant goes by both clocks of the runs that posted it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipeline.forecasts.knowledge import Posted, known_at


def posted(name: str, at: str, now: str | None = None) -> Posted:
    return Posted(Path(name), datetime.fromisoformat(at), datetime.fromisoformat(now or at))


def names(found: list[Posted] | None) -> list[str] | None:
    return None if found is None else [p.path.name for p in found]


def test_what_was_posted_later_is_not_known() -> None:
    files = [posted("early", "2026-10-01"), posted("late", "2026-10-09")]
    assert names(known_at(files, datetime(2026, 10, 5))) == ["early"]
    assert names(known_at(files, datetime(2026, 10, 9))) == ["early", "late"]


def test_what_a_later_run_with_an_earlier_clock_posted_is_not_known() -> None:
    files = [posted("early", "2026-10-01"), posted("replay", "2026-10-09", "2026-10-02")]
    assert names(known_at(files, datetime(2026, 10, 5))) == ["early"]


def test_a_rehearsed_year_goes_by_the_business_clock() -> None:
    files = [
        posted("first", "2026-11-27", "2026-03-01"),
        posted("second", "2026-11-27", "2026-03-02"),
    ]
    assert names(known_at(files, datetime(2026, 3, 1, 12))) == ["first"]


def test_a_rehearsed_future_is_not_known_before_it() -> None:
    files = [
        posted("now", "2026-11-27", "2027-03-01"),
        posted("then", "2026-11-27", "2027-06-01"),
    ]
    assert names(known_at(files, datetime(2027, 4, 1))) == ["now"]


def test_nothing_is_known_where_the_history_was_loaded_later() -> None:
    assert known_at([posted("load", "2026-11-27")], datetime(2026, 3, 1)) is None
    assert known_at([], datetime(2026, 3, 1)) is None
