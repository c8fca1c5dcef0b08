"""A folder that fetches from a fake API whose limits can be set, with a hard budget in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pipeline.demo.fake_api.directory.routes import ROUTES, Route
from pipeline.demo.fake_api.faults import Faults
from pipeline.demo.fake_api.server import Server
from pipeline.demo.organization import acme
from tests.support.fake_api_writes import WRITE_ROUTES
from tests.support.fetch_workspace import fake_api

SEARCH = acme().project("search").id  # has no spend limit
CODE = acme().project("code").id  # has one of $600
SOURCE = '[[sources]]\nname = "api"\nkind = "openai"\nsince = "2026-11-23"\nbucket_width = "1d"\n'


def budget(amount: str = "0.02", action: str = "spend_limit") -> str:
    """A hard budget that is over with hardly any usage."""
    return (
        f'\n[[budgets]]\nid = "search"\nproject = "{SEARCH}"\namount_usd = "{amount}"\n'
        f'hard = true\naction = "{action}"\n'
    )


def actions(mode: str, *, approval: bool = False) -> str:
    """The section [actions]."""
    return f'\n[actions]\nmode = "{mode}"\napproval = {str(approval).lower()}\n'


@contextmanager
def changeable(broken: dict[str, int], clock: list[datetime], *before: Route) -> Iterator[Server]:
    """A fake API with little usage, whose limits can be set.

    **Takes** endpoints that refuse with the status that they answer, to be changed at any time;
    a clock, whose last instant is now; and routes that are tried before the usual ones.
    """
    routes = (*before, *ROUTES, *WRITE_ROUTES)
    with fake_api(Faults(broken=broken), scale=0.02, clock=clock, directory=routes) as server:
        yield server


def cents(server: Server, project_id: str = SEARCH) -> int | None:
    """The spend limit of a project there."""
    limit = server.api.state.projects[project_id].spend_limit
    return None if limit is None else int(limit["threshold_amount"])


def written(server: Server) -> list[str]:
    """The method and the last word of each request that wrote."""
    return [
        f"{asked.method} {asked.path.rpartition('/')[2]}"
        for asked in server.requests
        if asked.method != "GET"
    ]
