"""What the usage endpoints count of a call: which endpoint, whose, and how much.

A call counts in one endpoint; a picture counts its tokens in completions and itself in images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.demo.cast import Call, Organization, Size, Workload
from pipeline.demo.fake_api.usage.endpoints import EndpointName

Value = str | bool | None

# The decisions endpoint has traffic here only; the sample's gateway knows nothing of it.
TRIAGE = Workload(
    name="triage",
    kind="response",
    models=(("gpt-5.4-mini-2026-03-17", 1),),
    calls_a_day=14,
    input=Size(1_900, 0.5),
    output=Size(120, 0.4),
    by_service_account=True,
    hours="daytime",
    weekend_percent=60,
    cached_percent=30,
)
_IN_DASHBOARD = "trials"
_AGENTS = "agents"  # the workload that goes through the Agents API
_SIZES = ("1024x1024", "1024x1024", "1024x1792", "1792x1792", "512x512")


class Metered(NamedTuple):
    """One thing that was counted."""

    at: int  # unix seconds
    mark: int  # a random number that is its own
    dimensions: Mapping[str, Value]  # all that its endpoint can be grouped by
    counts: Mapping[str, int]


def with_decisions(organization: Organization) -> Organization:
    """The organization with a workload that calls the Decisions API."""
    return replace(
        organization,
        projects=tuple(
            replace(project, workloads=(*project.workloads, TRIAGE))
            if project.slug == "support"
            else project
            for project in organization.projects
        ),
    )


def unix_seconds(at: datetime) -> int:
    """Whole seconds of a naive UTC time."""
    return int(at.replace(tzinfo=UTC, microsecond=0).timestamp())


def api_source(call: Call) -> str:
    """Through which of the provider's surfaces a call came."""
    return "agents_api" if call.workload.name == _AGENTS else "unlabeled"


def api_key_id(call: Call) -> str | None:
    """The key of a call; trials are made in the provider's dashboard, without any."""
    return None if call.workload.name == _IN_DASHBOARD else call.api_key.id


def metered(call: Call) -> Iterator[tuple[EndpointName, Metered]]:
    """What is counted of one call, by endpoint."""
    common: dict[str, Value] = {
        "project_id": call.project.id,
        "user_id": call.api_key.user_id,
        "api_key_id": api_key_id(call),
        "model": call.model,
    }
    at = unix_seconds(call.at)
    kind = call.workload.kind
    requests = {"num_model_requests": 1}
    match kind:
        case "embedding":
            counts = {"input_tokens": call.input_tokens, **requests}
            yield "embeddings", Metered(at, call.mark, common, counts)
        case "moderation":
            counts = {"input_tokens": 20 + call.mark % 380, **requests}
            yield "moderations", Metered(at, call.mark, common, counts)
        case "speech":
            counts = {"characters": call.characters, **requests}
            yield "audio_speeches", Metered(at, call.mark, common, counts)
        case "timed_transcription":
            counts = {"seconds": call.seconds, **requests}
            yield "audio_transcriptions", Metered(at, call.mark, common, counts)
        case _:
            text: dict[str, Value] = {
                **common,
                "batch": call.workload.is_batch,
                "service_tier": call.service_tier,
                "api_source": api_source(call),
            }
            name: EndpointName = "decisions" if call.workload is TRIAGE else "completions"
            yield name, Metered(at, call.mark, text, {**_tokens(call), **requests})
    if kind == "image":
        picture: dict[str, Value] = {
            **common,
            "size": _SIZES[call.mark % len(_SIZES)],
            "source": "image.edit" if call.image_input_tokens else "image.generation",
        }
        yield "images", Metered(at, call.mark, picture, {"images": call.images, **requests})


def _tokens(call: Call) -> dict[str, int]:
    """The token fields, which add up as the provider says they do."""
    pictures_out = call.output_tokens if call.images else 0
    uncached = call.input_tokens - call.cached_tokens - call.cache_write_tokens
    return {
        "input_tokens": call.input_tokens,
        "input_uncached_tokens": uncached,
        "input_cached_tokens": call.cached_tokens,
        "input_cache_write_tokens": call.cache_write_tokens,
        "input_cache_write_30m_tokens": call.cache_write_tokens,
        "input_cache_write_12h_tokens": 0,
        "input_text_tokens": uncached - call.audio_input_tokens - call.image_input_tokens,
        "input_audio_tokens": call.audio_input_tokens,
        "input_image_tokens": call.image_input_tokens,
        "input_cached_text_tokens": call.cached_tokens,
        "input_cached_audio_tokens": 0,
        "input_cached_image_tokens": 0,
        "output_tokens": call.output_tokens,
        "output_text_tokens": call.output_tokens - call.audio_output_tokens - pictures_out,
        "output_audio_tokens": call.audio_output_tokens,
        "output_image_tokens": pictures_out,
    }
