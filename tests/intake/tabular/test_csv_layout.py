"""A CSV's separator, encoding and header are recognised where they are beyond doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.intake.tabular.csv_layout import layout_of
from pipeline.intake.tabular.read import detect
from tests.intake.tabular.test_normalize import read

HEADER = "record_id,started_at,model,project_id,text_input_tokens,requests"
ROW = "1,2026-10-26T10:00:00Z,gpt-5,p,1000,1"


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_usual_layout_gives_the_same_row(
    tmp_path: Path, separator: str, encoding: str, ending: str
) -> None:
    """Semicolons, tabs and UTF-16, as spreadsheets in other countries write them."""
    path = tmp_path / "in.csv"
    lines = [line.replace(",", separator) for line in (HEADER, ROW, ROW.replace("p", '"q"'))]
    path.write_bytes("".join(line + ending for line in lines).encode(encoding))
    assert detect(path.read_bytes())
    found = read(path)
    assert found.rejects.is_empty()
    assert found.records.select("project_id", "text_input_tokens", "input_line").rows() == [
        ("p", 1000, 2),
        ("q", 1000, 3),
    ]


def test_a_separator_line_is_not_the_header(tmp_path: Path) -> None:
    """`sep=;` is what spreadsheets write; line numbers count it."""
    path = tmp_path / "in.csv"
    path.write_text(f"sep=;\n{HEADER.replace(',', ';')}\n{ROW.replace(',', ';')}\n")
    assert detect(path.read_bytes())
    found = read(path)
    assert found.records.select("text_input_tokens", "input_line").rows() == [(1000, 3)]


def test_names_of_columns_may_be_in_upper_case(tmp_path: Path) -> None:
    """`STARTED_AT` is what some databases export."""
    path = tmp_path / "in.csv"
    path.write_text(f"{HEADER.upper()}\n{ROW}\n")
    assert detect(path.read_bytes())
    assert read(path).records["text_input_tokens"].to_list() == [1000]


def test_a_comma_in_a_cell_is_not_a_separator(tmp_path: Path) -> None:
    """With semicolons, `1000,0` is one cell, and not a count that is beyond doubt."""
    path = tmp_path / "in.csv"
    path.write_text("started_at;model;requests\n2026-10-26;m;1000,0\n2026-10-26;m;1\n")
    found = read(path)
    assert found.rejects["rule"].to_list() == ["not_a_count"]
    assert found.records["requests"].to_list() == [1]


def test_what_has_no_such_header_is_not_a_table() -> None:
    """Commas are assumed where no separator gives the columns."""
    assert not detect(b"a;b\n1;2\n")
    assert layout_of(b"a;b\n1;2\n").separator == ","
    assert not detect(b"")
