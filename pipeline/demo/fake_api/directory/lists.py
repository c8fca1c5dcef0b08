"""Lists and their cursors: a page goes on `after` the last id of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.refusals import invalid

Json = dict[str, Any]


def listed(
    objects: Mapping[str, Json], parameters: Parameters, *, default: int = 20, most: int = 100
) -> Json:
    """A page with `first_id` and `last_id`. Fails: RefusedError, 400."""
    page, has_more = _cut(list(objects), parameters, parameters.limit(default, most))
    return {
        "object": "list",
        "data": [objects[id_] for id_ in page],
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
        "has_more": has_more,
    }


def _cut(ids: list[str], parameters: Parameters, limit: int) -> tuple[list[str], bool]:
    """The ids of a page, and whether there are more after it."""
    after, before = parameters.text("after"), parameters.text("before")
    if after:
        ids = ids[_position(ids, after, "after") + 1 :]
    if before:
        ids = ids[: _position(ids, before, "before")]
        # What stands right before, not what stands first.
        return ids[max(0, len(ids) - limit) :], limit < len(ids)
    return ids[:limit], limit < len(ids)


def _position(ids: list[str], cursor: str, name: str) -> int:
    if cursor not in ids:
        raise invalid(f"No object with id '{cursor}' in this list.", name, "invalid_cursor")
    return ids.index(cursor)
