"""The events of streams that carry usage, and the response body inside of each.

A stream is logged as server-sent events (`data: {…}`) or as the JSON of its events, one a line.
"""

from __future__ import annotations

from pipeline.intake.request_log.json_fields import Fields

# The last event of a stream has the usage of the whole; these have the body in `response`.
_ENVELOPES = frozenset(
    {
        "response.completed",
        "response.done",
        "response.failed",
        "response.incomplete",
    }
)
# These are bodies themselves, and tell by their type which operation they are of.
OPERATION_OF_EVENT = {
    "image_edit.completed": "images",
    "image_generation.completed": "images",
    "speech.audio.done": "audio_speeches",
    "transcript.text.done": "audio_transcriptions",
    "conversation.item.input_audio_transcription.completed": "audio_transcriptions",
}
_DATA = b"data:"
_OTHER_FIELDS = (b"event:", b"id:", b"retry:", b":")


def data_of(line: bytes) -> bytes | None:
    """The JSON on a line of a log, without the `data:` of server-sent events.

    None where such a line has no data, or only the mark that the stream has ended.
    """
    if line.startswith(_OTHER_FIELDS):
        return None
    if not line.startswith(_DATA):
        return line
    data = line.removeprefix(_DATA).strip()
    return None if data in {b"", b"[DONE]"} else data


def body_of(line: Fields) -> Fields | None:
    """The response body of an event, or the line itself; None for an event without usage."""
    kind = line.values.get("type")
    if not isinstance(kind, str) or line.has("object") or line.has("custom_id"):
        return line
    if kind in _ENVELOPES and line.has("response"):
        return line.part("response")
    # What else has a dot in its type is an event on the way: a delta, a part, a tool's progress.
    is_event = "." in kind or kind in {"error", "keepalive"}
    return None if is_event and not line.has("usage") else line
