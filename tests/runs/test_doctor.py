"""`tollbook doctor`: each thing a run would stumble over is seen before, and nothing is changed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config.load import load
from pipeline.runs.doctor import Check, diagnose, exit_code
from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.lock import storage_lock
from tests.support.unprivileged import open_folder, unprivileged

NOW = datetime(2026, 11, 24, 8)
RUN_ID = "20261124T080000000000Z"
SOURCE = '[[sources]]\nname = "gateway"\nkind = "request_log"\npath = ["logs"]\n'


def look(folder: Path, text: str, environment: dict[str, str] | None = None) -> dict[str, Check]:
    """The checks of a configuration in a folder, by name."""
    path = folder / "tollbook.toml"
    path.write_text(text)
    return {c.name: c for c in diagnose(lambda: load(path), environment or {})}


def record_run(folder: Path, run_id: str, outcome: str, message: str | None, at: datetime) -> None:
    """Books in the folder's default storage that know of one run more."""
    with open_database(StorageLayout(folder / "tollbook-data")) as books:
        books.con.execute(
            "INSERT INTO runs SELECT "
            "$id, $at, $at, $at, 'run', $outcome, 0, 0, 0, 0, 0, 0, $text, NULL",
            {"id": run_id, "at": at, "outcome": outcome, "text": message},
        )


