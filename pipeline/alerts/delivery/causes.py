"""Why a service did not accept a message: what the libraries logged in, a sentence out.

The sentences are a closed set, with an HTTP status, or the host and port of a webhook or mail
server, filled in. A library's own words may repeat parts of a URL and never leave this file.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from pipeline.network.guard import KEY
from pipeline.text import printable

_HTTP_STATUS = re.compile(r"\berror=([1-5]\d\d)\b")
_MARK = "cause="
# apprise warns with whole tokens, urllib3 logs the whole path of a webhook
_TALKATIVE = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
# Services whose URL names the server itself; the host of any other may be a token.
_HAVE_A_HOST = {"json", "jsons", "xml", "xmls", "form", "forms"}
_MAIL = {"mailto", "mailtos"}

# What a library says, and which cause that is; the first that fits.
_CAUSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), cause)
    for pattern, cause in (
        (r"is a private address that", "private"),
        (r"CERTIFICATE_VERIFY_FAILED|certificate verify failed", "certificate"),
        (r"SSLError|\[SSL|\bSSL:|\bTLS\b|handshake|STARTTLS", "tls"),
        (
            r"Failed to resolve|NameResolution|getaddrinfo|service not known|in name resolution",
            "dns",
        ),
        (r"timed? ?out", "timeout"),
        (r"Connection refused|Errno 111|Errno 61\b|actively refused", "refused"),
        (r"No route to host|Network is unreachable|Errno 10[13]|Errno 113", "unreachable"),
        (
            r"reset by peer|Remote end closed|Connection aborted|unexpectedly closed|Broken pipe",
            "closed",
        ),
        (r"SMTP AUTH|\b53[045]\b|authentication|credentials", "login"),
        (r"\b55[0-9]\b|\b50[0-9]\b|\b45[0-9]\b", "mail"),
        (r"port.*(out of range|0-65535)|Invalid URL|InvalidURL|Failed to parse", "address"),
    )
)
_SENTENCES = {
    "private": f"the address{{of_host}} is a private one that {KEY} does not have",
    "certificate": "TLS: the certificate{of} is not trusted",
    "tls": "TLS handshake failed{with_}",
    "dns": "the name{of_host} is not known (DNS)",
    "timeout": "no answer in time{from_}",
    "refused": "connection refused{by}",
    "unreachable": "no route{to}",
    "closed": "the connection was closed{by}",
    "login": "the mail server{at} refused the login",
    "mail": "the mail server{at} refused the message",
    "address": "the address is no valid one",
}


def sentence(service: Any, result: Any, timeout_seconds: float) -> str:
    """Why a service did not accept a message.

    **Takes** the service, the result that apprise gave, and how long it was allowed to take.
    """
    messages = [entry.message for entry in result.logs()]
    for message in messages:
        status = _HTTP_STATUS.search(message)
        if status:
            return f"refused with HTTP status {status[1]}"
    causes = [m.removeprefix(_MARK) for m in messages if m.startswith(_MARK)]
    if result.status.name == "TIMEOUT" and not causes:
        return f"no answer within {timeout_seconds:g} seconds"
    return _worded(causes[0], *_server(service)) if causes else "not accepted, without a reason"


def keep_secrets() -> None:
    """Keep the libraries' logs from repeating a URL, for good.

    Not only while something is sent: a thread that was given up may log later. A socket's error is
    logged for debugging only, so that level is on; no more than the name of its cause is left.
    """
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(f, _NoSecrets) for f in logger.filters):
            logger.addFilter(_NoSecrets())


class _NoSecrets(logging.Filter):
    """Of what the libraries log, lets only an HTTP status or the name of a cause through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record, for every handler, or drop it."""
        text = record.getMessage()
        status = _HTTP_STATUS.search(text)
        cause = None if status else _cause_of(text)
        if status is None and cause is None:
            return False
        record.msg = f"error={status[1]}" if status else f"{_MARK}{cause}"
        record.args, record.exc_info = (), None
        return True


def _cause_of(text: str) -> str | None:
    if not text.startswith(("Socket Exception", "SMTP Exception")):
        return None
    return next((cause for pattern, cause in _CAUSES if pattern.search(text)), None)


def _server(service: Any) -> tuple[str, str]:
    """Host, and host with port, of a webhook or mail server; empty for any other service."""
    scheme = str(service.url(privacy=True)).partition("://")[0]
    host, port = "", service.port
    if scheme in _HAVE_A_HOST:
        host = service.host or ""
    elif scheme in _MAIL:
        host = service.smtp_host or service.host or ""
    host = printable(host)
    return host, f"{host}:{port}" if host and port else host


def _worded(cause: str, host: str, server: str) -> str:
    words = {
        "of": f" of {server}",
        "of_host": f" {host}",
        "with_": f" with {server}",
        "from_": f" from {server}",
        "by": f" by {server}",
        "to": f" to {server}",
        "at": f" {server}",
    }
    return _SENTENCES[cause].format_map(words if host else dict.fromkeys(words, ""))
