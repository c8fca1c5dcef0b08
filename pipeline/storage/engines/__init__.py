"""Engines: where the statements run, and where the heavy part of a run is done.

Owns DuckDB's settings, and the map of work over tasks: in this process, in several processes of
this machine, or on a Spark cluster. Invariants: a task may be done more than once, and only the
answer that came back counts; answers are taken in the order of the tasks. What the work is, is
not known here; nothing of Spark is imported but in `spark_session`.
"""
