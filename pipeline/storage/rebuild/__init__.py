"""The database once more: its copy of the last change, and the database made again from that.

Invariants: a copy is of one committed state, written before that state is published; making the
database again keeps the damaged one under another name, and removes no other file.
"""
