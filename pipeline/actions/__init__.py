"""Actions: limits that are set at the provider while a hard budget is over, and taken back.

Owns the table `budget_actions`. Invariants: nothing is set that does not stand in the table before,
with what was set there before; of each project and kind one action at a time has its limits set;
a limit is lowered only; what somebody changed since is left alone. Knows no provider by name.
"""
