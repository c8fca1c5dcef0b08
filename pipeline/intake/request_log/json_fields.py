"""Strict access to one JSON object: the value, or a RowError that names the field and the value.

Numbers stay the text that was written, so nothing is rounded; of a repeated key the first
value counts, as in DuckDB.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from pipeline.intake.rejects import RowError
from pipeline.meters import LARGEST_QUANTITY
from pipeline.money import round_quantity

_SHOWN_CHARACTERS = 60
# Exponents beyond two digits are out of reach of any count, and costly to expand.
_DECIMAL = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{0,60})?([eE][+-]?[0-9]{1,2})?")


class Fields:
    """A JSON object and the path to it, for messages."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self._path = path

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.values.get(key) is not None

    def text(self, key: str) -> str | None:
        """A name; None where it is missing, null or empty. A number or truth value is its text."""
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            raise RowError("wrong_type", f"{self._path}{key} is {_shown(value)}, not text")
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")

    def count(self, key: str, *, most: int = LARGEST_QUANTITY) -> int | None:
        """A whole number, also when it is written as 1000.0 or 1e3; None where there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        number = _decimal(value)
        if number is None or number < 0 or number != number.to_integral_value():
            raise RowError(
                "not_a_count",
                f"{self._path}{key} {_shown(value)} is not a count: a whole number, 0 or more",
            )
        self._refuse_implausible(key, number, most)
        return int(number)

    def seconds(self, key: str) -> str | None:
        """A decimal number of seconds as text with six decimals, or None."""
        value = self.values.get(key)
        if value is None:
            return None
        number = _decimal(value)
        if number is None or number < 0:
            raise RowError(
                "not_a_quantity",
                f"{self._path}{key} {_shown(value)} is not a duration: a number, 0 or more",
            )
        self._refuse_implausible(key, number, LARGEST_QUANTITY)
        return str(round_quantity(number))

    def _refuse_implausible(self, key: str, number: Decimal, most: int) -> None:
        if number > most:
            raise RowError(
                "implausible_quantity",
                f"{self._path}{key} {_shown(self.values[key])} is more than {most:,}",
            )

    def part(self, key: str) -> Fields:
        """The object under a key; an empty one where it is missing or null."""
        value = self.values.get(key)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise RowError("wrong_type", f"{self._path}{key} is {_shown(value)}, not an object")
        return Fields(value, f"{self._path}{key}.")

    def parts(self, key: str) -> list[Fields]:
        """The objects in the list under a key; anything else is passed over."""
        value = self.values.get(key)
        return [
            Fields(item, f"{self._path}{key}[{index}].")
            for index, item in enumerate(value if isinstance(value, list) else [])
            if isinstance(item, Mapping)
        ]


def parse_object(raw: bytes) -> Fields:
    """The object on a line. Fails: RowError `malformed_json` or `not_an_object`."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowError("malformed_json", f"not UTF-8 at byte {error.start + 1}") from None
    try:
        value = json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_first_wins,
        )
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" starting at")
        raise RowError("malformed_json", f"{what} at character {error.pos + 1}") from None
    except RecursionError:
        raise RowError("malformed_json", "nested too deeply") from None
    if not isinstance(value, dict):
        raise RowError("not_an_object", f"the line is {_shown(value)}, not an object")
    return Fields(value)


def _decimal(value: object) -> Decimal | None:
    """A number from its text; None for anything that is not a number."""
    text = value.strip() if isinstance(value, str) else ""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _refuse_constant(name: str) -> NoReturn:
    raise RowError("malformed_json", f"{name} is not JSON")


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _shown(value: object) -> str:
    """A value as a reader of the message knows it, cut short."""
    if isinstance(value, str):
        text = repr(value)
    elif isinstance(value, list):
        text = "a list"
    elif isinstance(value, Mapping):
        text = "an object"
    else:
        text = json.dumps(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
