"""A fake of the provider's organization admin API, on the loopback interface.

`tollbook demo --live` and the tests fetch from it: usage and costs of the made-up organization,
and the lists of its directory. It only answers questions; it has no route that changes anything,
no clock of its own, and reads no price book: what it bills is a second opinion about our charges.

    with serving(FakeAdminApi(acme(), now=clock, faults=Faults(failing_every=3))) as server:
        ...  # server.base_url, server.key, server.requests
"""
