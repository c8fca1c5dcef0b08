"""Days that a source should have covered and has not: what its series cost on them is not known.

Invariants: such a day is no day without cost; it is taken as what was expected of it from the days
before, and at least as what other sources have of it; each series has its own days.
"""
