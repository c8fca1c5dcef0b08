"""The words for one key of tollbook.toml."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyText:
    """The meaning of a key, an example in TOML, and whether the written file sets it."""

    what: str
    example: str
    is_on: bool = False
