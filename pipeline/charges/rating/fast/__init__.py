"""Rating with a number for each text, from sums: what the portable statements give, much faster.

Owns how the usage of some days becomes charges, small sums and differences as frames. Invariants:
row for row what `charges/rating/portable` gives; where a sum could leave its type, or a price
changes within a day, it is not used.
"""
