"""Saved pages in all their shapes, and the lines on which their rows stand."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.providers.openai.pages import pages


def bucket(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": "bucket",
        "start_time": 1_730_419_200,
        "end_time": 1_730_505_600,
        "results": list(rows),
    }


def page(*buckets: dict[str, Any]) -> dict[str, Any]:
    return {"object": "page", "data": list(buckets), "has_more": False, "next_page": None}


ROW = {"object": "organization.usage.embeddings.result", "input_tokens": 20}


def read(tmp_path: Path, text: str | bytes) -> pages.PageFile:
    path = tmp_path / "pages.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return pages.read(path, "usage/pages.json")


def rows(found: pages.PageFile) -> list[tuple[int, Any]]:
    return [
        (row.line, row.value) for p in found.pages for b in p.buckets for row in b.value["results"]
    ]


def test_one_page_an_array_and_lines_hold_the_same_rows(tmp_path: Path) -> None:
    """A file holds one page, a JSON array of pages, or a page a line."""
    one, two = page(bucket(ROW)), page(bucket(ROW, ROW))
    assert rows(read(tmp_path, json.dumps(one))) == [(1, ROW)]
    assert rows(read(tmp_path, json.dumps([one, two]))) == [(1, ROW)] * 3
    lines = f"{json.dumps(one)}\n\n{json.dumps(two)}\n"
    assert rows(read(tmp_path, lines)) == [(1, ROW), (3, ROW), (3, ROW)]


def test_a_pretty_printed_row_stands_on_its_own_line(tmp_path: Path) -> None:
    """`input_line` is the line on which the row begins."""
    text = json.dumps(page(bucket(ROW, ROW)), indent=2)
    expected = [n for n, line in enumerate(text.split("\n"), 1) if line == " " * 8 + "{"]
    assert [line for line, _ in rows(read(tmp_path, text))] == expected
    assert len(expected) == 2


def test_several_pretty_printed_pages_may_follow_each_other(tmp_path: Path) -> None:
    """`jq . a.json b.json` writes pages one after the other."""
    text = "\ufeff" + "\r\n".join(json.dumps(page(bucket(ROW)), indent=1) for _ in range(2))
    found = rows(read(tmp_path, text))
    assert [value for _, value in found] == [ROW, ROW]
    assert found[1][0] > found[0][0]


def test_the_envelope_says_endpoint_query_and_fetch(tmp_path: Path) -> None:
    """Our own pages are kept with what was asked for and when."""
    envelope = {
        "endpoint": "/v1/organization/usage/completions",
        "parameters": {"group_by[]": ["project_id", "model"], "bucket_width": "1h"},
        "fetched_at": "2026-11-24T09:00:00+01:00",
        "page": page(bucket()),
    }
    (found,) = read(tmp_path, json.dumps(envelope)).pages
    assert found.endpoint == "completions"
    assert found.group_by == {"project_id", "model"}
    assert found.parameters["bucket_width"] == "1h"
    assert str(found.fetched_at) == "2026-11-24 08:00:00"


def test_numbers_stay_exact_and_raw_text_stays_as_it_was(tmp_path: Path) -> None:
    """No float is made of a number: 14.858330207447157 keeps its digits, 1e400 its size."""
    text = (
        '{"object":"page","data":[{"object":"bucket","results":'
        '[ {"a": 14.8583302074471571234567890,"b":1e400,"c":NaN} ]}]}'
    )
    (found,) = read(tmp_path, text).pages
    (part,) = found.buckets[0].value["results"]
    assert part.value == {
        "a": Decimal("14.8583302074471571234567890"),
        "b": Decimal("1e400"),
        "c": "NaN",
    }
    assert part.raw == '{"a": 14.8583302074471571234567890,"b":1e400,"c":NaN}'


def test_a_number_of_five_thousand_digits_is_read(tmp_path: Path) -> None:
    """Python refuses such an int; it must cost a row, not the file."""
    text = '{"object":"page","data":[{"results":[{"a":' + "9" * 5_000 + "}]}]}"
    assert rows(read(tmp_path, text))[0][1]["a"].adjusted() == 4_999


def test_a_bad_line_among_good_pages_costs_only_itself(tmp_path: Path) -> None:
    """What was readable is not lost because a line was cut off or is no page."""
    good = json.dumps(page(bucket(ROW)))
    text = f'{good}\n{good[:-9]}\n{{"error":{{"message":"x"}}}}\n{good}\n'
    found = read(tmp_path, text)
    assert [p.line for p in found.pages] == [1, 4]
    assert [(r.input_line, r.rule) for r in found.rejects] == [
        (2, "unreadable_json"),
        (3, "not_a_page"),
    ]
    assert found.rejects[0].raw == good[:-9]


def test_the_first_line_may_be_the_bad_one(tmp_path: Path) -> None:
    """Whether a file is JSON lines does not hang on its first line."""
    good = json.dumps(page(bucket(ROW)))
    found = read(tmp_path, f"{good[:40]}\n{good}")
    assert len(found.pages) == len(found.rejects) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"\x1f\x8b\x08\x00\xff\xfe", "not UTF-8"),
        (b'{"object":"page","data":[{"object":"bucket","res', "is not JSON"),
        (b'{"object":"page","data":[1,]}', "is not JSON"),
        (b'{"object":"page" "data":[]}', "is not JSON"),
        (b"{object: page}", "is not JSON"),
        (b'{"object":"list","data":[]}', "'list'"),
        (b'{"object":"page"}', "no list `data`"),
        (b'{"error":{"message":"no","code":null}}', "is an error of the API"),
        (b"[1, 2]", "bare value"),
        (b'"page"', "bare value"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"a":' * 100_000, "nests too deeply"),
        (b'{"endpoint":"","parameters":{},"page":{"data":[]}}', "endpoint"),
        (b'{"endpoint":"costs","fetched_at":"today","page":{"data":[]}}', "fetched_at"),
        (b'{"endpoint":"costs","parameters":[],"page":{"data":[]}}', "parameters"),
    ],
)
def test_rubbish_is_an_error_with_file_and_hint(tmp_path: Path, content: bytes, says: str) -> None:
    """A file that is no such pages is named, with what is wrong and what to do."""
    with pytest.raises(SourceError) as caught:
        read(tmp_path, content)
    assert says in caught.value.what
    assert caught.value.file == "usage/pages.json"
    assert caught.value.hint


def test_the_line_of_broken_json_is_named(tmp_path: Path) -> None:
    """A person opens the file there."""
    text = json.dumps(page(bucket(ROW)), indent=1)
    broken = text.replace('"input_tokens": 20', '"input_tokens": ')
    with pytest.raises(SourceError) as caught:
        read(tmp_path, broken)
    line = broken[: broken.index('"input_tokens"')].count("\n") + 1
    assert caught.value.line in {line, line + 1}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Never a traceback for a path."""
    with pytest.raises(SourceError, match="cannot be read"):
        pages.read(tmp_path / "nowhere.json", "nowhere.json")


