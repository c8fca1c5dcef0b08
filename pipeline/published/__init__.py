"""The published snapshot, and how it is read: reader, read-only SQL, as-of, named queries, formats.

Owns the folder `snapshots/` and the link `published`. Invariants: a reader never sees half a run
(one rename publishes a snapshot), an open connection keeps its snapshot, a statement of a user
only reads, and values are written exactly in every format.
"""
