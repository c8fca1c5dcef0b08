"""The ledger: accepted usage records, in Parquet files that are written once.

Owns ledger files, identities, bucket versions and minute files. Invariants: a file is live only
once the database lists it; a record is counted once, by an identity that does not depend on the
order of files; a replaced row is excluded, never deleted, and stays readable.
"""
