"""Lists and their cursors: `after` the last id, or the `next` one, in either order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.refusals import invalid

Json = dict[str, Any]


def listed(
    objects: Mapping[str, Json],
    parameters: Parameters,
    *,
    default: int = 20,
    most: int = 100,
    least: int = 1,
    order: str | None = None,
) -> Json:
    """A page with `first_id` and `last_id`. Fails: RefusedError, 400."""
    page, has_more = _cut(objects, parameters, default, most, least, order)
    return {
        "object": "list",
        "data": [objects[id_] for id_ in page],
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
        "has_more": has_more,
    }


def listed_with_next(
    objects: Mapping[str, Json],
    parameters: Parameters,
    *,
    default: int = 20,
    most: int = 100,
    order: str | None = None,
) -> Json:
    """A page that names its `next`. Fails: RefusedError, 400."""
    page, has_more = _cut(objects, parameters, default, most, 0, order)
    return {
        "object": "list",
        "data": [objects[id_] for id_ in page],
        "has_more": has_more,
        "next": page[-1] if has_more else None,
    }


def _cut(
    objects: Iterable[str],
    parameters: Parameters,
    default: int,
    most: int,
    least: int,
    order: str | None,
) -> tuple[list[str], bool]:
    """The ids of a page, and whether there are more after it."""
    limit = parameters.limit(default, most, least)
    ids = list(objects)
    direction = parameters.choice("order", ("asc", "desc")) if order else None
    if (direction or order) == "desc":
        ids.reverse()
    after, before = parameters.text("after"), parameters.text("before")
    if after:
        ids = ids[_place(ids, after, "after") + 1 :]
    if before:
        ids = ids[: _place(ids, before, "before")]
        # What stands right before, not what stands first.
        return ids[max(0, len(ids) - limit) :], 0 < limit < len(ids)
    # A page of none has no last id to go on from, so it ends the list.
    return ids[:limit], 0 < limit < len(ids)


def _place(ids: list[str], cursor: str, name: str) -> int:
    if cursor not in ids:
        raise invalid(f"No object with id '{cursor}' in this list.", name, "invalid_cursor")
    return ids.index(cursor)
