"""Hostile values and documents, and how a valid document is spoiled with them."""

from __future__ import annotations

import random
from collections.abc import Iterator

# JSON texts and cells, put in the place of a value.
VALUES: tuple[bytes, ...] = (
    b"1e999999",
    b"-1e999999",
    b"1e-999999",
    b"1E+400",
    b"-0",
    b"-0.0",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"9" * 100_000,
    b"0." + b"1" * 100_000,
    b"18446744073709551616",
    b"1e18",
    b"-1",
    b"0x10",
    b"1_000",
    "\u0661\u0662".encode(),
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'"\\ud800"',
    b'"\\u0000"',
    b'"\x00"',
    b'"\\u202e\\u001b[31m"',
    b'"' + b"x" * 100_000 + b'"',
    b"[" * 100_000,
    b"[" * 5_000 + b"]" * 5_000,
    b'{"a":' * 100_000,
    b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b"{" + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}",
    b'{"a":1,"a":2}',
    b'{"usage":{"usage":{"usage":1}}}',
    b"=1+1",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"9999-12-31T23:59:59.999999999Z",
    b"0001-01-01",
    b"2026-02-30",
    b"2026-11-20T25:61:61Z",
    b"253402300800",
    b"-62135596801",
    b"1e400000000",
)

# Whole documents of no kind in particular.
DOCUMENTS: tuple[bytes, ...] = (
    b"",
    b"\n",
    b"\x00",
    b"\x00" * 10_000,
    b"\xef\xbb\xbf",
    b"\xff\xfe{\x00}\x00",
    b"\r\r\r",
    b"null",
    b"[]",
    b"{}",
    b"[{}]",
    b"[{",
    b"{\n",
    b'"',
    b"\xed\xa0\x80",
    b"[" * 100_000,
    b"{\n" + b'"a":[' * 100_000,
    b'[{"a":' + b"[" * 100_000,
    b"data: " * 1_000,
    b"data: {}\n\n" * 1_000,
    b'{"object":"page","data":' + b"[" * 100_000 + b"}",
    b'{"object":"page","data":[{"results":' + b"[" * 100_000,
    b"," * 100_000,
    b'"' * 100_001,
    b"started_at,model\n" + b"," * 100_000,
    b'started_at,model\n"' + b"x\n" * 20_000,
    b"a." * 20_000 + b"a = 1\n",
    b"a = " + b"[" * 20_000,
    b"a = " + b"{b=" * 20_000,
    b"[" + b"a." * 20_000 + b"a]\n",
    b"x = 1e999999\n",
    b"x = " + b"9" * 100_000 + b"\n",
    b"x = 0x" + b"f" * 100_000 + b"\n",
    b"[organization]\nid = " + b"9" * 10_000,
    b"[quality]\nmax_quarantined_percent = 1e999999\n",
    b'[[budgets]]\nid = "b"\namount_usd = "1e999999"\n',
    b'[[budgets]]\nid = "b"\namount_usd = "' + b"9" * 100_000 + b'"\n',
    b"[bill]\nlag_days = " + b"9" * 5_000,
    b"PAR1",
    b"PAR1" + b"\xff" * 100 + b"PAR1",
    b"PAR1" + b"\x00" * 8 + b"\xff\xff\xff\x7fPAR1",
    b"\x1f\x8b",
    b"\x1f\x8b\x08" + b"\xff" * 100,
    b"\x28\xb5\x2f\xfd",
    b"\x28\xb5\x2f\xfd" + b"\xff" * 100,
    b"sep=\x00\nstarted_at",
    b"sep=\n",
)

_MARKS = b'{}[]":,=\n\t;'


def spoiled(seed: bytes, draw: random.Random) -> bytes:
    """A valid document with one to three things wrong."""
    found = seed
    for _ in range(draw.randint(1, 3)):
        found = draw.choice(_WAYS)(found, draw)
    return found


def spans(document: bytes) -> Iterator[tuple[int, int]]:
    """Where values, names and cells stand: between two marks of structure."""
    start = 0
    for at, byte in enumerate(document):
        if byte in _MARKS:
            if at > start:
                yield start, at
            start = at + 1
    if start < len(document):
        yield start, len(document)


def _replace(document: bytes, draw: random.Random) -> bytes:
    places = list(spans(document)) or [(0, len(document))]
    start, end = draw.choice(places)
    if draw.random() < 0.5 and document[start - 1 : start] == b'"' == document[end : end + 1]:
        start, end = start - 1, end + 1
    return document[:start] + draw.choice(VALUES) + document[end:]


def _cut(document: bytes, draw: random.Random) -> bytes:
    return document[: draw.randint(0, len(document))]


def _drop(document: bytes, draw: random.Random) -> bytes:
    start = draw.randint(0, len(document))
    return document[:start] + document[start + draw.randint(0, 8) :]


def _double(document: bytes, draw: random.Random) -> bytes:
    start, end = sorted((draw.randint(0, len(document)), draw.randint(0, len(document))))
    return document[:end] + document[start:end] + document[end:]


def _bytes(document: bytes, draw: random.Random) -> bytes:
    at = draw.randint(0, len(document))
    return document[:at] + draw.randbytes(draw.randint(1, 4)) + document[at + 1 :]


_WAYS = (_replace, _replace, _replace, _cut, _drop, _double, _bytes)
