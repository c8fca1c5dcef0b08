"""Rating: ledger files of some days, a price book and terms to charge and posting files.

Owns how quantities become priced lines and what is posted for the difference. Invariants: a pure
function of ledger, book and terms; quantities are summed first and priced after; rating an
unchanged day again posts nothing; what it writes is not live before the warehouse names it.
"""
