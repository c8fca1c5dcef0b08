"""Reads one line of a request log in Python: its usage rows, or the rule that it breaks.

This decides what a line means. The statements in `queries/intake/request_log/` take only the lines
that are beyond doubt, and must give the same for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipeline.dates import parse_instant
from pipeline.intake.rejects import RowError
from pipeline.intake.request_log.events import OPERATION_OF_EVENT, body_of, data_of
from pipeline.intake.request_log.fields import ATTRIBUTION, microseconds
from pipeline.intake.request_log.json_fields import Fields, parse_object
from pipeline.intake.request_log.tokens import (
    Counts,
    image_tokens,
    speech_tokens,
    token_counts,
    transcription_tokens,
)
from pipeline.intake.request_log.tool_usage import (
    file_search_calls,
    further_rows,
    search_calls,
    search_variant,
)
from pipeline.intake.validation import EARLIEST

UsageRow = dict[str, Any]

COMPLETIONS = frozenset(
    {
        "chat.completion",
        "chat.completion.chunk",
        "text_completion",
        "response",
        "response.compaction",
    }
)
# What else the API answers with: nothing of it is usage of its own. A batch object repeats the
# sum of its lines.
NOT_USAGE = frozenset(
    {
        "assistant",
        "batch",
        "container",
        "container.file",
        "conversation",
        "error",
        "eval",
        "eval.run",
        "file",
        "fine_tuning.job.checkpoint",
        "fine_tuning.job.event",
        "model",
        "page",
        "response.input_tokens",
        "thread",
        "thread.message",
        "upload",
        "upload.part",
        "vector_store",
        "vector_store.file",
        "vector_store.file_batch",
        "vector_store.search_results.page",
    }
)
_FINER_UNITS = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_SECONDS_2020, _SECONDS_2100 = 1_577_836_800, 4_102_444_800
_UTC_IN_WORDS = re.compile(r" ?UTC$")
_UNFINISHED = frozenset({"queued", "in_progress", "failed", "cancelled", "incomplete"})


def usage_rows(raw: bytes) -> list[UsageRow]:
    """The usage on a line; nothing where it is not usage.

    Gives: rows of `request_fields`, the first the request itself, more for what another model
    did inside it.
    Fails: RowError with the rule and the value at fault.
    """
    data = data_of(raw)
    line = Fields({}) if data is None else parse_object(data)
    body = body_of(line)
    if data is None or body is None:
        return []
    is_batch = line.has("custom_id") and "response" in line.values
    is_event = line.has("type") and not line.has("object")
    request_id = line.text("request_id") or (line.text("event_id") if is_event else None)
    if is_batch:
        if not line.has("response"):
            return []  # the request failed before it had an answer; `error` says why
        answer = line.part("response")
        if answer.count("status_code") not in {200, None}:
            return []
        body = answer.part("body")
        request_id = answer.text("request_id") or request_id
    rows = _body_rows(body, body.text("model") or line.text("model"))
    if not rows:
        return []
    beside = {k: line.text(k) or body.text(k) for k in ATTRIBUTION}
    beside["id"] = body.text("id")
    beside["request_id"] = request_id
    if not is_batch:
        beside["service_tier"] = body.text("service_tier")
    started = _started_at(body, line)
    for row in rows:
        if row["model"] is None:
            raise RowError("missing_model", row.get("no_model") or "model is missing")
        row.update(beside, is_batch=is_batch, started_at_us=started)
    return rows


def is_logged_body(line: Fields) -> bool:
    """Whether an object is surely a line of a request log."""
    if line.has("custom_id") and "response" in line.values:
        return True
    kind = line.text("object")
    event = line.values.get("type")
    if event in OPERATION_OF_EVENT or event == "response.done":
        return True
    if kind is None and line.has("response"):
        body = body_of(line)
        return body is not None and body is not line and body.text("object") in COMPLETIONS
    if kind is None or kind == "list":
        return line.has("model") and (
            isinstance(line.values.get("usage"), dict)
            or any(line.has(k) for k in ("answers", "results", "characters", "data"))
        )
    return kind in COMPLETIONS or kind in _BY_OBJECT


def tokens_named(raw: bytes) -> int | None:
    """Input and output tokens that a refused line names, as far as they can be read."""
    try:
        body = parse_object(data_of(raw) or raw)
        if body.has("response"):
            answer = body.part("response")
            body = answer.part("body") if answer.has("body") else answer
        usage = body.part("usage")
        named = [
            usage.count(k)
            for k in ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")
            if usage.has(k)
        ]
        return sum(n for n in named if n is not None) if named else usage.count("total_tokens")
    except RowError:
        return None


def _body_rows(body: Fields, model: str | None) -> list[UsageRow]:
    kind = body.text("object")
    operation = _operation(body, kind)
    if operation is None or (not body.has("usage") and body.has("error")):
        return []
    counts = _COUNTERS[operation](body)
    if counts is None:
        return []
    row: UsageRow = {
        "operation": operation,
        "model": model,
        "requests": 1,
        "variant": _variant(body, operation),
        "is_partial": body.text("object") == "chat.completion.chunk",
        **counts,
    }
    if operation == "completions":
        row["web_search_calls"] = search_calls(body, model)
        row["file_search_calls"] = file_search_calls(body)
        if row["web_search_calls"]:
            row["variant"] = search_variant(body, model)
    return [row, *further_rows(body, operation, model)]


def _operation(body: Fields, kind: str | None) -> str | None:
    """The operation that a body belongs to; None where it is known not to be usage."""
    if kind in COMPLETIONS:
        return "completions"
    if kind in _BY_OBJECT:
        return _BY_OBJECT[kind]
    if kind in NOT_USAGE or (kind or "").endswith(".deleted"):
        return None
    if kind == "list":
        return "embeddings" if body.has("usage") or body.has("model") else None
    if kind is not None:
        raise RowError("unknown_body", f"object {kind!r} is not a known response body")
    event = body.values.get("type")
    if isinstance(event, str) and event in OPERATION_OF_EVENT:
        return OPERATION_OF_EVENT[event]
    for key, operation in _BY_KEY:
        if isinstance(body.values.get(key), list):
            return operation
    if body.part("usage").has("type"):
        return "audio_transcriptions"
    if body.has("characters"):
        return "audio_speeches"
    if body.has("data") or body.has("svg_usage"):
        return "images"
    if body.has("error"):
        return None
    keys = ", ".join(sorted(body.values)[:8])
    raise RowError("unknown_body", f"it has no object, and its keys do not show its kind: {keys}")


def _started_at(body: Fields, line: Fields) -> int:
    """When the request was answered, as microseconds; the future is the caller's to judge."""
    places = ((body, "created"), (body, "created_at"), (line, "created"), (line, "created_at"))
    for fields, key in places:
        text = fields.text(key)
        if text is not None:
            break
    else:
        place = "in the body and beside custom_id" if line is not body else "on the line"
        raise RowError(
            "missing_time",
            f"created is missing {place}: add it there, as seconds since 1970 or in ISO 8601",
        )
    try:
        instant = _instant(text)
    except (ValueError, ArithmeticError):
        raise RowError("implausible_time", f"{key} {text[:60]!r} is not a time") from None
    except _TooFineError as error:
        raise RowError(
            "implausible_time",
            f"{key} {text[:60]!r} is {error.unit} since 1970: write seconds, {error.seconds}",
        ) from None
    if instant < EARLIEST:
        raise RowError(
            "implausible_time",
            f"{key} {text[:60]!r} is {instant.date()}, before {EARLIEST.date()}",
        )
    return microseconds(instant)


