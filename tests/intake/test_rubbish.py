"""Broken and hostile files of every kind: an error that names the file, or rows with a fate."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.intake.source import Context
from pipeline.intake.tabular import normalize as tabular_normalize
from pipeline.providers.openai.pages import costs as pages_costs
from pipeline.providers.openai.pages import usage as pages_usage

NOW = datetime(2026, 11, 24)
CONTEXT = Context("org-acme", "s", "openai", "charge", ZoneInfo("UTC"), NOW, NOW, "in")

SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=8)
    | st.sampled_from(["0E-6176", "1e999999999999", "59200.0", "usd"])
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELD = st.sampled_from(
    [
        "object", "input_tokens", "input_cached_tokens", "input_uncached_tokens", "output_tokens",
        "num_model_requests", "model", "batch", "service_tier", "images", "usage_bytes", "seconds",
        "amount", "quantity", "line_item", "project_id", "organization_id",
    ]
)  # fmt: skip
OBJECT = st.sampled_from(
    [
        "organization.usage.completions.result", "organization.usage.images.result",
        "organization.usage.vector_stores.result", "organization.costs.result",
    ]
)  # fmt: skip
ROW = (
    st.builds(lambda name, fields: {"object": name, **fields}, OBJECT, st.dictionaries(FIELD, JSON))
    | JSON
)
TIME = st.integers(1_730_419_200 - 10, 1_730_419_200 + 90_000) | SCALAR
BUCKET = (
    st.fixed_dictionaries(
        {"start_time": TIME, "end_time": TIME, "results": st.lists(ROW, max_size=3) | JSON}
    )
    | JSON
)
PAGE = st.fixed_dictionaries({"object": st.just("page"), "data": st.lists(BUCKET, max_size=3)})
ENVELOPE = st.fixed_dictionaries(
    {
        "endpoint": st.sampled_from(["completions", "costs", "vector_stores", "/", "x"]) | SCALAR,
        "parameters": st.dictionaries(
            st.sampled_from(["bucket_width", "group_by", "start_time", "end_time", "page"]), JSON
        )
        | JSON,
        "fetched_at": st.just("2026-11-24T00:00:00Z") | SCALAR,
        "page": PAGE | JSON,
    }
)


def parse_all(path: Path) -> None:
    """Each kind reads the file, or says what is wrong with it."""
    for module in (pages_usage, pages_costs):
        try:
            found: Any = module.parse(path, CONTEXT)
        except SourceError as error:
            assert (error.file, bool(error.hint or error.key)) == ("in", True)  # noqa: PT017
            continue
        minutes = found.minute_records.height if module is pages_usage else 0
        assert found.records.height + minutes + found.rejects.height == found.rows_read
        module.order([found])


@given(st.lists(PAGE | ENVELOPE | JSON, min_size=1, max_size=3), st.booleans())
def test_any_json_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory,
    documents: list[Any],
    as_lines: bool,  # noqa: FBT001
) -> None:
    """No value in any place ends in anything but rows with a fate, or an error with its file."""
    path = tmp_path_factory.mktemp("json") / "in.json"
    text = "\n".join(map(json.dumps, documents)) if as_lines else json.dumps(documents, indent=1)
    path.write_text(text, encoding="utf-8")
    parse_all(path)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.integers(0, 400))
def test_any_bytes_in_a_good_file_are_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    """A file cut or overwritten in the middle."""
    row = {"object": "organization.usage.embeddings.result", "input_tokens": 1}
    bucket = {"start_time": 1_730_419_200, "end_time": 1_730_505_600, "results": [row, row]}
    good = json.dumps({"object": "page", "data": [bucket]}, indent=1).encode()
    path = tmp_path_factory.mktemp("bytes") / "in.json"
    path.write_bytes(good[:at] + junk)
    parse_all(path)
    table = b"started_at,model,requests\n2026-10-01,gpt-5,1\n" * 3
    path.write_bytes(table[:at] + junk + table[at:])
    try:
        frames = list(tabular_normalize.read_frames(path, input_file="in"))
    except SourceError as error:
        assert error.hint  # noqa: PT017
        return
    for frame in frames:
        found = tabular_normalize.normalize(frame, CONTEXT)
        assert found.records.height + found.rejects.height == found.rows_read == frame.height
