"""Alerts, the conditions that raise and clear them, and the messages that carry them. Frozen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pipeline.actions.model import Action
from pipeline.anomalies.model import Incident
from pipeline.budgets.period import Period
from pipeline.budgets.status import BudgetStatus, Threshold

AlertKind = Literal[
    "budget", "run", "schedule", "rate_limit", "policy", "source", "action", "anomaly", "forecast"
]
AlertState = Literal["open", "acknowledged", "escalated", "resolved", "retracted"]
AlertDelivery = Literal[
    "to send", "sent", "printed", "not delivered", "not sent (period had ended)"
]
Severity = Literal["info", "warning", "critical"]
JobTrouble = Literal["failed", "partial", "stale"]
ActionStep = Literal["dry-run", "waiting", "refused", "set"]

# firing: it holds. disproved: it was wrong to alert. over: it held and holds no longer.
# withdrawn: nobody asks for it any more. unobserved: not known this time.
Observation = Literal["firing", "disproved", "over", "withdrawn", "unobserved"]
# How the condition's period stands to today; without a period it is running. unwatched: the period
# had ended before anybody looked, or so long ago that an alert would be no news.
Phase = Literal["running", "ended", "unwatched"]

PRINTED = "printed"
NOT_SENT: AlertDelivery = "not sent (period had ended)"
_OCCURRENCE = re.compile(r"(?<=^alert-[0-9a-f]{16})-\d+$")
SEVERITY_RANK: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class BudgetThreshold:
    """A threshold of a budget, and where the budget stands."""

    status: BudgetStatus
    threshold: Threshold
    today: date
    last_raised: tuple[datetime, Decimal] | None = None  # of this period: when, at what spend
    missing: tuple[date, ...] = ()  # days of the period that a source has not covered


@dataclass(frozen=True, slots=True)
class ForecastThreshold:
    """A threshold that a budget is forecast to reach in its period, and where the budget stands."""

    status: BudgetStatus
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class RateLimitUse:
    """How near a project came to a model's rate limit in a UTC month."""

    project_id: str
    project_name: str | None
    model: str
    provider: str
    near_percent: int
    requests_basis_points: int | None  # of the limit; None where it has none
    tokens_basis_points: int | None
    hours_near: int
    days_near: int
    last_hour_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyBreach:
    """Use that the directory does not allow, with its cost."""

    breach: str  # archived_project, model_not_permitted …
    project_id: str
    project_name: str | None
    subject: str  # the model, key or person; the project itself where it is the subject
    since_at: datetime | None  # since when it is not allowed
    first: date
    last: date
    days: int
    cost_usd: Decimal | None
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class RunProblem:
    """A run that failed or ended partial. `reason` is one line without secrets."""

    run_id: str
    outcome: Literal["failed", "partial"]
    reason: str


@dataclass(frozen=True, slots=True)
class GoodRun:
    """The run that ends what was wrong with the runs."""

    run_id: str


@dataclass(frozen=True, slots=True)
class JobProblem:
    """What is wrong with a job of the schedule. `reason` is one line without secrets."""

    job: str
    trouble: JobTrouble
    due_at: datetime | None
    failures_in_a_row: int
    last_good_at: datetime | None
    since_at: datetime | None  # since when there is no good run, where there was none at all
    reason: str


@dataclass(frozen=True, slots=True)
class SilentSource:
    """A source that charges, and its newest record; silent after so many hours."""

    source: str
    last_record_at: datetime
    hours: int


@dataclass(frozen=True, slots=True)
class LimitAction:
    """An action on the limits of a project, and the step of it that an alert is about."""

    action: Action
    step: ActionStep
    project_name: str | None = None  # the directory's, for people


@dataclass(frozen=True, slots=True)
class UnusualCost:
    """An incident of a project, or of all, with the names of the project and the driver."""

    incident: Incident
    project_name: str | None
    driver_name: str | None = None


