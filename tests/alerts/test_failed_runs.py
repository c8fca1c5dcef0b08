"""A run that cannot use its configuration is told to the channels, once until it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.model import load
from pipeline.errors import ConfigError
from pipeline.runs.run import run_batch
from tests.support.webhook import webhook
from tests.support.workspace import CONFIGURATION, Place, lines, request

ALERTS = '\n[alerts]\nchannels = ["env:HOOK"]\n'


def test_a_broken_price_file_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    """The scheduled run of every hour says it the first time, and that it is good again."""
    place = Place(tmp_path.resolve(), CONFIGURATION + ALERTS)
    place.write("logs/a.jsonl", lines(request("1")))
    good = place.path("prices.csv").read_text()
    with webhook() as server:

        def run() -> None:
            config = load(place.path("tollbook.toml"))
            place.at = place.clock()
            run_batch(
                config, now=place.at, real_clock=place.clock, environment={"HOOK": server.url}
            )

        run()
        place.path("prices.csv").write_text(good.replace(",2,", ",two,", 1))
        for _ in range(2):
            with pytest.raises(ConfigError, match="'two'"):
                run()
        assert len(server.posts) == 1
        assert "'two'" in str(server.posts[0])
        place.path("prices.csv").write_text(good)
        run()
        run()
    assert len(server.posts) == 2
    assert place.tokens() == 1000
