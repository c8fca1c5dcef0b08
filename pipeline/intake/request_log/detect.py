"""Tells by its first bytes whether a file is a request log.

Imports nothing of the fast reading: it is asked of every file named, also where nothing is new.
"""

from __future__ import annotations

import codecs
import re

from pipeline.intake.files.document_head import first_object, is_document
from pipeline.intake.rejects import RowError
from pipeline.intake.request_log.events import data_of
from pipeline.intake.request_log.json_fields import parse_object
from pipeline.intake.request_log.slow_read import is_logged_body

_LINES_LOOKED_AT = 20
# A first line longer than the start that was looked at: vectors, images, long answers.
_CUT_OFF = re.compile(
    rb'\{.*?"object"\s*:\s*"(chat\.completion|text_completion|response|realtime\.response'
    rb'|embedding|video|fine_tuning\.job)"'
    rb'|\{.*?"custom_id"\s*:.*?"response"\s*:'
    rb'|\{.*?"data"\s*:\s*\[\s*\{\s*"b64_json"',
    re.DOTALL,
)


def detect(first_bytes: bytes) -> bool:
    """Whether a file that starts like this is a request log; the last line may be cut off."""
    if is_document(first_bytes):
        lines = [first_object(first_bytes)]
    else:
        lines = first_bytes.removeprefix(codecs.BOM_UTF8).splitlines()[:_LINES_LOOKED_AT]
    return any(_is_request(line) for line in lines) or bool(
        lines and _CUT_OFF.match(lines[0].lstrip())
    )


def _is_request(line: bytes) -> bool:
    try:
        data = data_of(line)
        return data is not None and is_logged_body(parse_object(data))
    except RowError:
        return False