def test_a_filtered_fetch_is_refused(tmp_path: Path) -> None:
    """Its buckets are only partly there, and a bucket is replaced whole."""
    envelope = {
        "endpoint": "completions",
        "parameters": {"project_ids": ["proj_a"], "models": None},
        "fetched_at": "2026-11-24T08:00:00Z",
        "page": page(),
    }
    with pytest.raises(SourceError, match="filter `project_ids`"):
        read(tmp_path, json.dumps(envelope))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (page(bucket(ROW)), "openai_usage"),
        ([page(bucket(ROW))], "openai_usage"),
        (page(bucket({"object": "organization.costs.result"})), "openai_costs"),
        (page(bucket()), "openai_usage"),
        ({"endpoint": "costs", "parameters": {}, "page": page()}, "openai_costs"),
        ({"endpoint": "completions", "parameters": {}, "page": page()}, "openai_usage"),
        ({"object": "list", "data": []}, None),
        ({"id": "resp_1", "object": "response", "endpoint": "/v1/responses"}, None),
        ("organization.usage.completions.result", None),
    ],
)
def test_pages_are_recognized_by_their_first_bytes(value: Any, kind: str | None) -> None:
    """A folder of mixed files needs no configuration."""
    for indent in (None, 2):
        assert pages.detect(json.dumps(value, indent=indent).encode()) == kind
    assert pages.detect(json.dumps(value, sort_keys=True).encode()) == kind


@pytest.mark.parametrize("content", [b"", b"PAR1\0\0", b"a,b\n1,2", b"\x89PNG\r\n"])
def test_other_files_are_no_pages(content: bytes) -> None:
    """Nothing is guessed."""
    assert pages.detect(content) is None
