"""What goes wrong reaches somebody: the channels, or else whoever started the run; each once."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli.schedule import _Business
from pipeline.config.model import load
from pipeline.errors import RunFailedError
from pipeline.runs.schedule.service import JobTime
from tests.support.webhook import TOKEN, Server, webhook
from tests.support.workspace import CONFIGURATION, NOW, Place, lines, request

# apprise 2.2 imports it for its mail channel.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

BUDGET = '[[budgets]]\nid = "all"\namount_usd = "0.001"\n'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One request that overruns a small budget."""
    place = Place(tmp_path, CONFIGURATION + BUDGET)
    place.write("logs/a.jsonl", lines(request("a")))
    return place


def service(place: Place) -> _Business:
    """What the schedule would do there."""
    path = place.path("tollbook.toml")
    return _Business(path, load(path), timedelta(), threading.Event())


def deliveries(place: Place) -> list[str]:
    """How the alerts were delivered, as the published books say."""
    return [word for (word,) in place.rows("SELECT DISTINCT delivery FROM alerts")]


def test_the_service_prints_alerts_where_no_channel_is_configured(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are stored as printed, so they must be; a partial run says all its reasons."""
    place.configure(CONFIGURATION.replace('"logs"', '"logs", "gone.jsonl"') + BUDGET)
    end = service(place)._run(JobTime(NOW, is_catch_up=False))
    err = capsys.readouterr().err
    assert "Budget all (the whole organization), November 2026\n200 % used" in err
    assert deliveries(place) == ["printed"]
    assert end.outcome == "partial"
    assert f"tollbook: {end.reason}" in err
    assert end.reason.startswith(f"{place.path('gone.jsonl')}: cannot be read")


def test_alerts_that_nobody_would_read_wait(place: Place) -> None:
    """Without a channel and a reader they stay in the outbox, also through a failed run."""
    place.run()
    assert deliveries(place) == ["to send"]
    heard: list[str] = []
    place.run(say=heard.append)
    assert (len(heard), deliveries(place)) == (1, ["printed"])


def test_a_failed_run_says_what_waited_and_not_its_own_end_twice(place: Place) -> None:
    """The error itself is raised, and marked as told; older alerts are printed all the same."""
    place.run()
    heard: list[str] = []
    place.append("logs/a.jsonl", lines(request("b")))
    (place.folder / "var" / "charges").rename(place.folder / "moved")
    (place.folder / "var" / "charges").write_text("a file where a folder was")
    with pytest.raises(RunFailedError) as failed:
        place.run(say=heard.append)
    assert failed.value.is_told
    assert [text.split("\n")[0] for text in heard] == [
        "tollbook, org-acme: budget all: 200 % used, 100 % over"
    ]


def channel(server: Server) -> str:
    """The part of a configuration that names it."""
    return f'[alerts]\nchannels = ["{server.url}"]\n'


def test_a_channel_that_does_not_accept_is_named_without_its_url(place: Place) -> None:
    """The run is good all the same; the next one delivers, and has nothing to say."""
    heard: list[str] = []
    with webhook() as server:
        server.status = 403
        place.configure(CONFIGURATION + BUDGET + channel(server))
        assert place.run(say=heard.append).exit_code == 0
        [said] = heard
        assert said.startswith("tollbook: The alert channel json (")
        assert said.endswith(
            ") failed: refused with HTTP status 403. "
            "A message waits for it; the next run tries again."
        )
        assert TOKEN not in said
        server.status = 200
        place.run(say=heard.append)
        assert (len(server.posts), len(heard)) == (1, 1)


def test_a_source_without_files_is_noted_and_a_file_that_is_gone_is_a_problem(place: Place) -> None:
    """A glob may match nothing for an hour (0); a path without one names what must be there (3)."""
    place.configure(CONFIGURATION.replace('"exports/*"', '"exports/*.csv", "empty"'))
    place.path("empty").mkdir()
    result = place.run()
    assert (result.exit_code, result.problems) == (0, ())
    assert result.notes == tuple(
        f"The source {source!r} has nothing to read: no file matches {place.path(path)}"
        for source, path in (
            ("exports", "exports/*.csv"),
            ("exports", "empty"),
            ("costs", "costs/*.json"),
        )
    )
    place.configure(CONFIGURATION.replace('"exports/*"', '"exports/gone.csv"'))
    result = place.run()
    assert result.exit_code == 3
    [problem] = result.problems
    assert problem.startswith(
        f"{place.path('exports/gone.csv')}: cannot be read: No such file or directory "
        "(source 'exports')."
    )
