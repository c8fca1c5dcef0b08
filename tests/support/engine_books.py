"""Books on which engines can differ: files of every sort, over two runs, and all that is published.

Each step adds to the input; after each one every engine makes a run over a storage of its own, by
the same clock. So what is published must be equal in every view, column and row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.config.load import load
from pipeline.intake.pieces import piece as pieces
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch
from pipeline.storage.parquet import quote
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

_MANY_ROWS = 200_000
BOOKS = """
[quality]
max_quarantined_percent = 100

[[sources]]
name = "other"
kind = "request_log"
path = ["other"]
basis = "detail"
"""


def first_files(at: Workspace) -> None:
    """Plain, packed, without ids, with rejects, a half line, a copy, a table, a broken file."""
    calls = [request(f"p{i}", 100 + i, project=f"proj_{i % 5}") for i in range(120)]
    at.write("logs/plain.jsonl", lines(*calls))
    at.write("logs/packed.jsonl.gz", lines(*(request(f"g{i}", 10, out=i) for i in range(90))))
    bare = [request(None, 5, when="2026-10-31T23:30:00") for _ in range(7)]
    at.write("logs/no-id.jsonl", lines(*bare, *bare))
    at.write("logs/repeats.jsonl", lines(*calls[:30], request("p3", 1), request("new", 3)))
    at.write("logs/broken.jsonl", lines(calls[0]) + "{no json\n[1]\n" + lines(request("b", -1)))
    at.write("logs/grows.jsonl", lines(*(request(f"w{i}", 7) for i in range(20))) + '{"id": "ha')
    at.write("logs/plain-copy.jsonl", lines(*calls))
    at.write("logs/short.jsonl.gz", lines(*(request(f"s{i}", 1) for i in range(50))))
    whole = at.path("logs/short.jsonl.gz").read_bytes()
    at.path("logs/short.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    at.touch("logs/short.jsonl.gz")
    at.write("logs/document.jsonl", json.dumps([request("d1", 9), request("d2", 9)], indent=1))
    at.write("logs/binary.jsonl", b"\x00\x01\x02" * 200)
    at.write("other/detail.jsonl", lines(*calls[:40]))
    at.records(
        "exports/a.csv",
        *(f"r{i},2026-11-0{1 + i % 9}T10:00:00Z,proj_a,alpha,{i},{i},1" for i in range(40)),
        "bad,yesterday,proj_a,alpha,1,1,1",
    )


def later_files(at: Workspace) -> None:
    """Growth, a line finished, copies of what is known, newer contents, a file made whole."""
    at.append("logs/grows.jsonl", 'lf"}\n' + lines(*(request(f"w{i}", 8) for i in range(15, 30))))
    at.append("logs/no-id.jsonl", lines(*[request(None, 5, when="2026-10-31T23:30:00")] * 3))
    at.write("logs/z-copy.jsonl", at.path("logs/repeats.jsonl").read_bytes())
    at.write("logs/z-packed.jsonl.gz", at.path("logs/plain.jsonl").read_bytes())
    at.write("logs/short.jsonl.gz", lines(*(request(f"s{i}", 1) for i in range(60))))
    at.write("logs/z-newer.jsonl", lines(*(request(f"g{i}", 11, out=i) for i in range(0, 90, 3))))
    at.append("logs/broken.jsonl", "{again no json\n" + lines(request("c", 2)))
    at.records(
        "exports/a.csv",
        *(f"r{i},2026-11-0{1 + i % 9}T10:00:00Z,proj_b,alpha,{i},{2 * i},1" for i in range(50)),
    )


STEPS: Sequence[Callable[[Workspace], None]] = (first_files, later_files)


def make_runs(
    folder: Path,
    engines: Sequence[str],
    look: Callable[[Path, str], None],
    steps: Sequence[Callable[[Workspace], None]] = STEPS,
) -> dict[str, Path]:
    """Run each engine (the text of its section) after every step; gives their storages.

    Asks `look` with storage and engine after each run.
    """
    at = Workspace(folder)
    clocks = dict.fromkeys(engines, at.at)
    storages = {engine: folder / f"var{n}" for n, engine in enumerate(engines)}
    for step in steps:
        step(at)
        for engine in engines:
            at.at = clocks[engine]
            run_once(at, engine, storages[engine])
            clocks[engine] = at.at
            look(storages[engine], engine)
        at.at = max(clocks.values()) + timedelta(hours=1)
        clocks = dict.fromkeys(engines, at.at)
    return storages


def run_once(at: Workspace, engine: str, storage: Path, now: datetime | None = None) -> RunResult:
    """One run of an engine over a storage."""
    text = CONFIGURATION.replace('"var"', json.dumps(str(storage))) + BOOKS
    at.configure(f"{text}\n[engine]\n{engine}\n")
    config = load(at.path("tollbook.toml"))
    return run_batch(config, now=now or at.at, real_clock=at.clock, environment={})


def views(storage: Path) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Every published view: columns with types, and all rows in order; of many, two digests."""
    path = (storage / "published" / "tollbook.duckdb").resolve()
    found = {}
    with duckdb.connect() as con:
        con.execute(f"ATTACH {quote(str(path))} AS tollbook (READ_ONLY)")
        con.execute("USE tollbook")
        names = con.execute(
            "SELECT table_name, list(column_name || ' ' || data_type ORDER BY column_index) "
            "FROM duckdb_columns() WHERE database_name = 'tollbook' AND schema_name = 'main' "
            "GROUP BY ALL ORDER BY 1"
        ).fetchall()
        for name, columns in names:
            [counted] = con.execute(f'SELECT count(*) FROM "{name}"').fetchall()
            if counted > (_MANY_ROWS,):
                of_rows = f'SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM "{name}" AS t'
            else:
                of_rows = f'SELECT * FROM "{name}" ORDER BY ALL'
            found[name] = (columns, con.execute(of_rows).fetchall())
    return found


def ledger_names(storage: Path) -> set[str]:
    """The names of the ledger files that are there, without their sums."""
    ledger = storage / "ledger"
    return {p.name for p in ledger.rglob("*.parquet") if "sums" not in p.relative_to(ledger).parts}


def share_out_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is a task of its own, however small."""
    monkeypatch.setattr(pieces, "TASK_BYTES", 1)
