"""The organization's directory: projects, people, roles, accounts, keys and limits, with dates.

Takes the answers of the provider's API and the user's files; gives rows that say what was so from
when until when. What has vanished keeps its name. Never holds a secret.
"""
