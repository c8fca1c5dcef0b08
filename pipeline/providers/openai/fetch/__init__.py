"""Fetches usage and costs from the admin API into raw files; nothing here reads them.

Invariants: a file is written whole or not at all; an interrupted back-fill resumes where it ended.
"""
