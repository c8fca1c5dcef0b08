"""The stages that join several packages: reading, superseding, rating, publishing.

Each takes the context of the run and fills its change set, or writes what follows from it; the
order of the stages is in `runs/run.py` alone. The work itself is done in the packages that own it.
"""
