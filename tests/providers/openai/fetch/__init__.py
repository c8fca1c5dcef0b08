"""Fetching from the double of the provider's admin API."""
