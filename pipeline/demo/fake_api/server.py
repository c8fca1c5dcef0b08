"""The fake as an HTTP server on the loopback interface: sockets, keep-alive, and cut connections.

Logs what was asked, never the key.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pipeline.demo.fake_api.api import VERSION, Answer, FakeAdminApi

_HOST = "127.0.0.1"
_MOST_BODY = 10**6


class Asked(NamedTuple):
    """One request, as it came."""

    method: str
    path: str  # below the version: "/organization/costs"
    query: tuple[tuple[str, str], ...]  # decoded, in the order sent
    status: int | None  # None: never answered


class Server(ThreadingHTTPServer):
    """A running fake: where it is, what key it takes, what it was asked."""

    daemon_threads = False  # closing waits for them, so that no socket is left behind
    request_queue_size = 64

    def __init__(self, api: FakeAdminApi, port: int = 0) -> None:
        super().__init__((_HOST, port), _Handler)
        self.api = api
        self.requests: list[Asked] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._count = 0

    @property
    def base_url(self) -> str:
        """For clients: ``http://127.0.0.1:PORT/v1``."""
        return f"http://{_HOST}:{self.server_address[1]}{VERSION}"

    @property
    def key(self) -> str:
        """The made-up admin key that it accepts."""
        return self.api.key

    def is_alive_for_one_more(self) -> bool:
        """Count a request; whether the server is still there to answer it."""
        with self._lock:
            self._count += 1
            most = self.api.faults.dies_after
            return most is None or self._count <= most

    def log(self, asked: Asked) -> None:
        """Keep what was asked."""
        with self._lock:
            self.requests.append(asked)

    def opened(self, connection: socket.socket) -> None:
        """Know a connection, to close it at the end."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def stop(self) -> None:
        """End all connections; what is being sent is cut."""
        self.stopping.set()
        self.shutdown()
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not logged; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, sends the answer, or what is left of it."""

    protocol_version = "HTTP/1.1"
    server_version = "tollbook-demo"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        length = self.headers.get("content-length") or "0"
        if not length.isdecimal() or int(length) > _MOST_BODY:
            self.close_connection = True
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        parts = urlsplit(self.path)
        asked = Asked(
            self.command,
            parts.path.removeprefix(VERSION),
            tuple(parse_qsl(parts.query, keep_blank_values=True)),
            None,
        )
        if self.server.stopping.is_set() or not self.server.is_alive_for_one_more():
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.api.answer(self.command, self.path, headers, body)
        if answer.failure == "dropped":
            self.server.log(asked)
            self.close_connection = True
            return
        self.server.log(asked._replace(status=answer.status))
        self._send(answer)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _answer  # noqa: N815  http.server's names

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("x-request-id", f"req_{len(self.server.requests):032x}")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if answer.failure == "cut":
            self.close_connection = True
            return
        self.wfile.write(body[half:])


@contextmanager
def serving(api: FakeAdminApi, *, port: int = 0) -> Iterator[Server]:
    """Serve a fake until the block ends; port 0 is any that is free.

    **Fails** with OSError where the port is taken.
    """
    server = Server(api, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
