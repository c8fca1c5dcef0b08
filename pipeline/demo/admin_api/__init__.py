"""A local double of the provider's organization admin API, to watch the fetch path without account.

with serving(AdminApi(acme(), now=clock, faults=Faults(failing_every=3))) as server:
    ...  # server.base_url, server.key, server.requests
"""

from __future__ import annotations

from pipeline.demo.admin_api.bill import Bill
from pipeline.demo.admin_api.double import KEY, SCOPES, AdminApi
from pipeline.demo.admin_api.faults import Failure, Faults
from pipeline.demo.admin_api.server import Asked, Server, serving

__all__ = ["KEY", "SCOPES", "AdminApi", "Asked", "Bill", "Failure", "Faults", "Server", "serving"]
