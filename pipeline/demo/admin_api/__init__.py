"""A local double of the provider's organization admin API, to watch the fetch path without account.

with serving(AdminApi(acme(), now=clock, faults=Faults(failing_every=3))) as server:
    ...  # server.base_url, server.key, server.requests
"""
