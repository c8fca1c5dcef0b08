"""A real standalone cluster on loopback: a master, workers and a Connect server, own processes.

Needs Java and the extra `tollbook[spark]`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.support.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
_PATIENCE_SECONDS = 600
# For few rows: to compile the plan of a statement costs more than to run it.
FOR_FEW_ROWS: Mapping[str, str] = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
# For Java machines that live for some seconds: less than half of the CPU.
FOR_SHORT_LIVES = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData "
    "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)
_CLASSES = "org.apache.spark.deploy"


@cache
def missing() -> str:
    """Why there can be no cluster here; empty where there can."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed: pip install 'tollbook[spark]'"
    java = shutil.which("java")
    if java is None:
        return "Spark needs Java, which is not installed"
    says = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', says)
    if version is None or int(version[1]) < 17:
        return "Spark needs Java 17 or newer"
    return ""


def end_java() -> None:
    """End the Java machine of this process: another session would have it with its settings."""
    from pyspark import SparkContext  # noqa: PLC0415  where it is installed

    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


class SparkCluster:
    """A master and as many workers as are started, each with one core, in a folder of its own."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], java: str = FOR_SHORT_LIVES
    ) -> None:
        spec = importlib.util.find_spec("pyspark")
        assert spec is not None
        assert spec.submodule_search_locations is not None
        self._home = spec.submodule_search_locations[0]
        self._folder = folder
        folder.mkdir(parents=True)
        usual = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memory": "600m",
            "spark.driver.memory": "600m",
            # a busy machine is no defect
            "spark.network.timeout": "900s",
            "spark.python.authenticate.socketTimeout": "600s",
            # of what a dead executor had: it does not come back
            "spark.shuffle.io.retryWait": "200ms",
        }
        text = "".join(f"{name} {value}\n" for name, value in {**usual, **settings}.items())
        (folder / "spark-defaults.conf").write_text(text, encoding="utf-8")
        self.changed = {
            "SPARK_HOME": self._home,
            "SPARK_CONF_DIR": str(folder),
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONWARNINGS": "ignore",
            "JAVA_TOOL_OPTIONS": java,
        }
        self.environment = {**os.environ, **self.changed}
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self._started = 0
        port = free_port()
        self.master = f"spark://127.0.0.1:{port}"
        self._start(
            *("master", f"{_CLASSES}.master.Master", "--host", "127.0.0.1"),
            *("--port", str(port), "--webui-port", "0"),
        )
        self._wait_for(port)

    @property
    def sessions(self) -> set[int]:
        """The sessions of all that was started, whose processes are the cluster's."""
        return {process.pid for process in self._processes}

    def add_worker(self) -> None:
        """Start one more worker."""
        self._started += 1
        name = f"worker{self._started}"
        # of a name each: a task is not done twice on one machine
        host = f"127.0.0.{1 + self._started}" if sys.platform == "linux" else "127.0.0.1"
        worker = self._start(
            *(name, f"{_CLASSES}.worker.Worker", "--host", host, "--cores", "1"),
            *("--memory", "1g", "--webui-port", "0", "--work-dir", str(self._folder / name)),
            self.master,
        )
        self.workers.append(worker)

    def connect(self) -> str:
        """Start a Connect server; gives its address."""
        port = free_port()
        submit = f"{self._home}/bin/spark-submit"
        settings = {
            "spark.connect.grpc.binding.port": str(port),
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.driver.memory": "1g",  # plans are large
        }
        self._start_command(
            "connect",
            [
                submit,
                *("--master", self.master),
                *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
                *(f"--conf={name}={value}" for name, value in settings.items()),
                "spark-internal",
            ],
        )
        self._wait_for(port)
        return f"sc://127.0.0.1:{port}"

    def kill_worker(self) -> None:
        """SIGKILL for the first worker and its executors, and another one in its place."""
        _kill(self.workers.pop(0))
        self.add_worker()

    def end(self) -> None:
        """End all that was started."""
        for process in self._processes:
            _kill(process)

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        return self._start_command(name, [f"{self._home}/bin/spark-class", *words])

    def _start_command(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _wait_for(self, port: int) -> None:
        """Wait until the process that was started last listens."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert self._processes[-1].poll() is None, self._logs()
                assert time.monotonic() < until, self._logs()
                time.sleep(0.1)
            else:
                return

    def _logs(self) -> str:
        return "\n".join(log.read_text() for log in self._folder.glob("*.log"))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """A process and all that it started, which are of its group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
