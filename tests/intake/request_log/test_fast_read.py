"""However a log is cut, mixed or read, each line gives the same records."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.request_log.fast_read import (
    ANY,
    BATCH,
    CHAT,
    EMBEDDINGS,
    RESPONSE,
    Lines,
    Reader,
    choose_readers,
    of_one_file,
    read_lines,
)
from pipeline.intake.request_log.normalize import Normalized, Segment, normalize, read_frames
from pipeline.meters import METER_NAMES
from tests.support.request_lines import (
    BESIDE,
    CREATED,
    NOW,
    Line,
    batch,
    chat,
    connection,
    context,
    decision,
    embeddings,
    image,
    read,
    read_with,
    response,
    together,
    usage_of,
    write,
)

Body = dict[str, Any]


@st.composite
def parts(draw: st.DrawFn, total: int, names: tuple[str, ...]) -> dict[str, int]:
    """Some of these parts of a total, together no more than it."""
    found: dict[str, int] = {}
    for name in names:
        if draw(st.booleans()):
            found[name] = draw(st.integers(0, total))
            total -= found[name]
    return found


@st.composite
def input_details(draw: st.DrawFn, total: int, *, lifetimes: bool) -> Body | None:
    """What may stand in the details of an input: cached and written tokens, modalities."""
    if draw(st.integers(0, 4)) == 0:
        return None
    details: Body = draw(parts(total, ("audio_tokens", "image_tokens")))
    known = sum(details.values())
    if draw(st.booleans()):
        details["text_tokens"] = total - known
    taken = draw(parts(total, ("cached_tokens", "cache_write_tokens")))
    details |= {"cached_tokens": 0, **taken}
    if lifetimes and "cache_write_tokens" in taken:
        short = draw(st.integers(0, taken["cache_write_tokens"]))
        long = taken["cache_write_tokens"] - short
        details["cache_write_tokens_details"] = {"ttl_30m_tokens": short, "ttl_12h_tokens": long}
    return details


@st.composite
def output_details(draw: st.DrawFn, total: int) -> Body | None:
    """Reasoning, which is inside the text, and audio."""
    if draw(st.integers(0, 4)) == 0:
        return None
    audio = draw(parts(total, ("audio_tokens",)))
    return {"reasoning_tokens": draw(st.integers(0, total)), **audio}


COUNT = st.one_of(st.integers(0, 3), st.integers(0, 5_000), st.integers(10**11, 10**12))


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """A body of one of the frequent kinds, with counts that keep their identities."""
    total_in, total_out = draw(COUNT), draw(COUNT)
    tier = draw(st.sampled_from([None, "auto", "default", "flex", "priority", "fast", "odd"]))
    kind = draw(st.sampled_from(["chat", "response", "embeddings", "decision"]))
    sent: Body = {"prompt_tokens": total_in, "completion_tokens": total_out}
    spent: Body = {"input_tokens": total_in, "output_tokens": total_out}
    total = {"total_tokens": total_in + total_out} if draw(st.booleans()) else {}
    if kind == "embeddings":
        usage: Body = {"prompt_tokens": total_in, **({"total_tokens": total_in} if total else {})}
        noted = draw(st.sampled_from([{}, {"request_id": None}]))
        return embeddings(usage=usage, **noted)
    inside = draw(input_details(total_in, lifetimes=kind == "response"))
    outside = draw(output_details(total_out))
    if kind == "chat":
        usage = {**sent, "prompt_tokens_details": inside, "completion_tokens_details": outside}
        return chat(usage={**usage, **total}, service_tier=tier)
    usage = {**spent, "input_tokens_details": inside, "output_tokens_details": outside, **total}
    return (response if kind == "response" else decision)(usage=usage, service_tier=tier)


@st.composite
def logs(draw: st.DrawFn) -> list[Line]:
    """A short log of such bodies, some of them as lines of the Batch API, some repeated."""
    lines: list[Line] = []
    for number, body in enumerate(draw(st.lists(bodies(), min_size=1, max_size=12))):
        named = {**body, "id": f"id_{number}"} if "id" in body else body
        if draw(st.integers(0, 4)) == 0:
            line = batch(named)
            line["response"]["body"].setdefault("created", CREATED)
            lines.append(line)
        else:
            lines += [named] * draw(st.integers(1, 2))
    return lines


def expected_usage(line: Line) -> dict[str, int]:
    """The meters of a line by a second, plain computation from its JSON."""
    assert isinstance(line, dict)
    body = line["response"]["body"] if "custom_id" in line else line
    usage = body["usage"]
    total_in = usage.get("prompt_tokens", usage.get("input_tokens"))
    total_out = usage.get("completion_tokens", usage.get("output_tokens", 0))
    inside = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    outside = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    # One list entry a token kind, text first: what is taken from the whole comes off the front.
    left = {m: inside.get(f"{m}_tokens", 0) for m in ("image", "audio")}
    left = {"text": total_in - sum(left.values()), **left}
    meters: dict[str, int] = dict.fromkeys(METER_NAMES, 0)
    for key, meter in (("cached_tokens", "cached_{}_input_tokens"), ("cache_write_tokens", "")):
        rest = inside.get(key, 0)
        for modality in left:
            taken = min(rest, left[modality])
            left[modality] -= taken
            rest -= taken
            if meter:
                meters[meter.format(modality)] = taken
        assert rest == 0
    for modality, number in left.items():
        meters[f"{modality}_input_tokens"] = number
    long = inside.get("cache_write_tokens_details", {}).get("ttl_12h_tokens", 0)
    meters["cache_write_tokens"] = inside.get("cache_write_tokens", 0) - long
    meters["cache_write_12h_tokens"] = long
    audio = outside.get("audio_tokens", 0)
    meters["audio_output_tokens"] = audio
    meters["text_output_tokens"] = total_out - audio
    return {m: n for m, n in meters.items() if n} | {"requests": 1}


READINGS: tuple[tuple[Reader, ...], ...] = (
    (),
    (ANY,),
    (CHAT, ANY),
    (RESPONSE, ANY),
    (EMBEDDINGS, CHAT, RESPONSE, BATCH),
    (BATCH, ANY),
)


def same(one: Normalized, other: Normalized) -> bool:
    """Whether two readings are the same, row by row and column by column."""
    return (
        one.records.equals(other.records)
        and one.rejects.equals(other.rejects)
        and one[2:] == other[2:]
    )


@settings(max_examples=10)
@given(logs())
@pytest.mark.slow
def test_every_way_of_reading_gives_the_same_records(lines: list[Line]) -> None:
    """The narrow statements, the wide one and the reading by hand agree on every column."""
    with tempfile.TemporaryDirectory() as folder:
        slowly_read = read_with(Path(folder), lines)
        for readers in READINGS[1:]:
            assert same(read_with(Path(folder), lines, *readers), slowly_read), readers


@settings(max_examples=10)
@given(logs())
def test_the_meters_are_those_of_a_plain_computation(lines: list[Line]) -> None:
    """Each token of the JSON is in exactly one meter."""
    with tempfile.TemporaryDirectory() as folder:
        result = read(Path(folder), lines)
    assert result.rejects.to_dicts() == []
    assert [usage_of(r) for r in result.records.to_dicts()] == [expected_usage(x) for x in lines]


def long_log() -> list[Line]:
    """3,000 lines of five kinds, broken and anonymous ones among them."""
    lines: list[Line] = []
    for number in range(600):
        lines += [
            chat(id=f"chat_{number}"),
            response(id=f"resp_{number}"),
            embeddings(request_id=None, data=[], created=CREATED + number % 7),
            batch(chat(id=f"batched_{number}")),
            '{"half":' if number % 3 else image(request_id=f"req_{number}"),
        ]
    return lines


@pytest.mark.parametrize("batch_rows", [1, 7, 2_000, 250_000])
def test_the_size_of_a_batch_changes_nothing(tmp_path: Path, batch_rows: int) -> None:
    """Nor do the other lines of a file: 3,000 lines are the sum of their kinds."""
    lines = long_log()[: 60 if batch_rows < 10 else None]
    result = read(tmp_path, lines, batch_rows=batch_rows)
    assert same(result, read_with(tmp_path, lines))
    assert result.rows_read == len(lines)
    assert len(result.rejects) == sum(isinstance(line, str) for line in lines)


def test_a_mixed_file_goes_through_every_reader(tmp_path: Path) -> None:
    """A file that begins with one kind and ends with others: nothing is lost on the way."""
    lines = [chat(id=f"chat_{n}") for n in range(300)] + long_log()
    assert choose_readers(write(tmp_path / "a.jsonl", lines)) == (CHAT, ANY)
    result = read(tmp_path, lines)
    assert same(result, read_with(tmp_path, lines))
    assert Counter(result.records["operation"].to_list()) == {
        "completions": 300 + 1_800,
        "embeddings": 600,
        "images": 200,
    }


@pytest.mark.parametrize(
    ("lines", "readers"),
    [
        ([chat()] * 5, (CHAT, ANY)),
        ([response()] * 5, (RESPONSE, ANY)),
        ([embeddings()] * 5, (EMBEDDINGS, ANY)),
        ([batch(chat())] * 5, (BATCH, ANY)),
        ([chat()] * 4 + ["broken"], (CHAT, ANY)),
        ([chat()] * 3 + [response()] * 2, (ANY,)),
        ([chat(created="2026-11-01T00:00:00Z")] * 5, (ANY,)),
        ([image()] * 5, (ANY,)),
    ],
)
def test_the_first_lines_choose_the_reader(
    tmp_path: Path, lines: list[Line], readers: tuple[Reader, ...]
) -> None:
    """A narrow one where most lines are of its kind."""
    assert choose_readers(write(tmp_path / "a.jsonl", lines)) == readers


def test_equal_lines_without_an_id_count_each_time(tmp_path: Path) -> None:
    """Their identity is the line and which time it occurs; an equal file gives equal ones."""
    line = embeddings(request_id=None)
    other = embeddings(request_id=None, model="ada")
    digest, other_digest = (
        xxhash.xxh3_128_hexdigest(json.dumps(x, separators=(",", ":")).encode())
        for x in (line, other)
    )
    records = read(tmp_path, [line, other, line]).records
    assert records["record_id"].to_list() == [
        f"line:{digest}:1",
        f"line:{other_digest}:1",
        f"line:{digest}:2",
    ]
    assert records["identity_hash"].n_unique() == 3
    assert records.equals(read(tmp_path, [line, other, line]).records)


def test_occurrences_are_counted_across_segments(tmp_path: Path) -> None:
    """A file read in two parts gives the identities of one read at once."""
    lines: list[Line] = [embeddings(request_id=None)] * 3
    occurrences: Counter[str] = Counter()
    first = read(tmp_path, lines[:2], occurrences=occurrences).records["record_id"]
    second = read(tmp_path, lines[2:], occurrences=occurrences).records["record_id"]
    assert pl.concat([first, second]).equals(read(tmp_path, lines).records["record_id"])
    assert list(occurrences.values()) == [3]


def test_an_id_goes_before_a_request_id(tmp_path: Path) -> None:
    """The body's own id is the identity wherever there is one."""
    lines = [chat(request_id="req_x"), chat(id=None, request_id="req_y"), embeddings()]
    assert read(tmp_path, lines).records["record_id"].to_list() == ["chatcmpl-1", "req_y", "req_1"]


