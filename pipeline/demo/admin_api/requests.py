"""A request as the endpoints see it, and the table row that says who answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.demo.admin_api.bodies import Body
from pipeline.demo.admin_api.parameters import Parameters
from pipeline.demo.admin_api.state import State


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, below the version: `ids` are what the route's stars stand for."""

    method: str
    path: str
    ids: tuple[str, ...]
    parameters: Parameters
    body: Body


class Route(NamedTuple):
    """A method and a path with stars for ids, and the function that answers."""

    method: str
    path: str
    answer: Callable[[State, Request], dict[str, Any]]
