"""The JSON body of a request: fields of the right type, or a 400 that names the field."""

from __future__ import annotations

import json
from typing import Any

from pipeline.demo.admin_api.problems import invalid, one_of


class Body:
    """A JSON object that was sent; one that was not sent is empty. Fails: RefusedError, 400."""

    def __init__(self, raw: bytes) -> None:
        try:
            fields = json.loads(raw) if raw.strip() else {}
        except ValueError:
            raise invalid("We could not parse the JSON body of your request.") from None
        if not isinstance(fields, dict):
            raise invalid("The body of this request must be a JSON object.")
        self.fields: dict[str, Any] = fields

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def text(self, name: str, allowed: tuple[str, ...] | None = None) -> str:
        """A text that must be there, one of those allowed."""
        value = self._required(name)
        if not isinstance(value, str) or not value:
            raise _wrong_type(name, "a string", value)
        if allowed and value not in allowed:
            raise one_of(value, allowed, name)
        return value

    def integer(self, name: str, least: int) -> int:
        """A whole number that must be there."""
        value = self._required(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(name, "an integer", value)
        if value < least:
            raise invalid(
                f"Invalid '{name}': integer below minimum value. Expected a value >= {least}, "
                f"but got {value} instead.",
                name,
                "integer_below_min_value",
            )
        return value

    def truth(self, name: str) -> bool:
        """A boolean; false where it is not there."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise _wrong_type(name, "a boolean", value)
        return value is True

    def texts(self, name: str) -> list[str]:
        """A list of texts that must be there."""
        value = self._required(name)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _wrong_type(name, "an array of strings", value)
        return value

    def nested(self, name: str) -> Body:
        """An object that must be there."""
        value = self._required(name)
        if not isinstance(value, dict):
            raise _wrong_type(name, "an object", value)
        return Body(json.dumps(value).encode())

    def objects(self, name: str) -> list[Body]:
        """A list of objects that must be there; it may be empty."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise _wrong_type(name, "an array of objects", value)
        return [Body(json.dumps(one).encode()) for one in value]

    def _required(self, name: str) -> Any:
        value = self.fields.get(name)
        if value is None:
            raise invalid(
                f"Missing required parameter: '{name}'.", name, "missing_required_parameter"
            )
        return value


def _wrong_type(name: str, expected: str, value: Any) -> Exception:
    got = type(value).__name__
    return invalid(
        f"Invalid type for '{name}': expected {expected}, but got {got} instead.",
        name,
        "invalid_type",
    )
