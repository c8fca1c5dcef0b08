"""The track record of forecasts: each is stored when it is made, and compared with what came.

Invariants: rows are added and never changed; a subject and period has one row a business day; what
was filled in later is marked, and made from what was known on its day.
"""
