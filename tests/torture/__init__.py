"""What can go wrong around a run, many times: after each the books are those of the model.

Each kind of trouble (`kinds` and the modules beside it) changes the inputs at random, lets a run
meet the trouble in a process of its own, and then an ordinary one. After both, readers have never
seen half a run, every total, fate, budget and alert is what `tests.model` computes from the files,
each message came once (a repeat only where a kill cut off its record, with the same key), nothing
is left behind, and the run after that finds nothing to do. The long form:

    python -m tests.torture --rounds 1000 --only kill

Without `--only` every kind in turn, `--rounds` each; it prints a table and ends with 1 where
anything failed. `--seed` repeats what was found.
"""
