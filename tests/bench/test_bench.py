"""The benchmark itself, held against a small stand-in for the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.measure import CommandFailedError, measure, repository

# Prices all logs it was ever given, and publishes the total that the benchmark looks for.
STAND_IN = '''
import pathlib, sys
import duckdb
from tests.bench.generate import MODELS
root = pathlib.Path("tollbook-data")
(root / "published").mkdir(parents=True, exist_ok=True)
(root / "reports").mkdir(exist_ok=True)
(root / "reports" / "latest.html").write_text("report")
if sys.argv[1] == "run":
    path = pathlib.Path(sys.argv[2])
    files = [str(f) for f in (path.glob("*.jsonl") if path.is_dir() else [path])]
    prices = ", ".join(f"('{m}', {i}, {c}, {o})" for m, (i, c, o) in MODELS.items())
    with duckdb.connect(str(root / "published" / "tollbook.duckdb")) as connection:
        connection.execute(f"""
            CREATE OR REPLACE TABLE charges AS
            WITH prices(model, input, cached, output) AS (VALUES {prices}),
            used AS (SELECT model, usage.prompt_tokens AS n, usage.completion_tokens AS o,
                     usage.prompt_tokens_details.cached_tokens AS c
                     FROM read_json({files}))
            SELECT 'priced' AS pricing_status, CAST(((n - c) * CAST(input AS DECIMAL(9,6))
              + c * CAST(cached AS DECIMAL(9,6)) + o * CAST(output AS DECIMAL(9,6)))
              AS DECIMAL(30,6)) * CAST('0.000001' AS DECIMAL(7,6)) AS cost_usd
            FROM used JOIN prices USING (model)
        """)
        if "--wrong" in sys.argv:
            connection.execute("UPDATE charges SET cost_usd = 0 WHERE rowid = 0")
'''


@pytest.mark.slow
def test_every_part_is_measured_and_checked(tmp_path: Path) -> None:
    """All parts run with small inputs; totals are right, inputs are kept for the next time."""
    result = _bench(tmp_path, "", "--repeat", "2")
    assert result.returncode == 0, result.stderr + result.stdout
    for what in (
        "bare load by DuckDB",
        "whole run, from nothing to report",
        "rows a second",
        "peak memory",
        "second run of the same input",
        "rerate of everything",
        "one more day on 30 days",
        "one more day on 40 days",
        "exact:",
    ):
        assert what in result.stdout
    assert "WRONG" not in result.stdout
    kept = sorted(path.name for path in (tmp_path / "work").iterdir() if path.suffix != ".log")
    assert kept == ["days-20", "requests-900.json", "requests-900.jsonl"]


def test_only_measures_what_was_asked_for(tmp_path: Path) -> None:
    """`--only load,run` prints the ratio and none of the other parts."""
    result = _bench(tmp_path, "", "--only", "load,run", "--repeat", "1")
    assert result.returncode == 0, result.stderr + result.stdout
    assert "x load" in result.stdout
    assert "one more day" not in result.stdout
    assert "second run" not in result.stdout


def test_a_wrong_total_fails_the_benchmark(tmp_path: Path) -> None:
    """A fast command that loses a row's money is not fast: exit 1, both totals shown."""
    result = _bench(tmp_path, " --wrong", "--only", "run", "--repeat", "1")
    assert result.returncode == 1
    assert "WRONG" in result.stdout
    assert "but it cost" in result.stdout


def test_a_failing_command_is_said_with_its_words(tmp_path: Path) -> None:
    """The end of what the command said is shown; nothing is measured."""
    script = tmp_path / "broken.py"
    script.write_text('import sys; print("disk is full", file=sys.stderr); sys.exit(3)')
    with pytest.raises(CommandFailedError, match=r"gave 3\ndisk is full"):
        measure([sys.executable, str(script)], cwd=tmp_path, log=tmp_path / "log")


def test_peak_memory_is_that_of_the_child(tmp_path: Path) -> None:
    """A child that holds 200 MB has a peak above it, one that holds nothing does not."""
    idle = measure([sys.executable, "-c", "pass"], cwd=tmp_path, log=tmp_path / "log")
    held = measure(
        [sys.executable, "-c", "x = bytearray(b'1') * 200_000_000"],
        cwd=tmp_path,
        log=tmp_path / "log",
    )
    assert idle.peak_bytes < 100_000_000
    assert 200_000_000 < held.peak_bytes < 400_000_000


def test_unknown_part_is_refused(tmp_path: Path) -> None:
    """A misspelled part measures nothing and says which there are."""
    result = _bench(tmp_path, "", "--only", "loads")
    assert result.returncode == 2
    known = "load, run, again, rerate, day, rows, files, history, peers"
    assert f"'loads' is none of {known}" in result.stderr


@pytest.mark.slow
def test_growth_is_measured_against_rows_and_history(tmp_path: Path) -> None:
    """Each size and each length has its line, with the CPU of all threads."""
    growing = ("--growing-rows", "300,600", "--growing-days", "2,4")
    result = _bench(tmp_path, "", "--only", "rows,history", *growing)
    assert result.returncode == 0, result.stderr + result.stdout
    for what in (
        "whole run of 300 rows",
        "whole run of 600 rows",
        "CPU a million rows",
        "one more day on 2 days",
        "one more day on 4 days",
        "the report of its month",
        "nothing new after it",
    ):
        assert what in result.stdout


@pytest.mark.slow
def test_peers_say_by_how_many_cents_they_are_off(tmp_path: Path) -> None:
    """All over the same rows; one that is not installed is left out and said so."""
    result = _bench(tmp_path, "", "--only", "peers", "--sample", "50")
    assert result.returncode == 0, result.stderr + result.stdout
    for what in ("plain DuckDB", "straightforward polars", "genai-prices", "LiteLLM", "off by"):
        assert what in result.stdout


def _bench(tmp_path: Path, words: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The benchmark with a stand-in command; `words` are added to each of its calls."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    caller = tmp_path / "call.py"
    # The words come after those of the benchmark.
    caller.write_text(
        f"import runpy, sys; sys.argv += {words.split()!r}; runpy.run_path({str(script)!r})"
    )
    return subprocess.run(
        [
            *(sys.executable, "-m", "tests.bench", "--work", str(tmp_path / "work")),
            *("--rows", "900", "--rows-a-day", "20", "--long-history", "40"),
            *("--command", f"{sys.executable} {caller}", *options),
        ],
        cwd=repository(),
        capture_output=True,
        text=True,
        check=False,
    )
