"""`alerts`: acknowledge, explain, send again, and try the channels of a route."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.errors import TollbookError
from tests.support.mail import mail_server
from tests.support.webhook import LOOPBACK, TOKEN, webhook
from tests.support.workspace import CONFIGURATION, Prepared, Workspace, lines, request

# apprise imports it for its mail channel.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

BUDGET = '[[budgets]]\nid = "all"\namount_usd = "0.001"\nthresholds = [100]\n'
DEAD = LOOPBACK + '[alerts]\nchannels = ["json://127.0.0.1:1/x"]\n'


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A storage with one open alert, which its channel has refused."""
    workspace = Workspace(
        tmp_path_factory.mktemp("alerts").resolve(), CONFIGURATION + BUDGET + DEAD
    )
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.run()
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def call(workspace: Workspace, *words: str, **environment: str) -> Result:
    """A verb of `alerts`."""
    words = ("alerts", *words, "--config", str(workspace.path("tollbook.toml")))
    return CliRunner().invoke(app, words, env=environment)


def listed(workspace: Workspace, state: str = "any") -> list[dict[str, Any]]:
    """What `alerts list` shows."""
    found: list[dict[str, Any]] = json.loads(
        call(workspace, "list", "--state", state, "--json").stdout
    )
    return found


def test_an_alert_is_acknowledged_and_that_is_undone(workspace: Workspace) -> None:
    """By its id or all of them; `show` says who, when and why."""
    [alert] = listed(workspace)
    alert_id = alert["alert_id"]
    done = call(workspace, "ack", alert_id, "--by", "kim", "--note", "asked the team")
    assert (done.stdout, done.exit_code) == (f"{alert_id}: acknowledged\n", 0)
    assert [a["state"] for a in listed(workspace, "open")] == ["acknowledged"]
    assert "acknowledged by kim: asked the team" in call(workspace, "show", alert_id).stdout
    again = call(workspace, "ack", alert_id)
    assert again.stderr == f"{alert_id}: left alone; it is not open\nNothing was changed.\n"
    undone = call(workspace, "ack", "--all", "--undo", TOLLBOOK_USER="kim")
    assert undone.stdout == f"{alert_id}: open\n"
    assert "acknowledgement undone by kim" in call(workspace, "show", alert_id).stdout


def test_what_is_not_there_is_an_error(workspace: Workspace) -> None:
    """Unknown ids, no id at all, an unknown route."""
    for words, message in (
        (("ack", "alert-no"), "alerts ack: there is no alert alert-no. "),
        (("ack",), "alerts: names no alert. Give the ids"),
        (("show", "alert-no"), "alerts show: there is no alert 'alert-no'. "),
        (("retry", "alert-no"), "alerts retry: no message of alert-no waits or was given up. "),
        (("test", "--route", "no"), "--route: 'no' is not a route. "),
    ):
        error = call(workspace, *words).exception
        assert isinstance(error, TollbookError)
        assert str(error).startswith(message)


def test_show_explains_one_alert(workspace: Workspace) -> None:
    """What it says, what happened, the message, and every try with its cause."""
    [alert] = listed(workspace)
    shown = call(workspace, "show", alert["alert_id"]).stdout.splitlines()
    assert shown[0] == f"{alert['alert_id']}: open, critical, budget all"
    assert shown[1].startswith("  Budget all (the whole organization), November 2026 crossed its")
    assert shown[2:4] == [
        "Period: 2026-11-01 up to 2026-12-01 (exclusive)",
        "Delivery: to send",
    ]
    assert shown[5].startswith("  2026-11-24 08:00 UTC  raised (message-")
    assert shown[6].endswith(": tollbook, org-acme: budget all: 200 % used, 100 % over")
    assert "json (" in shown[7]
    assert "failed: connection refused by 127.0.0.1:1; next try 2026-11-24 08:00" in shown[7]
    found = json.loads(call(workspace, "show", alert["alert_id"], "--json").stdout)
    assert found["messages"][0]["tries"][0]["error"] == "connection refused by 127.0.0.1:1"


def test_retry_sends_at_once_what_was_refused(workspace: Workspace) -> None:
    """3 and the cause while it is still refused; else the alert is sent."""
    failed = call(workspace, "retry", "--all")
    assert failed.exit_code == 3
    assert "connection refused by 127.0.0.1:1" in failed.stdout
    assert [a["delivery"] for a in listed(workspace, "undelivered")] == ["to send"]
    with webhook() as server:
        text = workspace.path("tollbook.toml").read_text()
        workspace.configure(text.replace("json://127.0.0.1:1/x", server.url))
        [alert] = listed(workspace)
        done = call(workspace, "retry", alert["alert_id"])
        assert (done.stdout, done.exit_code, len(server.posts)) == ("", 0, 1)
        assert server.posts[0]["raised_alert_ids"] == alert["alert_id"]
        assert server.posts[0]["idempotency_key"] == server.keys[0]
    assert listed(workspace, "undelivered") == []


