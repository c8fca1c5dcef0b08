"""Documents that would take all memory or all time: refused or read, within bounds of both."""

from __future__ import annotations

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

MOST_MEGABYTES = 1_500  # of address space that is used beyond what importing the program takes
MOST_SECONDS = 60  # of CPU
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


def _parse(name: str, bomb: str, words: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content, began = BOMBS[bomb](), time.process_time()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resource.setrlimit(resource.RLIMIT_CPU, (2 * MOST_SECONDS, 3 * MOST_SECONDS))
        parse(PARSERS[name], content, Path(folder))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        words.send(((after - before) // 1000, time.process_time() - began))


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSED)
def test_no_bomb_takes_all_memory_or_time(name: str) -> None:
    """Each in a process of its own, whose memory is measured."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.pricing.load"])
    over = {}
    for bomb in BOMBS:
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_parse, args=(name, bomb, there))
        process.start()
        there.close()
        process.join()
        measured = here.recv() if process.exitcode == 0 else None
        if measured is None or measured[0] > MOST_MEGABYTES or measured[1] > MOST_SECONDS:
            over[bomb] = (process.exitcode, measured)
        print(name, bomb, measured)
    assert over == {}
