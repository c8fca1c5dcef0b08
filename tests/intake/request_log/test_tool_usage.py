"""What tools cost beside tokens: counted where a body suffices, else a record without a price."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.request_lines import BESIDE, batch, chat, read, response, usage_of

Body = dict[str, Any]
SEARCH = {"type": "web_search_call", "status": "completed", "action": {"type": "search"}}
PREVIEW = {"type": "web_search_preview", "search_context_size": "medium"}
CITED = {"role": "assistant", "annotations": [{"type": "url_citation", "url_citation": {}}]}


def searched(model: str, tool: str = "web_search_preview", **more: Any) -> Body:
    """A response with two searches, by a model that is not seen to reason."""
    usage = {**response()["usage"], "output_tokens_details": {"reasoning_tokens": 0}}
    tools = [{"type": tool}]
    return response(model=model, tools=tools, output=[SEARCH, SEARCH], usage=usage, **more)


@pytest.mark.parametrize(
    ("line", "variant"),
    [
        (searched("gpt-4o-2024-08-06"), "preview_non_reasoning"),
        (searched("gpt-4.1"), "preview_non_reasoning"),
        (searched("gpt-4.1", "web_search_preview_2025_03_11"), "preview_non_reasoning"),
        (searched("gpt-5-chat-latest"), "preview_non_reasoning"),
        (searched("o3-2025-04-16"), None),
        (searched("gpt-5-mini"), None),
        (searched("an-own-name", reasoning={"effort": "low"}), None),
        (searched("gpt-4o", "web_search"), None),
        (batch(searched("gpt-4o")), "preview_non_reasoning"),
    ],
)
def test_the_kind_of_search_is_the_variant(tmp_path: Path, line: Body, variant: str | None) -> None:
    """Searches of the preview tool cost more with models that do not reason."""
    for lines in ([line], [chat(id=f"c{n}") for n in range(20)] + [line]):
        record = read(tmp_path, lines).records.to_dicts()[-1]
        assert (record["web_search_calls"], record["variant"]) == (2, variant)


def test_a_tool_that_was_not_used_is_no_variant(tmp_path: Path) -> None:
    """It was only offered."""
    (record,) = read(tmp_path, [response(model="gpt-4o", tools=[PREVIEW])]).records.to_dicts()
    assert (record["web_search_calls"], record["variant"]) == (0, None)


@pytest.mark.parametrize(
    ("model", "message", "calls"),
    [
        ("gpt-4o-search-preview-2025-03-11", CITED, 1),
        ("gpt-4o-mini-search-preview", CITED, 1),
        ("gpt-5-search-api", CITED, 1),
        ("gpt-5-search-api", {"role": "assistant", "content": "x"}, 0),
        ("gpt-4o", CITED, 0),
    ],
)
def test_a_search_model_shows_its_search_by_what_it_cites(
    tmp_path: Path, model: str, message: Body, calls: int
) -> None:
    """It always searches once, and says so nowhere else."""
    line = chat(model=model, choices=[{"index": 0, "message": message}])
    for lines in ([line], [line, *(chat(id=f"c{n}") for n in range(20))], [batch(line)]):
        records = read(tmp_path, lines).records.filter(model=model)
        assert records["web_search_calls"].to_list()[-1] == calls


CODE = {"type": "code_interpreter_call", "status": "completed", "container_id": "cntr_1"}


@pytest.mark.parametrize(
    ("container", "variant"),
    [
        ({"type": "auto", "memory_limit": "4g"}, "4g"),
        ({"type": "auto"}, "1g"),
        ("cntr_1", None),  # made elsewhere, of a size that the body does not say
    ],
)
def test_code_that_ran_is_a_session_of_its_container(
    tmp_path: Path, container: Body | str, variant: str | None
) -> None:
    """Of unknown size it has no variant, and so no price: the total is a lower bound."""
    tools = [{"type": "code_interpreter", "container": container}]
    lines = [response(id=f"resp_{n}", tools=tools, output=[CODE, CODE]) for n in range(2)]
    sessions = read(tmp_path, lines).records.filter(operation="code_interpreter_sessions")
    assert sessions["record_id"].to_list() == ["cntr_1#code_interpreter"] * 2
    for record in sessions.to_dicts():
        assert usage_of(record) == {"code_interpreter_sessions": 1}
        assert (record["variant"], record["scope"]) == (variant, "tools")
        assert record["project_id"] == BESIDE["project_id"]


def test_images_without_their_tokens_are_counted(tmp_path: Path) -> None:
    """The model may not be named; nothing of it has a price by the image."""
    drawn = {"type": "image_generation_call", "status": "completed", "result": ""}
    failed = {**drawn, "status": "failed"}
    lines = [
        response(id="a", tools=[{"type": "image_generation"}], output=[drawn, drawn, failed]),
        response(
            id="b", tools=[{"type": "image_generation", "model": "gpt-image-1"}], output=[drawn]
        ),
        response(id="c", tools=[{"type": "image_generation"}], output=[failed]),
    ]
    images = read(tmp_path, lines).records.filter(operation="images")
    assert images.select("record_id", "model", "images", "requests").rows() == [
        ("a#image_gen", "image_generation", 2, 0),
        ("b#image_gen", "gpt-image-1", 1, 0),
    ]
