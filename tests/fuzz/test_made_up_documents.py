"""Documents that hypothesis makes up: of any JSON, cells and bytes, the same in every run."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, parse

EXAMPLES = 8
NAMES = (
    *("id", "object", "created", "model", "usage", "prompt_tokens", "project_id", "response"),
    *("endpoint", "page", "data", "results", "start_time", "end_time", "amount", "value"),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["chat.completion", "page", "bucket", "usd", "2026-11-20T00:00:00Z"])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)
CELLS = st.text(max_size=8) | st.sampled_from(["2026-11-20", "1", "-1", "1e9", "gpt-5", '"', "a,b"])
OF_JSON = ("request_log", "usage_pages", "costs_pages", "kind")
OF_CELLS = (
    "table",
    "budgets_csv",
    "prices",
    "rates",
    "directory_projects",
    "directory_rate_limits",
)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where the documents are written."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def parsed(name: str, content: bytes, place: Path) -> None:
    """Have a parser read a document, in a folder of its own for all examples."""
    folder = place / name
    folder.mkdir(exist_ok=True)
    parse(PARSERS[name], content, folder)


@pytest.mark.parametrize("name", OF_JSON)
@settings(max_examples=EXAMPLES)
@given(documents=st.lists(VALUES, min_size=1, max_size=3), is_array=st.booleans())
def test_any_json(name: str, place: Path, documents: list[Any], *, is_array: bool) -> None:
    texts = [json.dumps(documents)] if is_array else [json.dumps(one) for one in documents]
    parsed(name, "\n".join(texts).encode(), place)


@pytest.mark.parametrize("name", OF_CELLS)
@settings(max_examples=EXAMPLES)
@given(rows=st.lists(st.lists(CELLS, max_size=12), max_size=4))
def test_any_cells(name: str, place: Path, rows: list[list[str]]) -> None:
    """Under a header that is right."""
    header = PARSERS[name].seeds[0].decode().splitlines()[0]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    parsed(name, f"{header}\n{text.getvalue()}".encode(errors="surrogatepass"), place)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=EXAMPLES // 2)
@given(content=st.binary(max_size=60))
def test_any_bytes(name: str, place: Path, content: bytes) -> None:
    parsed(name, content, place)
