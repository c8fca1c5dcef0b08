"""Which version a content belongs to, where some of them were forgotten."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.intake.files.hashes import content_hashes
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles

CONTENT = b'{"id": "1"}\n'
AT = datetime(2026, 3, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the content."""
    path = tmp_path / "new.jsonl"
    path.write_bytes(CONTENT)
    return path


def _known(path: Path, *versions: tuple[str, str, int]) -> tuple[InputFiles, str]:
    """Versions of the content, by basis, state and rows held back; and its hash."""
    ((size, content_hash),) = content_hashes(path, [len(CONTENT)])
    files = InputFiles()
    for number, (basis, state, quarantined) in enumerate(versions):
        entry = InputFile(
            file_id=0,
            input_file=f"{number}.jsonl",
            source="s",
            kind="request_log",
            basis=basis,
            state=state,
            landed_path=None,
            size_bytes=size,
            modified_ns=0,
            sample_hash="",
            content_hash=content_hash,
            read_bytes=size,
            lines_read=1,
            rows_read=1,
            accepted=1 - quarantined,
            duplicate=0,
            superseded=0,
            quarantined=quarantined,
            not_usage=0,
            waiting_bytes=0,
            is_tail_rejected=False,
            first_record_at=AT,
            last_record_at=AT,
            ingested_at=AT,
            run_id="run",
        )
        files.add(entry, None)
    files._forgotten = [entry for entry in files.versions if entry.state == "forgotten"]
    return files, content_hash


@pytest.mark.parametrize(
    ("versions", "original", "left_out"),
    [
        ([("charge", "forgotten", 0)], 1, 1),
        ([("charge", "forgotten", 0), ("charge", "read", 0)], 2, 0),
        # the rows held back may be readable by now: read, and not left out
        ([("charge", "forgotten", 1), ("charge", "read", 1)], None, 0),
        # what counts as detail is no reason to charge what was forgotten
        ([("charge", "forgotten", 0), ("detail", "read", 0)], 1, 1),
    ],
)
def test_a_content_is_forgotten_unless_a_file_of_its_basis_still_counts(
    path: Path, versions: list[tuple[str, str, int]], original: int | None, left_out: int
) -> None:
    files, content_hash = _known(path, *versions)
    first = min((entry.file_id for entry in files.versions), default=1)
    found = files.copy_of("request_log", "charge", content_hash)
    assert (found and found.file_id - first + 1) == original
    forgotten = files.forgotten_beginning("request_log", "charge", path)
    assert (forgotten is not None) == bool(left_out)


def test_of_an_empty_file_nothing_was_forgotten(path: Path) -> None:
    files, content_hash = _known(path, ("charge", "forgotten", 0))
    assert files.copy_of("request_log", "charge", content_hash) is not None
    files.versions[0].size_bytes = 0
    assert files.copy_of("request_log", "charge", content_hash) is None
