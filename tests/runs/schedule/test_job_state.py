"""The schedule's memory: what is due, tried again, settled, wrong; with times given by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.model import JobProblem
from pipeline.errors import RunFailedError
from pipeline.runs.schedule import job_state as state
from pipeline.runs.schedule.due_times import DueTimes
from pipeline.runs.schedule.job_state import JobOutcome, JobRecord, RetryPolicy

HOURLY = DueTimes("0 * * * *", ZoneInfo("UTC"))
DAILY = DueTimes("0 6 * * *", ZoneInfo("UTC"))
WAIT = RetryPolicy()
FIVE_MINUTES = timedelta(minutes=5)
SIX_HOURS = timedelta(hours=6)


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute)


def wrong(record: JobRecord) -> list[tuple[str, bool]]:
    """The problems of a job, and whether each holds now."""
    return [(p.trouble, p.is_firing) for p in record.problems]


def fresh(now: datetime) -> JobRecord:
    return state.opened(None, "0 * * * *", now)


def tried(
    record: JobRecord, due: datetime, now: datetime, outcome: JobOutcome, message: str = ""
) -> JobRecord:
    """An attempt that starts and ends at one instant."""
    begun = state.begun(record, due, now)
    return state.ended(begun, outcome, message=message, now=now, wait=WAIT)


def test_a_new_job_makes_up_nothing() -> None:
    """Before it was first seen, no time was missed; its next one comes."""
    record = fresh(at(9, 30))
    assert state.ready(record, HOURLY, at(9, 30)) is None
    assert state.next_at(record, HOURLY, at(9, 30)) == at(10)


def test_many_missed_times_are_the_newest_one() -> None:
    """Down from 09:30 to 14:20: the one of 14:00 makes up for all, and then nothing is due."""
    record = state.opened(fresh(at(9, 30)), "0 * * * *", at(14, 20))
    assert state.ready(record, HOURLY, at(14, 20)) == at(14)
    record = tried(record, at(14), at(14, 20), "done")
    assert state.ready(record, HOURLY, at(14, 25)) is None
    assert state.next_at(record, HOURLY, at(14, 25)) == at(15)


def test_a_time_that_comes_while_the_job_runs_is_made_up() -> None:
    """A run from 10:00 to 12:10 is followed at once by the one of 12:00."""
    begun = state.begun(fresh(at(9, 30)), at(10), at(10))
    record = state.ended(begun, "done", message="", now=at(12, 10), wait=WAIT)
    assert state.ready(record, HOURLY, at(12, 10)) == at(12)


def test_a_failure_is_tried_again_after_1_5_and_15_minutes_and_then_a_problem() -> None:
    """Four attempts, then the time is given up, and people hear of it."""
    record, now, seen = fresh(at(9, 30)), at(10), []
    for _ in range(4):
        due = state.ready(record, HOURLY, now)
        assert due == at(10)
        record = tried(record, due, now, "failed", "No disk.")
        seen.append((now, wrong(record)))
        assert state.ready(record, HOURLY, now) is None
        now = state.next_at(record, HOURLY, now)
    failed = [("failed", True)]
    assert seen == [(at(10), []), (at(10, 1), []), (at(10, 6), []), (at(10, 21), failed)]
    [problem] = record.problems
    assert problem.of("run") == JobProblem("run", "failed", at(10), 4, None, at(9, 30), "No disk.")
    assert now == at(11)


def test_a_newer_time_replaces_one_that_waits_to_be_tried_again() -> None:
    """Failed at 10:50: at 11:00 the newer one is run, with attempts of its own."""
    record = tried(fresh(at(9, 30)), at(10), at(10, 50), "failed")
    record = tried(record, at(10), at(10, 51), "failed")
    record = tried(record, at(10), at(10, 56), "failed")
    assert state.next_at(record, HOURLY, at(10, 56)) == at(11)
    assert state.ready(record, HOURLY, at(11)) == at(11)
    assert state.begun(record, at(11), at(11)).attempts == 1


def test_failures_of_times_closer_than_the_retries_are_a_problem_too() -> None:
    """Each minute a newer time takes over, so that no attempt is ever the last: they count on."""
    record = fresh(at(9, 59))
    for minute in range(6):
        record = tried(record, at(10, minute), at(10, minute), "failed", "No disk.")
    [problem] = record.problems
    assert (problem.due_at, problem.failures_in_a_row) == (at(10, 3), 4)


def test_a_problem_begins_again_only_after_a_good_run() -> None:
    """Once a streak; a good run ends it, and what was not known before stays until it is."""
    record = fresh(at(9, 30))
    for hour in (10, 11):
        for minute in (0, 1, 6, 21):
            record = tried(record, at(hour), at(hour, minute), "failed")
    [problem] = record.problems
    assert problem.since == at(10, 21)
    record = tried(record, at(12), at(12), "done")
    assert (record.failures_in_a_row, wrong(record)) == (0, [("failed", False)])
    for minute in (0, 1, 6, 21):
        record = tried(record, at(13), at(13, minute), "failed")
    [problem] = record.problems
    assert (problem.since, problem.is_firing) == (at(13, 21), True)


def test_a_partial_run_is_settled_and_a_problem_once() -> None:
    """It committed, so it is not tried again; the next partial one is no news, a failure is."""
    record = tried(fresh(at(9, 30)), at(10), at(10), "partial")
    record = tried(record, at(11), at(11), "partial")
    assert state.ready(record, HOURLY, at(11, 30)) is None
    assert [(p.trouble, p.due_at) for p in record.problems] == [("partial", at(10))]
    for minute in (0, 1, 6, 21):
        record = tried(record, at(12), at(12, minute), "failed")
    assert wrong(record) == [("partial", True), ("failed", True)]
    record = tried(record, at(13), at(13), "done")
    assert wrong(record) == [("partial", False), ("failed", False)]


def test_an_attempt_that_alerted_by_itself_leaves_the_problems_of_before() -> None:
    """What was wrong for another reason is still to be recorded."""
    before = state.with_problem(fresh(at(9, 30)), "stale", at(10))
    after = before
    for minute in (0, 1, 6, 21):
        after = tried(after, at(10), at(10, minute), "failed")
    assert wrong(after) == [("stale", True), ("failed", True)]
    assert wrong(state.with_problems_of(after, before)) == [("stale", True)]


def test_a_problem_goes_once_the_outbox_knows_that_it_is_over() -> None:
    """Not before; one that began again meanwhile is to be recorded anew."""
    record = state.recorded(state.with_problem(fresh(at(9, 30)), "failed", at(10)), "failed")
    assert record.problems[0].is_settled
    good = tried(record, at(11), at(11), "done")
    assert not good.problems[0].is_settled
    assert state.recorded_over(good, "failed").problems == ()
    again = state.with_problem(good, "failed", at(12))
    assert again.problems[0].is_settled  # the outbox never heard that it was over
    [problem] = state.recorded_over(again, "failed").problems
    assert (problem.is_firing, problem.is_recorded) == (True, False)


def test_what_was_sent_past_the_outbox_is_remembered() -> None:
    """So that the outbox does not send it again."""
    record = state.with_problem(fresh(at(9, 30)), "failed", at(10))
    [problem] = state.sent(record, "failed", ("slack",)).problems
    assert (problem.sent_to, problem.is_settled) == (("slack",), False)


def test_a_held_lock_is_no_failure_until_two_hours_have_passed() -> None:
    """Each attempt waits 30 seconds, over newer times too; then it counts as failed and is told."""
    record, now = fresh(at(9, 30)), at(10)
    while now < at(12):
        due = state.ready(record, HOURLY, now)
        assert due == now.replace(minute=0, second=0)
        record = state.held_up(state.begun(record, due, now), "lock: held.", now=now, wait=WAIT)
        assert (record.outcome, record.attempts, record.problems) == ("skipped", 0, ())
        assert state.next_at(record, HOURLY, now) == now + timedelta(seconds=30)
        now += timedelta(seconds=30)
    record = state.held_up(state.begun(record, at(12), now), "lock: held.", now=now, wait=WAIT)
    assert (record.outcome, record.settled_until) == ("failed", at(12))
    [problem] = record.problems
    assert (problem.trouble, problem.due_at, problem.reason) == ("failed", at(12), "lock: held.")


def test_an_attempt_that_killed_the_process_counts() -> None:
    """Started and never ended: made up at the next start, three times, and then given up."""
    record = fresh(at(9, 30))
    for attempt in range(1, 5):
        assert state.ready(record, HOURLY, at(10, attempt)) == at(10)
        assert not state.is_given_up(record, at(10), WAIT)
        record = state.begun(record, at(10), at(10, attempt))
        record = state.opened(record, "0 * * * *", at(10, attempt))
    assert state.is_given_up(record, at(10), WAIT)
    assert not state.is_given_up(record, at(11), WAIT)


def test_an_attempt_cut_short_by_a_stop_is_made_up_and_does_not_count() -> None:
    """However often the service is restarted in the middle of a run."""
    record = fresh(at(9, 30))
    for minute in range(10):
        begun = state.begun(record, at(10), at(10, minute))
        record = state.stopped(begun, "failed", at(10, minute))
    assert (record.attempts, record.failures_in_a_row, record.problems) == (0, 0, ())
    assert state.ready(record, HOURLY, at(10, 20)) == at(10)


def test_another_expression_starts_afresh() -> None:
    """A time that the new expression would have had in the past was never missed."""
    record = state.opened(fresh(at(9, 30)), "0 8 * * *", at(14))
    assert (record.cron, record.settled_until) == ("0 8 * * *", at(14))


def test_a_clock_set_back_by_days_is_a_replay() -> None:
    """With --now in the past the schedule goes by that clock; a small step back repeats nothing."""
    record = tried(fresh(at(9, 30)), at(10), at(10), "done")
    replay = state.opened(record, "0 * * * *", at(9, 30, day=20))
    assert state.next_at(replay, HOURLY, at(9, 30, day=20)) == at(10, day=20)
    corrected = state.opened(record, "0 * * * *", at(9, 58))
    assert state.next_at(corrected, HOURLY, at(9, 58)) == at(11)


@pytest.mark.parametrize(
    ("times", "good", "stale"),
    [
        (HOURLY, at(10), at(16)),  # 11, 12, 13 and half an hour; but six hours at least
        (DAILY, at(6, day=20), at(18, day=23)),  # 21, 22, 23 at 06:00 and half a day
    ],
)
def test_stale_is_three_times_without_a_good_run(
    times: DueTimes, good: datetime, stale: datetime
) -> None:
    """Half an interval after the third, at the earliest `stale_after` after the last good one."""
    record = tried(fresh(good - FIVE_MINUTES), good, good, "done")
    assert state.stale_at(record, times, SIX_HOURS, good - timedelta(days=9)) == stale


def test_what_was_missed_while_down_is_not_stale_at_once() -> None:
    """After days off, the make-up run and its retries have six hours."""
    record = tried(fresh(at(9, 30, day=20)), at(10, day=20), at(10, day=20), "done")
    assert state.stale_at(record, HOURLY, SIX_HOURS, at(9, 30)) == at(15, 30)


def test_stale_knows_the_last_good_run_and_the_last_message() -> None:
    """Who reads it knows since when and why."""
    record = tried(fresh(at(9, 30)), at(10), at(10, 2), "done")
    record = tried(record, at(11), at(11), "failed", "No disk.")
    [stale] = state.with_problem(record, "stale", at(17)).problems
    assert (stale.last_good_at, stale.reason) == (at(10, 2), "No disk.")
    [never] = state.with_problem(fresh(at(9, 30)), "stale", at(17)).problems
    assert (never.last_good_at, never.no_good_since) == (None, at(9, 30))


def test_a_saved_state_is_loaded_whole(tmp_path: Path) -> None:
    """Every field survives, and no temporary file stays."""
    record = tried(fresh(at(9, 30)), at(10), at(10), "partial", "Text with ünïcode.")
    state.save(tmp_path / "root" / "schedule.json", {"run": record})
    assert state.load(tmp_path / "root" / "schedule.json") == {"run": record}
    assert [p.name for p in (tmp_path / "root").iterdir()] == ["schedule.json"]


def test_no_file_is_no_records(tmp_path: Path) -> None:
    """A first start."""
    assert state.load(tmp_path / "schedule.json") == {}


@pytest.mark.parametrize("text", ["", "{", '{"version": 2, "jobs": {}}', '{"jobs": {"run": {}}}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    """Half a file, another version, a record without its fields."""
    (tmp_path / "schedule.json").write_text(text)
    with pytest.raises(RunFailedError, match="is not the state of a schedule"):
        state.load(tmp_path / "schedule.json")
