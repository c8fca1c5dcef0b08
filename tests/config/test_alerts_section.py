"""[alerts] and its routes: what is checked when the file is read, and what it is told with."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from pipeline.config.alerts_section import Route
from pipeline.config.load import load
from pipeline.errors import ConfigError


def error_of(folder: Path, text: str) -> str:
    """The message of a file with this text, without its path."""
    path = folder / "tollbook.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}:")


def test_hours_and_the_time_of_a_digest_are_read() -> None:
    """Quiet hours may pass midnight; without them there are none."""
    route = Route(channels=("env:A",), quiet="22:00-07:30", digest="daily 08:00")
    assert (route.quiet_hours, route.digest_time) == ((time(22), time(7, 30)), time(8))
    route = Route(channels=("env:A",))
    assert (route.quiet_hours, route.digest_time) == (None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[alerts]\nquiet = "at night"\n',
            "2 alerts.quiet: 'at night' are no hours: write them like \"22:00-07:00\".",
        ),
        (
            '[alerts]\nquiet = "08:00-08:00"\n',
            "2 alerts.quiet: '08:00-08:00' would be the whole day; write two different times.",
        ),
        (
            '[alerts]\ndigest = "08:00"\n',
            "2 alerts.digest: '08:00' is no time of a digest: write it like \"daily 08:00\".",
        ),
        (
            (
                '[alerts]\n[alerts.routes.a]\nchannels = ["env:A"]\n'
                '[alerts.routes.finance]\nchannels = ["env:A"]\nquite = "22:00-07:00"\n'
            ),
            "6 alerts.routes.finance.quite: unknown key. Did you mean 'quiet'?",
        ),
        (
            '[alerts.routes.finance]\nprojects = ["proj_a"]\n',
            '1 alerts.routes.finance: names no channel; write channels = ["env:NAME"].',
        ),
        (
            '[alerts.routes.finance]\nchannels = ["env:A"]\nkinds = ["budgets"]\n',
            (
                "3 alerts.routes.finance.kinds: 'budgets' is not one of budget, run, schedule, "
                "rate_limit, policy, source, action, anomaly, forecast."
            ),
        ),
        (
            '[alerts]\nescalate_after_hours = 4\nescalate_to = ["oncall"]\n',
            (
                "1 alerts: escalate_to: 'oncall' is neither a route (none) nor a channel such as "
                "env:ONCALL_URL."
            ),
        ),
        (
            (
                '[alerts]\nescalate_after_hours = 4\nescalate_to = ["o"]\n'
                '[alerts.routes.o]\nchannels = ["env:A"]\nowners = true\n'
            ),
            "1 alerts: escalate_to: the route 'o' writes to owners; name one with channels.",
        ),
        (
            '[alerts]\nescalate_to = ["env:ONCALL"]\n',
            "1 alerts: escalate_to needs escalate_after_hours, such as 4.",
        ),
        (
            '[alerts]\nreport_url = "reports.example.com"\n',
            (
                "2 alerts.report_url: write the address of the folder with the reports, such as "
                "https://reports.example.com/tollbook/."
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """Line, key, what is wrong and what to write."""
    assert error_of(tmp_path, text) == message
