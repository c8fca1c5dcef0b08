"""Small files of the ledger and of postings are merged, and old versions of buckets removed.

Nothing that is known changes: a row keeps the id of the ledger file and the number, or the name of
the posting file, under which everything refers to it. The merged file has them as columns. No total
has the rows that are removed, and the hashes of their contents stay.
"""
