"""A line that is not understood is quarantined with its rule, the value at fault and its text."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.intake.request_log.fast_read import ANY, CHAT
from pipeline.intake.request_log.normalize import Segment, normalize, read_frames
from tests.support.request_lines import (
    NOW,
    Line,
    batch,
    chat,
    chat_usage,
    connection,
    context,
    embeddings,
    image,
    read,
    read_with,
    response,
    write,
)

ADD_TIME = "add it there, as seconds since 1970 or in ISO 8601"
NO_COUNT = "is not a count: a whole number, 0 or more"
DETAILS = {"cached_tokens": 0, "audio_tokens": 0}


def text(line: Line) -> str:
    """The line as it stands in the file."""
    return line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))


def raw_number(line: dict[str, Any], old: str, new: str) -> str:
    """A line with a number written in a way that `json.dumps` never would."""
    written = text(line)
    assert old in written
    return written.replace(old, new, 1)


REJECTED: dict[str, tuple[Line, str, str]] = {
    "a count that is a word": (
        chat_usage(prompt_tokens="x"),
        "not_a_count",
        "usage.prompt_tokens 'x' is not a count: a whole number, 0 or more",
    ),
    "a fraction": (
        chat_usage(prompt_tokens=1.5),
        "not_a_count",
        "usage.prompt_tokens '1.5' is not a count: a whole number, 0 or more",
    ),
    "a negative count": (
        chat_usage(completion_tokens=-5, total_tokens=95),
        "not_a_count",
        "usage.completion_tokens '-5' is not a count: a whole number, 0 or more",
    ),
    "a truth value": (
        chat_usage(prompt_tokens=True),
        "not_a_count",
        "usage.prompt_tokens true is not a count: a whole number, 0 or more",
    ),
    "a truth value that the total bears out": (
        chat_usage(prompt_tokens=True, total_tokens=51, prompt_tokens_details=DETAILS),
        "not_a_count",
        "usage.prompt_tokens true is not a count: a whole number, 0 or more",
    ),
    "false for cached tokens is not zero in disguise": (
        chat_usage(prompt_tokens_details={"cached_tokens": True}),
        "not_a_count",
        "usage.prompt_tokens_details.cached_tokens true is not a count: a whole number, 0 or more",
    ),
    "more than a trillion": (
        chat_usage(prompt_tokens=10**12 + 1, total_tokens=10**12 + 51),
        "implausible_quantity",
        "usage.prompt_tokens '1000000000001' is more than 1,000,000,000,000",
    ),
    "19 digits": (
        chat_usage(prompt_tokens=10**18, total_tokens=10**18 + 50),
        "implausible_quantity",
        "usage.prompt_tokens '1000000000000000000' is more than 1,000,000,000,000",
    ),
    "5,000 digits": (
        raw_number(chat(), '"prompt_tokens":100', f'"prompt_tokens":{"9" * 5000}'),
        "not_a_count",
        f"usage.prompt_tokens '{'9' * 59}… is not a count: a whole number, 0 or more",
    ),
    "a list for a count": (
        chat_usage(completion_tokens=[50]),
        "not_a_count",
        "usage.completion_tokens a list is not a count: a whole number, 0 or more",
    ),
    "cached tokens that are a word": (
        chat_usage(prompt_tokens_details={"cached_tokens": "many", "audio_tokens": 0}),
        "not_a_count",
        f"usage.prompt_tokens_details.cached_tokens 'many' {NO_COUNT}",
    ),
    "cache writes that are a word": (
        chat_usage(prompt_tokens_details={"cached_tokens": 0, "cache_write_tokens": "many"}),
        "not_a_count",
        f"usage.prompt_tokens_details.cache_write_tokens 'many' {NO_COUNT}",
    ),
    "audio tokens that are a word": (
        chat_usage(prompt_tokens_details={"cached_tokens": 0, "audio_tokens": "some"}),
        "not_a_count",
        "usage.prompt_tokens_details.audio_tokens 'some' is not a count: a whole number, 0 or more",
    ),
    "usage that is a number": (
        chat(usage=5),
        "wrong_type",
        "usage is '5', not an object",
    ),
    "usage that is JSON inside a string": (
        chat(usage='{"prompt_tokens": 1}'),
        "wrong_type",
        "usage is '{\"prompt_tokens\": 1}', not an object",
    ),
    "details that are a number": (
        chat_usage(prompt_tokens_details=40),
        "wrong_type",
        "usage.prompt_tokens_details is '40', not an object",
    ),
    "details that are a list": (
        chat_usage(completion_tokens_details=[20]),
        "wrong_type",
        "usage.completion_tokens_details is a list, not an object",
    ),
    "a project that is an object": (
        chat(project_id={"id": "proj_1"}),
        "wrong_type",
        "project_id is an object, not text",
    ),
    "cached tokens above the input": (
        chat_usage(prompt_tokens_details={"cached_tokens": 500, "audio_tokens": 0}),
        "cached_exceeds_input",
        "cached_tokens 500 exceeds prompt_tokens 100",
    ),
    "cached and written tokens above the input": (
        chat_usage(prompt_tokens_details={"cached_tokens": 60, "cache_write_tokens": 60}),
        "cached_exceeds_input",
        "cached_tokens 60 + cache_write_tokens 60 exceed prompt_tokens 100",
    ),
    "a total that is not the sum": (
        chat_usage(total_tokens=151),
        "token_identity",
        "total_tokens 151 is not prompt_tokens 100 + completion_tokens 50",
    ),
    "more audio and images than input": (
        chat_usage(
            prompt_tokens_details={"cached_tokens": 0, "audio_tokens": 60, "image_tokens": 50}
        ),
        "token_identity",
        "audio_tokens 60 + image_tokens 50 exceed prompt_tokens 100",
    ),
    "more audio than output": (
        chat_usage(completion_tokens_details={"reasoning_tokens": 0, "audio_tokens": 51}),
        "token_identity",
        "audio_tokens 51 exceeds completion_tokens 50",
    ),
    "reasoning outside the output": (
        chat_usage(completion_tokens_details={"reasoning_tokens": 400}),
        "token_identity",
        "reasoning_tokens 400 exceeds completion_tokens 50",
    ),
    "lifetimes above what was written": (
        response(
            usage={
                "input_tokens": 300,
                "input_tokens_details": {
                    "cached_tokens": 0,
                    "cache_write_tokens": 10,
                    "cache_write_tokens_details": {"ttl_30m_tokens": 6, "ttl_12h_tokens": 6},
                },
                "output_tokens": 1,
                "total_tokens": 301,
            }
        ),
        "token_identity",
        "ttl_30m_tokens 6 + ttl_12h_tokens 6 exceed cache_write_tokens 10",
    ),
    "no usage": (chat(usage=None), "missing_usage", "usage is missing"),
    "usage without output": (
        chat(usage={"prompt_tokens": 5}),
        "missing_usage",
        "usage.completion_tokens is missing",
    ),
    "embeddings without usage": (embeddings(usage=None), "missing_usage", "usage is missing"),
    "neither usage nor an image": (
        image(usage=None, data=[]),
        "missing_usage",
        "there is neither usage nor an image in data",
    ),
    "no model": (image(model=None), "missing_model", "model is missing"),
    "an SVG without its model": (
        image(svg_usage={"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}),
        "missing_model",
        "svg_usage.model is missing",
    ),
    "no time": (
        embeddings(created=None),
        "missing_time",
        f"created is missing on the line: {ADD_TIME}",
    ),
    "no time in the answer of a batch, nor beside it": (
        batch(chat(created=None)),
        "missing_time",
        f"created is missing in the body and beside custom_id: {ADD_TIME}",
    ),
    "milliseconds": (
        chat(created=1_793_491_200_000),
        "implausible_time",
        "created '1793491200000' is milliseconds since 1970: write seconds, 1793491200",
    ),
    "before 2020": (
        chat(created=1_577_836_799),
        "implausible_time",
        "created '1577836799' is 2019-12-31, before 2020-01-01",
    ),
    "a word for a time": (chat(created="soon"), "implausible_time", "created 'soon' is not a time"),
    "an unknown object": (
        chat(object="hologram"),
        "unknown_body",
        "object 'hologram' is not a known response body",
    ),
    "nothing that tells the kind": (
        {"foo": 1, "bar": 2},
        "unknown_body",
        "it has no object, and its keys do not show its kind: bar, foo",
    ),
    "a half-written line": (
        text(chat())[:80],
        "malformed_json",
        "Unterminated string at character 76",
    ),
    "two objects on a line": (
        text(chat()) + text(chat()),
        "malformed_json",
        f"Extra data at character {len(text(chat())) + 1}",
    ),
    "a list": ("[1,2]", "not_an_object", "the line is a list, not an object"),
    "a number": ("5", "not_an_object", "the line is '5', not an object"),
    "null": ("null", "not_an_object", "the line is null, not an object"),
    "not a number": (
        raw_number(chat(), '"prompt_tokens":100', '"prompt_tokens":NaN'),
        "malformed_json",
        "NaN is not JSON",
    ),
    "100,000 open brackets": ("[" * 100_000, "malformed_json", "nested too deeply"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_broken_line_costs_only_itself(tmp_path: Path, name: str) -> None:
    """The good lines around it are read, and it keeps rule, value and text."""
    line, rule, detail = REJECTED[name]
    result = read(tmp_path, [chat(id="a"), line, chat(id="b")])
    assert result.records["record_id"].to_list() == ["a", "b"]
    assert result.records["input_line"].to_list() == [1, 3]
    (reject,) = result.rejects.to_dicts()
    assert (reject["input_line"], reject["rule"], reject["detail"]) == (2, rule, detail)
    assert reject["raw"] == text(line)[: 64 * 1024]
    assert (result.rows_read, result.not_usage) == (3, 0)


@pytest.mark.parametrize("name", REJECTED)
def test_every_reader_refuses_a_broken_line(tmp_path: Path, name: str) -> None:
    """Alone in its file, through each way of reading: the answer is the same."""
    line, rule, detail = REJECTED[name]
    for readers in ((), (ANY,), (CHAT, ANY)):
        result = read_with(tmp_path, [line], *readers)
        assert result.rejects.select("rule", "detail").rows() == [(rule, detail)], readers
        assert len(result.records) == 0


def test_bytes_that_are_not_text_cost_only_their_line(tmp_path: Path) -> None:
    """Invalid UTF-8, NUL bytes and carriage returns; what cannot be shown is replaced."""
    broken = text(chat(id="broken")).encode().replace(b"Hi", b"H\xff")
    nul = text(chat(id="nul")).encode().replace(b"Hi", b"H\x00")
    lines: list[Line] = [text(chat(id="crlf")).encode() + b"\r", broken, nul, chat(id="after")]
    result = read(tmp_path, lines)
    assert result.records["record_id"].to_list() == ["crlf", "after"]
    assert result.rejects["rule"].to_list() == ["malformed_json"] * 2
    assert result.rejects["detail"][0].startswith("not UTF-8 at byte ")
    assert "H\ufffd" in result.rejects["raw"][0]


def test_of_a_repeated_key_the_first_value_counts(tmp_path: Path) -> None:
    """In both ways of reading, or the figure would depend on the neighbours of a line."""
    line = text(chat(id="first")).replace('"id":"first"', '"id":"first","id":"second"')
    for readers in ((), (CHAT, ANY), (ANY,)):
        assert read_with(tmp_path, [line], *readers).records["record_id"].to_list() == ["first"]


def test_a_lone_surrogate_is_read(tmp_path: Path) -> None:
    """JSON may name half a character; DuckDB refuses the line, the record must not be lost."""
    line = text(chat(user_id="u")).replace('"user_id":"u"', '"user_id":"u\\ud800"')
    assert read(tmp_path, [line]).records["user_id"].to_list() == ["u?"]


def test_a_time_past_tomorrow_is_implausible(tmp_path: Path) -> None:
    """A day from now is the limit; its raw text is kept although the line is well formed."""
    limit = NOW + timedelta(days=1)
    inside, outside = (limit + timedelta(seconds=s) for s in (0, 1))
    lines = [
        chat(id="in", created=f"{inside.isoformat()}Z"),
        chat(id="out", created=f"{outside.isoformat()}Z"),
    ]
    result = read(tmp_path, lines)
    assert result.records["record_id"].to_list() == ["in"]
    (reject,) = result.rejects.to_dicts()
    assert (reject["rule"], reject["input_line"]) == ("implausible_time", 2)
    assert "2026-11-25 08:00:01" in reject["detail"]
    assert reject["tokens_held_back"] == 150
    assert reject["raw"] == text(lines[1])


def test_a_far_future_in_a_fast_file_keeps_its_text(tmp_path: Path) -> None:
    """The reader has no clock, but a line later than its file is kept at hand."""
    lines = [chat(id=f"c{i}") for i in range(50)] + [chat(id="late", created=4_102_444_800)]
    (reject,) = read(tmp_path, lines).rejects.to_dicts()
    assert reject["rule"] == "implausible_time"
    assert reject["raw"] == text(lines[-1])


@pytest.mark.parametrize(
    ("line", "held_back"),
    [
        (chat_usage(total_tokens=151), 150),
        (chat_usage(prompt_tokens="x"), None),
        (batch(chat_usage(prompt_tokens_details={"cached_tokens": 500})), 150),
        (chat(usage={"total_tokens": 70}), 70),
        ("nonsense", None),
    ],
)
def test_the_tokens_held_back_are_those_that_can_be_read(
    tmp_path: Path, line: Line, held_back: int | None
) -> None:
    """So that a report can say how much waits in quarantine."""
    assert read(tmp_path, [line]).rejects["tokens_held_back"].to_list() == [held_back]


def test_a_long_raw_text_is_cut(tmp_path: Path) -> None:
    """At 64 KiB."""
    line = '{"object": "' + "x" * 100_000
    (raw,) = read(tmp_path, [line]).rejects["raw"].to_list()
    assert raw == line[: 64 * 1024]


def test_a_file_with_fewer_lines_than_promised_is_an_error(tmp_path: Path) -> None:
    """Line numbers would be wrong from there on."""
    segment = Segment(write(tmp_path / "a.jsonl", [chat()]), 1, 2)
    with pytest.raises(SourceError, match="2 lines were expected, 1 of them were not found"):
        [normalize(f, context()) for f in read_frames(connection(), segment)]


def test_a_line_that_duckdb_refuses_outright_is_a_sources_error(tmp_path: Path) -> None:
    """Over 16 MiB it fails the whole file; whoever cuts segments leaves such lines out."""
    lines = [chat(), chat(choices=["x" * (40 << 20)])]
    with pytest.raises(SourceError, match=r"log\.jsonl: cannot be read: .*maximum_object_size"):
        read(tmp_path, lines)
