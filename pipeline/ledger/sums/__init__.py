"""Sums of usage beside each ledger file: what rating reads in place of the rows.

Owns their columns and how rows are summed. Invariants: exact; a file of sums says of its ledger
file what its rows say, but for which rows they were; what sums cannot decide is a row among them,
or is rated from the ledger file.
"""
