"""Who may change a budget: the organization's owners, and a project's owners that of the project.

Where the directory knows no roles, anybody may.
"""

from __future__ import annotations

from pipeline.budgets.subject import Subject
from pipeline.resources import sql
from pipeline.storage.database import Database

OWNER = "owner"


def refusal(db: Database, subject: Subject, who: str) -> str | None:
    """Why somebody, named by id or e-mail address, may not change a budget; None: they may."""
    roles = db.rows(sql("budgets/owners"))
    if not roles:
        return None
    mine = {
        project_id
        for user_id, email, project_id in roles
        if who in {user_id, email} or (email or "").lower() == who.lower()
    }
    if None in mine or (subject.project_id is not None and subject.project_id in mine):
        return None
    may = "an owner of the organization"
    if subject.project_id is not None:
        may += f" or of the project {subject.project_id}"
    return f"{who} is not {may}"
