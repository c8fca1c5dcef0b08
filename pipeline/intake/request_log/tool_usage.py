"""What tools inside one request cost beside its tokens: searches, images, containers.

A body does not count all of it. What it only shows is counted where that suffices, else it becomes
a record without a price, so that the total is known to be a lower bound.
"""

from __future__ import annotations

import re
from typing import Any

from pipeline.intake.request_log.json_fields import Fields
from pipeline.intake.request_log.tokens import Counts, calls, svg_counts, tool_images

UsageRow = dict[str, Any]

# Names that price files use.
PREVIEW_SEARCH = "preview_non_reasoning"
_SMALLEST_CONTAINER = "1g"  # of a container whose size the request left open

_SEARCHES = frozenset({"search", None})
_SEARCH_MODEL = re.compile(r"-search-(preview|api)(-|$)")
_REASONING_MODEL = re.compile(r"(ft:)?(o[1-9]|gpt-[5-9]|codex|computer-use)(?!.*-(chat|search)-)")


def search_calls(body: Fields, model: str | None) -> int:
    """Billed web searches; the provider's own count of them goes first.

    Opening a page that was found is not billed. A model that always searches shows it only by the
    pages that it cites: one search.
    """
    counted = body.part("tool_usage").part("web_search").count("num_requests")
    if counted is not None:
        return counted
    if model is not None and _SEARCH_MODEL.search(model):
        return int(_cites_pages(body))
    return sum(
        item.values.get("status") != "failed" and item.part("action").text("type") in _SEARCHES
        for item in calls(body, "web_search_call")
    )


def file_search_calls(body: Fields) -> int:
    """Billed searches in files."""
    return sum(item.values.get("status") != "failed" for item in calls(body, "file_search_call"))


def search_variant(body: Fields, model: str | None) -> str | None:
    """The kind of web search, where its price depends on it."""
    if model is None or _SEARCH_MODEL.search(model):
        return None
    kinds = [tool.values.get("type") for tool in body.parts("tools")]
    is_preview = any(str(kind).startswith("web_search_preview") for kind in kinds)
    return PREVIEW_SEARCH if is_preview and not _reasons(body, model) else None


def further_rows(body: Fields, operation: str, model: str | None) -> list[UsageRow]:
    """What else was done inside one request: records of their own, which are not requests."""
    rows = [*_images(body), *_containers(body, model)] if operation == "completions" else []
    return [*rows, *_drawings(body, operation)]


def _cites_pages(body: Fields) -> bool:
    messages = [choice.part("message") for choice in body.parts("choices")]
    messages += [content for item in body.parts("output") for content in item.parts("content")]
    return any(
        note.text("type") == "url_citation"
        for message in messages
        for note in message.parts("annotations")
    )


def _reasons(body: Fields, model: str) -> bool:
    """Whether the model reasons, by what the body says or else by its name."""
    details = body.part("usage").part("output_tokens_details")
    return bool(
        details.count("reasoning_tokens")
        or body.part("reasoning").has("effort")
        or _REASONING_MODEL.match(model)
    )


def _images(body: Fields) -> list[UsageRow]:
    counts: Counts | None = tool_images(body)
    made = [c for c in calls(body, "image_generation_call") if c.values.get("status") != "failed"]
    tools = [t for t in body.parts("tools") if t.values.get("type") == "image_generation"]
    models = {t.text("model") for t in tools}
    model = models.pop() if len(models) == 1 else None
    if counts is None:
        drawn = [c for c in made if not c.has("svg_usage")]
        if not drawn:
            return []
        # How many tokens the images took is not known, so neither is what they cost.
        counts, model = {"images": len(drawn)}, model or "image_generation"
    return [
        _row(
            "#image_gen",
            "images",
            counts,
            model=model,
            no_model="tool_usage.image_gen has tokens, but no tool names one image model",
        )
    ]


def _containers(body: Fields, model: str | None) -> list[UsageRow]:
    """A session for each container that ran code; requests that share one share its identity."""
    sizes = {
        (t.part("container").text("memory_limit") or _SMALLEST_CONTAINER)
        if isinstance(t.values.get("container"), dict)
        else None
        for t in body.parts("tools")
        if t.values.get("type") == "code_interpreter"
    }
    size = sizes.pop() if len(sizes) == 1 else None
    ran = calls(body, "code_interpreter_call")
    containers = dict.fromkeys(c.text("container_id") for c in ran)
    return [
        _row(
            "#code_interpreter",
            "code_interpreter_sessions",
            {"code_interpreter_sessions": 1},
            model=model,
            variant=size,
            container=container,
        )
        for container in containers
    ]


def _drawings(body: Fields, operation: str) -> list[UsageRow]:
    authors = [body] if operation == "images" else calls(body, "image_generation_call")
    return [
        _row(
            "#svg" if number == 1 else f"#svg{number}",
            "images",
            svg_counts(author.part("svg_usage")),
            model=author.part("svg_usage").text("model"),
            no_model="svg_usage.model is missing",
        )
        for number, author in enumerate((a for a in authors if a.has("svg_usage")), 1)
    ]


def _row(suffix: str, operation: str, counts: Counts, **facts: str | None) -> UsageRow:
    return {
        "suffix": suffix,
        "operation": operation,
        "requests": 0,
        "variant": None,
        **facts,
        **counts,
    }
