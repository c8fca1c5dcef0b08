"""Every sentence of an alert, by subject: budgets, findings, runs and jobs; messages joins them.

What a sentence says is true by itself: percentages are rounded down and say of what, and where
usage has no price the figures are called lower bounds. Names from data stay in their line.
"""