def test_a_fresh_start_is_fine(tmp_path: Path) -> None:
    """Logs, no storage yet: exit 0, the files are counted, and no storage has been made."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_text("{}\n")
    found = look(
        tmp_path,
        '[[sources]]\nname = "gateway"\nkind = "request_log"\npath = ["logs/*.jsonl"]\n',
    )
    assert exit_code(tuple(found.values())) == 0
    assert {c.state for c in found.values()} == {"ok"}
    assert found["source gateway"].value == "request_log, charge: 1 file"
    assert found["database"].value == "none yet: nothing has run"
    assert not (tmp_path / "tollbook-data").exists()


def test_a_configuration_that_cannot_be_read_is_exit_2(tmp_path: Path) -> None:
    """What can be said without it is said, and then what is wrong with it."""
    found = look(tmp_path, "[storage]\nroots = 'x'\n")
    assert exit_code(tuple(found.values())) == 2
    assert found["file"].state == "error"
    assert "unknown key" in found["file"].value
    assert found["python"].state == "ok"


def test_a_source_without_files_is_a_warning(tmp_path: Path) -> None:
    """A run would not fail for it, but nobody means it."""
    found = look(
        tmp_path, '[[sources]]\nname = "a"\nkind = "request_log"\npath = ["nowhere/*.jsonl"]\n'
    )
    assert (found["source a"].state, found["source a"].value) == (
        "warning",
        "request_log, charge: 0 files",
    )
    assert "nowhere/*.jsonl" in (found["source a"].hint or "")
    assert exit_code(tuple(found.values())) == 0


def test_channels_are_named_without_their_secrets(tmp_path: Path) -> None:
    """The service and the variable are shown, never the URL."""
    text = '[alerts]\nchannels = ["env:HOOK"]\n'
    found = look(tmp_path, text, {"HOOK": "json://user:s3cret-word@localhost/t0ken"})
    assert found["channels"].value == "json (env:HOOK)"
    assert "s3cret-word" not in str(found)
    assert "t0ken" not in str(found)


def test_a_channel_without_its_variable_is_exit_2(tmp_path: Path) -> None:
    """A run would end with 2 as well, before it has done anything."""
    found = look(tmp_path, '[alerts]\nchannels = ["env:HOOK"]\n')
    assert found["channels"].state == "error"
    assert "HOOK" in found["channels"].value
    assert exit_code(tuple(found.values())) == 2


def test_a_broken_price_file_is_exit_2(tmp_path: Path) -> None:
    """The first error is shown with its file and line."""
    (tmp_path / "ours.csv").write_text(
        "provider,model,meter,service_tier,context_class,price_usd,per,unit,valid_from,valid_to,"
        "source,recorded_at\n"
        'openai,m,text_input_tokens,default,base,"1,20",1000000,tokens,,,contract,2026-01-01\n'
    )
    found = look(tmp_path, '[prices]\nfiles = ["ours.csv"]\n')
    assert found["prices"].state == "error"
    assert "1 error," in found["prices"].value
    assert "ours.csv:2" in (found["prices"].hint or "")
    assert exit_code(tuple(found.values())) == 2


def test_the_last_runs_are_told_apart(tmp_path: Path) -> None:
    """When it last went well stays visible after it has failed."""
    record_run(tmp_path, "run-1", "done", None, NOW)
    record_run(tmp_path, "run-2", "failed", "disk full", NOW + timedelta(hours=1))
    found = look(tmp_path, "")
    assert found["last run"].value == "run, failed at 2026-11-24 09:00 UTC"
    assert (found["last run"].state, found["last run"].hint) == ("warning", "disk full")
    assert found["last good run"].value == "2026-11-24 08:00 UTC"


def test_left_over_files_are_counted_and_left(tmp_path: Path) -> None:
    """Looking removes nothing: the next run does."""
    with open_database(StorageLayout(tmp_path / "tollbook-data")) as books:
        books.con.execute("INSERT INTO begun_runs VALUES ($1)", [RUN_ID])
    ledger = tmp_path / "tollbook-data" / "ledger"
    ledger.mkdir()
    (ledger / f"{RUN_ID}-1.parquet").write_bytes(b"PAR1")
    found = look(tmp_path, "")
    assert found["left over"].value == "1 file of a run that did not end"
    assert (ledger / f"{RUN_ID}-1.parquet").exists()


def test_another_time_zone_than_the_books_is_exit_2(tmp_path: Path) -> None:
    """Days are kept in it, so a run would refuse."""
    with open_database(StorageLayout(tmp_path / "tollbook-data")) as books:
        books.agree("timezone", "Europe/Berlin", what="the time zone", hint="")
    found = look(tmp_path, '[organization]\ntimezone = "Asia/Tokyo"\n')
    assert found["days kept in"].value == ("Europe/Berlin, but the configuration says Asia/Tokyo")
    assert exit_code(tuple(found.values())) == 2


def test_books_of_a_newer_version_are_exit_1(tmp_path: Path) -> None:
    """A change that this version does not know is named."""
    with open_database(StorageLayout(tmp_path / "tollbook-data")) as books:
        books.con.execute("INSERT INTO migrations VALUES ('schema/999_later')")
    found = look(tmp_path, "")
    assert found["database"].value == "written by a newer tollbook (schema/999_later)"
    assert exit_code(tuple(found.values())) == 1


def test_books_that_are_no_database_are_exit_1(tmp_path: Path) -> None:
    """One line says so."""
    root = tmp_path / "tollbook-data"
    root.mkdir()
    (root / "warehouse.duckdb").write_text("this is no database, but long enough to look at\n" * 99)
    found = look(tmp_path, "")
    assert found["database"].state == "error"
    assert "\n" not in found["database"].value
    assert exit_code(tuple(found.values())) == 1


def test_a_running_run_is_named_and_not_disturbed(tmp_path: Path) -> None:
    """The lock's holder is shown; the lock itself is not touched."""
    root = tmp_path / "tollbook-data"
    with storage_lock(root, what="tollbook run", real_now=NOW):
        held = look(tmp_path, "")["lock"].value
        assert held == f"`tollbook run` (process {os.getpid()}) since 2026-11-24 08:00:00 UTC"
    assert look(tmp_path, "")["lock"].value == "free"


