"""The storage lock: one holder across processes, freed by the kernel, and who it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, LockHeldError
from pipeline.storage.lock import holder, storage_lock

NOW = datetime(2026, 11, 24, 8, 0, 5)
HOLDER = """
import sys, time
from datetime import datetime
from pathlib import Path
from pipeline.storage.lock import holder, storage_lock
with storage_lock(Path(sys.argv[1]), what="tollbook run", real_now=datetime(2026, 11, 24, 8, 0, 5)):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    """Exit 75 at once, naming the holder, since when, and what to do."""
    with (
        another_holder(tmp_path) as other,
        pytest.raises(LockHeldError) as caught,
        storage_lock(tmp_path, what="tollbook run", real_now=NOW),
    ):
        pytest.fail("held twice")
    assert caught.value.exit_code == 75
    assert str(caught.value) == (
        f"{tmp_path}/lock: `tollbook run` (process {other.pid}) holds this storage "
        f"since 2026-11-24 08:00:05 UTC. Wait until it has ended, or stop it with "
        f"`kill {other.pid}`; nothing was changed."
    )


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """A kill -9 frees it, though the file still names the dead process."""
    with another_holder(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert str(other.pid) in (tmp_path / "lock").read_text()
        with storage_lock(tmp_path, what="tollbook run", real_now=NOW) as was_killed:
            assert f'"pid": {os.getpid()}' in (tmp_path / "lock").read_text()
            assert was_killed
        with storage_lock(tmp_path, what="tollbook run", real_now=NOW) as was_killed:
            assert not was_killed


def test_a_thread_of_the_same_process_is_kept_out_too(tmp_path: Path) -> None:
    """The lock belongs to the one who took it, not to the process; afterwards it is free."""
    with storage_lock(tmp_path, what="first", real_now=NOW):
        with (
            pytest.raises(LockHeldError, match="`first`"),
            storage_lock(tmp_path, what="second", real_now=NOW),
        ):
            pytest.fail("held twice")
        with (
            pytest.raises(LockHeldError, match="`first`"),  # the failed attempt freed nothing
            storage_lock(tmp_path, what="third", real_now=NOW),
        ):
            pytest.fail("held twice")
    with storage_lock(tmp_path, what="fourth", real_now=NOW):
        pass


def test_an_error_inside_frees_it_and_comes_out(tmp_path: Path) -> None:
    """The lock adds nothing to the errors of what it guards."""
    with (
        pytest.raises(ZeroDivisionError),
        storage_lock(tmp_path, what="tollbook run", real_now=NOW),
    ):
        raise ZeroDivisionError
    with storage_lock(tmp_path, what="tollbook run", real_now=NOW):
        pass


def test_after_a_deletion_all_agree_on_the_new_file(tmp_path: Path) -> None:
    """Deleting the file lets one newcomer in; those after it are kept out by the new file."""
    (tmp_path / "lock").write_text("left over")
    with storage_lock(tmp_path, what="tollbook run", real_now=NOW):
        (tmp_path / "lock").unlink()
        with storage_lock(tmp_path, what="newcomer", real_now=NOW):
            assert "newcomer" in (tmp_path / "lock").read_text()
        with (
            storage_lock(tmp_path, what="next", real_now=NOW),
            pytest.raises(LockHeldError, match="`next`"),
            storage_lock(tmp_path, what="last", real_now=NOW),
        ):
            pytest.fail("held twice")


def test_a_holder_that_has_not_written_is_unknown(tmp_path: Path) -> None:
    """A file without a name in it is still a lock."""
    with storage_lock(tmp_path, what="tollbook run", real_now=NOW):
        (tmp_path / "lock").write_text("")
        with (
            pytest.raises(LockHeldError, match="another process holds this storage"),
            storage_lock(tmp_path, what="second", real_now=NOW),
        ):
            pytest.fail("held twice")


def test_a_holder_on_another_host_is_named_with_it(tmp_path: Path) -> None:
    """No `kill` is offered for a process that is not here."""
    with storage_lock(tmp_path, what="tollbook run", real_now=NOW):
        (tmp_path / "lock").write_text(
            '{"what": "tollbook run", "pid": 7, "host": "elsewhere.invalid", "since": "then"}'
        )
        with (
            pytest.raises(LockHeldError) as caught,
            storage_lock(tmp_path, what="second", real_now=NOW),
        ):
            pytest.fail("held twice")
    assert "(process 7 on elsewhere.invalid)" in str(caught.value)
    assert "kill" not in str(caught.value)


def test_a_holder_in_another_container_is_not_to_be_killed_from_here(tmp_path: Path) -> None:
    """Containers may share the host's name, and never their process ids."""
    with storage_lock(tmp_path, what="tollbook schedule", real_now=NOW):
        written = json.loads((tmp_path / "lock").read_text())
        written |= {"pid": 1, "pid_namespace": "pid:[1]"}
        (tmp_path / "lock").write_text(json.dumps(written))
        with (
            pytest.raises(LockHeldError) as caught,
            storage_lock(tmp_path, what="second", real_now=NOW),
        ):
            pytest.fail("held twice")
        assert "in another container" in (holder(tmp_path) or "")
    assert "(process 1 in another container)" in str(caught.value)
    assert "kill" not in str(caught.value)


def test_the_root_is_made(tmp_path: Path) -> None:
    """A first run needs no mkdir."""
    with storage_lock(tmp_path / "a" / "b", what="tollbook run", real_now=NOW):
        assert (tmp_path / "a" / "b" / "lock").is_file()


def test_a_root_that_is_a_file_is_a_configuration_error(tmp_path: Path) -> None:
    """It names the key and what to do."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError) as caught,
        storage_lock(tmp_path / "file", what="tollbook run", real_now=NOW),
    ):
        pytest.fail("held")
    assert caught.value.key == "storage.root"
    assert "cannot be used" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_root_that_may_not_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    """It names the key and what to do."""
    tmp_path.chmod(0o500)
    with (
        pytest.raises(ConfigError, match="Permission denied"),
        storage_lock(tmp_path, what="tollbook run", real_now=NOW),
    ):
        pytest.fail("held")
