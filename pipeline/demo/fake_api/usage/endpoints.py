"""The usage endpoints and the costs endpoint: their rows, dimensions and filters, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

EndpointName = Literal[
    "completions",
    "decisions",
    "embeddings",
    "moderations",
    "images",
    "audio_speeches",
    "audio_transcriptions",
    "vector_stores",
    "code_interpreter_sessions",
    "file_search_calls",
    "web_search_calls",
]
Width = Literal["1m", "1h", "1d"]
WIDTHS: tuple[Width, ...] = get_args(Width)
WIDTH_SECONDS = MappingProxyType({"1m": 60, "1h": 3_600, "1d": 86_400})
LIMITS = MappingProxyType({"1m": (60, 1_440), "1h": (24, 168), "1d": (7, 31)})  # default, most
COSTS_LIMITS = (7, 180)

_WHO = ("project_id", "user_id", "api_key_id")
_COMMON = (*_WHO, "model")
_PLURALS = {
    "project_id": "project_ids",
    "user_id": "user_ids",
    "api_key_id": "api_key_ids",
    "model": "models",
    "size": "sizes",
    "source": "sources",
    "vector_store_id": "vector_store_ids",
    "context_level": "context_levels",
}
_ALLOWED = {
    "size": ("256x256", "512x512", "1024x1024", "1792x1792", "1024x1792"),
    "source": ("image.generation", "image.edit", "image.variation"),
    "context_level": ("low", "medium", "high"),
}


@dataclass(frozen=True, slots=True)
class UsageEndpoint:
    """One usage endpoint."""

    name: EndpointName
    row_object: str
    dimensions: tuple[str, ...]  # of its rows, and what it can be grouped by
    is_level: bool = False  # a state that lasts, not events that add up
    has_batch_filter: bool = False
    filters: dict[str, str] = field(default_factory=dict)  # dimension → parameter

    @property
    def path(self) -> str:
        """The path of the endpoint, by which `Faults` names it."""
        return f"usage/{self.name}"


def _endpoint(
    name: EndpointName,
    dimensions: tuple[str, ...],
    *,
    rows: str | None = None,
    is_level: bool = False,
    has_batch_filter: bool = False,
) -> UsageEndpoint:
    return UsageEndpoint(
        name,
        f"organization.usage.{rows or name}.result",
        dimensions,
        is_level,
        has_batch_filter,
        {field: _PLURALS[field] for field in dimensions if field in _PLURALS},
    )


_TEXT = (*_COMMON, "batch", "service_tier", "api_source")
USAGE: MappingProxyType[str, UsageEndpoint] = MappingProxyType(
    {
        endpoint.name: endpoint
        for endpoint in (
            _endpoint("completions", _TEXT, has_batch_filter=True),
            _endpoint("decisions", _TEXT, has_batch_filter=True),
            _endpoint("embeddings", _COMMON),
            _endpoint("moderations", _COMMON),
            _endpoint("images", (*_COMMON, "size", "source")),
            _endpoint("audio_speeches", _COMMON),
            _endpoint("audio_transcriptions", _COMMON),
            _endpoint("vector_stores", ("project_id",), is_level=True),
            _endpoint("code_interpreter_sessions", ("project_id",)),
            _endpoint("file_search_calls", (*_WHO, "vector_store_id"), rows="file_searches"),
            _endpoint(
                "web_search_calls", (*_COMMON, "context_level", "api_source"), rows="web_searches"
            ),
        )
    }
)
COSTS_DIMENSIONS = ("project_id", "user_id", "line_item", "api_key_id", "api_source")


def allowed_values(dimension: str) -> tuple[str, ...] | None:
    """The only values a filter takes; None where any will do."""
    return _ALLOWED.get(dimension)
