"""The month's report: period, cells, headline, page and CSV.

Owns the files in `reports/` of the storage. Invariants: every way to the month's total gives the
same digits, else nothing is written; amounts are rounded once, where they are shown; a file is
replaced whole.
"""
