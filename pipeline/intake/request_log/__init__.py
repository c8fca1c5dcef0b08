"""Request logs: one API request a line of JSON, in any shape that gateways write.

Two readers give the same records: a fast one in SQL and a slow one for lines that it leaves out.
Invariant: the meters of a record are disjoint, each token is in exactly one.
"""
