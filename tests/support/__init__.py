"""What tests of several packages share: workspaces with real runs, books, pages, servers.

A helper belongs here when two test files need it; nothing here is a test.
"""
