"""Tells the encoding and the separator of a CSV file from its first bytes."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection
from typing import NamedTuple

from pipeline.intake.tabular.columns import REQUIRED

HEAD_BYTES = 64 << 10

_SEPARATORS = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n?')  # what spreadsheets read and write


class CsvLayout(NamedTuple):
    """How the text of a CSV file is written."""

    encoding: str
    separator: str
    has_separator_line: bool  # a first line `sep=;` that is not the header
    header: tuple[str, ...]  # the names in lower case

    @property
    def errors(self) -> str:
        """What to do with bytes that are not text."""
        return "surrogateescape" if self.encoding == "utf-8-sig" else "replace"

    @property
    def encoding_name(self) -> str:
        """The encoding as people write it."""
        return "UTF-8" if self.encoding == "utf-8-sig" else "UTF-16"


def layout_of(head: bytes, required: Collection[str] = REQUIRED) -> CsvLayout:
    """The layout of a file that begins so; UTF-8 and commas where nothing else is sure.

    Another separator is taken where only it gives the required columns, or a line says it.
    """
    encoding = _encoding(head)
    lines = head.decode(encoding, "replace").splitlines(keepends=True)
    separators: tuple[str, ...] = _SEPARATORS
    said = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    if said:
        separators, lines = (said[1],), lines[1:]
    line = lines[0] if lines else ""
    for separator in separators:
        names = _names(line, separator)
        if set(required) <= set(names):
            return CsvLayout(encoding, separator, said is not None, names)
    return CsvLayout(encoding, separators[0], said is not None, _names(line, separators[0]))


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:40]
    if len(start) > 1 and not any(start[1::2]):  # every second byte is zero
        return "utf-16-le"
    if len(start) > 1 and not any(start[::2]):
        return "utf-16-be"
    return "utf-8-sig"


def _names(line: str, separator: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return ()
    return tuple(name.strip().lower() for name in row)
