"""What holds for all tests."""

import gc
import os
import ssl

# Two workers share the machine: neither polars nor DuckDB nor what a test starts takes all of its
# cores. Polars reads this when it is imported, so it stands before everything that may do so.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("POLARS_MAX_THREADS", "1")

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import structlog
import typer.main
import typer.testing
from hypothesis import settings

from pipeline.network import guard
from pipeline.storage.engines import duckdb as duckdb_engine
from tests.support.empty_storage import copied_empty_storage
from tests.support.sample_run import shared_sample_run
from tests.support.scratch import use_memory

if "PYTEST_XDIST_WORKER" in os.environ:
    duckdb_engine._SETTINGS = (*duckdb_engine._SETTINGS, "SET threads = 1")
# Typer builds all commands anew for each call; a process of its own makes one call.
typer.main.get_command = cache(typer.main.get_command)
typer.testing._get_command = typer.main.get_command  # type: ignore[attr-defined]
# What the tests start may keep its bytecode: else each process compiles the program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Each client makes the context of its connections, from all certificates of the machine.
ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]
gc.disable()  # until all tests are known: there is hardly any garbage, and much to look at
use_memory()  # before anything asks for the folder of temporary files

# The same examples in every run, so that no test fails by chance; TOLLBOOK_RANDOM=1 takes others.
# No test is a stopwatch: a slow machine is no defect.
settings.register_profile(
    "tollbook",
    derandomize=os.environ.get("TOLLBOOK_RANDOM") != "1",
    database=None,
    deadline=None,
    print_blob=False,
)
settings.load_profile("tollbook")


@pytest.fixture(scope="session", autouse=True)
def _empty_storages() -> Iterator[None]:
    """A new storage is a copy of an empty one, whose migrations are applied once."""
    with copied_empty_storage():
        yield


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `tollbook demo` ran once, to be read."""
    return shared_sample_run(tmp_path_factory)


def pytest_configure(config: pytest.Config) -> None:
    """Of several workers each imports a part of the tests first, and finds the others compiled.

    Else each compiles all of them. A module that cannot be imported is told by its collection.
    """
    if config.args != config.getini("testpaths") or "PYTEST_XDIST_WORKER" not in os.environ:
        return
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    first, end = (len(files) * n // workers for n in (number, number + 1))
    for path in files[first:end]:
        with suppress(Exception):
            import_module(".".join(path.relative_to(config.rootpath).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Tests stay until the end: the collector of garbage need not look at them each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # most of what a test makes goes without the collector
    gc.enable()


def pytest_runtest_setup() -> None:
    """A command called in this process sets up its own log; the next test does not inherit it.

    Nor what it allows of the network: servers of tests are on this machine.
    """
    structlog.reset_defaults()
    guard.allow(("127.0.0.0/8",))
