"""What Spark has noted about the tasks of its applications, in its event logs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path


def settings(folder: Path) -> Mapping[str, str]:
    """Settings with which each application writes one plain log into a folder."""
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": folder.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }


def last_log(folder: Path) -> Path:
    """The log of the application that began last."""
    return max(folder.iterdir(), key=lambda path: path.stat().st_mtime)


def shuffled_rows(log: Path) -> list[list[int]]:
    """For each stage that reads a shuffle, how many rows each of its tasks has read."""
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["Event"] != "SparkListenerTaskEnd" or not event.get("Task Metrics"):
            continue
        if event["Task End Reason"]["Reason"] == "Success":
            read = event["Task Metrics"]["Shuffle Read Metrics"]["Total Records Read"]
            found[event["Stage ID"], event["Stage Attempt ID"]].append(read)
    return [tasks for tasks in found.values() if sum(tasks)]


def stages_that_ran_again(log: Path) -> int:
    """How many stages were tried once more, since what an earlier one had written was lost."""
    tries = set()
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["Event"] == "SparkListenerStageSubmitted":
            info = event["Stage Info"]
            tries.add((info["Stage ID"], info["Stage Attempt ID"]))
    return sum(attempt > 0 for _, attempt in tries)
