"""The one table of transitions: how an alert stands and what happens, to what becomes of it. Pure.

What happens is an observation of its condition (what a run found), the passing of time, or an act
of a person. Whatever is not in the table leaves the alert as it is.
"""

from __future__ import annotations

from typing import Literal, get_args

from pipeline.alerts.model import Alert, Observation, Phase

# unknown: there is none. open, acknowledged, escalated: it holds. settled: it holds, and its period
# is over. cleared: it holds no longer.
Standing = Literal["unknown", "open", "acknowledged", "escalated", "settled", "cleared"]
# unanswered: open for so long that it is to be escalated. lasting: to be repeated. acknowledged,
# unacknowledged: by a person.
Occasion = Literal["unanswered", "lasting", "acknowledged", "unacknowledged"]
Event = Observation | Occasion
# raise: open a new one and notify. report: notify, and store it as resolved, since its period is
# over. record: store it as resolved, nobody is notified. follow: note how it stands now. miss: note
# that there are no data. retract, resolve: clear it, and notify those who were notified. expire:
# its period ended, settle it in silence. withdraw: clear it in silence. escalate, remind: notify.
Transition = Literal[
    "raise", "report", "record", "follow", "miss", "retract", "resolve", "expire", "withdraw",
    "escalate", "remind", "acknowledge", "reopen", "keep",
]  # fmt: skip

_NONE: tuple[Standing, ...] = ("unknown", "cleared")
_LIVE: tuple[Standing, ...] = ("open", "acknowledged", "escalated")
_UNANSWERED: tuple[Standing, ...] = ("open", "escalated")

_TABLE: tuple[tuple[tuple[Standing, ...], Event, Transition, Transition, Transition], ...] = (
    # alert is      what happens       running        ended          unwatched
    (_NONE,         "firing",          "raise",       "report",      "record"),
    (_LIVE,         "firing",          "follow",      "expire",      "expire"),
    (_LIVE,         "unobserved",      "miss",        "expire",      "expire"),
    (_LIVE,         "disproved",       "retract",     "retract",     "retract"),
    (_LIVE,         "over",            "resolve",     "resolve",     "resolve"),
    (_LIVE,         "withdrawn",       "withdraw",    "withdraw",    "withdraw"),
    (("open",),     "unanswered",      "escalate",    "keep",        "keep"),
    (_UNANSWERED,   "lasting",         "remind",      "keep",        "keep"),
    (_UNANSWERED,   "acknowledged",    "acknowledge", "acknowledge", "acknowledge"),
    (("acknowledged",), "unacknowledged", "reopen",   "reopen",      "reopen"),
    (("settled",),  "disproved",       "retract",     "retract",     "retract"),
    (("settled",),  "over",            "resolve",     "resolve",     "resolve"),
)  # fmt: skip
_PHASES: tuple[Phase, ...] = get_args(Phase)
TRANSITIONS: dict[tuple[Standing, Event, Phase], Transition] = {
    (standing, event, phase): transition
    for standings, event, *by_phase in _TABLE
    for standing in standings
    for phase, transition in zip(_PHASES, by_phase, strict=True)
}


def transition_of(alert: Alert | None, event: Event, phase: Phase) -> Transition:
    """What becomes of an alert."""
    return TRANSITIONS.get((standing_of(alert), event, phase), "keep")


def standing_of(alert: Alert | None) -> Standing:
    """How an alert stands."""
    if alert is None:
        return "unknown"
    if not alert.is_firing:
        return "cleared"
    match alert.state:
        case "open" | "acknowledged" | "escalated" as state:
            return state
        case _:
            return "settled"
