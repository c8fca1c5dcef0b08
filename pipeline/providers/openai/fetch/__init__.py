"""Fetches usage and costs from the provider's admin API into raw files; nothing here reads them."""
