"""A run that cannot use its configuration is told to the channels, once until it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.errors import ConfigError
from pipeline.runs.run import run_batch
from tests.support.webhook import webhook
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

ALERTS = '\n[alerts]\nchannels = ["env:HOOK"]\n'


def test_a_broken_price_file_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    """The scheduled run of every hour says it the first time, and that it is good again."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION + ALERTS)
    workspace.write("logs/a.jsonl", lines(request("1")))
    good = workspace.path("prices.csv").read_text()
    with webhook() as server:

        def run() -> None:
            config = load(workspace.path("tollbook.toml"))
            workspace.at = workspace.clock()
            run_batch(
                config,
                now=workspace.at,
                real_clock=workspace.clock,
                environment={"HOOK": server.url},
            )

        run()
        workspace.path("prices.csv").write_text(good.replace(",2,", ",two,", 1))
        for _ in range(2):
            with pytest.raises(ConfigError, match="'two'"):
                run()
        assert len(server.posts) == 1
        assert "'two'" in str(server.posts[0])
        workspace.path("prices.csv").write_text(good)
        run()
        run()
    assert len(server.posts) == 2
    assert workspace.tokens() == 1000
