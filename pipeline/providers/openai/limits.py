"""Reads and sets the limits of projects: the spend limit, and requests a minute by model.

Every call sets a value and may be repeated. Amounts are in US dollars here and in cents there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote

from pipeline.errors import ApiError
from pipeline.money import EXACT
from pipeline.providers.openai.client import AdminApi
from pipeline.providers.openai.directory.ask import project_path

_CENTS = Decimal(100)
_CURRENCY, _INTERVAL = "USD", "month"
_REQUESTS = "max_requests_per_1_minute"
# Limits written without a pause between them are not always kept.
_PAUSE_SECONDS = 0.05
# The provider's answers for limits that nobody can set.
_FIXED = {
    "rate_limit_not_updatable",
    "invalid_rate_limit_type",
    "rate_limit_does_not_exist_for_org_and_model",
}


class OpenAiLimits:
    """The limits of an account's projects, over an open connection. Fails: ApiError."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def spend_limit(self, project_id: str) -> Decimal | None:
        """US dollars a month; None where no limit is set."""
        try:
            value = self._api.get(self._path(project_id, "spend_limit")).value
        except ApiError as error:
            if error.status != 404:
                raise
            # a server that does not know the project, or this address, answers 404 as well
            next(self._api.items(self._path(project_id, "rate_limits"), {"limit": 1}), None)
            return None
        cents = value.get("threshold_amount")
        if not isinstance(cents, int) or isinstance(cents, bool) or cents < 0:
            raise self._strange(project_id, f"the amount {cents!r}")
        if not cents:
            return None  # how some servers say that there is none
        for name, known in (("currency", _CURRENCY), ("interval", _INTERVAL)):
            if value.get(name) != known:
                raise self._strange(project_id, f"the {name} {value.get(name)!r}")
        return EXACT.divide(Decimal(cents), _CENTS)

    def set_spend_limit(self, project_id: str, amount_usd: Decimal | None) -> None:
        """Set a limit in whole cents, or delete it."""
        path = self._path(project_id, "spend_limit")
        if amount_usd is not None:
            cents = int(EXACT.multiply(amount_usd, _CENTS))
            self._api.post(
                path,
                {"threshold_amount": cents, "currency": _CURRENCY, "interval": _INTERVAL},
            )
            return
        try:
            self._api.delete(path)
        except ApiError as error:
            if error.status != 404 or self.spend_limit(project_id) is not None:
                raise

    def request_limits(self, project_id: str) -> Mapping[str, int]:
        """Requests a minute by the limit's id, one for each model."""
        limits = self._api.items(self._path(project_id, "rate_limits"), {"limit": 100})
        return {
            limit["id"]: limit[_REQUESTS]
            for limit in limits
            if isinstance(limit.get("id"), str) and isinstance(limit.get(_REQUESTS), int)
        }

    def set_request_limits(self, project_id: str, limits: Mapping[str, int]) -> Sequence[str]:
        """Set requests a minute by the limit's id. Gives the ids of those that nobody can set."""
        fixed = []
        for number, (limit_id, requests) in enumerate(limits.items()):
            if number:
                time.sleep(_PAUSE_SECONDS)
            path = self._path(project_id, f"rate_limits/{quote(limit_id, safe=':')}")
            try:
                self._api.post(path, {_REQUESTS: requests})
            except ApiError as error:
                if error.code not in _FIXED:
                    raise
                fixed.append(limit_id)
        return fixed

    def _path(self, project_id: str, what: str) -> str:
        try:
            return project_path(project_id, what)
        except ValueError as error:
            raise ApiError(f"the project {error}", key=self._api.base_url) from None

    def _strange(self, project_id: str, what: str) -> ApiError:
        return ApiError(
            f"the spend limit of {project_id} has {what}, which is not known here",
            key=self._api.base_url,
        )
