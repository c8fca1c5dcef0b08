"""A webhook on the loopback interface, with a secret in its URL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What a configuration must say for servers on this machine to be used.
LOOPBACK = '[network]\nallow_private_addresses = ["127.0.0.0/8"]\n'
TOKEN = "s3cr3t-T0ken-XyZ"  # noqa: S105  a made-up one


class Server(ThreadingHTTPServer):
    """A webhook that keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[dict[str, Any]] = []
        self.keys: list[str | None] = []  # the idempotency key of each post
        self.status = 200
        self.is_open = threading.Event()  # answers wait for it
        self.is_open.set()
        self.is_asked = threading.Event()  # a message has come, answered or not

    @property
    def url(self) -> str:
        """Where apprise finds it, with a secret in the path and in a header."""
        return f"json://127.0.0.1:{self.server_address[1]}/{TOKEN}?+X-Key={TOKEN}&rto=60"


class Handler(BaseHTTPRequestHandler):
    """Keeps the body, answers with the server's status, repeats the path as servers do."""

    server: Server

    def do_POST(self) -> None:
        """One message."""
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        self.server.is_asked.set()
        self.server.is_open.wait(10)
        if self.server.status == 200:
            self.server.posts.append(body)
            self.server.keys.append(self.headers["Idempotency-Key"])
        with suppress(ConnectionError):  # who was kept waiting may have gone
            self.send_response(self.server.status)
            if self.server.status == 307:
                self.send_header("Location", "/another")
            self.end_headers()
            self.wfile.write(f"{self.path} {self.headers['X-Key']}".encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """Keep the test's output clean."""


@contextmanager
def webhook() -> Iterator[Server]:
    """Start one, and stop it at the end."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
