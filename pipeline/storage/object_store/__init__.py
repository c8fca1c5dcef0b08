"""Ledger files in an object store: their addresses, and how they get there and are read.

Only the ledger may lie there; the books, charges and snapshots are on a disk of this machine.
"""