def test_a_waiting_message_that_takes_back_is_listed(workspace: Workspace) -> None:
    """The alert itself was sent; that it no longer holds is not known to anybody yet."""
    text = workspace.path("tollbook.toml").read_text()
    with webhook() as server:
        workspace.configure(text.replace("json://127.0.0.1:1/x", server.url))
        assert call(workspace, "retry", "--all").exit_code == 0
        server.status = 500
        workspace.configure(
            text.replace("json://127.0.0.1:1/x", server.url).replace('"0.001"', '"1000"')
        )
        workspace.run()
        [alert] = listed(workspace, "undelivered")
    assert (alert["delivery"], alert["state"]) == ("sent", "resolved")
    assert alert["undelivered_messages"] == 1


def test_a_route_is_tried_alone(tmp_path: Path) -> None:
    """Owners are no channel of their own: a trial writes to nobody."""
    with webhook() as one, webhook() as other:
        (tmp_path / "tollbook.toml").write_text(
            f'{LOOPBACK}[alerts]\nchannels = ["{one.url}"]\n[alerts.routes.finance]\n'
            f'channels = ["{other.url}"]\n'
        )
        words = ["alerts", "test", "--route", "finance", "-c", str(tmp_path / "tollbook.toml")]
        result = CliRunner().invoke(app, words)
        assert (result.exit_code, len(one.posts), len(other.posts)) == (0, 0, 1)
        assert CliRunner().invoke(app, words[:2] + words[4:]).exit_code == 0
        assert (len(one.posts), len(other.posts)) == (1, 2)


def test_a_trial_names_the_channels_that_only_owners_have(tmp_path: Path) -> None:
    """It tries none of them, and does not say that there is none."""
    (tmp_path / "tollbook.toml").write_text(
        "[alerts.routes.owners]\nowners = true\n"
        'channels = ["mailto://127.0.0.1:1?from=t@example.com&to={to}"]\n'
    )
    words = ["alerts", "test", "-c", str(tmp_path / "tollbook.toml")]
    for more in ([], ["--route", "owners"]):
        result = CliRunner().invoke(app, words + more)
        assert "not tried; it writes to owners" in result.stdout
        assert "No channel is configured" not in result.output
        assert result.exit_code == 3


def test_a_project_owner_gets_the_alert_by_mail(tmp_path: Path) -> None:
    """The address comes from the directory; the log of tries names it."""
    with mail_server() as server:
        workspace = Workspace(
            tmp_path.resolve(),
            CONFIGURATION
            + BUDGET.replace('id = "all"', 'id = "all"\nproject = "proj_a"')
            + '[directory]\nmembers = "members.csv"\n[alerts.routes.owners]\nowners = true\n'
            'roles = ["project_owner"]\nchannels = ["mailto://127.0.0.1:'
            f'{server.port}?smtp=127.0.0.1&from=tollbook@example.com&mode=insecure&to={{to}}"]\n',
        )
        workspace.write(
            "members.csv",
            "user_id,role,email,project_id\nu1,owner,ann@example.com,proj_a\n"
            "u2,member,bob@example.com,proj_a\nu1,reader,ann@example.com,\n"
            "u2,reader,bob@example.com,\n",
        )
        workspace.write("logs/a.jsonl", lines(request("a")))
        workspace.run()
        [(recipients, mail)] = server.received
        assert recipients == ["ann@example.com"]
        assert mail["Subject"].startswith("tollbook, org-acme: budget all: 200 % used")
        [(channel, outcome)] = workspace.rows("SELECT channel, outcome FROM alert_deliveries")
        assert channel.endswith(" to ann@example.com")
        assert outcome == "delivered"


@pytest.mark.slow
def test_an_escalation_goes_to_its_own_channel_and_so_does_the_end(tmp_path: Path) -> None:
    """After four hours, in a run that finds nothing new; no URL is stored."""
    with webhook() as everybody, webhook() as oncall:
        workspace = Workspace(
            tmp_path.resolve(),
            f'{CONFIGURATION}{BUDGET}{LOOPBACK}[alerts]\nchannels = ["{everybody.url}"]\n'
            f'escalate_after_hours = 4\nescalate_to = ["{oncall.url}"]\n',
        )
        workspace.write("logs/a.jsonl", lines(request("a")))
        workspace.run()
        workspace.at += timedelta(hours=3)
        workspace.run()
        assert (len(everybody.posts), len(oncall.posts)) == (1, 0)
        workspace.at += timedelta(hours=1)
        workspace.run()
        workspace.run()
        [post] = oncall.posts
        assert post["title"] == (
            "tollbook, org-acme: escalated: budget all (critical), not acknowledged"
        )
        assert len(everybody.posts) == 1
        assert [a["state"] for a in listed(workspace)] == ["escalated"]
        workspace.forget("logs/a.jsonl")
        assert [p["title"] for p in (everybody.posts[1], oncall.posts[1])] == [
            "tollbook, org-acme: 1 budget alert taken back"
        ] * 2
        assert TOKEN.encode() not in workspace.path("var/warehouse.duckdb").read_bytes()
