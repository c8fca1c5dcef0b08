"""The price book: effective-dated prices from CSV files, checked, layered, picked by time of use.

Owns the price files and the table of pinned books. Invariants: a price is exact (18 decimals a
unit, never rounded); inside one file at most one price of a key is valid at an instant; the same
book gives the same price for ever; usage without a price stays unpriced.
"""
