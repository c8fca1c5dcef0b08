"""The query string of a request, in every encoding of arrays that clients use.

`k=a&k=b`, `k[]=a&k[]=b`, `k[0]=a` and `k=a,b` are the same list. Never guesses a type.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from pipeline.demo.fake_api.refusals import invalid, one_of

_BRACKETS = re.compile(r"\[\d*\]$")


class Parameters:
    """What was asked for. Every method fails with RefusedError, a 400 that names the parameter."""

    def __init__(self, query: str) -> None:
        self.pairs = tuple(parse_qsl(query, keep_blank_values=True))

    def text(self, name: str) -> str | None:
        """The value of a parameter; the last one where it is repeated."""
        values = [value for key, value in self.pairs if key == name]
        return values[-1] if values else None

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
            raise invalid(
                f"Invalid type for '{name}': expected an integer, but got '{value}' instead.",
                name,
                "invalid_type",
            )
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """`true` or `false`."""
        value = self.text(name)
        if value is not None and value not in {"true", "false"}:
            raise one_of(value, ("true", "false"), name)
        return None if value is None else value == "true"

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """A parameter whose value is one of some words."""
        value = self.text(name)
        if value is not None and value not in allowed:
            raise one_of(value, allowed, name)
        return value

    def many(self, name: str, *, split: bool = True) -> tuple[str, ...] | None:
        """A list without repeats; None where it is not asked for.

        `split` is off where the values themselves have commas.
        """
        values = [value for key, value in self.pairs if _BRACKETS.sub("", key) == name]
        if not values:
            return None
        parts = [part for value in values for part in (value.split(",") if split else (value,))]
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def limit(self, default: int, most: int, least: int = 1) -> int:
        """`limit`, within its bounds."""
        value = self.integer("limit")
        if value is None:
            return default
        if value > most:
            raise invalid(
                f"Invalid 'limit': integer above maximum value. Expected a value <= {most}, "
                f"but got {value} instead.",
                "limit",
                "integer_above_max_value",
            )
        if value < least:
            raise invalid(
                f"Invalid 'limit': integer below minimum value. Expected a value >= {least}, "
                f"but got {value} instead.",
                "limit",
                "integer_below_min_value",
            )
        return value
