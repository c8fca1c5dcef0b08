"""The log on stderr: its two forms, what is on every line, and what never is."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest
import structlog

from pipeline.config import log


@pytest.fixture(autouse=True)
def _own_context() -> Iterator[None]:
    """Nothing is bound, whatever runs were in this process before."""
    token = log._bound.set({})
    yield
    log._bound.reset(token)
    structlog.reset_defaults()
    log._shown_from.clear()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_each_json_line_has_time_level_event_and_what_is_bound(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.to_stderr(logging.INFO, "json")
    log.bind(run_id="R1")
    log.event("info", "run_started", verb="run")
    log.get_logger().warning("messages_wait", reason="it\nis locked")
    first, second = _lines(capsys)
    assert first.pop("timestamp")
    assert first == {"run_id": "R1", "verb": "run", "event": "run_started", "level": "info"}
    assert (second["run_id"], second["reason"]) == ("R1", "it\nis locked")


def test_what_is_bound_in_a_job_ends_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    log.to_stderr(logging.INFO, "json")
    with log.bound(job="run"):
        log.bind(run_id="R1")
        log.event("info", "inside")
    log.event("info", "after")
    inside, after = _lines(capsys)
    assert (inside["job"], inside["run_id"]) == ("run", "R1")
    assert not {"job", "run_id"} & set(after)


def test_lines_of_a_copied_context_in_another_thread_have_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.to_stderr(logging.INFO, "json")
    log.bind(run_id="R1")
    for target in (copy_context().run, lambda call, *words: call(*words)):
        thread = threading.Thread(target=target, args=(log.event, "info", "piece_fetched"))
        thread.start()
        thread.join()
    copied, bare = _lines(capsys)
    assert copied["run_id"] == "R1"
    assert "run_id" not in bare


def test_the_human_form_is_one_line_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.to_stderr(logging.INFO)
    log.bind(run_id="R1")
    log.event("info", "run_ended", outcome="done")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    for part in ("run_ended", "outcome=done", "run_id=R1"):
        assert part in line


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_traceback_shows_no_variables(
    form: log.Format, capsys: pytest.CaptureFixture[str]
) -> None:
    log.to_stderr(logging.INFO, form)
    try:
        password = "hunter2"  # noqa: S105  what must not be shown
        int(password[:0] + "x")
    except ValueError:
        log.get_logger().exception("job_crashed")
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert "hunter2'" not in shown.replace('password = "hunter2"', "")
    if form == "json":
        assert len(shown.splitlines()) == 1


def test_what_is_not_shown_is_not_logged_and_costs_no_import() -> None:
    """A run with nothing new does without structlog."""
    program = (
        "import logging, sys; from pipeline.config import log; "
        "log.to_stderr(logging.WARNING, 'json'); log.bind(run_id='R'); "
        "log.event('info', 'run_started'); print('structlog' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
