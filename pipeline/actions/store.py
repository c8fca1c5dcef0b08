"""The table `budget_actions`: actions out of it and into it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, fields

from pipeline.actions.model import Action
from pipeline.resources import sql
from pipeline.storage.database import Database

_COLUMNS = tuple(f.name for f in fields(Action))


def has_live(db: Database) -> bool:
    """Whether there is an action that has not ended."""
    return bool(db.value("SELECT count(*) FROM budget_actions WHERE ended_at IS NULL"))


def known(db: Database) -> list[Action]:
    """All actions, in the order in which they were recorded."""
    return [Action(*row) for row in db.rows(sql("actions/known"))]


def save(db: Database, actions: Iterable[Action]) -> None:
    """Record actions: new ones, and known ones as they are now."""
    for action in actions:
        db.con.execute("DELETE FROM budget_actions WHERE action_id = $1", [action.action_id])
        db.insert("budget_actions", _COLUMNS, [astuple(action)])
