"""What is wrong with a value, in words: the same for a key of the configuration and a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_SHOWN = 60
_LIMITS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "decimal_max_places": "written with {decimal_places} decimals at most",
    "string_too_short": "a text that is not empty",
}


def value_error(
    kind: str, otherwise: str, value: object, limits: Mapping[str, Any], *, number: str
) -> str:
    """What is wrong with a value, and what to write.

    **Takes** pydantic's kind of error, its message and context, and how a whole number is written.
    """
    shown = f"{str(value)[:_LONGEST_SHOWN]!r}" if isinstance(value, str) else str(value)
    match kind:
        case "string_pattern_mismatch":
            return (
                f"{shown} is not a name: letters, digits and . _ - are allowed, 64 at most, "
                "beginning with a letter or digit"
            )
        case "literal_error":
            choices = str(limits["expected"]).replace("'", "").replace(" or ", ", ")
            return f"{shown} is not one of {choices}"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"{shown} is not a whole number; {number}"
        case "bool_type" | "bool_parsing":
            return f"{shown} is not a truth value; write true or false"
        case _ if kind in _LIMITS:
            return f"{shown} is not allowed; it must be {_LIMITS[kind].format(**limits)}"
        case _:
            return otherwise.removeprefix("Value error, ")
