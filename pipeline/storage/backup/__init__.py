"""Backups: one tar file of a storage as it stood at one moment, and a storage made of it again.

Owns the form of that file: the database, every file that it names, the raw files that were
fetched, the reports, and as its last member the manifest with the hash of each. Invariants: no run
waits for a backup; a backup holds one committed state; nothing is restored from a damaged one.
"""
