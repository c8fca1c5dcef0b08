"""A session on Spark: what it needs, and what is shown of what its Java machine says."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest

from pipeline.errors import ConfigError
from pipeline.storage.engines import spark_session
from pipeline.storage.engines.spark_session import open_session


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for Spark without the extra is told its name."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match=r"pip install 'tollbook\[spark\]'"):
        open_session("spark://127.0.0.1:7077", None)


def test_of_what_java_says_errors_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """And that nobody takes the work; what it says while it starts only where it does not."""
    log = spark_session._JavaLog()
    with log.open() as stream:
        stream.write(b"WARNING: Using incubator modules\n26/11/28 01:18:54 WARN Utils: a name\n")
    _until(lambda: len(log._held) == 2)
    log = spark_session._JavaLog()
    log.go_on()
    with log.open() as stream:
        stream.write(
            b"26/11/28 01:18:54 WARN TaskSetManager: Lost task\n\tat java.lang.Thread.run\n"
            b"26/11/28 01:18:55 ERROR TaskSchedulerImpl: Lost executor 1\nbecause it was killed\n"
            b"26/11/28 01:18:56 WARN Scheduler: Initial job has not accepted any resources\n"
            b"26/11/28 01:18:57 INFO SparkContext: all is well\n"
        )
    said = ""
    until = time.monotonic() + 60
    while "accepted" not in said and time.monotonic() < until:
        said += capfd.readouterr().err
        time.sleep(0.01)
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == [
        "Lost executor 1",
        "because it was killed",
        "Initial job has not accepted any resources",
    ]


def test_what_java_said_is_shown_where_it_does_not_start(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With the reason that Spark gives."""
    log = spark_session._JavaLog()
    with log.open() as stream:
        stream.write(b"JAVA_HOME is not set\n")
    _until(lambda: bool(log._held))
    log.show()
    assert capfd.readouterr().err == "JAVA_HOME is not set\n"


def _until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)
