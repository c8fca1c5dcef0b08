"""Incidents over several runs: told once with their driver, taken back, labelled, over."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.anomalies.recompute import incidents_at
from pipeline.errors import ConfigError
from pipeline.storage.layout import StorageLayout
from pipeline.storage.read_copy import open_read_copy
from tests.support.unusual_books import BEGIN, DAY, HEADER, SURGE, Books, row

LISTED = "SELECT project_id, first_date, last_date, kind, driver, state FROM anomalies ORDER BY ALL"


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Books with a month of ordinary days."""
    made = Books(tmp_path)
    made.days(BEGIN, SURGE)
    return made


def test_a_surge_is_told_once_and_that_it_is_over(books: Books) -> None:
    """Over four mornings: its alert names the key and the dollars, and follows what comes."""
    books.days(SURGE, SURGE + DAY)
    books.surge(SURGE)
    [said] = books.morning(SURGE + DAY)
    assert "1 surge of cost" in said
    assert "Project proj_a costs more than usual on 2026-11-18: $39" in said
    assert "Driver: API key key_a2 ($" in said
    books.days(SURGE + DAY, SURGE + 2 * DAY)
    books.surge(SURGE + DAY)
    assert books.morning(SURGE + 2 * DAY) == []
    [found] = books.rows(LISTED)
    assert found == ("proj_a", SURGE, SURGE + DAY, "surge", "api_key key_a2", "open")
    [(alert, about)] = books.rows("SELECT state, subject_id FROM alerts WHERE kind = 'anomaly'")
    assert alert == "open"
    assert books.rows("SELECT incident_id FROM anomalies") == [(about,)]

    with open_read_copy(StorageLayout(books.path("var"))) as db:
        assert db is not None
        then = datetime(2026, 11, 19, 9)
        [known] = incidents_at(db, books.path("var"), then, ZoneInfo("Europe/Berlin"))
    assert (known.incident_id, known.last, known.state) == (about, SURGE, "open")
    assert known.driver is not None
    assert known.driver.text == "api_key key_a2"

    books.days(SURGE + 2 * DAY, SURGE + 5 * DAY)
    [said] = books.morning(SURGE + 5 * DAY)
    assert "1 incident over" in said
    assert "Over: Project proj_a, surge, on 2 days, 2026-11-18 to 2026-11-19, $" in said
    assert books.rows("SELECT state FROM alerts WHERE kind = 'anomaly'") == [("resolved",)]
    assert books.rows("SELECT state, is_change FROM anomalies") == [("over", False)]
    assert books.morning(SURGE + 5 * DAY, hour=9) == []


@pytest.mark.slow
def test_what_was_expected_raises_nothing_more(books: Books) -> None:
    """A label settles the alert in silence, and what goes on after a pause belongs to it."""
    books.days(SURGE, SURGE + DAY)
    books.surge(SURGE)
    assert len(books.morning(SURGE + DAY)) == 1
    [(incident_id,)] = books.rows("SELECT incident_id FROM anomalies")
    with pytest.raises(ConfigError, match="is empty"):
        books.label(incident_id, "expected", " ")
    with pytest.raises(ConfigError, match="there is no incident x"):
        books.label("x", "expected")
    assert books.label(incident_id, "expected") == "expected"
    books.days(SURGE + DAY, SURGE + 6 * DAY)
    books.surge(SURGE + 5 * DAY)
    assert books.morning(SURGE + 6 * DAY) == []
    assert books.rows(
        "SELECT last_date, state, label, label_reason, labelled_by FROM anomalies"
    ) == [(SURGE + 5 * DAY, "expected", "expected", "a load test", "ann")]
    assert books.rows("SELECT state FROM alerts WHERE kind = 'anomaly'") == [("resolved",)]
    assert books.label(incident_id, "unexpected") == "open"


def test_late_data_take_a_silence_back(books: Books) -> None:
    """A project without records is silent, until they come."""
    books.days(SURGE, SURGE + 2 * DAY, without=[f"b {SURGE}"])
    [said] = books.morning(SURGE + 2 * DAY)
    assert "1 project that went silent" in said
    assert "Project proj_b costs nearly nothing on 2026-11-18: $10" in said
    late = [row(f"late{k}", SURGE, "b", f"key_b{k}", 26_000_000) for k in (1, 2)]
    books.records("exports/late.csv", *late, header=HEADER)
    [said] = books.morning(SURGE + 2 * DAY, hour=9)
    assert "1 alert taken back" in said
    assert books.rows("SELECT state FROM anomalies") == [("retracted",)]
    assert books.rows("SELECT state FROM alerts WHERE kind = 'anomaly'") == [("retracted",)]


def test_an_outage_is_no_silence_and_what_was_long_ago_is_no_news(tmp_path: Path) -> None:
    """The first run over a history lists its incidents; no source has covered the last days.

    When there are data again, the days without any are one question, and no project is silent.
    """
    books = Books(tmp_path)
    books.days(BEGIN, SURGE)
    books.surge(date(2026, 11, 16))
    assert books.morning(SURGE + 3 * DAY) == []
    assert books.rows("SELECT first_date, state FROM anomalies") == [(date(2026, 11, 16), "over")]
    books.days(SURGE + 3 * DAY, SURGE + 4 * DAY)
    assert books.morning(SURGE + 4 * DAY) == []
    assert books.rows("SELECT kind, first_date, last_date FROM anomalies WHERE state = 'open'") == [
        ("dip", SURGE, SURGE + 2 * DAY)
    ]
    [(message,)] = books.rows("SELECT message FROM alerts WHERE kind = 'anomaly'")
    assert message.startswith("Most projects cost far less than usual on 3 days, 2026-11-18 to")


def test_a_day_that_is_not_over_is_said_when_it_has_passed_its_gate(books: Books) -> None:
    """A surge of today is told today; nothing is said of what is missing yet."""
    books.surge(SURGE)
    books.at = datetime(2026, 11, 18, 15)
    said: list[str] = []
    books.run(say=said.append)
    assert sum("surge of cost" in text for text in said) == 1
    [found] = books.rows("SELECT kind, first_date, state, since_at FROM anomalies")
    assert found == ("surge", SURGE, "open", datetime(2026, 11, 18, 12))
    assert any("on 2026-11-18, since 12:00 UTC: $" in text for text in said)


def test_switched_off_alerts_leave_the_list(books: Books) -> None:
    books.configure(f"{books.path('tollbook.toml').read_text()}\n[anomalies]\nalerts = false\n")
    books.days(SURGE, SURGE + DAY)
    books.surge(SURGE)
    assert books.morning(SURGE + DAY) == []
    assert len(books.rows(LISTED)) == 1
