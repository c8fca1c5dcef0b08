"""The configuration: models of tollbook.toml, loading, the texts of keys, the file of `init`.

Owns the keys of the file. Invariants: every key has a text, a default or is required; an unknown
key is an error; a secret is named by its environment variable and never stands in the file.
"""
