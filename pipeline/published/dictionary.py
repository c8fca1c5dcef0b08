"""The data dictionary: what each published view and column is, from the headers of its statement.

`-- view: TEXT` says it of the view, `-- column NAME TYPE: TEXT` of a column, in the view's order;
`--   TEXT` carries on.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline import resources

_ENTRY = re.compile(r"-- (?:(?P<view>view)|column (?P<column>\w+) (?P<type>[^:]+)): (?P<text>.*)")
_MORE = "--   "


@cache
def dictionary() -> dict[str, dict[str, tuple[str, str]]]:
    """View to column to (type, comment); the view's own comment is under the empty name."""
    return {
        name.removeprefix("published/"): parse(resources.sql(name))
        for name in resources.sql_names("published")
    }


def parse(text: str) -> dict[str, tuple[str, str]]:
    """Column to (type, comment) from the text of one statement."""
    found: dict[str, tuple[str, str]] = {}
    name: str | None = None
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        entry = _ENTRY.fullmatch(line)
        if entry is not None:
            name = entry["column"] or ""
            found[name] = (entry["type"] or "", entry["text"])
        elif name is not None and line.startswith(_MORE):
            kind, so_far = found[name]
            found[name] = (kind, f"{so_far} {line.removeprefix(_MORE)}")
        else:
            name = None
    return found
