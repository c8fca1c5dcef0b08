"""Providers: one package each behind one protocol: fetching, pages to records, costs, directory.

The table of kinds is here. Invariants: nothing outside a provider's package knows its grammar;
every answer is kept as a raw file before it is read, and reading needs no network.
"""
