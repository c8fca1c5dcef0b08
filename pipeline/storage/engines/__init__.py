"""Engines that run SQL: DuckDB, with its settings for exact and repeatable results."""
