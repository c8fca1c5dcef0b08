"""A store that is away for a while, or for good; what a run puts there and takes away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import polars as pl
import pytest

from pipeline.errors import RunFailedError
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store import store
from pipeline.storage.object_store.ship import ship, unship


@dataclass
class Written:
    """A file that is not live yet."""

    path: str


@pytest.fixture
def layout(tmp_path: Path) -> StorageLayout:
    """A storage with a store in memory, empty at first."""
    address = f"memory:///{tmp_path.name}"
    return StorageLayout(tmp_path, address)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A ledger file on this machine."""
    path = tmp_path / "ledger" / "usage_month=2026-11" / "R-1.parquet"
    path.parent.mkdir(parents=True)
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)
    return Written(str(path))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def failing(
    monkeypatch: pytest.MonkeyPatch, layout: StorageLayout, times: int, error: Exception
) -> None:
    """Let the store fail so many times at putting a file."""
    system = store.file_system(str(layout.ledger_store))
    put: Callable[..., Any] = system.put_file
    left = iter(range(times))

    def put_file(*words: Any) -> None:
        if next(left, None) is not None:
            raise error
        put(*words)

    monkeypatch.setattr(system, "put_file", put_file)


def test_a_file_is_moved_below_the_name_of_its_run(layout: StorageLayout, written: Written) -> None:
    """It is read there, and is gone here; what its run put there is taken away together."""
    before = Path(written.path)
    ship(layout, [written], "R")
    assert written.path == f"{layout.ledger_store}/R/usage_month=2026-11/R-1.parquet"
    assert not before.exists()
    assert store.scan(written.path).select(pl.col("a").sum()).collect().item() == 3
    unship(layout, "another")
    assert fsspec.filesystem("memory").exists(written.path)
    unship(layout, "R")
    assert not fsspec.filesystem("memory").exists(written.path)


def test_a_store_that_is_away_for_a_while_is_asked_again(
    layout: StorageLayout, written: Written, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """With longer and longer pauses."""
    failing(monkeypatch, layout, 3, OSError("503 Slow Down"))
    ship(layout, [written], "R")
    assert waits == list(store.DELAYS[:3])
    assert written.path.startswith("memory://")


def test_a_store_that_stays_away_fails_the_run_and_loses_nothing(
    layout: StorageLayout, written: Written, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """The error has no text of the store's, which may have keys; the file stays here."""
    failing(monkeypatch, layout, 100, OSError("https://signed?key=secret"))
    with pytest.raises(RunFailedError, match=r"cannot be used \(OSError\)") as failed:
        ship(layout, [written], "R")
    assert "secret" not in str(failed.value)
    assert failed.value.exit_code == 1
    assert len(waits) == len(store.DELAYS)
    assert Path(written.path).is_file()


@pytest.mark.parametrize("error", [PermissionError("no"), FileNotFoundError("bucket")])
def test_what_will_not_change_is_not_asked_again(
    error: Exception,
    layout: StorageLayout,
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
) -> None:
    """A bucket that is not there, or may not be used."""
    failing(monkeypatch, layout, 100, error)
    with pytest.raises(RunFailedError, match=type(error).__name__):
        ship(layout, [written], "R")
    assert waits == []


def test_without_a_store_files_stay(tmp_path: Path, written: Written) -> None:
    """As they always did."""
    before = written.path
    ship(StorageLayout(tmp_path), [written], "R")
    assert written.path == before
    assert Path(before).is_file()


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (duckdb.IOException('No files found that match the pattern "s3://b/x"'), "is missing"),
        (
            duckdb.Error(
                "Traceback (most recent call last):\n  File x\nbotocore.Error: key=secret"
            ),
            "cannot be used (botocore.Error)",
        ),
    ],
)
def test_what_a_store_fails_with_inside_a_statement_is_told_by_its_kind(
    error: duckdb.Error, what: str
) -> None:
    """DuckDB quotes what the file system raises, with its text."""
    found = store.store_failure(error)
    assert found is not None
    assert what in str(found)
    assert "secret" not in str(found)


def test_other_errors_are_not_of_the_store() -> None:
    """They keep their own messages."""
    assert store.store_failure(duckdb.BinderException("no column x")) is None
    assert store.store_failure(ValueError("no")) is None
