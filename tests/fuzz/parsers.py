"""The parsers by name: each takes a file, and may fail with an error for people and nothing else.

A parser that counts rows checks here that each has a fate.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from pipeline.budgets.rates import read_rates
from pipeline.config import load as configuration
from pipeline.config.budget_files import read_budget_files
from pipeline.config.directory_section import FILES, Directory
from pipeline.directory.files import read_files
from pipeline.errors import TollbookError
from pipeline.intake.files.compression import open_plain, read_block, read_head
from pipeline.intake.files.detect_kind import kind_of
from pipeline.intake.files.discovery import RawFile, landed
from pipeline.intake.files.document_head import is_document
from pipeline.intake.files.json_documents import cut_documents
from pipeline.intake.files.segments import CutReport, cut_segments
from pipeline.intake.read_file import refuse_binary
from pipeline.intake.request_log import normalize as request_log
from pipeline.intake.source import Normalized
from pipeline.intake.tabular import normalize as tabular
from pipeline.pricing.load import examine
from pipeline.providers.openai.pages import costs, usage
from pipeline.runs.kinds import KINDS
from pipeline.storage.backup.restore import _unpack
from tests.support.request_lines import NOW, connection, context
from tests.support.workspace import PRICE_HEADER, price

PLAIN_BYTES = 8 << 20  # more of a packed file is not unpacked here


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser: how it reads a file of this name, and valid files to begin with."""

    name: str
    read: Callable[[Path], object]
    seeds: tuple[bytes, ...]


def parse(parser: Parser, content: bytes, folder: Path) -> bool:
    """Have a parser read a content. Gives whether it could; only an error for people is allowed."""
    path = folder / parser.name
    path.write_bytes(content)
    try:
        parser.read(path)
    except TollbookError as error:
        text = str(error)
        assert text.isprintable() or "\n" in text
        assert len(text) <= 4_500
        return False
    return True


def _raw(path: Path) -> RawFile:
    return landed(path, path.name)


def _whole(done: Normalized) -> int:
    assert done.records.height + done.rejects.height == done.rows_read
    return done.rows_read


_connection = cache(connection)


def _request_log(path: Path) -> int:
    refuse_binary(_raw(path))
    found = CutReport()
    folder = path.parent / "segments"
    is_one = is_document(read_head(path, 4096))
    segments = (cut_documents if is_one else cut_segments)(path, folder, found)
    con = _connection()
    rows = 0
    for segment in segments:
        lines: set[int] = set()
        for frame in request_log.read_frames(con, segment, now=NOW):
            lines |= set(frame["input_line"].to_list())
            rows += _whole(request_log.normalize(frame, context()))
        assert len(lines) == segment.lines
    assert found.content_hash or not rows
    return rows


def _table(path: Path) -> int:
    return sum(
        _whole(tabular.normalize(frame, context()))
        for frame in tabular.read_frames(path, input_file="in")
    )


def _pages(module: Any) -> Callable[[Path], object]:
    def read(path: Path) -> None:
        found = module.parse(path, context())
        minutes = found.minute_records.height if module is usage else 0
        assert found.records.height + minutes + found.rejects.height == found.rows_read
        module.order([found])

    return read


def _packed(path: Path) -> bytes:
    with open_plain(path) as stream:
        return read_block(stream, PLAIN_BYTES)[0]


def _named(suffix: str, read: Callable[[Path], object]) -> Callable[[Path], object]:
    """A reader that goes by the ending of a name."""

    def with_suffix(path: Path) -> object:
        return read(path.rename(path.with_suffix(suffix)))

    return with_suffix


def _backup(path: Path) -> None:
    folder = path.parent / "unpacked"
    try:
        _unpack(path, folder)
    finally:
        outside = [p for p in path.parent.iterdir() if p not in {path, folder}]
        assert outside == []
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        if folder.exists():
            folder.rmdir()


def _lines(*values: Any) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def _csv(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


_TOKENS = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
_CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_795_435_200,
    "model": "gpt-5",
    "usage": {**_TOKENS, "prompt_tokens_details": {"cached_tokens": 3}},
    "project_id": "proj_a",
}
_BATCH = {"id": "b", "custom_id": "c", "response": {"status_code": 200, "body": _CHAT}}
_EVENT = b'data: {"type":"response.completed","response":%s}\n\ndata: [DONE]\n'
_BUCKET = {"object": "bucket", "start_time": 1_795_392_000, "end_time": 1_795_478_400}
_USED = {
    "object": "organization.usage.completions.result",
    "input_tokens": 5,
    "output_tokens": 1,
    "num_model_requests": 1,
    "project_id": "proj_a",
    "model": "gpt-5",
}
_COST = {
    "object": "organization.costs.result",
    "amount": {"value": 0.06, "currency": "usd"},
    "line_item": "gpt-5, input",
    "project_id": "proj_a",
}


