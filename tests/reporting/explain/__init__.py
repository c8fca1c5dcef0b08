"""Explanations, tested on storages that were filled by real runs."""
