"""Raw files: whole or not there, in the answer's own words, and none that says nothing new."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.providers.openai.client import Answer
from pipeline.providers.openai.fetch.raw_files import RawFolder
from pipeline.providers.openai.pages.pages import read
from pipeline.providers.span import Span

DAY = Span(datetime(2026, 11, 20), datetime(2026, 11, 21))
AT = datetime(2026, 11, 21, 8)
ASKED: dict[str, Any] = {
    "start_time": 1,
    "end_time": 2,
    "bucket_width": "1d",
    "group_by": ["model"],
}


def _page(*rows: str, indent: int | None = None) -> Answer:
    """A page of one bucket; its rows are given as JSON."""
    results = ", ".join(rows)
    text = f'{{"object":"page","data":[{{"start_time":1,"end_time":2,"results":[{results}]}}]}}'
    if indent:
        text = text.replace(",", ",\n")
    return Answer(text, json.loads(text, parse_float=Decimal))


def _save(folder: RawFolder, *pages: Answer, span: Span = DAY, hours: int = 0, **asked: Any) -> Any:
    at = AT + timedelta(hours=hours)
    return folder.save("completions", ASKED | asked, span, at, pages)


def test_a_number_stays_as_it_was_written_and_a_page_is_a_line(tmp_path: Path) -> None:
    """Line breaks between values become blanks; no other character is touched."""
    path = _save(RawFolder(tmp_path), _page('{"n":1.10}', '{"n":1e2}', indent=1), _page("{}"))
    assert path.name == "20261120T000000Z_20261121T000000Z_20261121T080000.000000Z.jsonl.gz"
    first, second = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert '"results":[{"n":1.10},  {"n":1e2}]' in first
    assert second.endswith('"results":[{}]}]}}')
    plain = tmp_path / "plain"
    plain.write_text(f"{first}\n{second}\n")
    assert [p.endpoint for p in read(plain, "x").pages] == ["completions", "completions"]


def test_the_same_again_is_not_kept(tmp_path: Path) -> None:
    """Neither other cursors, nor another order of rows, nor one more empty bucket are news."""
    folder = RawFolder(tmp_path)
    assert _save(folder, _page('{"a":1}', '{"b":2}'))
    assert _save(folder, _page('{"b":2}', '{"a":1}'), _page(), hours=1, start_time=9) is None
    longer = Span(DAY.since, DAY.until + timedelta(hours=1))
    assert _save(folder, _page('{"b":2}', '{"a":1}'), span=longer, hours=1) is None


def test_anything_else_is_kept(tmp_path: Path) -> None:
    """A digit, a vanished row, another grouping, or an older word than the newest file's."""
    folder = RawFolder(tmp_path)
    assert _save(folder, _page('{"a":1.0}'))
    assert _save(folder, _page('{"a":1.00}'), hours=1)
    assert _save(folder, _page(), hours=2)
    assert _save(folder, _page(), hours=3, group_by=[])
    assert _save(folder, _page('{"a":1.0}'), hours=4)


def test_a_file_about_more_days_in_between_makes_it_news_again(tmp_path: Path) -> None:
    """What a back-fill has read since may be what the books now believe."""
    folder = RawFolder(tmp_path)
    week = Span(DAY.since - timedelta(days=6), DAY.until)
    assert _save(folder, _page('{"a":1}'))
    assert _save(folder, _page('{"a":2}'), span=week, hours=1)
    assert _save(folder, _page('{"a":1}'), hours=2)


def test_nothing_is_no_file_where_nothing_was_known(tmp_path: Path) -> None:
    """An endpoint that nobody uses leaves no trace an hour."""
    assert _save(RawFolder(tmp_path / "new"), _page()) is None
    assert not (tmp_path / "new").exists()


def test_what_was_cut_off_is_removed_and_never_taken(tmp_path: Path) -> None:
    """A file has its name only when all of it is there."""
    folder = RawFolder(tmp_path)
    path = _save(folder, _page('{"a":1}'))
    cut = path.with_name(f".{path.name}.1.new")
    cut.write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    assert [f.path for f in folder.files()] == [path]
    folder.clear()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, "notes.txt"])
