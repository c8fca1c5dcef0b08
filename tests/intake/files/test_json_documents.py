"""JSON arrays and pretty-printed bodies are read as the same lines would be."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.intake.files.detect_kind import kind_of
from pipeline.intake.files.document_head import is_document
from pipeline.intake.files.json_documents import cut_documents
from pipeline.intake.files.segments import CutReport
from pipeline.runs.kinds import KINDS
from tests.support.workspace import Workspace, lines, request

BODIES = [request("1", 1000), request("2", 2000), request("3", 4000)]
TEXTS = {
    "compact": json.dumps(BODIES, separators=(",", ":")),
    "a line each": "[" + ",\n".join(json.dumps(b) for b in BODIES) + "]\n",
    "indented": json.dumps(BODIES, indent=2),
    "after a mark": "\ufeff" + json.dumps(BODIES, indent=4),
    "objects in a row": "\n".join(json.dumps(b, indent=2) for b in BODIES),
    "windows": json.dumps(BODIES, indent=2).replace("\n", "\r\n"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path.resolve())


def cut(path: Path, folder: Path) -> list[tuple[int, Any]]:
    """The objects of a document with their numbers."""
    found = []
    for segment in cut_documents(path, folder, CutReport()):
        assert segment.line_numbers is not None
        objects = [json.loads(line) for line in segment.path.read_bytes().splitlines()]
        found += list(zip(segment.line_numbers.tolist(), objects, strict=True))
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_every_layout_gives_the_same_objects(tmp_path: Path, name: str) -> None:
    """Each with the number of its line, or the next one where several begin on it."""
    path = tmp_path / "a.json"
    path.write_bytes(TEXTS[name].encode())
    assert is_document(path.read_bytes())
    found = cut(path, tmp_path / "segments")
    assert [body for _, body in found] == BODIES
    numbers = [number for number, _ in found]
    if name in {"compact", "a line each"}:
        assert numbers == [1, 2, 3]
    else:
        text = TEXTS[name].split("\n")
        assert [text[n - 1].strip() for n in numbers] == ["{"] * 3


def test_objects_longer_than_a_block_are_read(tmp_path: Path) -> None:
    """Their end comes with a later block; accents may be cut in two."""
    bodies = [{"id": n, "text": "é" * 900_000} for n in range(3)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(bodies, ensure_ascii=False), encoding="utf-8")
    assert [body for _, body in cut(path, tmp_path / "segments")] == bodies


@pytest.mark.parametrize(
    "head", [b'{"id":1}\n{"id":2}\n', b"[1,2]\n", b"", b'{"a":1', b'  {"id":1}\n', b"[]"]
)
def test_lines_of_json_are_not_a_document(head: bytes) -> None:
    """Nor is a half-written first line."""
    assert not is_document(head)


@pytest.mark.parametrize("name", ["logs/a.json", "logs/a.json.gz"])
def test_an_array_is_a_log(workspace: Workspace, name: str) -> None:
    """Its bodies are the calls that lines with them are; a copy of it brings nothing."""
    workspace.write(name, TEXTS["indented"])
    workspace.run()
    assert workspace.tokens() == 7000
    workspace.write("logs/b.jsonl", lines(*BODIES))
    workspace.write("logs/copy.json", TEXTS["indented"])
    result = workspace.run()
    assert result.counts.duplicate == 6
    assert workspace.tokens() == 7000


def test_a_broken_array_loses_what_is_behind_the_break(workspace: Workspace) -> None:
    """What is before it counts; the rest is held back until the file is whole."""
    whole = TEXTS["indented"]
    workspace.write("logs/a.json", whole[: whole.index("chatcmpl-3")])
    workspace.run()
    assert workspace.tokens() == 3000
    [(line, rule)] = workspace.rows("SELECT input_line, rule FROM quarantine")
    assert (whole.split("\n")[line - 1].strip(), rule) == ("{", "malformed_json")
    workspace.write("logs/a.json", whole)
    workspace.run()
    assert workspace.tokens() == 7000
    assert workspace.rows("FROM quarantine WHERE replayed_at IS NULL") == []


def test_a_packed_array_that_breaks_off_is_told(workspace: Workspace) -> None:
    """What could be unpacked and is whole counts."""
    packed = gzip.compress((TEXTS["indented"] + " " * 100_000).encode(), mtime=0)
    workspace.write("logs/a.json", packed[:-30])
    result = workspace.run()
    assert [p for p in result.problems if "breaks off" in p]
    assert workspace.tokens() in {0, 1000, 3000, 7000}


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_a_log_in_utf_16_is_named(workspace: Workspace, encoding: str) -> None:
    """As some shells write it, with a mark or without; what to do is said."""
    path = workspace.write("logs/a.jsonl", lines(*BODIES).encode(encoding))
    (problem,) = workspace.run().problems
    name = encoding.upper()[:6]
    assert f"is text in {name}, which request logs cannot be" in problem
    assert "utf8" in problem
    with pytest.raises(ConfigError, match=f"is text in {name} and no table"):
        kind_of(str(path), KINDS)
