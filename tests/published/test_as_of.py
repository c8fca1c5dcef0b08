"""What was known at an instant: views as they stood then, beside those of now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.published.reader import open_published, run_statement
from tests.support.workspace import Workspace, lines, request

SUMS = {
    "charges": "SELECT sum(cost_usd) FROM charges",
    "daily_costs": "SELECT sum(cost_usd) FROM daily_costs",
    "tokens": "SELECT sum(text_input_tokens + text_output_tokens) FROM usage",
    "daily tokens": "SELECT sum(input_tokens + output_tokens) FROM daily_costs",
    "requests": "SELECT sum(requests) FROM daily_costs",
}


def known(workspace: Workspace, at: datetime | None) -> dict[str, Any]:
    """The sums of all views, now or at an instant."""
    with open_published(workspace.path("var/published"), at=at) as con:
        return {name: next(run_statement(con, text).rows())[0] for name, text in SUMS.items()}


@dataclass(frozen=True, slots=True)
class Story:
    """A workspace, and the sums of all views after each of its runs."""

    workspace: Workspace
    seen: list[tuple[datetime, dict[str, Any]]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Records, a restated one, more, and a forgotten file."""
    workspace = Workspace(tmp_path_factory.mktemp("story").resolve())
    seen = []

    def note() -> None:
        # between two runs, which the test's clock keeps apart
        seen.append((workspace.clock(), known(workspace, None)))

    workspace.write("logs/a.jsonl", lines(request("1"), request("2", 2000)))
    workspace.run()
    note()
    workspace.write("logs/b.jsonl", lines(request("2", 5000), request("3", 70)))
    workspace.run()
    note()
    workspace.write("logs/c.jsonl", lines(request("4", 900)))
    workspace.run()
    note()
    workspace.forget("logs/c.jsonl")
    note()
    return Story(workspace, seen)


def test_each_instant_shows_what_was_known_then(story: Story) -> None:
    """A restated record, a new one and a forgotten file: each moves the sums from then on."""
    assert len({str(values) for _, values in story.seen}) == 3  # the last is the second again
    for at, values in story.seen:
        assert known(story.workspace, at) == values


def test_before_the_first_run_nothing_was_known(story: Story) -> None:
    """No rows, no error."""
    values = known(story.workspace, datetime(2020, 1, 1))
    assert set(values.values()) == {None}


def test_now_is_what_is_published(story: Story) -> None:
    """An instant after everything gives the published views themselves."""
    later = known(story.workspace, story.workspace.clock() + timedelta(days=400))
    assert later == known(story.workspace, None)
    assert isinstance(later["charges"], Decimal)