def test_rows_carry_the_line_of_the_input(tmp_path: Path) -> None:
    """From the first line on, or as listed where lines were left out; only so many are read."""
    path = write(tmp_path / "a.jsonl", [chat(id="a"), "broken", chat(id="c"), chat(id="d")])

    def numbers(segment: Segment) -> tuple[list[int], list[int]]:
        frames = read_frames(connection(), segment, now=NOW)
        result = together([normalize(f, context()) for f in frames])
        return result.records["input_line"].to_list(), result.rejects["input_line"].to_list()

    assert numbers(Segment(path, 1_000, 4)) == ([1_000, 1_002, 1_003], [1_001])
    assert numbers(Segment(path, 1, 3)) == ([1, 3], [2])
    assert numbers(Segment(path, 7, 4, np.array([7, 9, 10, 20]))) == ([7, 10, 20], [9])
    assert list(read_frames(connection(), Segment(path, 1, 0))) == []


@pytest.mark.parametrize("name", ["a*b.jsonl", "[1].jsonl", "what?.log", "it's {1}.gz", "ümlaut"])
def test_any_file_name_can_be_read(tmp_path: Path, name: str) -> None:
    """DuckDB would take a star for a pattern and `.gz` for compressed."""
    write(tmp_path / "ab.jsonl", [chat(id="another file")])
    path = write(tmp_path / name, [chat(id="this file")])
    frames = list(read_frames(connection(), Segment(path, 1, 1)))
    result = together([normalize(f, context()) for f in frames])
    assert result.records["record_id"].to_list() == ["this file"]


