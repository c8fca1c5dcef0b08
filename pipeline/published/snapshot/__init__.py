"""The snapshot as it is made: template of its database, its files, fingerprint, which are kept.

Owns the folders under `snapshots/` and the link `published`. Invariants: a snapshot is flipped in
by one rename and never changed after; files that did not change are linked, not copied; an equal
fingerprint means an equal snapshot, so nothing is published.
"""
