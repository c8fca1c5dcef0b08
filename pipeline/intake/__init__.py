"""Intake: from raw files to validated usage records; rejected rows go to the quarantine.

Owns the kinds of files that belong to no provider, the protocol of a source, and the tables of
input files and quarantine. Invariants: every row read is exactly one of accepted, duplicate,
superseded or quarantined; a row that cannot be read costs only itself.
"""
