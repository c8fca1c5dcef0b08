"""Charges: from the ledger to priced lines by day, their postings, and what the provider bills.

Owns the files of charges and postings, and the pinned price of each day. Invariants: charges are
the sum of postings, which are never rewritten; the same ledger, book and terms give the same
charges; usage without a price is `unpriced`, never $0; a final day moves only by an explicit act.
"""
