"""Tests of closing a month: the checklist, the acts, the files that are kept."""
