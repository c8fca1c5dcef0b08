"""The API's answers, as a gateway logs them: usage in full, contents left out.

One JSON line a call: the body as the API returns it, and beside it who called (and, where
the body does not say it, when and which endpoint). A batch call is a line of a Batch output file.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from pipeline.demo.cast import Call, Organization
from pipeline.demo.ids import hexadecimal, in_base62

Body = dict[str, Any]


def line(organization: Organization, call: Call) -> str:
    """The call as one line of a request log."""
    logged = _batch_output(call) if call.workload.is_batch else body(call)
    logged |= beside(organization, call)
    return json.dumps(logged, separators=(",", ":"), ensure_ascii=False)


def body(call: Call) -> Body:
    """The API's answer to the call; for speech, whose answer is sound, what the gateway notes."""
    match call.workload.kind:
        case "chat" | "voice_chat":
            return _chat_completion(call)
        case "response":
            return _response(call)
        case "embedding":
            return _embedding(call)
        case "image":
            return _images(call)
        case "transcription" | "timed_transcription":
            return _transcription(call)
        case "moderation":
            return _moderation(call)
        case "speech":
            return _speech(call)


def beside(organization: Organization, call: Call) -> Body:
    """What the gateway knows and the body does not say."""
    noted: Body = {}
    if call.workload.kind not in {"chat", "voice_chat", "response"}:
        noted = {
            "endpoint": _ENDPOINTS[call.workload.kind],
            "request_id": f"req_{hexadecimal(call.mark, 16)}{_tail(call, 16)}",
            "created": unix_seconds(call.at),
        }
    return noted | {
        "organization_id": organization.id,
        "project_id": call.project.id,
        "api_key_id": call.api_key.id,
        "user_id": call.api_key.user_id,
        "service_account_id": call.api_key.service_account_id,
    }


_ENDPOINTS = {
    "embedding": "/v1/embeddings",
    "image": "/v1/images/generations",
    "transcription": "/v1/audio/transcriptions",
    "timed_transcription": "/v1/audio/transcriptions",
    "moderation": "/v1/moderations",
    "speech": "/v1/audio/speech",
}


def unix_seconds(at: datetime) -> int:
    """A naive UTC instant as the API writes it."""
    return int(at.replace(tzinfo=UTC).timestamp())


def _chat_completion(call: Call) -> Body:
    created = unix_seconds(call.at)
    return {
        "id": f"chatcmpl-{in_base62(created, 6)}{in_base62(call.mark, 9)}{_tail(call, 14)}",
        "object": "chat.completion",
        "created": created,
        "model": call.model,
        "choices": [],
        "usage": {
            "prompt_tokens": call.input_tokens,
            "completion_tokens": call.output_tokens,
            "total_tokens": call.input_tokens + call.output_tokens,
            "prompt_tokens_details": {
                "cached_tokens": call.cached_tokens,
                "audio_tokens": call.audio_input_tokens,
            },
            "completion_tokens_details": {
                "reasoning_tokens": call.reasoning_tokens,
                "audio_tokens": call.audio_output_tokens,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": call.service_tier,
        "system_fingerprint": f"fp_{hashlib.sha256(call.model.encode()).hexdigest()[:10]}",
    }


def _response(call: Call) -> Body:
    created = unix_seconds(call.at)
    return {
        "id": f"resp_{hexadecimal(created, 8)}{hexadecimal(call.mark, 12)}{_tail(call, 30)}",
        "object": "response",
        "created_at": created,
        "status": "completed",
        "model": call.model,
        "output": [],
        "service_tier": call.service_tier,
        "usage": {
            "input_tokens": call.input_tokens,
            "input_tokens_details": {
                "cached_tokens": call.cached_tokens,
                "cache_write_tokens": call.cache_write_tokens,
            },
            "output_tokens": call.output_tokens,
            "output_tokens_details": {"reasoning_tokens": call.reasoning_tokens},
            "total_tokens": call.input_tokens + call.output_tokens,
        },
    }


def _embedding(call: Call) -> Body:
    return {
        "object": "list",
        "data": [],
        "model": call.model,
        "usage": {"prompt_tokens": call.input_tokens, "total_tokens": call.input_tokens},
    }


def _images(call: Call) -> Body:
    """The body has no model: the gateway notes the one that was asked for."""
    return {
        "created": unix_seconds(call.at),
        "background": "opaque",
        "data": [],
        "output_format": "png",
        "quality": "medium",
        "size": "1024x1024",
        "usage": {
            "input_tokens": call.input_tokens,
            "input_tokens_details": {
                "text_tokens": call.input_tokens - call.image_input_tokens,
                "image_tokens": call.image_input_tokens,
            },
            "output_tokens": call.output_tokens,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": call.output_tokens},
            "total_tokens": call.input_tokens + call.output_tokens,
        },
        "model": call.model,
    }


def _transcription(call: Call) -> Body:
    """By tokens or by duration; the body has no model, as with images."""
    usage: Body = {"type": "duration", "seconds": call.seconds}
    if call.workload.kind == "transcription":
        usage = {
            "type": "tokens",
            "input_tokens": call.input_tokens,
            "input_token_details": {
                "text_tokens": call.input_tokens - call.audio_input_tokens,
                "audio_tokens": call.audio_input_tokens,
            },
            "output_tokens": call.output_tokens,
            "total_tokens": call.input_tokens + call.output_tokens,
        }
    return {"text": "", "usage": usage, "model": call.model}


def _moderation(call: Call) -> Body:
    return {
        "id": f"modr-{hexadecimal(call.mark, 16)}{_tail(call, 16)}",
        "model": call.model,
        "results": [],
    }


def _speech(call: Call) -> Body:
    return {"model": call.model, "characters": call.characters}


def _batch_output(call: Call) -> Body:
    return {
        "id": f"batch_req_{hexadecimal(call.mark, 16)}{_tail(call, 16)}",
        "custom_id": f"sku-{call.mark % 1_000_000:06d}",
        "response": {
            "status_code": 200,
            "request_id": f"{hexadecimal(call.mark, 16)}{_tail(call, 16)}",
            "body": body(call),
        },
        "error": None,
    }


def _tail(call: Call, length: int) -> str:
    """The end of an id: real ones are random, ours repeat within a key so that logs stay small."""
    return hashlib.sha256(call.api_key.id.encode()).hexdigest()[:length]