def _page(row: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    page = {"object": "page", "data": [{**_BUCKET, "results": [row]}], "has_more": False}
    return {"endpoint": endpoint, "parameters": {"bucket_width": "1d"}, "page": page}


def _seeds(value: Any) -> tuple[bytes, ...]:
    """A value alone, as lines, in an array, and over several lines."""
    return (
        _lines(value),
        _lines(value, value),
        json.dumps([value, value]).encode(),
        json.dumps(value, indent=2).encode(),
    )


def _parquet() -> bytes:
    sink = io.BytesIO()
    pl.DataFrame(
        {"started_at": ["2026-11-20T00:00:00Z"], "model": ["gpt-5"], "requests": [1]}
    ).write_parquet(sink)
    return sink.getvalue()


_RECORDS = _csv(("started_at", "model", "requests"), ("2026-11-20T00:00:00Z", "gpt-5", "1"))
_PRICES = f"{PRICE_HEADER}\n{price('m', 'text_input_tokens', '2')}\n".encode()
_TOML = b"""[organization]
id = "org-acme"
timezone = "Europe/Berlin"
[[sources]]
name = "a"
kind = "request_log"
path = ["logs/*.jsonl"]
[[budgets]]
id = "b"
amount_usd = "20.00"
thresholds = [50, 80]
[[discounts]]
percent = "7.5"
valid_from = "2026-07-01"
"""
_BUDGETS = (
    b'[[budgets]]\nid = "b"\namount_usd = "20"\n[[amendments]]\nbudget = "b"\n'
    b'valid_from = "2027-01-01"\namount_usd = "30"\nreason = "more"\n'
)
_EXPORTS = tuple(
    _csv(
        ("start_time", "end_time", *row),
        ("1795392000", "1795478400", *(str(value) for value in row.values())),
    )
    for row in (_USED, {"amount_value": "0.06", "amount_currency": "usd", "line_item": "x"})
)
_SINCE: Mapping[str, str] = {"valid_from": "2026-01-01", "valid_to": "2026-12-01"}
_LISTS: Mapping[str, Mapping[str, str]] = {
    "projects": {
        "project_id": "proj_a",
        "project_name": "A",
        "state": "active",
        "created_at": "2026-01-01",
        "website": "https://a.example.com",
    },
    "members": {"user_id": "u", "role": "owner", "email": "a@example.com", "project_id": "proj_a"},
    "service_accounts": {"service_account_id": "s", "project_id": "proj_a", "role": "member"},
    "keys": {"api_key_id": "key_a", "project_id": "proj_a", "created_at": "2026-01-01T00:00:00Z"},
    "rate_limits": {
        "project_id": "proj_a",
        "model": "gpt-5",
        "max_requests_per_1_minute": "500",
        "max_tokens_per_1_minute": "30000",
    },
    "model_permissions": {"project_id": "proj_a", "mode": "allow_list", "model_ids": "gpt-5"},
    "spend_limits": {"project_id": "proj_a", "amount_usd": "20.00"},
    "cost_centers": {"project_id": "proj_a", "cost_center": "cc-1", "team": "t"},
}


def _list(name: str) -> bytes:
    row = _LISTS[name]
    dated = {**row, **_SINCE}
    return _csv(tuple(dated), tuple(dated.values()), (*row.values(), "2026-12-01", ""))


_PARSERS = (
    Parser("request_log", _request_log, (*_seeds(_CHAT), _lines(_BATCH), _EVENT % _lines(_CHAT))),
    Parser("table", _table, (_RECORDS, _RECORDS.replace(b",", b";"), _parquet())),
    Parser("usage_pages", _pages(usage), (*_seeds(_page(_USED, "completions")), _EXPORTS[0])),
    Parser("costs_pages", _pages(costs), (*_seeds(_page(_COST, "costs")), _EXPORTS[1])),
    Parser("kind", lambda path: kind_of(str(path), KINDS), (_lines(_CHAT), _RECORDS, _parquet())),
    Parser("packed", _packed, (gzip.compress(b"x" * 999, mtime=0), zstandard.compress(b"x" * 999))),
    Parser("configuration", lambda path: configuration.load(path, None), (_TOML,)),
    Parser(
        "budgets_csv",
        _named(".csv", lambda path: read_budget_files([path], configuration.read_toml)),
        (_csv(("budget_id", "amount_usd", "thresholds"), ("b", "20.00", "50 80")),),
    ),
    Parser(
        "budgets_toml",
        _named(".toml", lambda path: read_budget_files([path], configuration.read_toml)),
        (_BUDGETS,),
    ),
    Parser("prices", lambda path: examine([path], ()), (_PRICES,)),
    Parser(
        "rates",
        read_rates,
        (_csv(("currency", "valid_from", "usd_per_unit"), ("EUR", "2026-01-01", "1.1")),),
    ),
    Parser("backup", _backup, ()),
    *(
        Parser(
            f"directory_{name}",
            lambda path, name=name: read_files(Directory.model_validate({name: path})),  # type: ignore[misc]
            (_list(name),),
        )
        for name in FILES
    ),
)
PARSERS: Mapping[str, Parser] = {parser.name: parser for parser in _PARSERS}
