"""Sums of ledger files."""
