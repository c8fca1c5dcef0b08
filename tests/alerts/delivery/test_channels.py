"""Channels take messages through apprise, and never show their URL to anybody."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.outlets import resolve as resolve_outlets
from pipeline.alerts.store import known_alerts
from pipeline.config.alerts_section import Alerts
from pipeline.errors import ConfigError
from pipeline.storage.database import Database
from tests.support.budget_database import NOW, budget, catalogue, run, spent
from tests.support.inbox import UTC, resolved, written
from tests.support.webhook import TOKEN, webhook

SET_IT = "Set SLACK_URL to an apprise URL, such as slack://…."


def test_a_message_arrives_over_http_as_it_was_written() -> None:
    """Title, text and severity, with what a chat would take for markup left alone."""
    with webhook() as server:
        [channel] = resolved(["env:HOOK"], {"HOOK": server.url})
        assert (
            channel.send(written("Title", "a_b *c* <d> & :smile: {{e}}\nnext", "critical")) is None
        )
        [post] = server.posts
    assert (post["title"], post["message"], post["type"]) == (
        "Title",
        "a_b *c* <d> & :smile: {{e}}\nnext",
        "failure",
    )


def test_an_alert_goes_from_spend_to_webhook_and_is_repeated_only_where_it_failed() -> None:
    """The whole way, with one webhook that is down for one run."""
    con = catalogue()
    spent(con, "2600")
    decision = run(con, [budget()], "run-1")
    with webhook() as good, webhook() as bad:
        bad.status = 503
        alerts = Alerts(channels=("env:GOOD", "env:BAD"))
        both = resolve_outlets(alerts, {"GOOD": good.url, "BAD": bad.url}, UTC)
        for _ in range(2):
            deliver(Database(con), both, clock=lambda: NOW, say=None)
        assert (len(good.posts), len(bad.posts)) == (1, 0)
        bad.status = 200
        deliver(Database(con), both, clock=lambda: NOW, say=None)  # it rests for five minutes
        assert bad.posts == []
        deliver(Database(con), both, clock=lambda: NOW + timedelta(minutes=5), say=None)
        assert good.posts == bad.posts
        assert good.keys == bad.keys == [decision.messages[0].message_id]
        assert good.posts[0]["message"] == decision.messages[0].body
    assert [a.delivery for a in known_alerts(con)] == ["sent"] * 3
    assert con.execute("SELECT channel, outcome, error FROM deliveries").fetchall() == [
        ("json (env:GOOD)", "delivered", None),
        ("json (env:BAD)", "failed", "refused with HTTP status 503"),
        ("json (env:BAD)", "failed", "refused with HTTP status 503"),
        ("json (env:BAD)", "delivered", None),
    ]


def test_the_url_is_nowhere_but_in_the_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in logs at any level, output, errors, labels, representations, or the database file."""
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "w.db"
    with webhook() as server, catalogue(str(path)) as con, capture_logs() as logs:
        server.status = 500
        dead = f"json://me:{TOKEN}@127.0.0.1:1/{TOKEN}"
        both = resolve_outlets(Alerts(channels=(server.url, "env:DEAD")), {"DEAD": dead}, UTC)
        spent(con, "2600")
        run(con, [budget()], "run-1")
        tries = deliver(Database(con), both, clock=lambda: NOW, say=print)
        con.execute("CHECKPOINT")
    assert [t.error for t in tries] == [
        "refused with HTTP status 500",
        "connection refused by 127.0.0.1:1",
    ]
    shown = [repr(both), repr(tries), repr(logs), caplog.text, *capfd.readouterr()]
    assert not [text for text in shown if TOKEN in text]
    assert len(logs) == 2
    for file in tmp_path.iterdir():
        assert TOKEN.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    "url",
    [
        TOKEN,
        f"nosuchservice://{TOKEN}",
        f"slack://{TOKEN}",
        f"mailto://{TOKEN}",
        f"json://:{TOKEN}@:99999999",
        f"tgram://{TOKEN}/",
    ],
)
def test_a_bad_url_is_an_error_that_names_the_entry_and_not_the_url(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Literal, or from the environment; the cause chain is cut as well."""
    caplog.set_level(logging.DEBUG)
    for entries, environment in (([url], {}), (["env:HOOK"], {"HOOK": url})):
        with pytest.raises(ConfigError, match=r"^alerts\.channels\[0\]: ") as caught:
            resolved(entries, environment)
        error = caught.value
        assert error.__cause__ is None
        shown = [str(error), repr(error), caplog.text, *capfd.readouterr()]
        assert not [text for text in shown if TOKEN in text]
        assert ("env:HOOK" in str(error)) == (entries == ["env:HOOK"])


@pytest.mark.parametrize(
    ("entries", "environment", "message"),
    [
        (
            ["json://localhost", "env:SLACK_URL"],
            {},
            "alerts.channels[1]: the environment has no SLACK_URL. " + SET_IT,
        ),
        (
            ["env:SLACK_URL"],
            {"SLACK_URL": " "},
            "alerts.channels[0]: the environment has no SLACK_URL. " + SET_IT,
        ),
        (
            ["env:"],
            {"": "json://x"},
            "alerts.channels[0]: does not name a variable. Write env:NAME.",
        ),
        (
            ["env:A", "env:A"],
            {"A": "json://localhost"},
            "alerts.channels[1]: the channel json (env:A) is there twice. Remove one of them.",
        ),
    ],
)
def test_a_channel_that_is_not_there_is_an_error_with_its_entry(
    entries: list[str], environment: dict[str, str], message: str
) -> None:
    """Found when the configuration is read, not when the first budget is over."""
    with pytest.raises(ConfigError) as caught:
        resolved(entries, environment)
    assert str(caught.value) == message


def test_no_channels_are_no_error() -> None:
    """Alerts are then printed and stored."""
    assert resolved([], {}) == []


def test_a_label_is_the_same_on_every_run_and_tells_channels_apart() -> None:
    """Deliveries are remembered by label; a variable's new token is still the same channel."""
    one, other = resolved(["json://localhost/a", "json://localhost/b"], {})
    assert one.label != other.label
    assert resolved(["json://localhost/a"], {})[0].label == one.label
    [old] = resolved(["env:HOOK"], {"HOOK": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"})
    [new] = resolved(
        ["env:HOOK"],
        {"HOOK": "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/UIiajkdnlazkcOXrIdevi7FQ"},
    )
    assert old.label == new.label == "slack (env:HOOK)"


def test_a_long_message_is_split_rather_than_refused() -> None:
    """A service with a short limit would else refuse it on every run."""
    with webhook() as server:
        [channel] = resolved([server.url], {})
        body = "\n".join(f"line {i}" for i in range(5_000))  # json:// takes 32,768 characters
        assert channel.send(written("Title", body, "info")) is None
        assert len(server.posts) > 1
        assert "line 4999" in server.posts[-1]["message"]


def test_a_server_that_does_not_answer_is_a_failure_in_time() -> None:
    """A hanging channel costs its timeout, and is said to have timed out."""
    with webhook() as server:
        server.is_open.clear()
        [channel] = resolved([server.url], {}, timeout_seconds=0.2)
        error = channel.send(written("Title", "body", "info"))
        server.is_open.set()
    assert error == "no answer within 0.2 seconds"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "slack://only-one-part",
            "parts are missing or misspelt. Its shortest form is slack://{token_a}/{token_b}/",
        ),
        (
            "https://example.org/hook",
            "For a webhook of your own write jsons:// instead of https://",
        ),
        ("slakc://a/b/c", "there is no service slakc://"),
        ("hooks.example.org/x", "does not begin with a service. Write SERVICE://…."),
    ],
)
def test_a_url_that_is_not_understood_says_how_to_write_it(url: str, message: str) -> None:
    """By its service alone; nothing of the rest is shown."""
    with pytest.raises(ConfigError) as caught:
        resolved(["env:HOOK"], {"HOOK": url})
    assert message in str(caught.value)