class _TooFineError(Exception):
    """A number that is a plausible time only in a finer unit than seconds."""

    def __init__(self, unit: str, seconds: Decimal) -> None:
        self.unit, self.seconds = unit, seconds
        super().__init__(unit)


def _instant(text: str) -> datetime:
    """Seconds since 1970, with or without a fraction, or an ISO 8601 instant, as naive UTC."""
    if "T" not in text and "-" not in text[1:]:
        number = Decimal(text)
        for unit, factor in _FINER_UNITS.items():
            if _SECONDS_2020 <= number / factor < _SECONDS_2100:
                raise _TooFineError(unit, number / factor)
        microsecond = (number * 1_000_000).to_integral_value()
        return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(
            microseconds=int(microsecond)
        )
    return parse_instant(_UTC_IN_WORDS.sub("Z", text))


def _variant(body: Fields, operation: str) -> str | None:
    if operation == "images":
        return "/".join(filter(None, (body.text("quality"), body.text("size")))) or None
    return body.text("size") if operation == "videos" else None


def _usage_or_unfinished(body: Fields) -> bool:
    """Whether there is usage to count. Fails: RowError where there should be and is not."""
    if body.has("usage"):
        return True
    kind = body.text("object")
    if kind == "chat.completion.chunk" or body.text("status") in _UNFINISHED:
        return False
    raise RowError("missing_usage", "usage is missing")


