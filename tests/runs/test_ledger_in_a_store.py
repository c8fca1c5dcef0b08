"""Runs whose ledger is in an object store publish what runs with a local ledger publish."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from pipeline.errors import RunFailedError
from pipeline.published.reader import open_published
from pipeline.runs.stages import read_sources
from pipeline.storage.object_store import store
from tests.support.workspace import (
    CONFIGURATION,
    NOW,
    PUBLISHED,
    Workspace,
    lines,
    price,
    request,
)

ASKED = PUBLISHED | {
    "usage_versions": "SELECT * EXCLUDE (recorded_at, replaced_at) FROM usage_versions ORDER BY ALL"
}
CHECKOUT = Path(__file__).resolve().parents[2]


class Store:
    """An S3 server on loopback, which can be told to answer 503 or to hold what is put."""

    def __init__(self) -> None:
        self.refused = 0  # so many further requests are answered with 503
        self.is_holding = threading.Event()
        self.has_begun = threading.Event()

    @contextlib.contextmanager
    def serve(self) -> Iterator[str]:
        """The server's address, while it runs."""
        moto = pytest.importorskip("moto.server", reason="the S3 server of the test is not there")
        serving = pytest.importorskip("werkzeug.serving")
        pytest.importorskip("s3fs")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = moto.DomainDispatcherApplication(moto.create_backend_app)

        def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            if self.refused > 0:
                self.refused -= 1
                start("503 Slow Down", [("Content-Type", "text/xml")])
                return [b"<Error><Code>SlowDown</Code><Message>later</Message></Error>"]
            answered = app(environ, start)
            if environ["REQUEST_METHOD"] == "PUT":
                self.has_begun.set()
                while self.is_holding.is_set():
                    time.sleep(0.05)
            return answered

        server = serving.make_server("127.0.0.1", 0, answer, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self.is_holding.clear()
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[tuple[Store, dict[str, str]]]:
    """A server with a bucket, and the environment that leads to it."""
    held = Store()
    with held.serve() as endpoint, pytest.MonkeyPatch.context() as patch:
        environment = {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_MAX_ATTEMPTS": "1",
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        store._file_system.cache_clear()
        fsspec.filesystem("s3").clear_instance_cache()
        with contextlib.suppress(FileExistsError):  # the server's memory is that of the process
            fsspec.filesystem("s3").mkdir("bucket")
        yield held, environment
        store._file_system.cache_clear()


def stored_at(folder: Path, address: str) -> Workspace:
    """A workspace with its ledger in a store."""
    there = CONFIGURATION.replace('root = "var"', f'root = "var"\nledger = "{address}"')
    return Workspace(folder, there)


def acts(workspace: Workspace) -> Iterator[str]:
    """What happens in a storage, act by act."""
    records = "{},2026-11-20T10:00:00,proj_a,alpha,{},5,1"
    late = request("b", 20, when="2026-10-31T23:30:00")
    workspace.write("logs/a.jsonl", lines(request("a", 10), late, request(None, 5), {"bad": 1}))
    workspace.records("exports/x.csv", records.format("r1", 100), records.format("r2", 7))
    workspace.run()
    yield "first"
    workspace.write("logs/b.jsonl.gz", lines(request("a", 10), request("c", 30)))
    workspace.append("logs/a.jsonl", lines(request("d", 40, when="2026-11-01T00:10:00")))
    workspace.records("exports/y.csv", records.format("r1", 101))
    workspace.run()
    yield "grown, repeated and replaced"
    workspace.price(price("alpha", "text_input_tokens", "3"))
    workspace.rerate()
    yield "rated again"
    workspace.forget("logs/b.jsonl.gz")
    yield "forgotten"


def published(workspace: Workspace) -> dict[str, list[Any]]:
    """What readers see."""
    here = str(workspace.folder)
    with open_published(workspace.path("var/published")) as con:
        return {
            name: [
                tuple(v.replace(here, "") if isinstance(v, str) else v for v in row)
                for row in con.execute(query).fetchall()
            ]
            for name, query in ASKED.items()
        }


def test_a_run_moves_its_ledger_and_the_next_one_reads_it_there(tmp_path: Path) -> None:
    """Nothing of it is left here; a replaced row is left out of what is published."""
    address = f"memory:///{tmp_path.name}"
    workspace = stored_at(tmp_path, address)
    running = acts(workspace)
    next(running)
    files = fsspec.filesystem("memory").find(address)
    assert len(files) == 2
    assert list(workspace.path("var/ledger").rglob("*.parquet")) == []
    assert list(workspace.path("var/published/").rglob("usage/**/*.parquet")) == []
    next(running)
    found = published(workspace)
    tokens = [row for row in found["usage"] if row[0] == "r1"]
    assert len(tokens) == 1
    assert len(found["usage_versions"]) == 1
    assert len(found["usage"]) == 7
    with open_published(workspace.path("var/published")) as con:
        sums = "SELECT (SELECT sum(cost_usd) FROM charges), (SELECT sum(cost_usd) FROM usage)"
        [(charged, used)] = con.execute(sums).fetchall()
    assert charged == used


def test_files_in_a_store_have_more_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that is opened there costs its time: a limit of their own says how many rows."""
    address = f"memory:///{tmp_path.name}"
    workspace = stored_at(tmp_path, address)
    monkeypatch.setattr(read_sources, "ROWS_A_FILE_IN_STORE", 1)
    for name in "abc":  # packed: those that are not are read together
        workspace.write(f"logs/{name}.jsonl.gz", lines(request(name, 10)))
    workspace.run()
    assert len(fsspec.filesystem("memory").find(address)) == 3


@pytest.mark.slow
def test_every_view_is_that_of_a_local_ledger(
    tmp_path: Path, server: tuple[Store, dict[str, str]]
) -> None:
    """After each act, on a real S3 server."""
    assert server
    here, there = Workspace(tmp_path / "here"), stored_at(tmp_path / "there", "s3://bucket/a/b")
    for act, _ in zip(acts(here), acts(there), strict=True):
        assert published(here) == published(there), act
    named = {path for (path,) in paths(there)}
    assert named == {f"s3://{path}" for path in fsspec.filesystem("s3").find("bucket/a/b")}


def paths(workspace: Workspace) -> list[tuple[Any, ...]]:
    """The usage files that the snapshot names, and those of replaced rows."""
    with open_published(workspace.path("var/published")) as con:
        return con.execute(
            "SELECT path FROM stored.day_files WHERE macro = 'usage_files' "
            "UNION SELECT path FROM stored.version_files"
        ).fetchall()


@pytest.mark.slow
def test_a_store_that_answers_503(tmp_path: Path, server: tuple[Store, dict[str, str]]) -> None:
    """For a while: the run waits. For long: it fails, and the next one reads everything."""
    held, _ = server
    workspace = stored_at(tmp_path / "there", "s3://bucket/away")
    workspace.write("logs/a.jsonl", lines(request("a", 10), request("b", 20)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "DELAYS", (0.01,) * 3)
        held.refused = 1_000
        with pytest.raises(RunFailedError, match="the store of the ledger cannot be used"):
            workspace.run()
        assert not workspace.path("var/published").exists()
        held.refused = 2
        workspace.run()
    assert sum(row[3] for row in usage(workspace)) == 30


def usage(workspace: Workspace) -> list[tuple[Any, ...]]:
    """The usage records: id, model, project and input tokens."""
    with open_published(workspace.path("var/published")) as con:
        return con.execute(
            "SELECT record_id, model, project_id, text_input_tokens FROM usage ORDER BY 1"
        ).fetchall()


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_moves_files(
    tmp_path: Path, server: tuple[Store, dict[str, str]]
) -> None:
    """The next run removes what it had put there, and gives the same figures."""
    held, environment = server
    workspace = stored_at(tmp_path / "there", "s3://bucket/killed")
    workspace.write("logs/a.jsonl", lines(request("a", 10), request("b", 20)))
    held.is_holding.set()
    held.has_begun.clear()
    words = ("run", "--config", str(workspace.path("tollbook.toml")), "--now", f"{NOW}Z")
    run = subprocess.Popen(
        [sys.executable, "-m", "pipeline", *words],
        env=os.environ | environment | {"PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert held.has_begun.wait(60)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
        held.is_holding.clear()
    system = fsspec.filesystem("s3")
    left = set(system.find("bucket/killed"))
    assert left
    workspace.run()
    system.invalidate_cache()
    now = set(system.find("bucket/killed"))
    assert left.isdisjoint(now)
    assert {f"s3://{path}" for path in now} == {path for (path,) in paths(workspace)}
    assert sum(row[3] for row in usage(workspace)) == 30
