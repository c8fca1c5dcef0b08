"""Tells the saved files of this provider apart: answers of its API, exports of its dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pipeline.intake.tabular.csv_layout import HEAD_BYTES
from pipeline.providers.openai.pages import csv_export, pages
from pipeline.providers.openai.pages.pages import PageFile


def detect(first_bytes: bytes) -> Literal["openai_usage", "openai_costs"] | None:
    """Which kind of source a file is of, by its first bytes; None: of neither."""
    return csv_export.detect(first_bytes) or pages.detect(first_bytes)


def read(path: Path, input_file: str) -> PageFile:
    """The pages of one file, in its order; a CSV export is one page.

    **Fails** with SourceError (file, line, hint) where the file is neither.
    """
    try:
        with path.open("rb") as stream:
            is_export = csv_export.detect(stream.read(HEAD_BYTES)) is not None
    except OSError:
        is_export = False  # the reader of pages has the message
    return csv_export.read(path, input_file) if is_export else pages.read(path, input_file)
