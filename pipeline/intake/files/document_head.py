"""Tells by its first bytes whether a file is JSON that is not one object a line.

Imports nothing of the reading: it is asked of every file named, also where nothing is new.
"""

from __future__ import annotations

import codecs
import json

# Numbers stay text: int() refuses thousands of digits with an error of its own.
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_BETWEEN = " \t\r\n,[]"  # beside white space, the brackets and commas of the array


def is_document(head: bytes) -> bool:
    """Whether a file that begins so is an array of objects, or an object over several lines."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        return text[1:].lstrip()[:1] == b"{"
    return text.startswith(b"{") and text.split(b"\n", 1)[0].strip() == b"{"


def first_object(head: bytes) -> bytes:
    """The first object of a document as one line, cut off where the bytes end."""
    text = head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    start = next_object(text, 0)
    try:
        _, end = DECODER.raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError):
        end = len(text)
    return as_line(text[start:end])


def next_object(text: str, start: int) -> int:
    """Where the next object begins."""
    while start < len(text) and text[start] in _BETWEEN:
        start += 1
    return start


def as_line(text: str) -> bytes:
    """JSON on one line: a line end inside of it can only stand between values."""
    line = text.replace("\r", " ").replace("\n", " ").strip()
    return line.encode("utf-8", "surrogateescape")
