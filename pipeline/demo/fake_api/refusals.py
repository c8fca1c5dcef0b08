"""A request that the API refuses: its HTTP status and the provider's error envelope."""

from __future__ import annotations

from typing import Any

_TYPES = {429: "rate_limit_error"}


class RefusedError(Exception):
    """Becomes an answer with this status and an `error` object of all four fields."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param

    def body(self) -> dict[str, Any]:
        """The envelope."""
        type_ = "server_error" if self.status >= 500 else "invalid_request_error"
        return {
            "error": {
                "message": self.message,
                "type": _TYPES.get(self.status, type_),
                "param": self.param,
                "code": self.code,
            }
        }


def invalid(message: str, param: str | None = None, code: str | None = None) -> RefusedError:
    """A bad request."""
    return RefusedError(400, message, param=param, code=code)


def missing(what: str, id_: str) -> RefusedError:
    """Something that is not there: ``The project proj_x was not found``."""
    return RefusedError(404, f"The {what} {id_} was not found")


def one_of(value: str, allowed: tuple[str, ...], param: str) -> RefusedError:
    """A value that is none of those allowed, in the provider's wording."""
    names = [f"'{name}'" for name in allowed]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, and {names[-1]}"
    return invalid(
        f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value"
    )
