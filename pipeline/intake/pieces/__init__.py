"""Pieces: the files that a run reads, as work for an engine.

Owns how files are put into tasks, how a task is read where nothing of the storage is open, and how
its answer joins the run. Invariants: the run's files, ids and counts are the same wherever a file
was read; a task writes files that only its own attempt knows, and none counts that no answer names.
"""
