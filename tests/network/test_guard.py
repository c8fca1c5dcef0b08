"""No socket of the process connects to a private address that is not allowed."""

from __future__ import annotations

import contextvars
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.errors import ApiError, ConfigError
from pipeline.network import guard
from pipeline.network.guard import PrivateAddressError
from pipeline.providers.openai.client import AdminApi
from tests.support.inbox import resolved, written
from tests.support.mail import mail_server
from tests.support.webhook import webhook

METADATA = "169.254.169.254"


@pytest.fixture
def listening() -> Iterator[int]:
    """The port of a server on this machine."""
    guard.allow(())
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def connect(host: str, port: int) -> None:
    """A connection as libraries make them."""
    with guard.guarded():
        socket.create_connection((host, port), timeout=5).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0"])
def test_no_form_of_an_address_gets_through(listening: int, host: str) -> None:
    """The address is checked that the name was resolved to."""
    with pytest.raises(PrivateAddressError, match=r"is a private address that \[network\] allow"):
        connect(host, listening)


def test_a_name_that_is_given_to_a_socket_is_resolved_first(listening: int) -> None:
    """Also where no library has done so."""
    with socket.socket() as own, guard.guarded(), pytest.raises(PrivateAddressError):
        own.connect(("localhost", listening))


def test_a_datagram_is_not_sent_either() -> None:
    """Services that are told over UDP."""
    guard.allow(())
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own,
        guard.guarded(),
        pytest.raises(PrivateAddressError),
    ):
        own.sendto(b"x", (METADATA, 80))


def test_what_is_allowed_is_connected_to(listening: int) -> None:
    """And nothing beside it."""
    guard.allow(("127.0.0.1",))
    connect("127.0.0.1", listening)
    with pytest.raises(PrivateAddressError):
        connect(METADATA, 80)


def test_the_guard_is_of_its_context_alone(listening: int) -> None:
    """It goes along to a thread that is started with the context, and outlives its block there."""
    failed: list[OSError] = []

    def unguarded() -> None:
        try:
            socket.create_connection(("127.0.0.1", listening), timeout=5).close()
        except OSError as error:
            failed.append(error)

    with guard.guarded():
        within, beside = contextvars.copy_context(), threading.Thread(target=unguarded)
        beside.start()
        beside.join()
    unguarded()
    assert failed == []
    within.run(unguarded)
    assert [type(error) for error in failed] == [PrivateAddressError]


def test_a_webhook_on_a_private_address_is_refused() -> None:
    """With the key that allows it; nothing of the message leaves."""
    guard.allow(())
    with webhook() as server:
        [channel] = resolved([server.url], {})
        said = channel.send(written("Title", "text"))
        assert server.posts == []
    assert said == (
        "the address 127.0.0.1 is a private one that [network] allow_private_addresses does not "
        "have"
    )


def test_a_redirect_of_a_webhook_is_not_followed() -> None:
    """The message would go to whom the server names."""
    with webhook() as server:
        server.status = 307
        [channel] = resolved([server.url], {})
        assert channel.send(written("Title", "text")) == "refused with HTTP status 307"
        assert server.posts == []


def test_a_mail_server_may_be_on_a_private_address() -> None:
    """The configuration names it, and it answers no request."""
    guard.allow(())
    with mail_server() as server:
        url = f"mailto://127.0.0.1:{server.port}?smtp=127.0.0.1&from=a@example.com&mode=insecure"
        [channel] = resolved([f"{url}&to=b@example.com"], {})
        assert channel.send(written("Title", "text")) is None


def test_the_api_is_asked_at_no_private_address() -> None:
    """The error has the key that allows it."""
    guard.allow(())
    started = time.monotonic()
    with (
        AdminApi("sk-admin-x", base_url=f"http://{METADATA}/v1", max_retries=0) as api,
        pytest.raises(ApiError, match=r"169.254.169.254 is a private address that \[network\]"),
    ):
        api.get("/organization/projects")
    assert time.monotonic() - started < 30  # nothing was connected to


def test_the_key_takes_networks_and_no_names(tmp_path: Path) -> None:
    """A name may lead anywhere tomorrow."""
    path = tmp_path / "tollbook.toml"
    path.write_text('[network]\nallow_private_addresses = ["10.0.0.0/8", "hooks.internal"]\n')
    with pytest.raises(ConfigError, match=r"'hooks\.internal' is not a network: write an address"):
        load(path)
    path.write_text('[network]\nallow_private_addresses = ["10.0.0.0/8"]\n')
    assert load(path).network.allow_private_addresses == ("10.0.0.0/8",)
