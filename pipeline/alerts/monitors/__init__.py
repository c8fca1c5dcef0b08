"""Monitors: compare usage with rate limits and with the directory's policy, and give findings.

They read the ledger's sums and the directory, and decide nothing about messages.
"""
