"""Corrections: acts on what is stored already. A file out or in, rows again, charges again.

Each runs the stages of a run on what it moves and commits in one transaction. Invariants: posted
charges are never rewritten, only the difference is posted; the same correction again posts nothing.
"""