def test_a_folder_name_is_no_column(tmp_path: Path) -> None:
    """`model=x/` in a path would be a partition to DuckDB, and its name the model of each row."""
    folder = tmp_path / "model=other" / "project_id=wrong"
    folder.mkdir(parents=True)
    (record,) = read(folder, [chat()]).records.to_dicts()
    assert (record["model"], record["project_id"]) == ("gpt-4o-2024-08-06", BESIDE["project_id"])


def test_an_abandoned_reading_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer may stop between two frames."""
    path = write(tmp_path / "a.jsonl", long_log())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    frames = read_frames(connection(), Segment(path, 1, 3_000), 100)
    assert isinstance(frames, Generator)
    next(frames)
    assert len(list(scratch.iterdir())) == 1
    frames.close()
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "reader"),
    [
        (chat(), CHAT),
        (chat(usage={"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}), CHAT),
        (response(), RESPONSE),
        (embeddings(), EMBEDDINGS),
        (embeddings(request_id=None), EMBEDDINGS),
        (batch(chat()), BATCH),
        (batch(response()), BATCH),
        (chat(created="2026-11-01T00:00:00Z"), ANY),
        (response(output=[{"type": "web_search_call"}]), ANY),
        (embeddings(), ANY),
        (decision(), ANY),
        (image(), ANY),
    ],
)
def test_a_plain_line_needs_no_second_reading(
    tmp_path: Path, line: dict[str, Any], reader: Reader
) -> None:
    """Or the fast path would be slow without anybody noticing."""
    path = write(tmp_path / "a.jsonl", [line])
    lines = Lines(path, np.array([1]), NOW)
    (frame,) = read_lines(connection(), lines, (reader,), 250_000, of_one_file(Counter()))
    assert "raw" not in frame.columns  # only the reading by hand has it
