"""OpenAI's organization admin API: client, fetching, usage and cost pages, line items, directory.

Invariant: the admin key is taken from the environment and appears in no file and no message.
"""
