"""The organization's directory: projects, people, roles, accounts, keys and limits, with dates.

Takes the answers of the provider's API and the user's files; gives rows that say what was so from
when until when. What has vanished keeps its name. Never holds a secret.
"""

from __future__ import annotations

from pipeline.directory.files import DirectoryFiles, read_files

__all__ = ["DirectoryFiles", "read_files"]
