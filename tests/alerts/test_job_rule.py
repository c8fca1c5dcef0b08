"""A kind of trouble with a job is one alert, whatever its details are this time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pipeline.alerts.job_rule import condition
from pipeline.alerts.model import JobProblem, JobTrouble, Severity

FAILED = JobProblem("run", "failed", datetime(2026, 11, 24, 7), 4, None, None, "No disk.")


@pytest.mark.parametrize(
    ("trouble", "severity"), [("failed", "critical"), ("stale", "critical"), ("partial", "warning")]
)
def test_each_trouble_has_its_severity(trouble: JobTrouble, severity: Severity) -> None:
    """A partial job did something; the others leave figures as they were."""
    assert condition(replace(FAILED, trouble=trouble), is_firing=True).severity == severity


def test_the_identity_is_the_job_and_its_trouble() -> None:
    """A later episode raises the same alert again; another job or trouble is another alert."""
    first = condition(FAILED, is_firing=True)
    later = condition(replace(FAILED, failures_in_a_row=9, reason="No net."), is_firing=True)
    over = condition(FAILED, is_firing=False)
    assert first.alert_id == later.alert_id == over.alert_id
    assert (first.observed, over.observed) == ("firing", "over")
    others = {
        condition(replace(FAILED, job="daily_report"), is_firing=True).alert_id,
        condition(replace(FAILED, trouble="stale"), is_firing=True).alert_id,
    }
    assert len({first.alert_id, *others}) == 3
