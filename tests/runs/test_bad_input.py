"""Bad input, through the real command: what it costs, what is said of it, and that no good is lost.

Each run has good files beside the bad ones. Formats in depth are in tests/intake.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.support.command import command
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

LENIENT = CONFIGURATION + "\n[quality]\nmax_quarantined_percent = 100\n"
BINARY = bytes(range(256)) * 8
GOOD_ROWS = 3  # of the log and the table that every workspace has


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A good log and a good table, and a price for every token."""
    workspace = Workspace(tmp_path.resolve(), LENIENT)
    workspace.write("logs/good.jsonl", lines(request("g1"), request("g2")))
    workspace.records("exports/good.csv", "r1,2026-11-23T12:00:00Z,proj_a,alpha,1000,0,1")
    workspace.write("costs/none.json", "[]")
    return workspace


def call(workspace: Workspace, *words: str, code: int) -> tuple[str, str]:
    """The real command, in this process. Gives stdout and the lines for people."""
    exit_code, told, said = command(workspace.folder, *words)
    assert "Traceback" not in told + said
    assert exit_code == code, said
    return told, said


def run(workspace: Workspace, *words: str, code: int) -> str:
    """A run. Gives what it says of its input."""
    return call(workspace, "run", *words, "--now", "2026-11-24T08:00Z", code=code)[1]


def cut_off(workspace: Workspace, name: str, text: str) -> Path:
    """A gzip file whose end is missing, as a broken copy leaves it."""
    path = workspace.write(name, text)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def accepted(workspace: Workspace) -> dict[str, int]:
    """The rows of each file that count."""
    return {name: fates[1] for name, fates in workspace.fates().items() if fates[1]}


GOOD = {"logs/good.jsonl": 2, "exports/good.csv": 1}


def test_what_is_only_odd_costs_its_row(workspace: Workspace) -> None:
    """An empty file is nothing, a line that is no UTF-8 goes to the quarantine: the run is done."""
    workspace.write("logs/empty.jsonl", "")
    bad = lines(request("u2")).encode().replace(b"alpha", b"alph\xff")
    name = workspace.write("logs/utf8.jsonl", lines(request("u1")).encode() + bad)
    told, said = call(workspace, "run", "--now", "2026-11-24T08:00Z", code=0)
    assert told.startswith("Read 5 rows from 5 files: 4 accepted, 0 duplicate, 0 superseded, 1 qu")
    assert "Quarantine  1 row of the month or of no known day held back (all: tollbook q" in told
    assert "empty.jsonl" not in said  # it grows later, or it does not: no mistake
    assert accepted(workspace) == {**GOOD, "logs/utf8.jsonl": 1}
    listed = call(workspace, "quarantine", "list", "--format", "csv", code=0)[0]
    assert f",{name},2," in listed
    line, _ = call(workspace, "explain", "--file", "utf8.jsonl", "--line", "2", code=0)
    assert "Quarantined: it is held back and in no charge. Once the cause is mended" in line


def test_a_line_of_50_mb_costs_only_itself(workspace: Workspace) -> None:
    """It is never held in memory whole; the lines around it count."""
    before, after = (lines(request(name)).encode() for name in ("b", "a"))
    workspace.write("logs/long.jsonl", before + b'{"x": "' + b"y" * 50_000_000 + b'"}\n' + after)
    run(workspace, code=0)
    assert accepted(workspace) == {**GOOD, "logs/long.jsonl": 2}
    assert workspace.rows("SELECT input_line, rule, detail FROM quarantine") == [
        (
            2,
            "line_too_long",
            "the line is longer than 16 MiB; leave out the texts of prompts and answers",
        )
    ]


def test_what_cannot_be_read_is_named_with_what_to_do(workspace: Workspace) -> None:
    """Binary files, broken copies: the run is partial (3), and goes on with all others.

    What comes before the damage of a log counts, line by line; a table counts whole or not at all.
    """
    binary = workspace.write("logs/binary.jsonl", BINARY)
    rows = [request(f"c{number}", number) for number in range(1, 2_000)]
    log = cut_off(workspace, "logs/cut.jsonl.gz", lines(*rows))
    header = "started_at,model,text_input_tokens\n"
    table = cut_off(
        workspace,
        "exports/cut.csv.gz",
        header + "".join(f"2026-11-23T12:00:00Z,alpha,{n * 7_919 % 1_009}\n" for n in range(5_000)),
    )
    said = run(workspace, code=3)
    assert f"tollbook: {binary}: is a binary file, not JSON lines. Take it out of the so" in said
    assert f"tollbook: {table}: cannot be unpacked, so nothing of it was read: Compressed" in said
    read = accepted(workspace).pop("logs/cut.jsonl.gz")
    assert 0 < read < len(rows)
    assert accepted(workspace) == {**GOOD, "logs/cut.jsonl.gz": read}
    assert f"tollbook: {log}: the compressed stream breaks off: " in said
    assert f"; {read} rows before it were read. Replace the file with a whole copy; the" in said
    # whole copies in their place: the rest, once
    log.write_bytes(gzip.compress(lines(*rows).encode()))
    table.write_bytes(gzip.compress(f"{header}2026-11-23T12:00:00Z,alpha,5\n".encode()))
    binary.unlink()
    run(workspace, code=0)
    counted = "SELECT CAST(sum(text_input_tokens) AS INT), count(*) FROM usage"
    tokens = sum(range(1, 2_000)) + 5 + GOOD_ROWS * 1_000
    assert workspace.rows(counted) == [(tokens, len(rows) + 1 + GOOD_ROWS)]


def test_a_file_that_may_not_be_read_is_named(workspace: Workspace) -> None:
    """Whoever runs it lets this user read it, and the next run does."""
    closed = workspace.write("logs/closed.jsonl", lines(request("c")))
    closed.chmod(0)
    if os.access(closed, os.R_OK):
        pytest.skip("root may read everything")
    said = run(workspace, code=3)
    assert f"tollbook: {closed}: cannot be read: Permission denied (source 'gateway'). Let" in said
    assert accepted(workspace) == GOOD
    closed.chmod(0o600)
    run(workspace, code=0)
    assert accepted(workspace) == {**GOOD, "logs/closed.jsonl": 1}


def test_a_folder_that_is_not_there_costs_only_itself(workspace: Workspace) -> None:
    """In a configuration it may come back (3); typed on the command line it is a slip (2)."""
    workspace.configure(LENIENT.replace('["logs"]', '["logs", "logz"]'))
    said = run(workspace, code=3)
    assert f"tollbook: {workspace.path('logz')}: cannot be read: No such file or directory" in said
    assert "Check the path, or take it out of the configuration." in said
    assert accepted(workspace) == GOOD
    assert "tollbook: logz: there is no such file. Check the path or the" in run(
        workspace, "logs", "logz", code=2
    )


def test_a_slip_in_the_configuration_starts_nothing(workspace: Workspace) -> None:
    """The key is named, and the nearest one that there is."""
    workspace.configure(LENIENT.replace("timezone", "timezome"))
    said = run(workspace, code=2)
    assert said == (
        "tollbook: tollbook.toml:4 organization.timezome: unknown key. Did you mean 'timezone'?\n"
    )
    assert not workspace.path("var").exists()
