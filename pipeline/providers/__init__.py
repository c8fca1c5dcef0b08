"""Providers: one package each behind one protocol: fetching, pages to records, costs, directory.

`provider.py` is the protocol: the kinds of source, the bill and how it names things, the API. The
kinds of all providers meet in `runs/kinds.py`. Invariants: nothing outside a provider's package
knows its grammar; every answer is kept as a raw file before it is read, and reading needs no
network.
"""
