"""The organization's directory with its history: projects, people, roles, accounts, keys, limits.

Owns the user's directory files and the directory's tables. Invariants: two rows of one object never
overlap; a row is closed only where its object changed or a complete list no longer has it; an
object that has vanished keeps its name; no secret is stored.
"""
