"""Policy findings: use that the directory does not allow, with its cost, as facts to alert about.

Takes charge files and the directory in the books, through the same statement as the published view
`policy_findings`. Where the directory says nothing, nothing is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pipeline.alerts.finding_rule import Fact, counted, one_line, project_label
from pipeline.alerts.texts import month_name
from pipeline.charges.model import charge_relation
from pipeline.money import display_usd
from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database

# What is wrong, with the subject of the finding for {subject}; then what came with its date.
WORDS: dict[str, tuple[str, str]] = {
    "archived_project": ("was used after it was archived", "archived on"),
    "model_not_permitted": (
        "used the model {subject}, which its permissions do not allow",
        "forbidden since",
    ),
    "deleted_key": ("was used with the API key {subject} after it was deleted", "deleted on"),
    "unknown_key": (
        "was used with the API key {subject}, which is not among the keys of the directory",
        "",
    ),
    "unknown_project": ("was used, but is not among the projects of the directory", ""),
    "former_member": ("was used by {subject}, who had left before", "left on"),
    "unknown_person": (
        "was used by {subject}, who is not among the people of the directory",
        "",
    ),
}


def facts(db: Database, charge_files: Sequence[Path]) -> list[Fact]:
    """What the charges of some days say against the directory, a fact a month and finding."""
    if not charge_files or not db.value(sql("alerts/monitors/policy_directory")):
        return []
    statement = render_sql(
        "published/policy_findings",
        charge_files=charge_relation(charge_files),
        stored="",
    )
    rows = db.rows(statement)
    names: dict[str, str] = dict(db.rows(sql("alerts/monitors/directory_names")))
    found = []
    for month, kind, project_id, name, subject, since, first, last, days, cost, _, is_least in rows:
        shown = f"{names[subject]} ({subject})" if subject in names else subject
        said = _message(
            kind, project_id, name, shown, since, month, (first, last, days), (cost, is_least)
        )
        found.append(
            Fact(
                subject_id=f"{kind} {project_id} {subject}",
                period_start_date=month,
                severity="warning",
                message=said,
                about=f"{kind}, project {project_id}",
            )
        )
    return sorted(found, key=lambda fact: (fact.period_start_date, fact.subject_id))


def _message(
    kind: str,
    project_id: str,
    name: str | None,
    subject: str,
    since: datetime | None,
    month: date,
    seen: tuple[date, date, int],
    spent: tuple[Decimal | None, bool],
) -> str:
    what, when = WORDS[kind]
    ended = f" ({when} {since:%Y-%m-%d})" if since is not None and when else ""
    first, last, days = seen
    period = f"on {first}" if first == last else f"on {counted(days, 'day')}, {first} to {last}"
    cost, is_lower_bound = spent
    if cost is None:
        amount = "no price is known for it"
    else:
        amount = f"{'at least ' if is_lower_bound else ''}{display_usd(cost)}"
    # a brace in an id from data is no place to fill in
    told = what.replace("{subject}", one_line(subject))
    return (
        f"Project {project_label(project_id, name)} {told}{ended}: {amount}, {period}, "
        f"in {month_name(month)}."
    )
