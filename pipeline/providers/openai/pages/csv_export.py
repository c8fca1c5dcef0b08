"""Reads the CSV files that the provider's dashboard exports: the API's answers, flattened.

Columns may stand in any order, and further ones are allowed. Gives one page, so that everything
else is read as an answer of the API is. Never decides what a row means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pipeline.intake.rejects import Reject, RowError
from pipeline.intake.tabular.csv_layout import HEAD_BYTES, layout_of
from pipeline.intake.tabular.csv_rows import read_records
from pipeline.ledger.bucket import COSTS
from pipeline.providers.openai.pages.pages import Page, PageFile, Part
from pipeline.providers.openai.pages.tokens import whole_number

_TIMES = ("start_time", "end_time")
_NOT_OF_A_ROW = frozenset({*_TIMES, "start_time_iso", "end_time_iso"})
# What may stand on the row of a day without use.
_NO_USE = frozenset({"organization_id", "organization_name", "amount_currency", "object"})
# The columns that only one endpoint has, the surest first.
_ENDPOINTS = (
    ("amount_value", COSTS),
    ("usage_bytes", "vector_stores"),
    ("num_sessions", "code_interpreter_sessions"),
    ("vector_store_id", "file_search_calls"),
    ("context_level", "web_search_calls"),
    ("images", "images"),
    ("characters", "audio_speeches"),
    ("seconds", "audio_transcriptions"),
    ("output_tokens", "completions"),
    ("input_tokens", "embeddings"),
)


def detect(first_bytes: bytes) -> Literal["openai_usage", "openai_costs"] | None:
    """Which kind of export a file is, by its header; None: it is none."""
    if first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return None
    endpoint = _endpoint(layout_of(first_bytes[:HEAD_BYTES], _TIMES).header)
    if endpoint is None:
        return None
    return "openai_costs" if endpoint == COSTS else "openai_usage"


def read(path: Path, input_file: str) -> PageFile:
    """The buckets of one export, as one page; a broken row becomes a reject. Fails: SourceError."""
    with path.open("rb") as stream:
        layout = layout_of(stream.read(HEAD_BYTES), _TIMES)
    endpoint = _endpoint(layout.header)
    rejects: list[Reject] = []
    buckets: dict[tuple[Any, Any], Part] = {}
    for row in read_records(path, input_file, layout):
        if row.problem:
            rule, detail = row.problem.split(": ", 1)
            rejects.append(Reject(row.line, rule, detail, row.raw))
            continue
        cells = zip(layout.header, map(str.strip, row.fields), strict=True)
        value = {name: cell for name, cell in cells if cell}
        if not value:
            continue
        times = _time(value, "start_time"), _time(value, "end_time")
        bucket = buckets.setdefault(
            times,
            Part({"start_time": times[0], "end_time": times[1], "results": []}, row.line, row.raw),
        )
        if value.keys() - _NOT_OF_A_ROW - _NO_USE:
            result = _costs(value) if endpoint == COSTS else _result(value)
            bucket.value["results"].append(Part(result, row.line, row.raw))
    if endpoint == "embeddings" and _are_moderations(buckets):
        endpoint = "moderations"
    page = Page(
        line=1,
        endpoint="organization.costs.result"
        if endpoint == COSTS
        else f"organization.usage.{endpoint}.result",
        parameters={"bucket_width": _width(buckets)},
        fetched_at=None,
        buckets=tuple(buckets.values()),
        has_more=False,
    )
    return PageFile((page,), tuple(rejects))


def _endpoint(header: tuple[str, ...]) -> str | None:
    if not set(_TIMES) <= set(header):
        return None
    return next((endpoint for column, endpoint in _ENDPOINTS if column in header), None)


def _time(value: dict[str, str], field: str) -> int | str | None:
    """The seconds in a cell; the reader of buckets refuses what is not a count."""
    try:
        return whole_number(value.get(field), field)
    except RowError:
        return value.get(field)


def _result(value: dict[str, str]) -> dict[str, Any]:
    return {name: cell for name, cell in value.items() if name not in _NOT_OF_A_ROW}


def _costs(value: dict[str, str]) -> dict[str, Any]:
    """A row of costs, with its amount as the API writes it."""
    result = _result(value)
    amount = {"value": result.pop("amount_value", None)}
    if currency := result.pop("amount_currency", None):
        amount["currency"] = currency
    return {**result, "amount": amount}


def _are_moderations(buckets: dict[tuple[Any, Any], Part]) -> bool:
    """Whether rows that look like those of embeddings name models of moderations."""
    models = {r.value.get("model", "") for b in buckets.values() for r in b.value["results"]}
    return bool(models) and all("moderation" in model for model in models)


def _width(buckets: dict[tuple[Any, Any], Part]) -> str:
    """The width that the whole buckets show; days where none is whole."""
    lengths = {e - s for s, e in buckets if isinstance(s, int) and isinstance(e, int)}
    if not lengths or max(lengths) > 3_600:
        return "1d"
    return "1h" if 3_600 in lengths else "1m" if 60 in lengths else "1d"
