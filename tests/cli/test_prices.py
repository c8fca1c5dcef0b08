"""`tollbook prices check`: findings on stdout, exit 2 for errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.price_files import line, price_file

OVERLAP = (line(), line(price_usd="2"))
GAP = (line(valid_to="2026-01-01"), line(valid_from="2026-02-01"))


def test_errors_are_all_printed_and_end_with_2(tmp_path: Path) -> None:
    """Every finding is a line with its place, not just the first one."""
    path = price_file(tmp_path, *OVERLAP, line(per="3"), *GAP[1:])
    result = CliRunner().invoke(app, ["prices", "check", str(path)])
    assert result.exit_code == 2
    told = result.stdout.splitlines()
    assert [text.split(" ")[0] for text in told] == ["error:", "error:", "error:"]
    assert told[0].startswith(f"error: {path}:3 valid_from:")
    assert told[1].startswith(f"error: {path}:4 per: '3' is not a power of ten.")
    assert "3 errors, 0 warnings" in result.stderr


def test_warnings_alone_end_with_0(tmp_path: Path) -> None:
    """A gap may be meant."""
    result = CliRunner().invoke(app, ["prices", "check", str(price_file(tmp_path, *GAP))])
    assert result.exit_code == 0
    assert result.stdout.startswith("warning: ")
    assert "has no price from 2026-01-01" in result.stdout


def test_json_is_an_array_of_findings(tmp_path: Path) -> None:
    """Data on stdout; the sentence for people on stderr."""
    path = price_file(tmp_path, *OVERLAP)
    result = CliRunner().invoke(app, ["prices", "check", "--json", str(path)])
    (finding,) = json.loads(result.stdout)
    assert {key: finding[key] for key in ("severity", "kind", "file", "line", "column")} == {
        "severity": "error",
        "kind": "overlap",
        "file": str(path),
        "line": 3,
        "column": "valid_from",
    }
    assert result.exit_code == 2


def test_configured_files_and_discounts_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without arguments the files of tollbook.toml are read, relative to it."""
    price_file(tmp_path, *GAP, name="ours.csv")
    (tmp_path / "tollbook.toml").write_text('[prices]\nfiles = ["ours.csv"]\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["prices", "check", "--quiet"])
    assert f"{tmp_path / 'ours.csv'}:3 valid_from:" in result.stdout
    assert (result.exit_code, result.stderr) == (0, "")


def test_built_in_book_alone_has_nothing_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user is not bothered with what only we could change."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["prices", "check"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "built-in prices and 0 in 0 files: 0 errors, 0 warnings" in result.stderr


def test_help_is_there() -> None:
    """Every verb and argument says what it is for."""
    result = CliRunner().invoke(app, ["prices", "check", "--help"])
    assert "Check price files for errors, overlaps" in result.stdout
    assert "the last one strongest" in result.stdout.replace("\n", " ").replace("  ", " ")
