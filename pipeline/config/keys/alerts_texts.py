"""The words for the keys of [alerts] and of its routes."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.keys.key_text import KeyText

_QUIET = KeyText(
    "Hours in your time zone in which messages wait; they go out when the hours end. Critical ones "
    "do not wait.",
    '"22:00-07:00"',
)
_QUIET_CRITICAL = KeyText("true: critical messages wait in the quiet hours as well.", "false")
_DIGEST = KeyText(
    "Collects what is not critical into one message a day, at this time of your zone.",
    '"daily 08:00"',
)

ALERT_TEXTS: Mapping[str, KeyText] = {
    "alerts.channels": KeyText(
        "Where alerts go: apprise URLs (mail, Slack, Teams, over a hundred more), or env:NAME to "
        "take one from the environment and keep it out of this file. None: they are printed.",
        '["env:SLACK_URL"]',
    ),
    "alerts.report_url": KeyText(
        "The address at which people see the folder `reports`; messages then link to the month's "
        "report.",
        '"https://reports.example.com/tollbook/"',
    ),
    "alerts.escalate_after_hours": KeyText(
        "An alert that is open so long and that nobody acknowledged (`tollbook alerts ack`) is "
        "escalated, once. Never, where this is not set.",
        "4",
    ),
    "alerts.escalate_to": KeyText(
        "Who hears of it then: names of routes, or channels. None: those who heard of the alert.",
        '["env:ONCALL_URL"]',
    ),
    "alerts.renotify_hours": KeyText(
        "Repeats an open alert that nobody acknowledged, each time so long after the last message "
        "about it. Never, where this is not set.",
        "24",
    ),
    "alerts.silent_after_hours": KeyText(
        "A source that charges and whose newest record is so old raises an alert: no data. Never, "
        "where this is not set.",
        "26",
    ),
    "alerts.give_up_after_hours": KeyText(
        "A message that a channel has not accepted for so long is given up for it; `tollbook "
        "alerts retry` sends it after all.",
        "72",
    ),
    "alerts.undelivered_hours": KeyText(
        "A run ends with 3 when a message has not been delivered for so long.", "24"
    ),
    "alerts.quiet": _QUIET,
    "alerts.quiet_critical": _QUIET_CRITICAL,
    "alerts.digest": _DIGEST,
    "alerts.routes.channels": KeyText(
        "The channels of this route. With owners: of mail, with {to} for the owner's address.",
        '["env:FINANCE_URL"]',
    ),
    "alerts.routes.projects": KeyText("Only alerts of these projects, by id.", '["proj_chatbot"]'),
    "alerts.routes.budgets": KeyText("Only alerts of these budgets, by id.", '["chatbot-monthly"]'),
    "alerts.routes.teams": KeyText(
        "Only alerts of projects that these teams answer for or pay for, as the directory has it.",
        '["Customer care"]',
    ),
    "alerts.routes.kinds": KeyText(
        "Only alerts of these kinds: budget, run, schedule, rate_limit, policy, source, action, "
        "anomaly, forecast.",
        '["budget"]',
    ),
    "alerts.routes.severity": KeyText(
        "Only alerts that are so severe or more: info, warning, critical.", '"info"'
    ),
    "alerts.routes.owners": KeyText(
        "Writes to owners in the directory, by mail: a project's owners get what is about their "
        "project, owners of the organization get everything.",
        "false",
    ),
    "alerts.routes.roles": KeyText(
        "Which of the owners: project_owner, organization_owner.",
        '["project_owner", "organization_owner"]',
    ),
    "alerts.routes.quiet": _QUIET,
    "alerts.routes.quiet_critical": _QUIET_CRITICAL,
    "alerts.routes.digest": _DIGEST,
}
