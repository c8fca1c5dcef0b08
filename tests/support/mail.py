"""A mail server on the loopback interface, which keeps what it is given."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail without TLS; without `has_login` it knows no AUTH, else refuses every password."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[tuple[list[str], EmailMessage]] = []  # recipients, and the mail
        self.has_login = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class Handler(socketserver.StreamRequestHandler):
    """One conversation."""

    server: MailServer

    def handle(self) -> None:
        """Answer line by line."""
        self._say("220 tests")
        recipients: list[str] = []
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"EHLO" and self.server.has_login:
                self._say("250-tests", "250 AUTH PLAIN LOGIN")
            elif word == b"AUTH":
                self._say("535 5.7.8 Error: authentication failed")
            elif word == b"RCPT":
                recipients.append(line.decode().partition(":")[2].strip().strip("<>"))
                self._say("250 ok")
            elif word == b"DATA":
                self._say("354 go on")
                self._keep(recipients)
                recipients = []
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _keep(self, recipients: list[str]) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.received.append((recipients, message))
        self._say("250 kept")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Start one, and stop it at the end."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
