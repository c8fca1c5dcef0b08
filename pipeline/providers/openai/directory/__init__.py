"""The directory lists of the admin API: asked for, kept as raw files, parsed into entries.

Never stores a secret; a list that could not be read whole closes nothing.
"""
