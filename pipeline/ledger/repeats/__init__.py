"""Rows of new ledger files that repeat what another row records, and files without them.

Owns how repeats are found and taken out. Invariants: what repeats is decided by one statement, on
whichever engine; hashes only narrow down what is asked; no file is written in its place.
"""