def _completions(body: Fields) -> Counts | None:
    if not _usage_or_unfinished(body):
        return None
    return token_counts(body.part("usage"))


def _tokens_only(body: Fields) -> Counts | None:
    return token_counts(body.part("usage")) if _usage_or_unfinished(body) else None


def _embeddings(body: Fields) -> Counts | None:
    _usage_or_unfinished(body)
    return token_counts(body.part("usage"), has_output=False)


def _moderations(body: Fields) -> Counts | None:
    return token_counts(body.part("usage"), has_output=False) if body.has("usage") else {}


def _images(body: Fields) -> Counts | None:
    if body.has("usage"):
        return image_tokens(body.part("usage"))
    made = body.values.get("data")
    if not isinstance(made, list) or not made:
        raise RowError("missing_usage", "there is neither usage nor an image in data")
    return {"images": len(made)}


def _transcriptions(body: Fields) -> Counts | None:
    usage = body.part("usage")
    kind = usage.text("type")
    if kind == "tokens":
        return transcription_tokens(usage)
    if kind == "duration":
        seconds = usage.seconds("seconds")
        if seconds is None:
            raise RowError("missing_usage", "usage.seconds is missing")
        return {"audio_seconds": seconds}
    if kind is None and usage.has("input_tokens"):
        return transcription_tokens(usage)
    raise RowError("unknown_body", f"usage.type {kind!r} is neither tokens nor duration")


def _speeches(body: Fields) -> Counts | None:
    if body.has("usage"):  # models that are billed by tokens
        return speech_tokens(body.part("usage"))
    return {"characters": body.count("characters")}


def _videos(body: Fields) -> Counts | None:
    if body.text("status") != "completed":
        return None
    seconds = body.seconds("seconds")
    if seconds is None:
        raise RowError("missing_usage", "seconds is missing")
    return {"video_seconds": seconds}


def _fine_tuning(body: Fields) -> Counts | None:
    trained = body.count("trained_tokens")
    return None if trained is None else {"trained_tokens": trained}


_BY_OBJECT = {
    "realtime.response": "realtime",
    "video": "videos",
    "fine_tuning.job": "fine_tuning",
    "decision": "decisions",
    "moderation": "moderations",
}
_BY_KEY = (("answers", "decisions"), ("results", "moderations"))
_COUNTERS: dict[str, Callable[[Fields], Counts | None]] = {
    "completions": _completions,
    "decisions": _tokens_only,
    "realtime": _tokens_only,
    "embeddings": _embeddings,
    "moderations": _moderations,
    "images": _images,
    "audio_transcriptions": _transcriptions,
    "audio_speeches": _speeches,
    "videos": _videos,
    "fine_tuning": _fine_tuning,
}
