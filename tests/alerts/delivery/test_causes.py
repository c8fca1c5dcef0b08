"""Why a channel did not accept a message is said in one of a few sentences, without its URL."""

from __future__ import annotations

import logging

import pytest

from pipeline.alerts.delivery import causes
from tests.support.inbox import resolved, written
from tests.support.mail import mail_server
from tests.support.ports import free_port
from tests.support.webhook import TOKEN, webhook

MESSAGE = written("Title", "body")


def error_of(url: str, timeout_seconds: float = 5) -> str | None:
    """What a message to a URL ends with."""
    [channel] = resolved([url], {}, timeout_seconds=timeout_seconds)
    return channel.send(MESSAGE)


def test_a_closed_port_refuses() -> None:
    """Host and port are named: they are no secret, and say which machine to look at."""
    port = free_port()
    assert error_of(f"json://127.0.0.1:{port}/{TOKEN}") == (
        f"connection refused by 127.0.0.1:{port}"
    )


def test_a_server_that_is_slow_has_timed_out() -> None:
    """By the socket's own limit, or by the one for the whole message."""
    with webhook() as server:
        server.is_open.clear()
        port = server.server_address[1]
        slow = error_of(f"json://127.0.0.1:{port}/{TOKEN}?rto=0.2")
        assert slow == f"no answer in time from 127.0.0.1:{port}"
        assert error_of(server.url, 0.2) == "no answer within 0.2 seconds"
        server.is_open.set()


def test_tls_to_a_server_without_it_fails_in_the_handshake() -> None:
    """A jsons:// that should have been json://."""
    with webhook() as server:
        port = server.server_address[1]
        assert error_of(f"jsons://127.0.0.1:{port}/{TOKEN}") == (
            f"TLS handshake failed with 127.0.0.1:{port}"
        )


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_an_answer_is_named_by_its_status(status: int) -> None:
    """Whoever mends it looks that up."""
    with webhook() as server:
        server.status = status
        assert error_of(server.url) == f"refused with HTTP status {status}"


def test_a_mail_server_that_refuses_the_login_is_named() -> None:
    """Also one that knows no login at all."""
    with mail_server() as server:
        url = f"mailto://me:{TOKEN}@127.0.0.1:{server.port}?smtp=127.0.0.1&from=me@example.com"
        expected = f"the mail server 127.0.0.1:{server.port} refused the login"
        assert error_of(f"{url}&to=you@example.com&mode=insecure") == expected
        server.has_login = True
        assert error_of(f"{url}&to=you@example.com&mode=insecure") == expected


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("HTTPSConnectionPool(...): [SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "certificate"),
        ("SSLError(SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number'))", "tls"),
        ("NameResolutionError: Failed to resolve 'hooks.example.invalid'", "dns"),
        ("[Errno -2] Name or service not known", "dns"),
        ("Read timed out. (read timeout=4.0)", "timeout"),
        ("[Errno 113] No route to host", "unreachable"),
        ("('Connection aborted.', ConnectionResetError(104, 'reset by peer'))", "closed"),
        ("(550, b'5.1.1 no such user')", "mail"),
        ("something else", None),
    ],
)
def test_what_a_library_says_becomes_the_name_of_a_cause(text: str, cause: str | None) -> None:
    """And nothing of its own words is left in the record."""
    causes.keep_secrets()
    logger = logging.getLogger("apprise")
    said = f"Socket Exception: {text} {TOKEN}"
    record = logger.makeRecord("apprise", logging.DEBUG, "", 0, said, (), None)
    assert logger.filter(record) is not False if cause else not logger.filter(record)
    if cause:
        assert record.getMessage() == f"cause={cause}"
