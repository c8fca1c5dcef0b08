"""The benchmark's input and its independent total."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.bench import generate

DAY = date(2026, 10, 1)


def test_total_is_what_the_lines_cost(tmp_path: Path) -> None:
    """Line by line, in Decimal: uncached, cached and output tokens at the stated prices."""
    path = tmp_path / "log.jsonl"
    totals = generate.write_log(path, 3_000)
    cost = Decimal(0)
    for body in _bodies(path):
        usage = body["usage"]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        counts = (usage["prompt_tokens"] - cached, cached, usage["completion_tokens"])
        prices = generate.MODELS[body["model"]]
        cost += sum(n * Decimal(p) for n, p in zip(counts, prices, strict=True)) / 1_000_000
    assert totals.cost_usd == cost > 5
    assert totals.rows == 3_000
    assert totals.size_bytes == path.stat().st_size


def test_lines_are_what_the_api_answers(tmp_path: Path) -> None:
    """About 490 bytes of a chat completion, counts in order, ids that occur once."""
    path = tmp_path / "log.jsonl"
    generate.write_log(path, 2_000)
    bodies = _bodies(path)
    assert 450 < path.stat().st_size / 2_000 < 510
    assert len({body["id"] for body in bodies}) == 2_000
    for body in bodies:
        usage = body["usage"]
        assert len(body["id"]) == len("chatcmpl-") + 29
        assert body["object"] == "chat.completion"
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert 0 <= usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]
        reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
        assert 0 <= reasoning <= usage["completion_tokens"]


def test_keys_and_users_belong_to_one_project(tmp_path: Path) -> None:
    """A key occurs with one project only, a user with one key only."""
    path = tmp_path / "log.jsonl"
    generate.write_log(path, 20_000)
    projects: dict[str, set[str]] = {}
    for body in _bodies(path):
        for member in (body["api_key_id"], body["user_id"]):
            projects.setdefault(member, set()).add(body["project_id"])
    assert {len(where) for where in projects.values()} == {1}
    assert len({project for where in projects.values() for project in where}) > 150


def test_rows_do_not_depend_on_the_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is a function of its number: other pieces, the same file."""
    generate.write_log(tmp_path / "whole.jsonl", 2_500)
    monkeypatch.setattr(generate, "CHUNK_ROWS", 700)
    generate.write_log(tmp_path / "pieces.jsonl", 2_500)
    assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "pieces.jsonl").read_bytes()


def test_rows_stay_what_they_were(tmp_path: Path) -> None:
    """The generator uses no library's hash, so this line is the same with any version."""
    path = tmp_path / "log.jsonl"
    totals = generate.write_log(path, 1_000)
    first = _bodies(path)[0]
    assert first["id"] == "chatcmpl-000000DqXPZzIbA1LoPxMMpoatMne"
    assert first["usage"]["prompt_tokens"] == 1520
    assert str(totals.cost_usd) == "3.47379065"


def test_day_files_hold_their_day_and_no_row_twice(tmp_path: Path) -> None:
    """Three days of 500 rows: each in its day, all ids different, total the sum of the files'."""
    made = list(generate.write_days(tmp_path, 3, 500, last_day=DAY))
    assert [path.name for path, _ in made] == [
        "2026-09-29.jsonl",
        "2026-09-30.jsonl",
        "2026-10-01.jsonl",
    ]
    ids = set()
    for path, totals in made:
        bodies = _bodies(path)
        days = {(date(1970, 1, 1).toordinal() + b["created"] // 86_400) for b in bodies}
        assert days == {date.fromisoformat(path.stem).toordinal()}
        assert totals.rows == len(bodies) == 500
        ids |= {body["id"] for body in bodies}
    assert len(ids) == 1_500


def _bodies(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
