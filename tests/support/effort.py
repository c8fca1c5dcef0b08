"""How much the slow jobs do: a short form for every change, a long one when asked for.

Jobs marked `slow` are left out unless one asks for them (`pytest -m slow`). They then take some
minutes together; with TOLLBOOK_LONG=1 they do what takes hours. `tests/__init__.py` lists them.
"""

from __future__ import annotations

import os

IS_LONG = os.environ.get("TOLLBOOK_LONG") == "1"


def amount(short: int, long: int) -> int:
    """How many examples, kills, days or steps."""
    return long if IS_LONG else short