def test_files_of_a_running_run_are_not_called_left_over(tmp_path: Path) -> None:
    """It has begun, and will name them when it commits."""
    root = tmp_path / "tollbook-data"
    record_run(tmp_path, "run-1", "done", None, NOW)
    (root / "ledger").mkdir()
    (root / "ledger" / f"{RUN_ID}-1.parquet").write_bytes(b"PAR1")
    with storage_lock(root, what="tollbook run", real_now=NOW):
        found = look(tmp_path, "")
    assert found["left over"].value == "1 file of the run in progress"
    assert "unknown files" not in found


def test_the_words_of_a_killed_run_are_no_lock(tmp_path: Path) -> None:
    """Its process is gone, so the kernel has let go of the lock."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    root = tmp_path / "tollbook-data"
    root.mkdir()
    words = {"what": "tollbook run", "pid": ended.pid, "host": socket.gethostname(), "since": "x"}
    (root / "lock").write_text(json.dumps(words))
    assert look(tmp_path, "")["lock"].value == "free"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_root_that_cannot_be_written_is_exit_1(tmp_path: Path) -> None:
    """So it is seen before the first night."""
    tmp_path.chmod(0o777)
    (tmp_path / "tollbook-data").mkdir(mode=0o500)
    found = look(tmp_path, "")
    assert found["root"].state == "error"
    assert exit_code(tuple(found.values())) == 1


def test_a_root_below_a_file_is_exit_1(tmp_path: Path) -> None:
    """Also for root, a file is no folder."""
    (tmp_path / "file").write_text("")
    found = look(tmp_path, '[storage]\nroot = "file/var"\n')
    assert found["root"].state == "error"
    assert exit_code(tuple(found.values())) == 1


REBUILD = "`tollbook rebuild` makes it again; or restore it from a backup."


@pytest.mark.parametrize("length", [0, 5_000, 300_000])
def test_a_damaged_database_leaves_the_other_checks(tmp_path: Path, length: int) -> None:
    """One cut short, as by a full disk, is an error of its own line; a run says the same."""
    record_run(tmp_path, "run-1", "done", None, NOW)
    warehouse = tmp_path / "tollbook-data" / "warehouse.duckdb"
    warehouse.write_bytes(warehouse.read_bytes()[:length])
    found = look(tmp_path, "")
    assert found["database"].state == "error"
    assert found["database"].value == f"{warehouse}: is damaged. {REBUILD}"
    assert found["published"].value == "nothing yet"
    assert exit_code(tuple(found.values())) == 1
    words = ["run", "--config", str(tmp_path / "tollbook.toml"), "--now", "2026-11-24T08:00:00Z"]
    (tmp_path / "tollbook.toml").write_text(SOURCE)
    failed = CliRunner().invoke(app, words).exception
    assert str(failed) == f"{warehouse}: is damaged. {REBUILD}"


def test_a_storage_of_another_user_is_named_with_its_owner() -> None:
    """Its owner, who may not use it, and what to do; the other checks follow."""
    with open_folder() as folder:
        record_run(folder, "run-1", "done", None, NOW)
        root = folder / "tollbook-data"
        root.chmod(0)
        text = '[[sources]]\nname = "a"\nkind = "request_log"\npath = ["logs"]\n'
        look(folder, text)  # so that what it imports is there before rights are given up
        with unprivileged():
            found = {c.name: c for c in diagnose(lambda: load(folder / "tollbook.toml"), {})}
        root.chmod(0o700)
    assert found["root"].state == "error"
    assert "may not be used by nobody" in found["database"].value
    assert exit_code(tuple(found.values())) == 1


def test_a_replaced_file_is_no_run_that_did_not_end(tmp_path: Path) -> None:
    """The run that wrote it has ended."""
    ledger = tmp_path / "tollbook-data" / "ledger"
    record_run(tmp_path, RUN_ID, "done", None, NOW)
    ledger.mkdir()
    (ledger / f"{RUN_ID}-1.parquet").write_bytes(b"PAR1")
    assert look(tmp_path, "")["left over"].value == "1 file that a later run replaced"
