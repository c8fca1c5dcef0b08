"""Fetching from the fake of the provider's admin API."""
