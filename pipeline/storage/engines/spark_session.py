"""A session on a Spark cluster, with our settings, and what its Java machine says.

Spark's own settings may be in `spark-defaults.conf`; ours go before them.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from pipeline.errors import RunFailedError
from pipeline.storage.engines.spark_tables import package_missing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Both libraries start a thread a core in every Python worker, where nothing says otherwise.
SETTINGS: Mapping[str, str] = {
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1",
    # takes minutes and all memory where a plan has a hundred columns and windows over them
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.maxPlanStringLength": "10000",  # that of the fates of repeats is megabytes
    "spark.log.level": "WARN",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# Belong to whoever has started a Connect server.
_STATIC = ("spark.executorEnv.", "spark.log.", "spark.ui.")
_OF_A_LEVEL = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (?P<level>[A-Z]+) (?P<text>.*)")
_WORTH_A_WARNING = "Initial job has not accepted any resources"


def open_session(master: str | None, connect: str | None) -> SparkSession:
    """A session with our settings. Fails: ConfigError, RunFailedError."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise package_missing() from None
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    said = _JavaLog()
    builder = SparkSession.builder.appName("tollbook")
    builder = builder.remote(connect) if connect else builder.master(str(master))
    for name, value in SETTINGS.items():
        if not (connect and name.startswith(_STATIC)):
            builder = builder.config(name, value)
    try:
        if connect is None:
            _start_java(said)
        session = builder.getOrCreate()
    except Exception as error:  # noqa: BLE001  of many kinds, from both sides of a gateway
        said.show()
        raise RunFailedError(
            f"the cluster cannot be reached: {reason_of(error)}",
            key="engine.connect" if connect else "engine.master",
            hint="Is it running, and is Java installed here?",
        ) from None
    said.go_on()
    return session


def reason_of(error: BaseException) -> str:
    """The line of an error that says something; a gateway to Java puts its own before it."""
    details = getattr(error, "details", None)  # of an error of gRPC
    if callable(details) and details():
        return str(details()).splitlines()[0]
    lines = (str(error).strip() or type(error).__name__).splitlines()
    is_gateway = lines[0].startswith("An error occurred while calling")
    return lines[1 if is_gateway and len(lines) > 1 else 0].strip(": ")


def _start_java(said: _JavaLog) -> None:
    """Start the Java machine of this process, if there is none of an earlier session."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway is None:  # noqa: SLF001  what getOrCreate looks at, too
        conf = SparkConf()
        for name, value in SETTINGS.items():
            conf.set(name, value)
        with said.open() as stream:
            gateway = launch_gateway(conf, popen_kwargs={"stderr": stream})
        SparkContext._ensure_initialized(gateway=gateway)  # noqa: SLF001  as above


class _JavaLog:
    """What the Java machine says: shown where it does not start, and then errors alone.

    Also that nobody takes the work, for which Spark waits without an end. What is not in the form
    of Spark's own log, such as that of other settings for it, is shown.
    """

    def __init__(self) -> None:
        self._held: list[str] = []
        self._is_held = self._is_shown = True

    def open(self) -> BinaryIO:
        """Where it is to be written."""
        reading, writing = os.pipe()
        threading.Thread(target=self._read, args=(reading,), daemon=True).start()
        return os.fdopen(writing, "wb")

    def show(self) -> None:
        """It did not start: show all that it has said, and what it says yet."""
        self.go_on()
        _write(self._held)

    def go_on(self) -> None:
        """It has started."""
        self._is_held = False

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if self._is_held:
                    self._held.append(line)
                elif self._is_worth(line):
                    _write([line])

    def _is_worth(self, line: str) -> bool:
        """Whether a line is shown; one without a level goes with the one before it."""
        found = _OF_A_LEVEL.match(line)
        if found is not None:
            is_error = found["level"] in ("ERROR", "FATAL")
            self._is_shown = is_error or _WORTH_A_WARNING in found["text"]
        return self._is_shown


def _write(lines: Sequence[str]) -> None:
    with suppress(ValueError, OSError):  # it is closed: the run has ended
        sys.stderr.write("".join(lines))
        sys.stderr.flush()
