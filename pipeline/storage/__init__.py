"""The storage: its paths, the DuckDB file with its migrations, Parquet relations, files, the lock.

Invariants: only this package opens a database; one process writes at a time; a file is replaced
whole or not at all; a storage of an earlier version is migrated when it is opened.
"""
