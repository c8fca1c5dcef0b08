"""Month close: which months are closed, and what changed in them since.

Owns the tables `closed_periods` and `corrections`. Invariants: months are closed in their order, so
that one day parts what is closed from what is open; what is posted later for a closed day is a
correction, booked in the first open month; the sums of a closed month without its corrections are
those that it was closed with.
"""
