"""Runs: the order of the stages; `run.py` read top to bottom is the way of the data.

Owns the table `runs`. Invariants: one transaction commits a run or nothing; a run that is killed
leaves the last good state; the invariants of `queries/checks/` hold after every run.
"""
