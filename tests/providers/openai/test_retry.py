"""When a server is asked again: by its own word, else by its status, with chance in it."""

from __future__ import annotations

import random

import pytest

from pipeline.providers.openai.retry import asked_pause, may_pass, pause


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, 0.0),
        (
            {
                "retry-after": "Tue, 24 Nov 2026 08:00:30 GMT",
                "date": "Tue, 24 Nov 2026 08:00:00 GMT",
            },
            30.0,
        ),
        ({"retry-after": "Tue, 24 Nov 2026 08:00:30 GMT"}, None),
    ],
)
def test_a_pause_is_read_as_seconds_or_as_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    """A date is compared with the server's own, since our clock may be wrong."""
    assert asked_pause(headers) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (429, {}, True),
        (408, {}, True),
        (409, {}, True),
        (503, {}, True),
        (400, {}, False),
        (403, {}, False),
        (404, {}, False),
        (429, {"retry-after": "120"}, True),
        (429, {"retry-after": "121"}, False),
        (503, {"x-should-retry": "false"}, False),
        (404, {"x-should-retry": "true"}, True),
    ],
)
def test_what_may_pass_is_asked_again(status: int, headers: dict[str, str], again: bool) -> None:  # noqa: FBT001  a column
    """As the official SDK does; what needs more than two minutes is left to the next run."""
    assert may_pass(status, headers) is again


def test_pauses_grow_and_never_end_before_what_was_asked_for() -> None:
    """Half a second, doubled each time, up to eight; chance takes a quarter at most."""
    draw = random.Random(1)
    for attempt, longest in enumerate((0.5, 1, 2, 4, 8, 8)):
        assert 0.75 * longest <= pause(attempt, None, draw) <= longest
        assert 3 <= pause(attempt, 3.0, draw) <= 3.3
