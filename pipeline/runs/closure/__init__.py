"""Closing a month and opening it again: the checklist, the files that are kept, the acts.

Owns the folder `closed/` of the storage. Invariants: what a month was closed with is written before
it is recorded, and never changed after; its hash is recorded with it; a month with something in the
way is closed only for a reason that is kept.
"""
