"""Documents that would take all memory or all time: refused or read, within bounds of both."""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.fuzz.parsers import PARSERS, parse

MOST_MEGABYTES = 1_500  # beyond what was used before
MOST_SECONDS = 60  # of CPU; twice that for all
CHAT = (
    b'{"id":"a","object":"chat.completion","created":1795435200,"model":"gpt-5",'
    b'"usage":{"prompt_tokens":%s,"completion_tokens":1,"total_tokens":1}}\n'
)
BOMBS: Mapping[str, Callable[[], bytes]] = {
    "a million names": lambda: b"{%s}\n" % b",".join(b'"k%d":1' % n for n in range(1_000_000)),
    "a million brackets": lambda: b"[" * 1_000_000,
    "a million brackets, closed": lambda: b"[" * 500_000 + b"]" * 500_000,
    "a million objects, one in the other": lambda: b'{"a":' * 1_000_000,
    "a number of 100,000 digits": lambda: chat(b"9" * 100_000),
    "a fraction of 100,000 digits": lambda: chat(b"0." + b"1" * 100_000),
    "a text of 20 MB": lambda: chat(b'"%s"' % (b"x" * 20_000_000)),
    "100,000 columns": lambda: b",".join(b"c%d" % n for n in range(100_000)) + b"\n1\n",
    "a gigabyte of zeros, packed": lambda: gzip.compress(bytes(1 << 24), mtime=0) * 64,
}
PARSED = ("request_log", "table", "usage_pages", "costs_pages", "kind", "packed", "prices")


def chat(tokens: bytes) -> bytes:
    """A line of a log with such a count."""
    return CHAT % tokens


def _parse(name: str, words: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (2 * MOST_SECONDS, 3 * MOST_SECONDS))
    for bomb, make in BOMBS.items():
        with tempfile.TemporaryDirectory() as folder:
            content, began = make(), time.process_time()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            parse(PARSERS[name], content, Path(folder))
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            words.send((bomb, (after - before) // 1000, time.process_time() - began))


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSED)
def test_no_bomb_takes_all_memory_or_time(name: str) -> None:
    """In a process of its own, whose memory is measured."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_parse, args=(name, there))
    process.start()
    there.close()
    measured = []
    with contextlib.suppress(EOFError):
        while True:
            measured.append(here.recv())
    process.join()
    assert [bomb for bomb, _, _ in measured] == list(BOMBS)
    assert [m for m in measured if m[1] > MOST_MEGABYTES or m[2] > MOST_SECONDS] == []
    assert process.exitcode == 0