Facts = (
    BudgetThreshold
    | ForecastThreshold
    | RateLimitUse
    | PolicyBreach
    | RunProblem
    | GoodRun
    | JobProblem
    | SilentSource
    | LimitAction
    | UnusualCost
)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that may be wrong, as this look found it: what a kind tells the state machine."""

    alert_id: str  # the identity of what an alert about it says, which is the first one's id
    kind: AlertKind
    subject_id: str
    period: Period | None
    threshold_percent: int | None
    observed: Observation
    facts: Facts | None  # for the text; None where nothing is written
    severity: Severity = "warning"
    about: str = ""
    phase: Phase = "running"
    amount_usd: Decimal | None = None
    spent_usd: Decimal | None = None
    threshold_usd: Decimal | None = None  # in place of a percentage


@dataclass(frozen=True, slots=True)
class Followup:
    """What was done about an alert since it was raised, and how it stands since."""

    project_id: str | None = None  # the project it is about; None: no single one
    notified_at: datetime | None = None  # of the last message about it
    notified_spent_usd: Decimal | None = None
    current_message: str | None = None  # how it stands now
    current_spent_usd: Decimal | None = None
    no_data_since_at: datetime | None = None  # None: it is known how it stands
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    escalated_at: datetime | None = None
    team: str | None = None  # the team it is about, as a budget of a team is; None: no single one


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it is stored: sent to people, or recorded without a message."""

    alert_id: str
    raised_at: datetime
    kind: AlertKind
    subject_id: str
    period_start_date: date | None
    period_end_date: date | None  # exclusive
    threshold_percent: int | None
    severity: Severity
    message: str
    about: str  # a budget's project, model and scope; what went wrong in a run
    state: AlertState
    is_firing: bool  # what it says held at the last look
    delivery: AlertDelivery
    delivered_at: datetime | None
    resolved_at: datetime | None
    amount_usd: Decimal | None  # when last raised
    spent_usd: Decimal | None  # when last raised
    times_raised: int
    run_id: str  # the run that raised it last
    threshold_usd: Decimal | None = None  # in place of a percentage
    followup: Followup = Followup()

    @property
    def condition_id(self) -> str:
        """What it says, by which its condition is known: the same at each occurrence."""
        return condition_id_of(self.alert_id)

    @property
    def is_live(self) -> bool:
        """Whether it waits for somebody, or for its end."""
        return self.is_firing and self.state in {"open", "acknowledged", "escalated"}


@dataclass(frozen=True, slots=True)
class Change:
    """One alert before and after a transition, and the condition behind it."""

    condition: Condition
    before: Alert | None
    after: Alert

    @property
    def is_raised(self) -> bool:
        """Whether the alert is raised by it; else it is retracted or resolved."""
        return self.after.is_firing


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message goes: the channels of a route, or one person whom the route writes to."""

    route: str = ""  # "" stands for the channels of [alerts]
    address: str = ""
    is_digest: bool = False  # the message is the digest for this destination


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one or more destinations; it may speak of many alerts."""

    message_id: str
    run_id: str
    created_at: datetime
    severity: Severity
    title: str
    body: str
    alert_ids: tuple[str, ...]
    raised_ids: tuple[str, ...]  # those that it raises, not takes back
    destinations: tuple[Destination, ...] = (Destination(),)
    delivered_to: frozenset[str] = frozenset()  # labels of the channels that have it

    @property
    def text(self) -> str:
        """Title and body, for a terminal."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an alert."""

    alert_id: str
    at: datetime
    event: str  # a transition
    who: str | None = None
    note: str | None = None
    message_id: str | None = None  # the message that told of it


@dataclass(frozen=True, slots=True)
class Decision:
    """What one run has to store and to send."""

    new: tuple[Alert, ...] = ()
    updates: tuple[Alert, ...] = ()
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    followed: tuple[Alert, ...] = ()  # known ones with how they stand now; nobody is told


def condition_of(
    alert: Alert, observed: Observation, phase: Phase = "running", *, facts: Facts | None = None
) -> Condition:
    """The condition behind a known alert."""
    return Condition(
        alert_id=alert.condition_id,
        kind=alert.kind,
        subject_id=alert.subject_id,
        period=None,
        threshold_percent=alert.threshold_percent,
        threshold_usd=alert.threshold_usd,
        observed=observed,
        facts=facts,
        severity=alert.severity,
        about=alert.about,
        phase=phase,
    )


def project_of(facts: Facts | None) -> str | None:
    """The project that facts are about; None: no single one."""
    match facts:
        case BudgetThreshold() | ForecastThreshold():
            return facts.status.project_id
        case RateLimitUse() | PolicyBreach():
            return facts.project_id
        case LimitAction():
            return facts.action.project_id
        case UnusualCost():
            return facts.incident.project_id
        case _:
            return None


def team_of(facts: Facts | None) -> str | None:
    """The team that facts are about by themselves, not by a project; None: no single one."""
    if isinstance(facts, BudgetThreshold | ForecastThreshold):
        return facts.status.subject.team
    return None


def lacks_data(facts: Facts | None) -> bool:
    """Whether days are missing of what facts are about, so that it may be more than is known."""
    return isinstance(facts, BudgetThreshold) and bool(facts.missing)


def occurrence_id(condition_id: str, number: int) -> str:
    """The id of an alert: that of its condition, with a number from the second time on."""
    return condition_id if number == 1 else f"{condition_id}-{number}"


def condition_id_of(alert_id: str) -> str:
    """The id of the condition, whichever of its occurrences the alert is."""
    return _OCCURRENCE.sub("", alert_id)


def newest(known: Iterable[Alert]) -> dict[str, Alert]:
    """The last occurrence of each condition, by the condition's id."""
    found: dict[str, Alert] = {}
    for alert in known:
        other = found.get(alert.condition_id)
        if other is None or alert.times_raised >= other.times_raised:
            found[alert.condition_id] = alert
    return found


def alert_id(kind: AlertKind, subject_id: str, period: Period | None, key: str) -> str:
    """The identity of what an alert says, the same on every run and every machine.

    The first alert about it has this id, later ones have a number behind it.
    """
    parts = (kind, subject_id, period.key if period else "", key)
    return "alert-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
