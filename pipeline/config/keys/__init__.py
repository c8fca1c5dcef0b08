"""Every key of tollbook.toml in words, and the explained file and table that are made of them.

Which keys there are, and their defaults, is read off the sections' models; a key without words
fails a test.
"""
